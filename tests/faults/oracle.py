"""What really happened to every message: the database's word against the sink's.

*Lost*: called sent and never received, or neither finished nor claimable. *Silent duplicate*: more than one copy and
never marked uncertain. *Belied*: received, and yet called waiting, bad or cancelled without ever having been marked
uncertain, so that it would be sent again or mourned. All three are empty, always.
"""

from collections import Counter
from dataclasses import dataclass

from smtp_gateway.models import OutboundMessage

State = OutboundMessage.State


@dataclass(frozen=True, kw_only=True)
class Findings:
    """Message keys, and how many messages ended in which state."""

    lost: list[str]
    silent: list[str]
    belied: list[str]
    states: dict[str, int]
    uncertain: int
    """Messages that were marked uncertain at some time."""
    twice: int
    """Messages of which more than one copy arrived; each of them was marked."""

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.silent or self.belied)


def findings(copies: Counter[str]) -> Findings:
    """To be asked when no worker lives any more and ``leases.recover`` has run."""
    rows = list(OutboundMessage.objects.without_content())
    return Findings(
        lost=[row.dedup_key for row in rows if _is_lost(row, copies[row.message_id])],
        silent=[row.dedup_key for row in rows if copies[row.message_id] > 1 and not row.times_uncertain],
        belied=[row.dedup_key for row in rows if copies[row.message_id] and not _admits_it(row)],
        states=dict(Counter(row.state for row in rows)),
        uncertain=sum(1 for row in rows if row.times_uncertain),
        twice=sum(1 for count in copies.values() if count > 1),
    )


def _is_lost(row: OutboundMessage, copies: int) -> bool:
    if row.state == State.SENT:
        return copies == 0
    return row.state == State.SENDING or row.stage == OutboundMessage.Stage.TAKEN


def _admits_it(row: OutboundMessage) -> bool:
    return row.state in {State.SENT, State.UNCERTAIN} or row.times_uncertain > 0
