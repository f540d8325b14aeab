"""What stands under *Details for IT* on the gateway's page: the machinery's own words, and nowhere else."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from smtp_gateway import identity, throttle
from smtp_gateway.models import Gateway, Heartbeat, Slot

STAMP = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, kw_only=True)
class Fact:
    term: str
    words: str


def facts(gateway: Gateway) -> list[Fact]:
    """The throttle's window, leases, heartbeats and identity as they are now."""
    room = throttle.room(gateway)
    return [
        Fact(
            term="Window",
            words=f"{room.used} of {room.limit} begun in the last {gateway.minutes_between_checks} min, "
            f"{room.in_hand} in hand, {room.due} due",
        ),
        *[Fact(term=str(slot), words=_lease(slot)) for slot in Slot.objects.filter(number__lte=gateway.connections)],
        *[Fact(term=heart.name, words=f"heard {_stamp(heart.beat_at)}") for heart in Heartbeat.objects.all()],
        Fact(term="Last check that sent", words=_stamp(gateway.last_check_at)),
        Fact(term="Last login accepted", words=_stamp(gateway.last_contact_at)),
        Fact(term="Pauses in a row", words=_pauses(gateway)),
        Fact(term="Probe", words="wanted before the next message" if gateway.probe_wanted else "not wanted"),
        Fact(term="Settings", words=f"version {gateway.settings_version}"),
        Fact(term="Identity", words=_identity(gateway)),
    ]


def _lease(slot: Slot) -> str:
    if slot.token is None:
        return "free"
    state = "lease" if slot.lease_until and slot.lease_until > timezone.now() else "lease over"
    return f"{slot.holder}, {state} until {_stamp(slot.lease_until)}"


def _pauses(gateway: Gateway) -> str:
    if gateway.paused_until is None:
        return "none"
    return f"{gateway.pauses_running} ({gateway.pause_cause}), until {_stamp(gateway.paused_until)}"


def _identity(gateway: Gateway) -> str:
    if not gateway.identity:
        return "none yet: taken at the first start"
    whose = "this installation's" if identity.is_ours(gateway) else "another installation's"
    return f"{gateway.identity[:12]}…, {whose}"


def _stamp(moment: datetime | None) -> str:
    return timezone.localtime(moment).strftime(STAMP) if moment else "never"
