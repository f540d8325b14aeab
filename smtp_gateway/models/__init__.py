"""What the gateway remembers: its settings and state, the messages with their attempts, and what it did.

Models import no working module; verbs live in ``outbox``, ``delivery``, ``lifecycle`` and ``daily_log``.
"""

from smtp_gateway.models.gateway import Gateway, Heartbeat, Slot
from smtp_gateway.models.log import DailyLog, GatewayEvent
from smtp_gateway.models.message import DeliveryAttempt, OutboundMessage

__all__ = [
    "DailyLog",
    "DeliveryAttempt",
    "Gateway",
    "GatewayEvent",
    "Heartbeat",
    "OutboundMessage",
    "Slot",
]
