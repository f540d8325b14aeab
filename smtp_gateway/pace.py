"""How long the gateway waits, in one place: pauses, later tries, leases' margins.

The throttle itself (how many, how often) is the librarian's and stands in the gateway's row. Tests shrink ``minute``,
and everything shrinks with it.
"""

import random
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """``minute``: its length in seconds. All other figures are minutes."""

    minute: float = 60.0
    unreachable: tuple[int, ...] = (1, 2, 5, 10, 15)
    """Pauses of the whole gateway while the server cannot be reached; the last one repeats."""
    later: tuple[int, ...] = (5, 15, 30, 60, 120, 240)
    """Pauses of one message after a 4xx, ±20 %; the last one repeats (RFC 5321 4.5.4.1; greylists open at 5 to 15)."""
    lost: tuple[int, ...] = (1, 2, 5, 10, 15)
    """Pauses of one message whose session was lost before its text went out."""
    give_up: int = 5 * 24 * 60
    """A message that only heard 'later' is called bad after this (RFC 5321 4.5.4.1: at least 4 to 5 days)."""
    uncertain: int = 30
    """Between a message that may have arrived and its one further try."""
    crash: int = 1
    """Between a crash of the sender and the next try of that message, times the number of crashes."""
    too_fast: int = 1
    """The shortest pause when the server asks us to slow down."""
    check: int = 1
    """A check claims nothing more after this; the next one goes on."""

    def minutes(self, count: float) -> timedelta:
        return timedelta(seconds=count * self.minute)

    def unreachable_pause(self, *, running: int) -> timedelta:
        """``running``: how many pauses came before this one."""
        return self.minutes(self.unreachable[min(running, len(self.unreachable) - 1)])

    def later_pause(self, *, attempts: int) -> timedelta:
        """``attempts``: how many this message has had, the last one included."""
        share = random.uniform(0.8, 1.2)
        return self.minutes(self.later[min(max(attempts, 1), len(self.later)) - 1] * share)

    def lost_pause(self, *, attempts: int) -> timedelta:
        return self.minutes(self.lost[min(max(attempts, 1), len(self.lost)) - 1])


REAL = Pace()
