"""The list of loans, and what is done with the ticked ones (product.md, C3 and C7)."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from circulation.forms.look import DressedForm
from circulation.models import Loan
from circulation.views import loan_verbs, loan_words, looks
from circulation.views.loan_listing import RETURNED, STATUSES, Asked, everything
from circulation.words import several
from library import lists, slots
from library.access import Role, allow

MOST_SENTENCES = 5
"""So many refusals are told one by one; more would hide what was done."""


@allow(Role.LIBRARIAN)
@require_safe
def loans(request: HttpRequest) -> HttpResponseBase:
    now = timezone.now()
    asked = Asked.by(request.GET, on=timezone.localdate(now))
    rows = asked.rows()
    if file := asked.listing.file(request, rows):
        return file

    def look(found: list[Loan]) -> dict[int, Any]:
        said = loan_words.said_next(request, found, on=asked.on)
        return {loan.pk: (looks.of_loan(loan, at=now, on=asked.on), said.get(loan.pk, "")) for loan in found}

    page = asked.listing.page(
        request,
        rows,
        among=everything(),
        empty=asked.empty(),
        tabs=asked.tabs(),
        tab=asked.tab,
        filter=asked.filter,
        verbs=_verbs(asked),
        looks=look,
    )
    return render(request, "circulation/loans.html", {"here": "loans", "list": page})


@allow(Role.LIBRARIAN)
@require_POST
def do(request: HttpRequest) -> HttpResponse:
    """One verb for the ticked loans; one that needs a word more asks for it on a page that names them."""
    verb = loan_verbs.by_key(request.POST.get("verb", ""))
    if verb is None:
        return HttpResponseBadRequest("There is no such verb.")
    ticked = Loan.objects.open().with_borrowers().filter(pk__in=lists.ticked(request.POST)).order_by("due_on", "pk")
    form = verb.form(request.POST if "sure" in request.POST else None) if verb.form else None
    if ticked and form is not None and not form.is_valid():
        return _ask(request, verb, ticked, form)
    asked = loan_verbs.Asked(
        on=timezone.localdate(), at=timezone.now(), by=request.user, **(form.cleaned_data if form and ticked else {})
    )
    outcome = loan_verbs.do(verb, ticked, asked)
    if form is not None and outcome.refused and not outcome.done:
        for sentence in dict.fromkeys(outcome.refused[:MOST_SENTENCES]):
            form.add_error(next(iter(form.fields)), sentence)
        return _ask(request, verb, ticked, form)
    _tell(request, verb, outcome)
    return HttpResponseRedirect(lists.way_back(request, otherwise=reverse("loans")))


def _ask(request: HttpRequest, verb: loan_verbs.Verb, ticked: QuerySet[Loan], form: DressedForm) -> HttpResponse:
    now = timezone.now()
    context = {
        "here": "loans",
        "verb": verb,
        "form": form,
        "button": verb.button_for(len(ticked)),
        "rows": [(loan, looks.of_loan(loan, at=now, on=timezone.localdate(now))) for loan in ticked],
        "back": lists.way_back(request, otherwise=reverse("loans")),
    }
    return render(request, "circulation/loans_ask.html", context)


def _tell(request: HttpRequest, verb: loan_verbs.Verb, outcome: loan_verbs.Outcome) -> None:
    if outcome.done:
        messages.success(request, verb.done(len(outcome.done)))
    if not outcome.done and not outcome.refused:
        messages.warning(request, "Nothing that is on loan was ticked, so nothing was changed.")
    told = outcome.refused[:MOST_SENTENCES]
    if more := len(outcome.refused) - len(told):
        told.append(f"And {several(more, 'loan')} more could not be changed.")
    if told:
        messages.warning(request, " ".join(told))


def _verbs(asked: Asked) -> list[lists.Verb]:
    """What can be done with what came back is at the desk."""
    if asked.tab == RETURNED:
        return []
    own = loan_verbs.for_list(reverse("loans-do"), states=STATUSES.get(asked.tab, (Loan.Status.ON_LOAN,)))
    return [*own, *(lists.Verb(label=one.label, icon=one.icon, url=one.url) for one in slots.loan_bulk_verbs)]
