"""How the actions of the gateway's log look, and which of them count as checks."""

from smtp_gateway.models import GatewayEvent
from smtp_gateway.views.looks import Look

Action = GatewayEvent.Action

ACTION = {
    Action.STARTED: Look(tone="ok", icon="player-play", word="Started"),
    Action.STOPPED: Look(tone="bad", icon="player-stop", word="Stopped"),
    Action.SAVED: Look(tone="off", icon="settings", word="Settings saved"),
    Action.UNREACHABLE: Look(tone="warn", icon="alert-triangle", word="Server away"),
    Action.REACHABLE: Look(tone="ok", icon="circle-check", word="Server back"),
    Action.PAUSED: Look(tone="warn", icon="clock", word="Paused"),
    Action.REFUSED_START: Look(tone="bad", icon="circle-x", word="Start refused"),
    Action.TRIED: Look(tone="off", icon="plug-connected", word="Connection tried"),
    Action.TESTED: Look(tone="off", icon="flask", word="Test asked for"),
    Action.BATCH: Look(tone="wait", icon="send", word="Check"),
    Action.RECOVERED: Look(tone="warn", icon="rotate", word="Recovered"),
    Action.EXPIRED: Look(tone="off", icon="calendar-off", word="Too late"),
    Action.BY_HAND: Look(tone="off", icon="user", word="By hand"),
    Action.PRUNED: Look(tone="off", icon="history", word="Old text removed"),
}

#: What the gateway's page lists as its last checks: what a check did, and what hindered one.
CHECKS = (
    Action.BATCH,
    Action.STARTED,
    Action.STOPPED,
    Action.UNREACHABLE,
    Action.REACHABLE,
    Action.PAUSED,
    Action.RECOVERED,
)


def look_of(event: GatewayEvent) -> Look:
    return ACTION[Action(event.action)]
