"""One field that finds patrons, things and loans (ui.md, Page anatomy); a whole number opens what it names.

For librarians: a desk helper has the desk's own field, which searches by no address and no title (product.md, S1).
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from circulation import search
from circulation.models import Guardian, Item, Loan, Patron
from circulation.views import looks
from library.access import Role, allow

MOST = 8
"""Rows of each kind; the lists show the rest."""


@dataclass(kw_only=True)
class Found:
    """What a few words may mean: at most MOST of each kind, and one more, which says that there are others."""

    patrons: list[Patron] = field(default_factory=list)
    guardians: list[Guardian] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    loans: list[Loan] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.patrons or self.guardians or self.items or self.loans)


@allow(Role.LIBRARIAN)
@require_safe
def find(request: HttpRequest) -> HttpResponse:
    words = search.cleaned(request.GET.get("q", ""))
    if page := _named_by(words):
        return HttpResponseRedirect(page)
    now = timezone.now()
    on = timezone.localdate(now)
    found = _find(words) if words else Found()
    out = {one.item_id: one for one in Loan.objects.open().with_borrowers().filter(item__in=found.items[:MOST])}
    count, late = _borrowed(found.patrons[:MOST], on=on)
    context = {
        "here": "",
        "words": words,
        "most": MOST,
        "found": found,
        "patrons": [(one, count[one.pk], late[one.pk]) for one in found.patrons[:MOST]],
        "items": [(one, out.get(one.pk)) for one in found.items[:MOST]],
        "loans": [(one, looks.of_loan(one, at=now, on=on)) for one in found.loans[:MOST]],
    }
    return render(request, "circulation/find.html", context)


def _named_by(number: str) -> str:
    """The page of what has exactly this number, where it is one thing alone."""
    if not number:
        return ""
    patron, item = search.patron_by_number(number), search.item_by_number(number)
    pages = [
        *([reverse("patron", args=[patron.pk])] if patron else []),
        *([reverse("item", args=[item.pk])] if item else []),
        *(reverse("loan", args=[loan.pk]) for loan in search.open_loans_by_reference(number)[:2]),
    ]
    return pages[0] if len(pages) == 1 else ""


def _find(words: str) -> Found:
    return Found(
        patrons=search.first(search.patrons(words, addresses=True), MOST + 1),
        guardians=search.first(search.guardians(words), MOST + 1),
        items=search.first(search.items(words, titles=True), MOST + 1),
        loans=list(search.open_loans_by_reference(words)[: MOST + 1]),
    )


def _borrowed(patrons: list[Patron], *, on: date) -> tuple[Counter[int], Counter[int]]:
    """How many loans each patron has, and how many of them are late."""
    rows = list(Loan.objects.open().filter(patron__in=patrons).order_by().values_list("patron", "due_on"))
    return Counter(pk for pk, _ in rows), Counter(pk for pk, due_on in rows if due_on < on)
