"""Things: the list, one of them with its loans, and the form (product.md, C1)."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from circulation import search, things
from circulation.forms.items import ItemForm
from circulation.models import Collection, Item, Loan, PartnerLibrary
from circulation.models.finding import HasWords
from circulation.views import loan_words, looks
from library import lists
from library.access import Role, allow
from library.lists import Column, Empty, Listing, Part

LATEST = 50
"""Loans on an item's page; a reader shelf's favourite has hundreds."""
OURS = "ours"
BY_TITLE = (Part(sort=("title",)),)


class ItemFilter(lists.Filter):
    q = forms.CharField(max_length=200, label="Title, author, barcode or shelf")
    collection = forms.ModelChoiceField(Collection.objects.all(), empty_label="Every collection")
    where = forms.ChoiceField(choices=[("", "Out or in"), ("out", "On loan"), ("in", "In the library")], label="Where")

    def __init__(self, query: QueryDict) -> None:
        """Without a partner library everything is ours, and nobody is asked."""
        partners = [(str(pk), name) for pk, name in PartnerLibrary.objects.values_list("pk", "name")]
        whose = forms.ChoiceField(label="Belongs to", choices=[("", "Anybody"), (OURS, "Us"), *partners])
        super().__init__(query, others={"owner": whose} if partners else {})

    def narrow(self, items: QuerySet[Any]) -> QuerySet[Any]:
        if words := search.cleaned(self.value("q") or ""):
            items = items.filter(HasWords(words, guarded=True))
        if collection := self.value("collection"):
            items = items.filter(collection=collection)
        if owner := self.value("owner"):
            items = items.filter(owner=None) if owner == OURS else items.filter(owner=owner)
        if where := self.value("where"):
            is_out = Exists(Loan.objects.open().filter(item=OuterRef("pk")))
            items = items.filter(is_out if where == "out" else ~is_out)
        return items


def _out_until(item: Item) -> date | None:
    until: date | None = item.out_until  # type: ignore[attr-defined]  # annotated below
    return until


ITEMS = Listing(
    name="items",
    columns=(
        Column[Item](
            key="title", name="Title", cell=lambda item: item.title, sort=("title",), parts=BY_TITLE, css="col-main"
        ),
        Column[Item](key="author", name="Author", cell=lambda item: item.author, sort=("author", "title")),
        Column[Item](key="shelf", name="Call number", cell=lambda item: item.call_number, sort=("call_number",)),
        Column[Item](key="collection", name="Collection", cell=lambda item: item.collection),
        Column[Item](key="barcode", name="Barcode", cell=lambda item: item.barcode, sort=("barcode",)),
        Column[Item](key="where", name="Where", cell=str, on_page_only=True),
        Column[Item](key="out", name="On loan until", cell=_out_until, in_files_only=True),
        Column[Item](key="cost", name="Replacement cost", cell=lambda item: item.replacement_cost, in_files_only=True),
        Column[Item](key="owner", name="Home library", cell=lambda item: item.owner, in_files_only=True),
    ),
    template="circulation/items_row.html",
    sort="title",
)


@allow(Role.LIBRARIAN)
@require_safe
def items(request: HttpRequest) -> HttpResponseBase:
    now = timezone.now()
    asked = ItemFilter(request.GET)
    rows = asked.narrow(_with_where())
    if file := ITEMS.file(request, rows):
        return file

    def look(found: list[Item]) -> dict[int, Any]:
        out = Loan.objects.open().with_borrowers().filter(item__in=found)
        return {loan.item_id: (loan, looks.of_loan(loan, at=now, on=timezone.localdate(now))) for loan in out}

    empty = Empty(
        heading="Nothing on the shelves yet",
        sentence="Things come from a file of your old system, or one by one.",
        action="Add an item",
        url=reverse("item-new"),
    )
    page = ITEMS.page(request, rows, among=_with_where(), filter=asked, empty=empty, looks=look)
    return render(request, "circulation/items.html", {"here": "items", "list": page})


@allow(Role.LIBRARIAN)
@require_safe
def item(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Item.objects.select_related("collection", "owner"), pk=pk)
    now = timezone.now()
    on = timezone.localdate(now)
    loans = list(found.loans.with_borrowers().order_by("-lent_on", "-pk")[: LATEST + 1])
    out = found.loans.open().with_borrowers().first()
    context = {
        "here": "items",
        "item": found,
        "where": _where(found, out, on=on),
        "out": out,
        "loans": [(loan, looks.of_loan(loan, at=now, on=on)) for loan in loans[:LATEST]],
        "more": len(loans) > LATEST,
    }
    return render(request, "circulation/item.html", context)


@allow(Role.LIBRARIAN)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    form = ItemForm(request.POST or None)
    if form.is_valid():
        new = things.save_item(form.save(commit=False), changed=[], by=request.user)
        messages.success(request, f"{new} is on the shelves.")
        return HttpResponseRedirect(reverse("item", args=[new.pk]))
    return render(request, "circulation/item_form.html", {"here": "items", "form": form, "item": None})


@allow(Role.LIBRARIAN)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Item, pk=pk)
    form = ItemForm(request.POST or None, instance=found)
    if form.is_valid():
        things.save_item(form.save(commit=False), changed=form.changed_data, by=request.user)
        messages.success(request, "Saved." if form.changed_data else "It is as it was.")
        return HttpResponseRedirect(reverse("item", args=[pk]))
    context = {"here": "items", "form": form, "item": get_object_or_404(Item, pk=pk)}  # a refused form changes its row
    return render(request, "circulation/item_form.html", context)


def _where(found: Item, out: Loan | None, *, on: date) -> str:
    """Where a thing is now, as a sentence."""
    if out is not None:
        return loan_words.standing(out, on=on)
    if found.owner:
        return f"It belongs to {found.owner}, and nobody here has it."
    shelf = f" at {found.call_number}" if found.call_number else ""
    return f"It is in the library{shelf}: nobody has it."


def _with_where() -> QuerySet[Item]:
    out = Loan.objects.open().filter(item=OuterRef("pk")).order_by()
    return Item.objects.select_related("collection", "owner").annotate(out_until=Subquery(out.values("due_on")[:1]))
