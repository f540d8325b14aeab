"""What is wrong with the gateway right now, for the banner on every page and for ``/health/`` (G8)."""

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone

from library.slots import Finding
from smtp_gateway import heartbeats, lifecycle, throttle
from smtp_gateway.models import DailyLog, DeliveryAttempt, Gateway, OutboundMessage, Slot

#: How long after its time a log may be unsent.
LOG_MAY_BE_LATE = timedelta(hours=2)
#: Ticks come every five seconds; a due message, room for it and no attempt for so many checks is a fault.
CHECKS_MISSED = 2


def findings(at: datetime) -> list[Finding]:
    """Everything that a person should hear of, worst first. No addresses."""
    gateway = Gateway.the()
    return [*_of_the_gateway(gateway, at), *_nothing_goes(gateway, at), *_silent_ticks(at), *_missing_log(gateway, at)]


def _of_the_gateway(gateway: Gateway, at: datetime) -> list[Finding]:
    status = lifecycle.status(gateway, at=at)
    if status.is_well:
        return []
    return [
        Finding(
            code=f"gateway-{status.state}",
            sentence=status.sentence,
            remedy=status.remedy,
            since=status.since,
            ill=(status.state == "stopped" and not status.by_a_person) or gateway.unreachable_since is not None,
            url=reverse("gateway"),
        )
    ]


def _nothing_goes(gateway: Gateway, at: datetime) -> list[Finding]:
    """A message is due, the gateway is on, the window has room, and nothing was attempted for two checks."""
    if not gateway.is_on or (gateway.paused_until and gateway.paused_until > at):
        return []
    patience = CHECKS_MISSED * gateway.time_between_checks
    overdue = OutboundMessage.objects.due(at=at - patience).values_list("not_before", flat=True).first()
    if overdue is None or gateway.state_since > at - patience or not throttle.room(gateway).is_worth_a_check:
        return []
    if DeliveryAttempt.objects.filter(started_at__gt=at - patience).exists():
        return []
    if OutboundMessage.objects.sending().filter(begun_at__gt=at - patience).exists():
        return []
    return [
        Finding(
            code="gateway-idle",
            sentence=f"Messages are due since {lifecycle.clock(overdue)}, the gateway is on, and nothing goes.",
            remedy="Ask IT whether all parts of the program run; the gateway's page has details for them.",
            since=overdue,
            url=reverse("gateway"),
        )
    ]


def _silent_ticks(at: datetime) -> list[Finding]:
    """A check that waits for a slow server (up to ten minutes after a text) is busy, not silent."""
    busy = Slot.objects.filter(lease_until__gt=at).exists()
    return [
        Finding(
            code="tick-silent",
            sentence=f"“{heart.name}” was last heard at {lifecycle.clock(heart.beat_at)}.",
            remedy="Ask IT whether all parts of the program run; the gateway's page has details for them.",
            since=heart.beat_at,
            url=reverse("gateway"),
        )
        for heart in heartbeats.silent(at=at)
        if not (busy and heart.name == heartbeats.SEND)
    ]


def _missing_log(gateway: Gateway, at: datetime) -> list[Finding]:
    """Yesterday's or today's log is not sent two hours after its time, though the gateway is on."""
    if not gateway.is_on or not gateway.from_address:
        return []
    due = _last_time(gateway, at - LOG_MAY_BE_LATE)
    if gateway.state_since > due:
        return []
    log = DailyLog.objects.filter(day=due.date()).select_related("message").first()
    if log is not None and (log.message is None or log.message.state == OutboundMessage.State.SENT):
        return []
    return [
        Finding(
            code="log-missing",
            sentence=f"The daily log of {due:%a} {due.day} {due:%b} was not sent.",
            remedy="Look at the outbox and at the gateway's page.",
            since=due,
            url=reverse("gateway"),
        )
    ]


def _last_time(gateway: Gateway, at: datetime) -> datetime:
    """When the log was last due, not later than this."""
    local = timezone.localtime(at)
    today = datetime.combine(local.date(), gateway.daily_log_at, tzinfo=local.tzinfo)
    return today if today <= local else today - timedelta(days=1)
