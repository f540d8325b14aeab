"""Where a loan stands, as sentences on pages (ui.md, The answer first). What is written about it is not known here."""

from collections.abc import Sequence
from datetime import date

from django.http import HttpRequest

from circulation.models import Loan
from circulation.words import a_day, several, who
from library import slots

Status = Loan.Status


def borrower(loan: Loan) -> str:
    """``Mia Chen, 7B``; a loan that was closed long ago has lost its borrower (product.md, S3)."""
    someone = loan.patron or loan.partner
    return who(someone) if someone else "Somebody no longer kept"


def label(loan: Loan) -> str:
    return f"{loan.item}, with {borrower(loan)}"


def said_next(request: HttpRequest, loans: Sequence[Loan], *, on: date) -> dict[int, str]:
    """What other apps will say about the open ones of these loans, by their primary key."""
    ids = [loan.pk for loan in loans if loan.is_open]
    return {pk: said for ask in slots.loan_sentences for pk, said in ask(request, ids, on).items()} if ids else {}


def standing(loan: Loan, *, on: date) -> str:
    """Who has it since when, how late it is, and what its status means; or when it came back."""
    if loan.returned_on:
        return f"{_somebody(loan)} had it from {a_day(loan.lent_on, on=on)}. {_came_back(loan, on=on)}"
    sentence = f"{_somebody(loan)} has it since {a_day(loan.lent_on, on=on)}. {_due(loan, on=on)}"
    meaning = _meaning(loan, on=on)
    return f"{sentence} {meaning}" if meaning else sentence


def _somebody(loan: Loan) -> str:
    """The group stands between commas: *Mia Chen, 7B, has it*."""
    return f"{borrower(loan)}," if loan.patron else borrower(loan)


def _came_back(loan: Loan, *, on: date) -> str:
    assert loan.returned_on is not None
    late = (loan.returned_on - loan.due_on).days
    how_late = f", {several(late, 'day')} late" if late > 0 else ", in time"
    return f"It came back on {a_day(loan.returned_on, on=on)}{how_late}."


def _due(loan: Loan, *, on: date) -> str:
    days = (loan.due_on - on).days
    if days < 0:
        return f"It is {several(-days, 'day')} late."
    if days == 0:
        return "It is due today."
    return "It is due tomorrow." if days == 1 else f"It is due in {days} days."


def _meaning(loan: Loan, *, on: date) -> str:
    """What each status does; a reason that somebody gave stands beside it, not in it."""
    until = f" before {a_day(loan.quiet_until, on=on)}" if loan.quiet_until else ""
    checks = loan.shelf_checks_left
    looked_for = f"it stands on the next {several(checks, 'shelf check')}" if checks else "a person decides now"
    return {
        Status.ON_LOAN: "",
        Status.SAYS_BACK: f"They say it is back: nobody is written to, and {looked_for}.",
        Status.BILLED: "It is billed and waits for payment; nobody is written to.",
        Status.LOST: "It is given up as lost; nobody is written to.",
        Status.NO_LETTERS: "Nobody is written to about it.",
        Status.EXTENSION_ASKED: f"An extension was asked; nobody is written to{until}.",
        Status.RECALLED: "It was recalled; no step of a schedule is written about it.",
        Status.ON_ITS_WAY: "It is on its way back; nobody is written to.",
    }[Status(loan.status)]
