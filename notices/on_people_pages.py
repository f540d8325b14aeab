"""What notices show on the pages of patrons, guardians, partner libraries and loans (product.md, C7, N12).

The host pages belong to circulation; these parts are filled in through ``library.slots``.
"""

from collections.abc import Sequence
from datetime import date

from django.http import HttpRequest
from django.utils import timezone

from circulation.calendar import CalendarError
from circulation.models import Loan
from library import slots
from library.access import may
from library.typed import row_number
from notices import said, why, why_words
from notices.loan_line import LETTERS_AHEAD, LoanLine

BEFORE = "said_before"
KEPT = "why_of_loans"


def register() -> None:
    slots.loan_sentences.register(next_in_short)
    slots.loan_panels.register(line_of_loan, order=10)
    slots.patron_panels.register(history_of_patron, order=10)
    slots.guardian_panels.register(history_of_guardian, order=10)
    slots.partner_panels.register(history_of_partner, order=10)


def next_in_short(request: HttpRequest, loan_ids: Sequence[int], on: date) -> dict[int, str]:
    """*Overdue 3, Tue 24 Nov*, or why nothing, for the loans of a list."""
    try:
        answers = _of_page(request, loan_ids[0], on=on) if len(loan_ids) == 1 else why.ask(loan_ids, on=on)
    except CalendarError as reason:
        return dict.fromkeys(loan_ids, str(reason))
    return {pk: why_words.in_short(answer, on=on) for pk, answer in answers.items()}


def line_of_loan(request: HttpRequest, loan_id: int) -> slots.Panel | None:
    """The past and the future of one loan, and all that decides whether the next letter goes out."""
    if not may(request).librarian:
        return None
    loan, on = Loan.objects.with_borrowers().get(pk=loan_id), timezone.localdate()
    try:
        line = LoanLine(loan, _of_page(request, loan_id, on=on)[loan_id], on=on)
    except CalendarError as reason:
        return slots.Panel(template="notices/includes/loan_line.html", context={"trouble": str(reason)})
    return slots.Panel(template="notices/includes/loan_line.html", context={"line": line, "loan": loan})


def _of_page(request: HttpRequest, loan_id: int, *, on: date) -> dict[int, why.Why]:
    """The page of a loan asks twice, for its line and for *We say next*; the runs are rehearsed once."""
    kept: dict[int, dict[int, why.Why]] = request.__dict__.setdefault(KEPT, {})
    if loan_id not in kept:
        kept[loan_id] = why.ask([loan_id], on=on, letters=LETTERS_AHEAD)
    return kept[loan_id]


def history_of_patron(request: HttpRequest, pk: int) -> slots.Panel | None:
    return _history(request, said.about_patron(pk, before=_before(request)))


def history_of_guardian(request: HttpRequest, pk: int) -> slots.Panel | None:
    return _history(request, said.to_guardian(pk, before=_before(request)))


def history_of_partner(request: HttpRequest, pk: int) -> slots.Panel | None:
    return _history(request, said.to_partner(pk, before=_before(request)))


def _history(request: HttpRequest, history: said.History) -> slots.Panel | None:
    if not may(request).librarian:
        return None
    return slots.Panel(template="notices/includes/history.html", context={"history": history})


def _before(request: HttpRequest) -> int | None:
    return row_number(request.GET.get(BEFORE)) or None
