"""Remove what is old: the bytes of finished messages, and the log's lines about batches, in small batches.

That something was sent, to whom and when is kept; nothing that has not ended is ever touched.
"""

from datetime import datetime, timedelta

from smtp_gateway.models import Gateway, GatewayEvent, OutboundMessage

BATCH = 500

State = OutboundMessage.State


def prune(*, at: datetime) -> int:
    """Empty the text of messages that ended longer ago than the settings keep it; how many. Safe to stop anywhere."""
    before = at - timedelta(days=Gateway.the().keep_text_days)
    total = 0
    while emptied := _prune_batch(before):
        total += emptied
    _forget_batches(before)
    if total:
        messages = "1 message" if total == 1 else f"{total} messages"
        GatewayEvent.objects.create(action=GatewayEvent.Action.PRUNED, sentence=f"The text of {messages} was removed.")
    return total


def _forget_batches(before: datetime) -> None:
    old = GatewayEvent.objects.filter(action=GatewayEvent.Action.BATCH, at__lt=before).order_by("pk")
    while ids := list(old.values_list("pk", flat=True)[:BATCH]):
        GatewayEvent.objects.filter(pk__in=ids).delete()


def _prune_batch(before: datetime) -> int:
    old = OutboundMessage.objects.in_state(State.SENT, State.BAD, State.CANCELLED).filter(finished_at__lt=before)
    ids = old.exclude(content=b"").order_by("finished_at").values_list("pk", flat=True)[:BATCH]
    return OutboundMessage.objects.filter(pk__in=list(ids)).update(content=b"")
