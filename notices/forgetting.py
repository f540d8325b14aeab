"""Letters forget with the loans: which thing an old letter was about, and whatever words of it are still kept.

That a letter was written, to whom and when, and that a loan heard a step stays; that the two belong together does not.
"""

from collections.abc import Sequence

from notices.models import Letter, Line
from smtp_gateway.models import OutboundMessage

WAITING = [Letter.State.PLANNED, Letter.State.HELD, Letter.State.TO_PRINT, Letter.State.DRAFT]
"""Letters that wait are about other loans by now: this one was taken out of their words when it came back."""

ON_THE_WAY = [OutboundMessage.State.WAITING, OutboundMessage.State.SENDING, OutboundMessage.State.HELD]


def forget(loan_ids: Sequence[int]) -> None:
    """Cut the lines between letters and these loans, and empty the letters that do not wait any more."""
    lines = Line.objects.filter(notice__loan__in=loan_ids)
    old = Letter.objects.filter(pk__in=list(lines.values_list("letter", flat=True))).exclude(state__in=WAITING)
    sent = OutboundMessage.objects.filter(letter__in=old).exclude(state__in=ON_THE_WAY)
    OutboundMessage.objects.filter(pk__in=list(sent.values_list("pk", flat=True))).update(content=b"")
    old.update(text="", html="")
    lines.delete()
