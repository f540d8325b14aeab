"""Workers killed and frozen at random, a server that drops one text in a hundred: 0 lost, 0 repeated in silence."""

import pytest

from tests.faults.chaos import Chaos
from tests.faults.sink import WITH_PIPELINING, WITHOUT_PIPELINING, Sink
from tests.smtp_gateway.outgoing import a_gateway, messages

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_small_chaos(nursery):
    """Two hundred messages, six kills, two long stops: seconds, and so in every run of the tests."""
    with Sink(losing=0.03, slow=0.01, seed=7) as sink:
        a_gateway(port=sink.port, connections=3, messages_each_check=40, minutes_between_checks=4)
        messages(200)

        report = Chaos(sink=sink, nursery=nursery, kills=6, stops=2, seed=7, every=0.5).run()

    _is_clean(report)
    assert (report.kills, report.stops) == (6, 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "offered"), [(1, WITH_PIPELINING), (2, WITHOUT_PIPELINING), (3, WITH_PIPELINING)], ids=["1", "2", "3"]
)
def test_chaos(seed, offered, nursery, capsys):
    """Three thousand messages, three workers, a hundred kills, forty stops longer than a lease, 1 % drops each way."""
    with Sink(losing=0.01, slow=0.015, seed=seed, extensions=offered) as sink:
        a_gateway(port=sink.port, connections=3, messages_each_check=60, minutes_between_checks=4)
        messages(3000)

        report = Chaos(sink=sink, nursery=nursery, kills=100, stops=40, seed=seed).run()

    with capsys.disabled():
        print(f"\nchaos {seed}: {report}")  # noqa: T201
    _is_clean(report)
    assert (report.kills, report.stops) == (100, 40)


def _is_clean(report):
    """All drained: each message is sent, or maybe sent and shown to a person; nothing is bad, nothing still waits."""
    assert report.findings.is_clean, report.findings
    assert set(report.findings.states) <= {"sent", "uncertain"}
    assert report.worst_window <= report.limit
    assert report.died_by_themselves == 0
