"""The shelf check (product.md, N16): a list to print and walk along the shelves with; *found* takes the thing back.

*Found* goes to the desk's verb at once, so the letter is stopped before the post goes; *Finish* counts the check for
what people say is back and was not there, as it stood on the page.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from circulation import desk
from circulation.models import Loan
from circulation.words import several
from library.access import Role, allow
from notices import shelf_check
from notices.views.numbers import pair_of_numbers


@allow(Role.LIBRARIAN)
@require_safe
def look(request: HttpRequest) -> HttpResponse:
    """What to look for, by call number."""
    today = timezone.localdate()
    places = shelf_check.places(on=today)
    said_back = [place for place in places if place.checks_left]
    context = {
        "here": "due-notices",
        "today": today,
        "places": places,
        "said_back": said_back,
        "about": len(places) - len(said_back),
        "not_found": shelf_check.not_found_in_time(),
    }
    return render(request, "notices/shelf_check.html", context)


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
    return HttpResponseRedirect(reverse("shelf-check"))


@allow(Role.LIBRARIAN)
@require_POST
def finish(request: HttpRequest) -> HttpResponse:
    """The check is done; what was not found (``place``: loan and checks that were left) is looked for once less."""
    shown = dict(filter(None, map(pair_of_numbers, request.POST.getlist("place"))))
    if not shown:
        return HttpResponseBadRequest("Nothing was looked for.")
    counted = desk.looked_for(shown)
    if counted:
        messages.success(request, f"Shelf check done: {several(counted, 'thing')} not found.")
    else:
        messages.warning(request, "This check was counted before; nothing was counted again.")
    return HttpResponseRedirect(reverse("shelf-check"))
