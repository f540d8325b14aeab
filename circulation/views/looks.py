"""How loans look on pages: the stamp, and beside it the distance in words (ui.md, Components and Colours)."""

from dataclasses import dataclass
from datetime import date, datetime

from circulation import desk
from circulation.models import Loan
from circulation.words import several

SOON = 3
"""Days before the due date from which the stamp warns."""

STATUS = {
    Loan.Status.SAYS_BACK: ("warn", "help-circle"),
    Loan.Status.BILLED: ("held", "receipt"),
    Loan.Status.LOST: ("bad", "alert-triangle"),
    Loan.Status.NO_LETTERS: ("off", "ban"),
    Loan.Status.EXTENSION_ASKED: ("wait", "clock"),
    Loan.Status.RECALLED: ("warn", "alert-triangle"),
    Loan.Status.ON_ITS_WAY: ("wait", "arrow-right"),
}
"""Tone and icon of what is not simply on loan."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """``stamp`` is the class of the date; tone, icon and word are the state beside it."""

    stamp: str
    tone: str
    icon: str
    word: str
    new: bool = False
    """Lent so short a time ago that it can be undone."""


def of_loan(loan: Loan, *, at: datetime, on: date) -> Look:
    """An open loan at the moment ``at`` of the day ``on``."""
    days = (loan.due_on - on).days
    stamp = "due-late" if days < 0 else "due-soon" if days <= SOON else ""
    new = desk.undoable(loan.lent_at, at=at)
    if loan.status in STATUS:
        tone, icon = STATUS[Loan.Status(loan.status)]
        return Look(stamp=stamp, tone=tone, icon=icon, word=loan.get_status_display(), new=new)
    if days < 0:
        return Look(stamp=stamp, tone="bad", icon="alert-triangle", word=f"{several(-days, 'day')} late")
    if new:
        return Look(stamp=stamp, tone="off", icon="book-2", word="Lent just now", new=True)
    tone, icon = ("warn", "clock") if stamp else ("off", "book-2")
    return Look(stamp=stamp, tone=tone, icon=icon, word=in_days(days))


def in_days(days: int) -> str:
    """Today, tomorrow, in 12 days."""
    if days == 0:
        return "Due today"
    return "Due tomorrow" if days == 1 else f"In {days} days"
