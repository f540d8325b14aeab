"""Whatever is killed, edited or set wrong: never more attempts in a window than allowed, and not much fewer."""

import signal
import time
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smtp_gateway import delivery, leases
from smtp_gateway.models import DeliveryAttempt, Gateway, OutboundMessage
from smtp_gateway.pace import REAL, Pace
from tests.faults import gentle, killpoints, oracle
from tests.faults.chaos import worst
from tests.faults.nursery import eventually
from tests.smtp_gateway.outgoing import a_gateway, messages

pytestmark = pytest.mark.django_db(transaction=True)

STEPS = st.one_of(
    st.tuples(st.just("tick"), st.integers(1, 3)),
    st.tuples(st.just("kill"), st.sampled_from(killpoints.POINTS)),
    st.tuples(st.just("pass"), st.floats(0, 5)),
    st.tuples(st.just("edit"), st.integers(1, 6)),
    st.tuples(st.just("clock"), st.sampled_from([-86400, -3600, 3600, 86400])),
)


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=3, max_size=12))
def test_whatever_happens_it_is_never_above(gateway, sink, nursery, steps):
    """Ticks, SIGKILL at exact points, time, edits of the limit, the clock set back or forward by hours and days.

    Lowered below what was used already, the limit holds for everything that is begun from then on.
    """
    _a_new_world(sink)

    for what, amount in steps:
        before = _in_the_window()
        if what == "tick":
            for _ in range(amount):
                delivery.check(timeouts=gentle.TIMEOUTS)
        elif what == "kill":
            nursery.fork(pace=REAL, timeouts=gentle.TIMEOUTS, dies=amount).wait(20)
        elif what == "edit":
            Gateway.objects.update(messages_each_check=amount)
        else:
            _shift(-60 * amount if what == "pass" else -amount)
        if what in {"tick", "kill"}:
            assert _in_the_window() <= max(Gateway.the().messages_each_check, before)

    leases.recover()
    findings = oracle.findings(sink.copies)
    assert findings.is_clean, findings


def test_what_one_connection_has_reserved_no_other_can_use(gateway, sink, nursery):
    """Both have seen that there is room; the second reserves all of it, and then the first wants to."""
    _a_new_world(sink)
    Gateway.objects.update(connections=2)
    first = nursery.fork(pace=REAL, timeouts=gentle.TIMEOUTS, freezes="before reserving")
    eventually(lambda: first.is_frozen, what="the first is about to reserve")
    second = nursery.fork(pace=REAL, timeouts=gentle.TIMEOUTS, freezes="after reserving")
    eventually(lambda: second.is_frozen, what="the second has reserved")

    first.signal(signal.SIGCONT)
    first.wait(20)
    meanwhile = len(sink.received)
    second.signal(signal.SIGCONT)
    second.wait(20)

    assert (meanwhile, len(sink.received)) == (0, 6)


def test_after_the_clock_was_set_back_it_waits_for_one_window_at_most(gateway, sink):
    """By a day: the attempts lie in the future now; three minutes later the next batch goes all the same."""
    _a_new_world(sink)
    delivery.check(timeouts=gentle.TIMEOUTS)
    DeliveryAttempt.objects.update(started_at=F("started_at") + timedelta(days=1))

    delivery.check(timeouts=gentle.TIMEOUTS)
    full = len(sink.received)
    DeliveryAttempt.objects.update(started_at=F("started_at") - timedelta(minutes=3, seconds=1))
    delivery.check(timeouts=gentle.TIMEOUTS)

    assert (full, len(sink.received)) == (6, 12)


def test_with_a_backlog_the_allowance_is_used(sink, nursery):
    """At least 0.95 x W / (W + time a batch takes + tick), for six windows, with the server at a normal pace."""
    tick, window, limit, windows = 0.05, 1.5, 10, 6
    a_gateway(port=sink.port, messages_each_check=limit, minutes_between_checks=3)
    sink.answers["rcpt"] = lambda _: time.sleep(0.004)
    messages(limit * (windows + 4))

    worker = nursery.fork(pace=Pace(minute=window / 3, check=1000), timeouts=gentle.TIMEOUTS, until=60, tick=tick)
    eventually(lambda: DeliveryAttempt.objects.count() > limit * windows, seconds=40)
    worker.kill()

    begun = sorted(at.timestamp() for at in DeliveryAttempt.objects.values_list("started_at", flat=True))
    batches = [begun[start : start + limit] for start in range(0, limit * windows, limit)]
    a_batch = sum(batch[-1] - batch[0] for batch in batches) / windows
    took = begun[limit * windows] - begun[0]
    share = limit * windows / (took / window * limit)
    assert worst(begun, window=window) == limit
    assert share >= 0.95 * window / (window + a_batch + tick)


def _a_new_world(sink):
    OutboundMessage.objects.all().delete()
    DeliveryAttempt.objects.all().delete()
    sink.received.clear()
    a_gateway(port=sink.port, messages_each_check=6, minutes_between_checks=3)
    messages(80)


def _shift(seconds):
    """All that was moves against the clock."""
    by = timedelta(seconds=seconds)
    DeliveryAttempt.objects.update(started_at=F("started_at") + by)
    OutboundMessage.objects.filter(not_before__isnull=False).update(not_before=F("not_before") + by)


def _in_the_window():
    reserved = OutboundMessage.objects.sending().count()
    return DeliveryAttempt.objects.filter(started_at__gt=timezone.now() - timedelta(minutes=3)).count() + reserved
