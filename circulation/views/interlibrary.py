"""Interlibrary loans: what other libraries lent to our readers, and what we lent to them (product.md, C4).

Hidden until the first partner library exists. One loan's page is that of every loan; here are the two lists, the two
ways in, and the dates that libraries agree on.
"""

from collections import Counter
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, F, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from circulation import desk, interlibrary, search
from circulation.forms.interlibrary import BorrowForm, DateForm, LendForm
from circulation.models import Loan, PartnerLibrary
from circulation.views import loan, loan_words, looks
from circulation.words import a_day, who
from library import lists
from library.access import Role, allow
from library.lists import Column, Empty, Listing, Tab

Service = Loan.Service
TABS = {"borrowing": Service.ILL_BORROWING, "lending": Service.ILL_LENDING}
STATES = [
    (status.value, status.label)
    for status in Loan.Status
    if status not in (Loan.Status.SAYS_BACK, Loan.Status.NO_LETTERS)
]


class Filter(lists.Filter):
    q = forms.CharField(max_length=200, label="Number, title or name")
    partner = forms.ModelChoiceField(PartnerLibrary.objects.all(), label="Library", empty_label="Every library")
    status = forms.ChoiceField(choices=[("", "Every status"), *STATES])

    def narrow(self, loans: QuerySet[Loan], *, service: Service) -> QuerySet[Loan]:
        if words := search.cleaned(self.value("q") or ""):
            loans = loans.filter(search.of_loans(words))
        if partner := self.value("partner"):
            loans = loans.filter(**{"item__owner" if service == Service.ILL_BORROWING else "partner": partner})
        if status := self.value("status"):
            loans = loans.filter(status=status)
        return loans


NUMBERS = Column[Loan](
    key="numbers", name="Our and their number", cell=str, sort=("our_reference", "their_reference"), on_page_only=True
)
OURS = Column[Loan](key="ours", name="Our number", cell=lambda one: one.our_reference, in_files_only=True)
THEIRS = Column[Loan](key="theirs", name="Their number", cell=lambda one: one.their_reference, in_files_only=True)
ITEM = Column[Loan](key="item", name="Item", cell=lambda one: one.item.title, sort=("item__title",), css="col-main")
STATUS = Column[Loan](key="status", name="Status", cell=lambda one: one.get_status_display())
CONDITIONS = Column[Loan](key="conditions", name="Conditions", cell=lambda one: one.conditions, in_files_only=True)

BORROWING = Listing(
    name="interlibrary-borrowing",
    columns=(
        ITEM,
        NUMBERS,
        OURS,
        THEIRS,
        Column[Loan](key="who", name="Reader", cell=lambda one: who(one.borrower), sort=("patron__last_name",)),
        Column[Loan](
            key="library",
            name="Library",
            cell=lambda one: one.item.owner,
            sort=("item__owner__name",),
            css="col-library",
        ),
        Column[Loan](key="due", name="Due from reader", cell=lambda one: one.due_on, sort=("due_on",)),
        Column[Loan](key="lender", name="Due to lender", cell=lambda one: one.due_to_lender, sort=("lender_day",)),
        STATUS,
        CONDITIONS,
    ),
    template="circulation/interlibrary_row.html",
    sort="due",
    label=loan_words.label,
)
LENDING = Listing(
    name="interlibrary-lending",
    columns=(
        ITEM,
        NUMBERS,
        OURS,
        THEIRS,
        Column[Loan](key="library", name="Library", cell=lambda one: one.partner, sort=("partner__name",)),
        Column[Loan](key="due", name="Due back", cell=lambda one: one.due_on, sort=("due_on",)),
        STATUS,
        CONDITIONS,
    ),
    template="circulation/interlibrary_row.html",
    sort="due",
    label=loan_words.label,
)


