"""How states of messages and attempts look and what they are called on screens (ui.md, "Colours and states")."""

from dataclasses import dataclass

from smtp_gateway.models import DeliveryAttempt, OutboundMessage
from smtp_gateway.verdict import Stage

State = OutboundMessage.State
Outcome = DeliveryAttempt.Outcome


@dataclass(frozen=True, kw_only=True)
class Look:
    """A tone, an icon and a word; ``short`` is the word for a narrow column."""

    tone: str
    icon: str
    word: str
    short: str = ""


MESSAGE = {
    State.WAITING: Look(tone="wait", icon="clock", word="Waiting"),
    State.SENDING: Look(tone="wait", icon="send", word="Sending"),
    State.SENT: Look(tone="ok", icon="circle-check", word="Sent"),
    State.BAD: Look(tone="bad", icon="circle-x", word="Could not be sent", short="Not sent"),
    State.UNCERTAIN: Look(tone="warn", icon="help-circle", word="Maybe sent"),
    State.HELD: Look(tone="held", icon="hand-stop", word="Held for you", short="Held"),
    State.CANCELLED: Look(tone="off", icon="ban", word="Cancelled"),
}

ATTEMPT = {
    Outcome.BEGUN: Look(tone="wait", icon="send", word="On its way now"),
    Outcome.SENT: Look(tone="ok", icon="circle-check", word="Accepted by the server"),
    Outcome.LATER: Look(tone="wait", icon="clock", word="The server asked us to come back later"),
    Outcome.BAD: Look(tone="bad", icon="circle-x", word="Refused by the server"),
    Outcome.UNCERTAIN: Look(tone="warn", icon="help-circle", word="No answer after the text was handed over"),
    Outcome.TAKEN_BACK: Look(tone="off", icon="arrow-back-up", word="The gateway’s own trouble, not counted"),
    Outcome.CRASHED: Look(tone="warn", icon="alert-triangle", word="Our sender stopped before the text went out"),
    Outcome.PROBE_PASSED: Look(tone="ok", icon="circle-check", word="Probe accepted"),
    Outcome.PROBE_REFUSED: Look(tone="bad", icon="circle-x", word="Probe refused"),
}

#: After which step of the conversation an attempt was decided.
AFTER = {
    Stage.MAIL: "after MAIL FROM",
    Stage.RCPT: "after RCPT TO",
    Stage.DATA: "after DATA",
    Stage.BODY: "while the text was handed over",
    Stage.DOT: "after the text",
}

#: Seconds; a faster answer needs no figure.
NOTICEABLE = 0.1


def of_message(message: OutboundMessage) -> Look:
    """What the server has taken is sent, though its settling may take another moment."""
    return MESSAGE[State.SENT if message.stage == OutboundMessage.Stage.TAKEN else State(message.state)]


def of_attempt(attempt: DeliveryAttempt) -> Look:
    return ATTEMPT[Outcome(attempt.outcome)]


def when_decided(attempt: DeliveryAttempt) -> str:
    """*after RCPT TO, 0.4 s*; empty while it is going on."""
    if attempt.finished_at is None or not attempt.stage:
        return ""
    took = (attempt.finished_at - attempt.started_at).total_seconds()
    after = AFTER.get(Stage(attempt.stage), f"at {attempt.stage.upper()}")
    return f"{after}, {took:.1f} s" if took >= NOTICEABLE else after
