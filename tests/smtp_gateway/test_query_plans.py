"""What is asked every few seconds reads what waits, by a partial index, and never what is finished."""

import uuid
from datetime import date, timedelta

import pytest
from django.db import connection
from django.http import QueryDict

from smtp_gateway import leases, ledger, outbox, throttle
from smtp_gateway.models import Gateway
from smtp_gateway.pace import REAL
from smtp_gateway.views.listing import Listing
from tests.smtp_gateway.outgoing import a_message
from tests.smtp_gateway.plans import explained

pytestmark = pytest.mark.django_db

#: What is in the hands of a connection stands in both; either will do.
IN_HAND = {"message_sending", "message_open"}
PRIMARY_KEY = "smtp_gateway_outboundmessage_pkey"
COPIES = """
    INSERT INTO smtp_gateway_outboundmessage
           (kind, priority, "to", to_name, subject, content, size, message_id, dedup_key, state, stage, reason,
            not_before, sent_at, finished_at, attempts, crashes, times_uncertain, suspicious, last_enhanced, last_words)
    SELECT kind, priority, n || "to", to_name, subject, '', size, '', n || ':' || %(state)s, %(state)s, '', '',
           not_before + n * interval '1 millisecond', moment, moment, 0, 0, 0, false, '', ''
      FROM smtp_gateway_outboundmessage, generate_series(1, %(count)s) n,
           (SELECT CASE %(state)s WHEN 'sent' THEN now() - interval '2 days' END AS moment) past
     WHERE dedup_key = 'mia'
"""
#: Begun two days ago and before. Of which message does not matter to the throttle.
ATTEMPTS = """
    INSERT INTO smtp_gateway_deliveryattempt
           (message_id, number, slot, started_at, finished_at, outcome, stage, enhanced, words, sentence)
    SELECT %(message)s, n, 1, at, at, 'sent', 'dot', '', '', ''
      FROM (SELECT n, now() - interval '2 days' - n * interval '1 second' AS at
              FROM generate_series(1, %(count)s) n) past
"""


def copies(*, waiting: int, sent: int) -> None:
    mia = a_message("mia")
    with connection.cursor() as cursor:
        cursor.execute(COPIES, {"state": "waiting", "count": waiting})
        cursor.execute(COPIES, {"state": "sent", "count": sent})
        cursor.execute(ATTEMPTS, {"count": 20_000, "message": mia.pk})
        cursor.execute("ANALYZE smtp_gateway_outboundmessage, smtp_gateway_deliveryattempt")


@pytest.fixture
def a_backlog(gateway_row: Gateway) -> None:
    """Twenty thousand messages wait, and next to nothing was ever sent."""
    copies(waiting=20_000, sent=20)


@pytest.fixture
def a_long_past(gateway_row: Gateway) -> None:
    """Twenty thousand messages were sent two days ago, and two hundred wait."""
    copies(waiting=200, sent=20_000)


@pytest.mark.parametrize("rows", ["a_backlog", "a_long_past"])
def test_reserving_takes_what_stands_first_in_the_index(rows: str, request: pytest.FixtureRequest) -> None:
    """Nothing is sorted and nothing is passed over, however many wait and however many were sent."""
    request.getfixturevalue(rows)
    lease = leases.Lease(token=uuid.uuid4(), slot=1, length=timedelta(minutes=5))
    Gateway.objects.update(messages_each_check=1000)

    with explained() as plans:
        reserved = ledger.reserve(lease, pace=REAL)

    budget, reserve = plans
    assert len(reserved) == ledger.BLOCK
    assert budget.indexes - IN_HAND == {"attempt_window"}
    assert reserve.indexes == {"message_claimable", PRIMARY_KEY}
    assert (reserve.sorts, reserve.reads_a_whole_table) == (False, False)


def test_looking_whether_anything_is_due_reads_no_past(a_long_past: None) -> None:
    """Asked by every tick, every five seconds, for years."""
    with explained() as plans:
        room = throttle.room(Gateway.the())

    [due] = plans
    assert room.due == 10
    assert due.indexes - IN_HAND == {"message_claimable", "attempt_window"}
    assert not due.reads_a_whole_table


def test_the_outbox_counts_and_lists_without_the_past(a_long_past: None, today: date) -> None:
    """The numbers on the tabs come from the index of open messages, a page of what waits from its own."""
    with explained() as plans:
        listing = Listing.asked(QueryDict("tab=waiting"), today=today)
        page, _ = listing.page()
        tabs = {tab.key: tab.number for tab in listing.tabs()}

    by_page, by_state, by_sent, by_cancelled = plans
    assert (len(page), tabs["waiting"], tabs["today"], tabs["sent"]) == (50, 201, 201, 0)
    assert by_page.indexes == {"message_waiting"}
    assert by_state.indexes == {"message_open"}
    assert by_sent.indexes == {"message_by_end"}
    assert by_cancelled.indexes == {"message_finished"}
    assert not any(plan.reads_a_whole_table for plan in plans)


def test_home_counts_without_the_past(a_long_past: None, today: date) -> None:
    """Open messages by state, and what ended today."""
    with explained() as plans:
        figures = outbox.figures(on=today)

    by_state, ended, later, queued = plans
    assert (figures.waiting, figures.sent_that_day) == (201, 0)
    assert by_state.indexes == {"message_open"}
    assert ended.indexes == {"message_by_end"}
    assert later.indexes == {"message_later"}
    assert queued.indexes == {"message_by_day"}
