"""What is asked every few seconds reads what waits, by a partial index, and never what is finished."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.http import QueryDict

from smtp_gateway import ledger, leases, outbox, throttle
from smtp_gateway.models import Gateway, OutboundMessage
from smtp_gateway.pace import REAL
from smtp_gateway.views.listing import Listing
from tests.smtp_gateway.outgoing import a_message
from tests.smtp_gateway.plans import explained

pytestmark = pytest.mark.django_db

PRIMARY_KEY = "smtp_gateway_outboundmessage_pkey"
STATES = OutboundMessage.State
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


def copies(*, waiting: int, sent: int) -> None:
    a_message("mia")
    with connection.cursor() as cursor:
        cursor.execute(COPIES, {"state": "waiting", "count": waiting})
        cursor.execute(COPIES, {"state": "sent", "count": sent})
        cursor.execute("ANALYZE smtp_gateway_outboundmessage")


@pytest.fixture(params=[(20_000, 20), (200, 20_000)], ids=["a backlog", "a long past"])
def many(gateway_row: Gateway, request: pytest.FixtureRequest) -> None:
    """Twenty thousand messages that wait, or as many that were sent two days ago and a few that wait."""
    waiting, sent = request.param
    copies(waiting=waiting, sent=sent)


def test_reserving_reads_what_can_be_claimed_in_the_order_of_its_index(many):
    """Nothing is sorted: the next block stands at the beginning of the index."""
    lease = leases.Lease(token=uuid.uuid4(), slot=1, length=timedelta(minutes=5))
    Gateway.objects.update(messages_each_check=1000)

    with explained() as plans:
        reserved = ledger.reserve(lease, pace=REAL)

    assert reserved == ledger.BLOCK
    [_, reserve] = plans
    assert reserve.indexes == {"message_claimable", PRIMARY_KEY}
    assert ("Sort" in reserve.text, reserve.reads_the_whole_table) == (False, False)


def test_budget_counts_what_is_reserved_by_its_index(many):
    """Asked under the gateway's row, so it must not take long."""
    with explained() as [*plans]:
        pass
    with explained() as plans:
        throttle.budget(limit=10, window=timedelta(minutes=3))

    [budget] = plans
    assert budget.indexes >= {"message_reserved"}
    assert not budget.reads_the_whole_table
