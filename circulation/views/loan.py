"""One loan: where it stands, what can be done about it, and what other apps say of it (product.md, C3 and C7).

Each post says one verb of ``desk``. What the desk would let undo for a minute can be undone here for as long.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from circulation import desk
from circulation.forms.interlibrary import DateForm
from circulation.forms.loans import DueForm, StatusForm
from circulation.models import Loan
from circulation.views import loan_words, looks
from circulation.words import a_day
from library import slots
from library.access import Role, allow

Verb = Callable[[Loan, datetime, Any], str]
"""Does it and says what was done."""


@allow(Role.LIBRARIAN)
@require_safe
def loan(request: HttpRequest, pk: int) -> HttpResponse:
    return page(request, _loan(pk))


def page(request: HttpRequest, found: Loan, **forms: Any) -> HttpResponse:
    """The whole page; ``forms`` are those that came back with a sentence under a field."""
    now = timezone.now()
    on = timezone.localdate(now)
    said = loan_words.said_next(request, [found], on=on).get(found.pk, "")
    context = {
        "here": "loans",
        "loan": found,
        "look": looks.of_loan(found, at=now, on=on),
        "borrower": loan_words.borrower(found),
        "standing": loan_words.standing(found, on=on),
        "said_next": _said_next(found, said),
        "renewable": found.status in desk.RENEWABLE,
        "undo": _undo(found, at=now),
        "status_form": StatusForm(loan=found),
        "due_form": DueForm(),
        "between_form": DateForm(loan=found) if found.service != Loan.Service.CIRCULATION else None,
        "panels": [panel for ask in slots.loan_panels if (panel := ask(request, found.pk)) is not None],
        "verbs": [verb for ask in slots.loan_verbs for verb in ask(request, found.pk)],
    }
    return render(request, "circulation/loan.html", context | forms)


@allow(Role.LIBRARIAN)
@require_POST
def do(request: HttpRequest, pk: int) -> HttpResponse:
    """Renew, take back, *says it is back*, or undo what was done a moment ago."""
    verb = VERBS.get(request.POST.get("verb", ""))
    if verb is None:
        return HttpResponseBadRequest("There is no such verb.")
    found = _loan(pk)
    try:
        messages.success(request, verb(found, timezone.now(), request.user))
    except desk.DeskError as refusal:
        messages.warning(request, str(refusal))
    if not Loan.objects.filter(pk=pk).exists():
        return HttpResponseRedirect(reverse("item", args=[found.item_id]))
    return HttpResponseRedirect(reverse("loan", args=[pk]))


@allow(Role.LIBRARIAN)
@require_POST
def status(request: HttpRequest, pk: int) -> HttpResponse:
    """Another status by hand, with a reason."""
    found, on = _loan(pk), timezone.localdate()
    form = StatusForm(request.POST, loan=found)
    if form.is_valid():
        given = form.cleaned_data
        try:
            new = desk.set_status(
                found,
                Loan.Status(given["status"]),
                on=on,
                reason=given["reason"],
                quiet_until=given.get("quiet_until"),
                by=request.user,
            )
        except desk.DeskError as refusal:
            asks_until = given["status"] == Loan.Status.EXTENSION_ASKED
            form.add_error("quiet_until" if asks_until else "reason", str(refusal))
        else:
            messages.success(request, f"Its status is {new.get_status_display().lower()} now.")
            return HttpResponseRedirect(reverse("loan", args=[pk]))
    return page(request, found, status_form=form)


@allow(Role.LIBRARIAN)
@require_POST
def due(request: HttpRequest, pk: int) -> HttpResponse:
    """Another due date by a librarian's decision."""
    found, on = _loan(pk), timezone.localdate()
    form = DueForm(request.POST)
    if form.is_valid():
        try:
            new = desk.change_due(found, to=form.cleaned_data["due"], on=on, by=request.user)
        except desk.DeskError as refusal:
            form.add_error("due", str(refusal))
        else:
            messages.success(request, f"It is due {a_day(new.due_on, on=on)} now. The steps begin anew.")
            return HttpResponseRedirect(reverse("loan", args=[pk]))
    return page(request, found, due_form=form)


def _loan(pk: int) -> Loan:
    return get_object_or_404(Loan.objects.with_borrowers().select_related("item__owner", "item__collection"), pk=pk)


def _said_next(found: Loan, said: str) -> str:
    """What will be said, or why nothing; a status other than *on loan* has said why already."""
    if said and not said.endswith("."):
        return f"We say next: {said}."
    return said if found.status == Loan.Status.ON_LOAN else ""


def _renew(found: Loan, at: datetime, by: Any) -> str:
    on = timezone.localdate(at)
    return f"Renewed until {a_day(desk.renew(found, on=on, at=at, by=by).due_on, on=on)}."


def _take_back(found: Loan, at: datetime, by: Any) -> str:
    desk.take_back(found, on=timezone.localdate(at), at=at, by=by)
    if found.status in (Loan.Status.BILLED, Loan.Status.LOST):
        return f"It is back. It was {found.get_status_display().lower()}: tell the office."
    return "It is back."


def _says_back(found: Loan, at: datetime, by: Any) -> str:
    desk.says_it_is_back(found, on=timezone.localdate(at), by=by)
    return f"Nobody is written to about it, and it stands on the next {desk.SHELF_CHECKS} shelf checks."


def _undo_lend(found: Loan, at: datetime, by: Any) -> str:
    desk.undo_lend(found, at=at, by=by)
    return "The lending is undone: it was never lent."


def _undo_renew(found: Loan, at: datetime, by: Any) -> str:
    before = desk.undo_renew(found, at=at, by=by)
    return f"The renewal is undone. It is due {a_day(before.due_on, on=timezone.localdate(at))} again."


def _undo_return(found: Loan, at: datetime, by: Any) -> str:
    desk.undo_return(found, at=at, by=by)
    return "The return is undone: it is on loan again."


VERBS: dict[str, Verb] = {
    "renew": _renew,
    "take-back": _take_back,
    "says-back": _says_back,
    "undo-lend": _undo_lend,
    "undo-renew": _undo_renew,
    "undo-return": _undo_return,
}


def _undo(found: Loan, *, at: datetime) -> tuple[str, str] | None:
    """The verb that undoes what was done last, and what that was; None after a minute."""
    if found.returned_on:
        return ("undo-return", "It was taken back just now.") if desk.undoable(found.returned_at, at=at) else None
    if desk.undoable(found.renewed_at, at=at):
        return "undo-renew", "It was renewed just now."
    return ("undo-lend", "It was lent just now.") if desk.undoable(found.lent_at, at=at) else None
