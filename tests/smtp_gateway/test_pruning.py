"""Old text goes; that it was sent, to whom and when stays."""

from datetime import timedelta

import pytest
from django.utils import timezone

from smtp_gateway import pruning
from smtp_gateway.models import Gateway, OutboundMessage
from tests.smtp_gateway.outgoing import a_message

pytestmark = pytest.mark.django_db


def test_only_finished_messages_lose_their_text():
    """However old the others are."""
    Gateway.objects.create(pk=1, keep_text_days=30)
    long_ago = timezone.now() - timedelta(days=31)
    for state in ("sent", "bad", "cancelled", "waiting", "held", "uncertain"):
        a_message(state)
        finished = {"finished_at": long_ago, "sent_at": long_ago} if state in ("sent", "bad", "cancelled") else {}
        OutboundMessage.objects.filter(dedup_key=state).update(state=state, created_at=long_ago, **finished)
    a_message("young")
    OutboundMessage.objects.filter(dedup_key="young").update(
        state="sent", sent_at=timezone.now(), finished_at=timezone.now()
    )

    count = pruning.prune(at=timezone.now())

    emptied = set(OutboundMessage.objects.filter(content=b"").values_list("dedup_key", flat=True))
    assert (count, emptied) == (3, {"sent", "bad", "cancelled"})
    assert OutboundMessage.objects.count() == 7
    assert pruning.prune(at=timezone.now()) == 0
