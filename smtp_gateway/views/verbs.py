"""What a person may do to messages: each verb with its words, and the states in which it makes sense.

The deed itself is a verb of ``outbox``; what does not fit it any more is left alone, and the answer says so.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from smtp_gateway import outbox
from smtp_gateway.models import OutboundMessage

State = OutboundMessage.State


@dataclass(frozen=True, kw_only=True)
class Verb:
    """``button`` stands on it, ``did`` tells afterwards, with the number before it; ``ask``: it cannot be undone."""

    key: str
    button: str
    icon: str
    states: tuple[State, ...]
    deed: Callable[[Sequence[int], str], list[int]]
    did: tuple[str, str]
    ask: str = ""
    danger: bool = False

    def done(self, number: int) -> str:
        return f"{number:,} {'message' if number == 1 else 'messages'} {self.did[number != 1]}."

    def button_for(self, number: int) -> str:
        return f"{self.button} {number:,} {'message' if number == 1 else 'messages'}"


VERBS = (
    Verb(
        key="try-again",
        button="Try again",
        icon="refresh",
        states=(State.BAD,),
        deed=lambda ids, by: outbox.try_again(ids, by=by),
        did=("waits again", "wait again"),
    ),
    Verb(
        key="send-next",
        button="Send next",
        icon="send",
        states=(State.WAITING,),
        deed=lambda ids, by: outbox.send_next(ids, by=by),
        did=("goes next", "go next"),
    ),
    Verb(
        key="release",
        button="Let go",
        icon="player-play",
        states=(State.HELD,),
        deed=lambda ids, by: outbox.release(ids, by=by),
        did=("was let go", "were let go"),
    ),
    Verb(
        key="hold",
        button="Hold",
        icon="hand-stop",
        states=(State.WAITING,),
        deed=lambda ids, by: outbox.hold(ids, by=by),
        did=("is held until you let it go", "are held until you let them go"),
    ),
    Verb(
        key="count-as-sent",
        button="Count as sent",
        icon="circle-check",
        states=(State.UNCERTAIN,),
        deed=lambda ids, by: outbox.count_as_sent(ids, by=by),
        did=("counts as sent", "count as sent"),
    ),
    Verb(
        key="resend",
        button="Send once more",
        icon="rotate",
        states=(State.UNCERTAIN,),
        deed=lambda ids, by: outbox.resend(ids, by=by),
        did=("goes once more", "go once more"),
        ask="They may have arrived already. Who got one will get it twice.",
    ),
    Verb(
        key="close",
        button="Close",
        icon="check",
        states=(State.BAD,),
        deed=lambda ids, by: outbox.close(ids, by=by),
        did=("is closed and stays on file", "are closed and stay on file"),
        ask="For what is settled in another way: by telephone, on paper. It stays on file and is not tried again.",
    ),
    Verb(
        key="cancel",
        button="Cancel",
        icon="ban",
        states=(State.WAITING, State.HELD),
        deed=lambda ids, by: outbox.cancel(ids, reason=f"Cancelled by {by}.", by=by),
        did=("was cancelled and stays on file", "were cancelled and stay on file"),
        ask="A cancelled message stays on file and is not sent. That cannot be undone.",
        danger=True,
    ),
)


def by_key(key: str) -> Verb | None:
    return next((verb for verb in VERBS if verb.key == key), None)


def fitting(messages: Iterable[OutboundMessage]) -> list[Verb]:
    """The verbs that do something to these messages. One that is only reserved can be held and cancelled."""
    present = {State.WAITING if each.is_only_reserved else each.state for each in messages}
    return [verb for verb in VERBS if present.intersection(verb.states)]