@allow(Role.LIBRARIAN)
@require_safe
def between(request: HttpRequest) -> HttpResponseBase:
    now = timezone.now()
    on = timezone.localdate(now)
    asked = Filter(request.GET)
    tab = lists.chosen(request.GET.get("tab"), of=list(TABS), otherwise="borrowing")
    service = TABS[tab]
    listing = BORROWING if service == Service.ILL_BORROWING else LENDING
    everything = Loan.objects.open().with_borrowers().select_related("item__owner")
    everything = everything.annotate(lender_day=Coalesce("due_to_lender", F("due_on")))
    rows = asked.narrow(everything.filter(service=service), service=service)
    if file := listing.file(request, rows):
        return file
    open_now = Loan.objects.open().filter(service__in=TABS.values()).order_by()
    numbers = Counter(dict(open_now.values_list("service").annotate(number=Count("pk"))))
    page = listing.page(
        request,
        rows,
        filter=asked,
        tabs=[Tab(key=key, words=key.capitalize(), number=numbers[one]) for key, one in TABS.items()],
        tab=tab,
        looks=lambda found: {one.pk: looks.of_loan(one, at=now, on=on) for one in found},
        among=everything,
        empty=Empty(
            heading="Nothing is borrowed" if tab == "borrowing" else "Nothing is lent to other libraries",
            sentence="What arrives from another library for a reader comes here."
            if tab == "borrowing"
            else "What goes from here to another library comes here.",
            icon="building-community",
        ),
    )
    context = {"here": "interlibrary-loans", "list": page, "numbers": {key: numbers[one] for key, one in TABS.items()}}
    return render(request, "circulation/interlibrary.html", context)


@allow(Role.LIBRARIAN)
@require_http_methods(["GET", "HEAD", "POST"])
def borrow(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    on = timezone.localdate(now)
    form = BorrowForm(request.POST or None, on=on)
    if form.is_valid():
        given = form.cleaned_data
        try:
            new = interlibrary.borrow(
                lender=given["partner"],
                reader=given["reader"],
                title=given["title"],
                author=given["author"],
                barcode=form.number,
                due_to_lender=given["due_to_lender"],
                on=on,
                at=now,
                by=request.user,
                **form.numbers,
            )
        except desk.DeskError as refusal:
            form.add_error(None, str(refusal))
        else:
            return _lent(request, new, to=who(new.borrower), on=on)
    context = {"here": "interlibrary-loans", "form": form}
    return render(request, "circulation/interlibrary_borrow.html", context)


@allow(Role.LIBRARIAN)
@require_http_methods(["GET", "HEAD", "POST"])
def lend(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    on = timezone.localdate(now)
    form = LendForm(request.POST or None, on=on)
    if form.is_valid():
        given = form.cleaned_data
        try:
            new = desk.lend(
                given["item"], to=given["partner"], due=given["due"], on=on, at=now, by=request.user, **form.numbers
            )
        except desk.DeskError as refusal:
            form.add_error(None, str(refusal))
        else:
            return _lent(request, new, to=str(new.partner), on=on)
    context = {"here": "interlibrary-loans", "form": form}
    return render(request, "circulation/interlibrary_lend.html", context)


def _lent(request: HttpRequest, new: Loan, *, to: str, on: date) -> HttpResponse:
    messages.success(request, f"{new.item} is lent to {to}, until {a_day(new.due_on, on=on)}.")
    return HttpResponseRedirect(reverse("loan", args=[new.pk]))


@allow(Role.LIBRARIAN)
@require_POST
def agree(request: HttpRequest, pk: int) -> HttpResponse:
    """Another date from the other library: it grants an extension, or recalls the thing."""
    found = get_object_or_404(Loan.objects.with_borrowers().select_related("item__owner", "item__collection"), pk=pk)
    on = timezone.localdate()
    form = DateForm(request.POST, loan=found)
    recalled = request.POST.get("verb") == "recall"
    if form.is_valid():
        day = form.cleaned_data["day"]
        dates: dict[str, Any] = {"due_to_lender": day} if found.service == Service.ILL_BORROWING else {"due": day}
        try:
            new = desk.agree(found, on=on, recalled=recalled, by=request.user, **dates)
        except desk.DeskError as refusal:
            form.add_error("day", str(refusal))
        else:
            deed = "Recalled" if recalled else "Extended"
            messages.success(request, f"{deed}. It is due {a_day(new.due_on, on=on)} now; the steps begin anew.")
            return HttpResponseRedirect(reverse("loan", args=[pk]))
    return loan.page(request, found, between_form=form)
