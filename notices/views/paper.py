"""The print queue (product.md, N10): piles of letters by class, print, mark as printed, print again.

*Print* checks the pile once more and leads to a page that is nothing but paper. The button there checks it again, for
somebody may have read for an hour, and opens the print dialog. *Mark as printed* names exactly what lay on that page,
by id and revision. The size of the paper belongs to the library.
"""

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from circulation.words import several
from library.access import Role, allow, signed_in
from library.models import Library, Paper
from notices import paper
from notices.paper import Pile
from notices.views.numbers import pair_of_numbers, whole_number
from smtp_gateway.errors import OutboxError

WAITING, PRINTED = "waiting", "printed"


@allow(Role.LIBRARIAN)
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """What waits for the printer, or what was printed on a day, class by class."""
    today = timezone.localdate()
    tab = PRINTED if request.GET.get("tab") == PRINTED else WAITING
    days = paper.days(until=today)
    day = _day(request) or (days[0][0] if days else today)
    counts = paper.counts(paper.printed_on(day) if tab == PRINTED else paper.waiting())
    return render(
        request,
        "notices/paper.html",
        {
            "here": "print-queue",
            "tab": tab,
            "counts": counts,
            "letters": sum(count.letters for count in counts),
            "waiting": paper.waiting().count(),
            "days": days,
            "day": day,
            "size": Library.the().paper,
            "sizes": Paper.choices,
        },
    )


@allow(Role.LIBRARIAN)
@require_POST
def prepare(request: HttpRequest) -> HttpResponse:
    """Check a pile once more, then show it as paper; with ``now`` the browser's print dialog opens by itself."""
    key = whole_number(request.POST.get("pile", ""))
    try:
        done = paper.prepare(key, on=timezone.localdate(), at=timezone.now(), by=signed_in(request))
    except OutboxError as reason:
        messages.warning(request, str(reason))
        return HttpResponseRedirect(reverse("print-queue"))
    if done.taken_back:
        messages.success(request, f"{several(done.taken_back, 'letter')} taken back: nothing was left to say.")
    if done.rewritten > done.taken_back:
        messages.success(request, f"{several(done.rewritten - done.taken_back, 'letter')} written anew, as of today.")
    query = {name: "1" for name in ("slips", "now") if name in request.POST} | ({} if key is None else {"pile": key})
    return HttpResponseRedirect(reverse("print-queue-print") + (f"?{urlencode(query)}" if query else ""))


@allow(Role.LIBRARIAN)
@require_safe
def sheets(request: HttpRequest) -> HttpResponse:
    """The pile as it will lie in the printer; with ``day`` it is printed again."""
    today, now = timezone.localdate(), timezone.now()
    key, again, as_slips = whole_number(request.GET.get("pile", "")), _day(request), "slips" in request.GET
    if again:
        piles = paper.to_print_again(key, day=again, on=today, as_slips=as_slips)
        left_out = paper.printed_on(again, key).count() - _letters(piles)
    else:
        piles = paper.to_print(key, on=today, as_slips=as_slips)
        left_out = 0
    return render(
        request,
        "notices/paper_sheets.html",
        {
            "here": "print-queue",
            "piles": piles,
            "key": key,
            "pile": piles[0] if key is not None and piles else None,
            "letters": _letters(piles),
            "slips": sum(len(pile.slips) for pile in piles),
            "can_be_slips": any(pile.can_be_slips for pile in piles),
            "as_slips": as_slips,
            "now": "now" in request.GET,
            "again": again,
            "left_out": left_out,
            "others": {} if again else paper.opened_by_others(piles, at=now, by=signed_in(request)),
            "size": Library.the().paper,
            "library": Library.the(),
            "today": today,
        },
    )


@allow(Role.LIBRARIAN)
@require_POST
def mark(request: HttpRequest) -> HttpResponse:
    """What lay on the page (``letter``: id and revision) is on paper now."""
    shown = dict(filter(None, map(pair_of_numbers, request.POST.getlist("letter"))))
    if not shown:
        return HttpResponseBadRequest("No letter was named.")
    done = paper.mark(shown, at=timezone.now(), by=signed_in(request))
    if done.printed:
        messages.success(request, f"{several(done.printed, 'letter')} marked as printed.")
    for sentence in done.left_out:
        messages.warning(request, sentence)
    return HttpResponseRedirect(reverse("print-queue"))


@allow(Role.LIBRARIAN)
@require_POST
def size(request: HttpRequest) -> HttpResponse:
    """What lies in the printer, for everybody."""
    chosen = request.POST.get("size", "")
    if chosen not in Paper.values:
        return HttpResponseBadRequest("There is no such paper.")
    library = Library.the()
    library.paper = chosen
    library.save(update_fields=["paper"])
    messages.success(request, f"Letters are printed on {library.get_paper_display()} from now on.")
    return HttpResponseRedirect(reverse("print-queue"))


def _letters(piles: list[Pile]) -> int:
    return sum(len(pile.sheets) for pile in piles)


def _day(request: HttpRequest) -> date | None:
    try:
        return parse_date(request.GET.get("day", ""))
    except ValueError:
        return None
