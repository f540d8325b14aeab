"""Boot, start, stop, save; and the gateway's state as a sentence for every page.

What a person or the installation does to the gateway. What the gateway does about its own faults is in ``troubles``.
"""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from library import secrets
from library.secrets import SecretError
from smtp_gateway import addresses, conversation, identity, leases
from smtp_gateway.conversation import Conversation, Envelope, Line, OpeningError, Timeouts
from smtp_gateway.errors import LifecycleError
from smtp_gateway.models import DailyLog, Gateway, GatewayEvent, Slot
from smtp_gateway.verdict import Verdict

#: Rows for connection slots; the settings allow as many connections.
SLOTS = 10

Action = GatewayEvent.Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How the gateway is: ``state`` is on, paused or stopped; ``words`` are the server's."""

    state: str
    sentence: str
    since: datetime
    remedy: str = ""
    words: str = ""
    by_a_person: bool = False
    """Stopped on purpose, or not started yet: no illness."""

    @property
    def is_well(self) -> bool:
        return self.state == "on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of trying the settings: the conversation as people may see it, and how it ended."""

    talk: list[Line]
    verdict: Verdict


def make_standing_rows() -> None:
    """The gateway's row and its slots; safe to run twice."""
    Gateway.objects.get_or_create(pk=1)
    Slot.objects.bulk_create([Slot(number=number) for number in range(1, SLOTS + 1)], ignore_conflicts=True)


def boot() -> None:
    """What a restart of the installation means: manual start leaves the gateway stopped, auto-start brings it back.

    What was stopped by a person, by wrong settings or by a suspicion stays so. Never called by workers.
    """
    make_standing_rows()
    leases.recover()
    gateway = Gateway.the()
    if not identity.is_ours(gateway):
        stop_as_copy()
        return
    _lock_with_the_key_in_use(gateway)
    started_by_itself = {Gateway.StopCause.BOOT, Gateway.StopCause.NEVER_STARTED}
    if gateway.start_mode == Gateway.StartMode.MANUAL and gateway.is_on:
        stop(cause=Gateway.StopCause.BOOT, sentence="The installation was restarted, and the gateway starts by hand.")
    elif gateway.start_mode == Gateway.StartMode.AUTO and gateway.stop_cause in started_by_itself and gateway.host:
        _turn_on(by="", sentence="Started by itself after a restart.")


def _lock_with_the_key_in_use(gateway: Gateway) -> None:
    """After SECRET_KEY was replaced, the former one is needed until here and no longer."""
    Gateway.objects.filter(pk=1).update(identity=identity.here())
    with suppress(SecretError):  # locked with a key that nobody told us: the next connection says what to do
        if gateway.password_encrypted:
            locked = secrets.lock_again(gateway.password_encrypted)
            Gateway.objects.filter(password_encrypted=gateway.password_encrypted).update(password_encrypted=locked)


def start(*, by: str, timeouts: Timeouts | None = None) -> None:
    """Try the settings, then turn it on. Raises LifecycleError with the server's words, and leaves it stopped."""
    gateway = Gateway.the()
    if gateway.is_on:
        return
    if not identity.is_ours(gateway):
        stop_as_copy()
        raise LifecycleError(identity.SENTENCE)
    found = try_connection(by=by, timeouts=timeouts).verdict
    if not found.is_good:
        GatewayEvent.objects.create(action=Action.REFUSED_START, sentence=found.sentence, words=found.words, by=by)
        raise LifecycleError(f"The gateway stays stopped. {found.sentence}", words=found.words)
    _turn_on(by=by, sentence="Started.")


def stop(*, cause: str = Gateway.StopCause.PERSON, sentence: str = "", words: str = "", by: str = "") -> None:
    """No further message is begun, by anybody; the one on the wire ends as it ends."""
    stopped = (
        Gateway.objects.filter(pk=1)
        .exclude(state=Gateway.State.STOPPED)
        .update(
            state=Gateway.State.STOPPED,
            stop_cause=cause,
            stop_sentence=sentence,
            server_words=words,
            state_since=Now(),
            **_NO_PAUSE,
        )
    )
    if stopped:
        GatewayEvent.objects.create(action=Action.STOPPED, sentence=sentence or "Stopped.", words=words, by=by)


def stop_as_copy() -> None:
    """This database is not where it was: stop, and hold what is on its way. What its senders elsewhere had begun is
    *maybe sent* here."""
    leases.recover()
    with transaction.atomic():
        stop(cause=Gateway.StopCause.COPY, sentence=identity.SENTENCE)
        Gateway.objects.filter(pk=1).update(
            state=Gateway.State.STOPPED, stop_cause=Gateway.StopCause.COPY, stop_sentence=identity.SENTENCE
        )
        identity.keep_quiet()


def settings_saved(*, by: str, changed: Collection[str] = ()) -> None:
    """After the settings were saved: they are tried at the next check. Lifts a stop for wrong settings and any pause.

    Never lifts a stop by a person, a suspicion or a copy. ``changed``: names of the fields that are new.
    """
    if "daily_log_at" in changed:
        _no_log_today(reason="Its time was set to one that had passed; the next log comes tomorrow.")
    Gateway.objects.filter(pk=1).update(settings_version=F("settings_version") + 1, **_NO_PAUSE)
    GatewayEvent.objects.create(action=Action.SAVED, sentence="Settings saved.", by=by)
    if Gateway.the().stop_cause == Gateway.StopCause.SETTINGS:
        _turn_on(by=by, sentence="Started again with the new settings.")


