"""The shelf check (product.md, N16): a list to print and walk along the shelves with; *found* takes the thing back.

*Found* goes to the desk's verb at once, so the letter is stopped before the post goes; *Finish* counts the check for
what people say is back and was not there, as it stood on the page. A small library's list is worked out while somebody
waits and stands on one page. A large one's is written down by a worker and read by collection, page by page; a list
that a person can walk along stands on one page for the printer, and all of it is in the file.
"""

from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from circulation import desk
from circulation.models import Collection, Loan
from circulation.words import several
from library import lists
from library.access import Role, allow
from library.lists import Column, Empty, Listing
from notices import forecast, kept_shelf_check, shelf_check, tasks, worked_out
from notices.models import ShelfPlace
from notices.shelf_check import Place
from notices.views.numbers import pair_of_numbers

ON_ONE_PAGE = 2_000
"""More places, some forty sheets, nobody walks along in one go."""

PLACES = Listing[ShelfPlace](
    name="shelf check",
    columns=(
        Column[ShelfPlace](key="place", name="Call number", cell=lambda one: one.loan.item.call_number, sort=("pk",)),
        Column[ShelfPlace](key="title", name="Title", cell=lambda one: one.loan.item.title),
        Column[ShelfPlace](key="author", name="Author", cell=lambda one: one.loan.item.author),
        Column[ShelfPlace](key="collection", name="Collection", cell=lambda one: one.loan.item.collection),
        Column[ShelfPlace](key="barcode", name="Barcode", cell=lambda one: one.loan.item.barcode),
        Column[ShelfPlace](key="why", name="Why", cell=lambda one: kept_shelf_check.as_place(one).why),
    ),
    template="notices/shelf_check_places.html",
    sort="place",
)
NOTHING = Empty(icon="books", heading="Nothing to look for")


class Filter(lists.Filter):
    """One collection, because that is where somebody walks."""

    collection = forms.ModelChoiceField(Collection.objects.order_by("name"), empty_label="Every collection")


@allow(Role.LIBRARIAN)
@require_safe
def look(request: HttpRequest) -> HttpResponseBase:
    """What to look for, by call number."""
    on, at = timezone.localdate(), timezone.now()
    if not forecast.is_small():
        return _in_parts(request, on=on, at=at)
    places = shelf_check.places(on=on)
    said_back = sum(1 for place in places if place.checks_left)
    return _shown(request, places, on=on, about=len(places) - said_back, said_back=said_back)


@allow(Role.LIBRARIAN)
@require_POST
def found(request: HttpRequest, pk: int) -> HttpResponse:
    """It stood on the shelf: returned there and then, and what waited about it is taken back."""
    loan = get_object_or_404(Loan.objects.select_related("item"), pk=pk)
    try:
        desk.take_back(loan, on=timezone.localdate(), at=timezone.now(), by=request.user)
    except desk.DeskError as reason:
        messages.warning(request, str(reason))
    else:
        messages.success(request, f"{loan.item} was on the shelf. It is returned, and nothing more is said about it.")
    return _back(request)


@allow(Role.LIBRARIAN)
@require_POST
def finish(request: HttpRequest) -> HttpResponse:
    """The check is done; what was not found (``place``: loans and checks that were left) is looked for once less.

    One field for all of them: Django reads a thousand fields, and the page for the printer has more places.
    """
    shown = dict(filter(None, map(pair_of_numbers, request.POST.get("place", "").split())))
    if not shown:
        return HttpResponseBadRequest("Nothing was looked for.")
    counted = desk.looked_for(shown)
    if counted:
        messages.success(request, f"Shelf check done: {several(counted, 'thing')} not found.")
    else:
        messages.warning(request, "This check was counted before; nothing was counted again.")
    return _back(request)


def _in_parts(request: HttpRequest, *, on: date, at: datetime) -> HttpResponseBase:
    """What a worker wrote down, of one collection or of all; where it is not fresh, a worker is asked for it."""
    kept = kept_shelf_check.kept(on=on)
    fresh = worked_out.is_fresh(kept, at=at)
    asked = fresh or tasks.ask_a_worker(tasks.write_down_the_shelf_check)
    if "HX-Request" in request.headers:
        return HttpResponse(headers={"HX-Refresh": "true"}) if fresh else HttpResponse(status=204)
    filter = Filter(request.GET)
    chosen = filter.value("collection")
    collection = chosen.pk if chosen else None
    wanted = kept_shelf_check.still_wanted(collection=collection) if kept else ShelfPlace.objects.none()
    if kept and (file := PLACES.file(request, wanted)):
        return file
    total = kept.total(collection) if kept else 0
    more: dict[str, Any] = {"kept": kept, "waits": not fresh, "filter": filter, "chosen": chosen}
    if "whole" in request.GET and total <= ON_ONE_PAGE:
        rows = list(wanted.order_by("pk"))
    else:
        more["list"] = page = PLACES.page(request, wanted, filter=filter, empty=NOTHING)
        more["may_be_whole"] = total <= ON_ONE_PAGE and bool(page.next or page.previous)
        rows = page.things
        if not rows and lists.is_later_page(request):  # all of it was found, or stands on an earlier page
            return HttpResponseRedirect(lists.first_page(request))
    if not asked:
        messages.warning(request, "No worker can be reached, so no new list is worked out. IT: see the broker.")
    return _shown(
        request,
        [kept_shelf_check.as_place(one) for one in rows],
        on=on,
        about=kept.written_about(collection) if kept else 0,
        said_back=kept.said_to_be_back(collection) if kept else 0,
        **more,
    )


def _shown(
    request: HttpRequest, places: list[Place], *, on: date, about: int, said_back: int, **more: Any
) -> HttpResponse:
    """``places`` of this page; the numbers are of all that there are to look for."""
    context = {
        "here": "due-notices",
        "today": on,
        "places": places,
        "to_finish": [place for place in places if place.checks_left],
        "about": about,
        "said_back": said_back,
        "total": about + said_back,
        "not_found": shelf_check.not_found_in_time(),
        **more,
    }
    return render(request, "notices/shelf_check.html", context)


def _back(request: HttpRequest) -> HttpResponse:
    """To the same part of the list."""
    return HttpResponseRedirect(lists.way_back(request, otherwise=reverse("shelf-check")))
