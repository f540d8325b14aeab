"""What the gateway does about its own faults: pause, stop, or suspect.

A message is never charged for these. Each change is one row in the log, not one for each tick.
"""

import re
from datetime import timedelta

from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from smtp_gateway import lifecycle
from smtp_gateway.models import Gateway, GatewayEvent, OutboundMessage
from smtp_gateway.pace import Pace
from smtp_gateway.verdict import Meaning, Verdict

#: Different people refused for good, one after another and with no success between, before we suspect ourselves.
REFUSALS_ALLOWED = 5
#: 5xx at the login: one may be a hiccup of the server's.
LOGIN_REFUSALS_ALLOWED = 2
#: Messages that stopped the gateway go behind the rest.
BEHIND_THE_REST = 90

Action = GatewayEvent.Action

_ADDRESS = re.compile(r"<?[^\s<>]+@[^\s<>]+>?")


def react(found: Verdict, *, pace: Pace) -> None:
    """Pause or stop for a verdict that is about the gateway."""
    if found.meaning is Meaning.UNREACHABLE:
        unreachable(found, pace=pace)
    elif found.meaning is Meaning.TOO_FAST:
        _pause_because_too_fast(found, pace)
    elif found.meaning is Meaning.LOGIN_REFUSED:
        _login_refused(found, pace)
    elif found.meaning is Meaning.WRONG_SETTINGS:
        lifecycle.stop(cause=Gateway.StopCause.SETTINGS, sentence=found.sentence, words=_words(found))
    elif found.meaning is Meaning.SUSPICIOUS:
        _suspect(found.sentence, _words(found))


def unreachable(found: Verdict, *, pace: Pace) -> None:
    """Pause, each time a little longer; told once. Messages wait, uncharged."""
    gateway = Gateway.objects.get(pk=1)
    pause = pace.unreachable_pause(running=gateway.pauses_running)
    if gateway.unreachable_since is None:
        Gateway.objects.filter(pk=1).update(unreachable_since=Now())
        GatewayEvent.objects.create(action=Action.UNREACHABLE, sentence=found.sentence, words=_words(found))
    _pause(Gateway.PauseCause.UNREACHABLE, pause, found)


def let_in(gateway: Gateway) -> None:
    """The server accepted the connection and the login."""
    Gateway.objects.filter(pk=1).update(last_contact_at=Now(), logins_refused_running=0)
    gateway.logins_refused_running = 0


def reached(gateway: Gateway) -> None:
    """The server has judged a message: it works. Time without it does not count against those that wait."""
    if gateway.unreachable_since is not None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE smtp_gateway_outboundmessage SET give_up_at = give_up_at + (clock_timestamp() - %s)"
                " WHERE give_up_at IS NOT NULL AND state IN ('waiting', 'sending', 'uncertain', 'held')",
                [gateway.unreachable_since],
            )
        GatewayEvent.objects.create(action=Action.REACHABLE, sentence="The mail server is back.")
    if gateway.unreachable_since or gateway.pauses_running or gateway.pause_cause or gateway.lost_message:
        Gateway.objects.filter(pk=1).update(
            unreachable_since=None, pauses_running=0, pause_cause="", paused_until=None, server_words="",
            lost_message=None,
        )  # fmt: skip
    gateway.unreachable_since, gateway.pauses_running, gateway.pause_cause, gateway.lost_message = None, 0, "", None


def session_lost(gateway: Gateway, message: int, found: Verdict, *, pace: Pace) -> bool:
    """A session broke over this message. Twice running, over different messages, means unreachable: then True."""
    before, gateway.lost_message = gateway.lost_message, message
    Gateway.objects.filter(pk=1).update(lost_message=message)
    if before in {None, message}:
        return False
    unreachable(found, pace=pace)
    return True


def refused(message: int) -> bool:
    """A message was refused for good. After five different people with no success between: stop, and put them back.

    One wrong relay rule must not turn the whole outbox bad. True when it tripped.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE smtp_gateway_gateway SET refused_running = array_append(refused_running, %s::bigint)"
            " WHERE id = 1 RETURNING refused_running",
            [message],
        )
        running: list[int] = cursor.fetchone()[0]
    chosen = OutboundMessage.objects.filter(pk__in=running)
    if chosen.order_by().values("to").distinct().count() < REFUSALS_ALLOWED:
        return False
    chosen.bad().update(
        state=OutboundMessage.State.WAITING,
        not_before=Now(),
        finished_at=None,
        priority=BEHIND_THE_REST,
        suspicious=True,
        reason="Refused together with others in a row, which says more about us. It is tried again after a test.",
    )
    _suspect(f"The server refused {REFUSALS_ALLOWED} different people in a row, and took nothing between.", "")
    return True


def accepted() -> None:
    """A success ends any row of refusals."""
    Gateway.objects.filter(pk=1).exclude(refused_running=[]).update(refused_running=[])


def probe_passed() -> None:
    Gateway.objects.filter(pk=1).update(probe_wanted=False)


def _suspect(sentence: str, words: str) -> None:
    lifecycle.stop(cause=Gateway.StopCause.SUSPICIOUS, sentence=sentence, words=words)
    Gateway.objects.filter(pk=1).update(probe_wanted=True, refused_running=[])


def _login_refused(found: Verdict, pace: Pace) -> None:
    Gateway.objects.filter(pk=1).update(logins_refused_running=F("logins_refused_running") + 1)
    if Gateway.objects.get(pk=1).logins_refused_running >= LOGIN_REFUSALS_ALLOWED:
        lifecycle.stop(cause=Gateway.StopCause.SETTINGS, sentence=found.sentence, words=_words(found))
    else:
        _pause(Gateway.PauseCause.LOGIN, pace.unreachable_pause(running=0), found)


def _pause_because_too_fast(found: Verdict, pace: Pace) -> None:
    pause = max(pace.minutes(pace.too_fast), found.wait or timedelta())
    GatewayEvent.objects.create(action=Action.PAUSED, sentence=found.sentence, words=_words(found))
    _pause(Gateway.PauseCause.TOO_FAST, pause, found)


def _pause(cause: str, pause: timedelta, found: Verdict) -> None:
    Gateway.objects.filter(pk=1).update(
        pause_cause=cause,
        paused_until=Now() + pause,
        pauses_running=F("pauses_running") + 1,
        server_words=_words(found),
    )


def _words(found: Verdict) -> str:
    """What the server said, with its codes; without the recipient's address, which servers like to repeat."""
    said = _ADDRESS.sub("(address)", found.words)
    return " ".join(part for part in (str(found.code or ""), found.enhanced, said) if part)