def try_connection(*, by: str = "", timeouts: Timeouts | None = None) -> Trial:
    """Connect, greet, protect, log in, name the From address, and take it all back: no message is sent."""
    gateway = Gateway.the()
    talk: Conversation | None = None
    try:
        talk = Conversation(conversation.server(gateway), timeouts=timeouts or Timeouts.for_a_page(), record=True)
        talk.open()
        found = talk.mail(Envelope(sender=addresses.for_envelope(gateway.from_address), to=""))
        if found.is_good:
            talk.rset()
        talk.close()
    except OpeningError as fault:
        found = fault.verdict
    GatewayEvent.objects.create(action=Action.TRIED, sentence=found.sentence, words=found.words, by=by)
    return Trial(talk=talk.talk if talk else [], verdict=found)


def status(gateway: Gateway | None = None, *, at: datetime | None = None) -> Status:
    """The gateway's state as a sentence, since when, and what to do."""
    gateway = gateway or Gateway.the()
    if not gateway.is_on:
        return _stopped(gateway)
    paused = gateway.paused_until is not None and gateway.paused_until > (at or timezone.now())
    again = f" It tries again at {clock(gateway.paused_until)}." if paused and gateway.paused_until else ""
    if gateway.unreachable_since:
        return Status(
            state="paused",
            sentence=f"The mail server cannot be reached since {clock(gateway.unreachable_since)}.{again}",
            since=gateway.unreachable_since,
            remedy="Nothing is lost: messages wait, and go by themselves when the server is back.",
            words=gateway.server_words,
        )
    if paused:
        sentence = {
            Gateway.PauseCause.TOO_FAST: "The mail server asked us to slow down.",
            Gateway.PauseCause.LOGIN: "The mail server refused the login once.",
        }.get(Gateway.PauseCause(gateway.pause_cause), "The gateway pauses.")
        return Status(
            state="paused",
            sentence=sentence + again,
            since=gateway.state_since,
            remedy="It goes on by itself.",
            words=gateway.server_words,
        )
    return Status(state="on", sentence="The gateway is on.", since=gateway.state_since)


def _stopped(gateway: Gateway) -> Status:
    cause = Gateway.StopCause(gateway.stop_cause)
    since = clock(gateway.state_since)
    sentence, remedy = {
        Gateway.StopCause.NEVER_STARTED: (
            "The gateway has not been started yet.",
            "Fill in its settings, try them, and start it.",
        ),
        Gateway.StopCause.PERSON: (f"The gateway is stopped since {since}.", "Start it on its page."),
        Gateway.StopCause.BOOT: (
            f"The gateway is stopped since the restart at {since}, because it starts by hand.",
            "Start it on its page, or choose auto-start.",
        ),
        Gateway.StopCause.SETTINGS: (
            f"The gateway stopped itself at {since}. {gateway.stop_sentence}",
            "Put the settings right and save them: it goes on by itself.",
        ),
        Gateway.StopCause.SUSPICIOUS: (
            f"The gateway stopped itself at {since}. {gateway.stop_sentence}",
            "Ask whoever runs the mail server, then start it again. No message is lost.",
        ),
        Gateway.StopCause.COPY: (identity.SENTENCE, "Confirm on the gateway's page that this one is to send."),
        Gateway.StopCause.NONE: ("The gateway is stopped.", "Start it on its page."),
    }[cause]
    return Status(
        state="stopped",
        sentence=sentence,
        since=gateway.state_since,
        remedy=remedy,
        words=gateway.server_words,
        by_a_person=cause in {Gateway.StopCause.NEVER_STARTED, Gateway.StopCause.PERSON, Gateway.StopCause.BOOT},
    )


_NO_PAUSE = {
    "paused_until": None,
    "pause_cause": "",
    "pauses_running": 0,
    "unreachable_since": None,
    "logins_refused_running": 0,
    "lost_message": None,
}


def _turn_on(*, by: str, sentence: str) -> None:
    if not DailyLog.objects.exists():
        _no_log_today(reason="The gateway was started after today's time; the first log comes tomorrow.")
    Gateway.objects.filter(pk=1).update(
        state=Gateway.State.ON,
        stop_cause="",
        stop_sentence="",
        server_words="",
        state_since=Now(),
        refused_running=[],
        **_NO_PAUSE,
    )
    GatewayEvent.objects.create(action=Action.STARTED, sentence=sentence, by=by)


def _no_log_today(*, reason: str) -> None:
    """Switched on, or moved earlier, after today's time: the first log comes tomorrow."""
    now = timezone.localtime()
    if now.time() >= Gateway.the().daily_log_at:
        DailyLog.objects.get_or_create(
            day=now.date(), defaults={"covers_from": now, "covers_to": now, "reason": reason}
        )


def clock(moment: datetime) -> str:
    """08:12 for today, otherwise with its day."""
    local = timezone.localtime(moment)
    if local.date() == timezone.localdate():
        return f"{local:%H:%M}"
    return f"{local:%H:%M} on {local:%a} {local.day} {local:%b}"
