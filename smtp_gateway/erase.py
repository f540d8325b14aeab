"""Somebody is erased: messages to their address, and what logs and the server said with it, are emptied.

Rows stay, and with them the counts. Which other messages were about the person is known to whoever wrote them.
"""

from django.db.models.functions import Lower

from library.slots import EraseRefused, Erasing
from library.sweep import sweep
from smtp_gateway import outbox
from smtp_gateway.models import DailyLog, Gateway, GatewayEvent, OutboundMessage


def erase(erasing: Erasing) -> None:
    """Raises EraseRefused while a message to them is being sent: it cannot be emptied under the gateway's hands."""
    to_them = OutboundMessage.objects.annotate(address=Lower("to")).filter(address__in=list(erasing.addresses))
    blank(list(to_them.values_list("pk", flat=True)))
    sweep(Gateway.objects.all(), fields=("stop_sentence", "server_words"), words=erasing.words)
    sweep(GatewayEvent.objects.all(), fields=("sentence", "words"), words=erasing.words)
    sweep(DailyLog.objects.all(), fields=("subject", "text", "html", "reason"), words=erasing.words)


def blank(ids: list[int]) -> None:
    """Empty these messages. Raises EraseRefused while one of them is being sent."""
    outbox.blank(ids)
    if OutboundMessage.objects.filter(pk__in=ids).sending().exists():
        raise EraseRefused("A message to or about this person is being sent at this moment. Try again in a minute.")
