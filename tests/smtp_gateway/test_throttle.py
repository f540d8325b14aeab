"""Attempts begun in the last *minutes between checks* plus messages reserved: never above *messages each check*."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from smtp_gateway import delivery, throttle
from smtp_gateway.models import DeliveryAttempt, Gateway, OutboundMessage
from tests.smtp_gateway.child import a_worker
from tests.smtp_gateway.outgoing import SHORT, a_gateway, messages

pytestmark = pytest.mark.django_db(transaction=True)


def worst(window: float) -> int:
    """The most attempts that any stretch of so many seconds holds."""
    begun = sorted(each.timestamp() for each in DeliveryAttempt.objects.values_list("started_at", flat=True))
    return max((sum(1 for other in begun if start <= other < start + window) for start in begun), default=0)


def ago(**time_before):
    return timezone.now() - timedelta(**time_before)


def attempts(*moments):
    for moment in moments:
        DeliveryAttempt.objects.create(started_at=moment, outcome="sent")


def test_a_check_is_worth_it_when_a_whole_batch_has_room(gateway):
    """Nine of ten places are free and ten wait: not yet. Ten are free: now."""
    messages(10)
    attempts(ago(minutes=2, seconds=59))
    too_soon = throttle.room(gateway)
    DeliveryAttempt.objects.update(started_at=ago(minutes=3, seconds=1))

    now = throttle.room(gateway)

    assert (too_soon.left, too_soon.is_worth_a_check) == (9, False)
    assert (now.left, now.is_worth_a_check) == (10, True)


def test_a_check_is_worth_it_when_all_that_waits_has_room(gateway):
    """Two wait and three places are free: nobody has to wait for a full batch."""
    messages(2)
    attempts(*[ago(minutes=1)] * 7)

    assert throttle.room(gateway).is_worth_a_check is True


def test_attempts_from_the_future_hold_us_up_for_one_window(gateway):
    """The clock was set back by a day: full, and free again three minutes later."""
    attempts(*[timezone.now() + timedelta(days=1)] * 10)

    left = throttle.budget(limit=10, window=timedelta(minutes=3))

    assert left == 0
    assert DeliveryAttempt.objects.filter(started_at__gt=timezone.now()).count() == 0


def test_the_pace_is_told_in_words(gateway):
    """As the page says it."""
    assert throttle.in_words(gateway) == "At most 10 messages in any 3 minutes: 200 an hour, 4,800 a day."


def test_when_the_next_batch_goes(gateway):
    """When the newest attempt of the full window has left it; at once when there is room."""
    messages(25)
    at = timezone.now()
    free = throttle.next_check_at(at=at)
    attempts(*[ago(minutes=2)] * 9, ago(minutes=1))

    full = throttle.next_check_at(at=at)

    assert free == at
    assert timedelta(minutes=1, seconds=58) < full - at < timedelta(minutes=2, seconds=2)


def test_when_the_outbox_will_be_empty(gateway):
    """A hundred messages are ten batches: nine stretches of three minutes and a little."""
    at = timezone.now()
    messages(1)

    empty = throttle.empty_at(100, at=at)

    assert timedelta(minutes=27) <= empty - at < timedelta(minutes=29)


def test_a_stopped_gateway_makes_no_promise(gateway):
    """Nobody knows when it will be started."""
    Gateway.objects.update(state="stopped", stop_cause="person")
    messages(1)

    assert (throttle.next_check_at(at=timezone.now()), throttle.empty_at(1, at=timezone.now())) == (None, None)


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("tick"), st.integers(0, 3)),
            st.tuples(st.just("pass"), st.floats(0, 5)),
            st.tuples(st.just("edit"), st.integers(1, 6)),
            st.tuples(st.just("clock"), st.sampled_from([-86400, -3600, 3600, 86400])),
        ),
        max_size=12,
    )
)
@example(steps=[("tick", 1), ("clock", 3600), ("tick", 1), ("clock", -3600)])
def test_whatever_happens_the_window_is_never_above(gateway, server, steps):
    """Ticks, time, edits of the limit, and the clock set back or forward by hours and days."""
    OutboundMessage.objects.all().delete()
    DeliveryAttempt.objects.all().delete()
    Gateway.objects.update(messages_each_check=6, minutes_between_checks=3)
    messages(60)
    highest, ended = 6, 0

    for what, amount in steps:
        if what == "tick":
            for _ in range(int(amount)):
                delivery.check(timeouts=SHORT)
        elif what == "pass":  # time passes: what was attempted is that much older
            _shift(-60 * amount)
        elif what == "clock":
            _shift(-amount)
            if amount > 0:  # a clock set forward ends the window, as far as anybody can know, even when it is set back
                ended = DeliveryAttempt.objects.order_by("-id").values_list("id", flat=True).first() or 0
        else:
            Gateway.objects.update(messages_each_check=amount)
        count = DeliveryAttempt.objects.filter(id__gt=ended, started_at__gt=ago(minutes=3)).count()
        reserved = OutboundMessage.objects.sending().count()
        assert count + reserved <= highest

    assert len(server.message_ids) == len(set(server.message_ids))
    server.received.clear()


def _shift(seconds):
    from django.db.models import F

    DeliveryAttempt.objects.update(started_at=F("started_at") + timedelta(seconds=seconds))


def test_four_workers_at_once_never_exceed_it(server, transactional_db):
    """Three of them are killed now and then; a window is three seconds here."""
    a_gateway(port=server.port, messages_each_check=10)
    messages(400)
    workers = [a_worker(until=8) for _ in range(4)]

    for number in range(3):
        time.sleep(2)
        workers[number].kill()
    for worker in workers:
        worker.wait(60)

    seconds = 3.0
    assert worst(seconds) == 10
    assert len(server.received) >= 20
