"""Letters forget with the loans: which thing an old letter was about, and whatever words of it are still kept.

That a letter was written, to whom and when, and that a loan heard a step stays; that the two belong together does not.
"""

from collections.abc import Sequence

from notices.models import Letter, Line
from notices.models.letter import message_key
from smtp_gateway.models import OutboundMessage

WAITING = [Letter.State.PLANNED, Letter.State.HELD, Letter.State.TO_PRINT, Letter.State.DRAFT]
"""Letters that wait are about other loans by now: this one was taken out of their words when it came back."""

ON_THE_WAY = [OutboundMessage.State.WAITING, OutboundMessage.State.SENDING, OutboundMessage.State.HELD]


def forget(loan_ids: Sequence[int]) -> None:
    """Cut the lines between letters and these loans, and empty the letters that do not wait any more.

    Messages that a letter had before it was written again are emptied in any case.
    """
    lines = Line.objects.filter(notice__loan__in=loan_ids)
    letters = Letter.objects.filter(pk__in=list(lines.values_list("letter", flat=True)))
    keys = [message_key(pk, old) for pk, now in letters.values_list("pk", "revision") for old in range(now + 1)]
    OutboundMessage.objects.filter(dedup_key__in=keys).exclude(state__in=ON_THE_WAY).update(content=b"")
    letters.exclude(state__in=WAITING).update(text="", html="")
    lines.delete()
