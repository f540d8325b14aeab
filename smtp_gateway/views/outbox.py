"""The outbox: messages by state, found by recipient, subject, day and kind, and what to do with the ticked ones."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from library.access import Role, allow
from library.typed import row_numbers
from smtp_gateway import throttle
from smtp_gateway.models import OutboundMessage
from smtp_gateway.views import looks, verbs
from smtp_gateway.views.listing import Filter, Listing


@allow(Role.LIBRARIAN)
@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    listing = Listing.asked(request.GET, today=timezone.localdate())
    page, older = listing.page()
    rows = OutboundMessage.objects
    waiting = rows.waiting().count()
    return render(
        request,
        "smtp_gateway/outbox.html",
        {
            "here": "outbox",
            "listing": listing,
            "filter": Filter(request.GET),
            "tabs": listing.tabs(),
            "rows": [(message, looks.of_message(message)) for message in page],
            "older": older,
            "verbs": verbs.fitting(page),
            "waiting": waiting,
            "held": rows.held().count(),
            "needing": rows.needing_a_person().count(),
            "empty_at": throttle.empty_at(waiting, at=timezone.now()) if waiting else None,
            "last": rows.last_sent(),
        },
    )


@allow(Role.LIBRARIAN)
@require_POST
def do(request: HttpRequest) -> HttpResponse:
    """One verb for the ticked messages; asks first where it cannot be undone."""
    verb = verbs.by_key(request.POST.get("verb", ""))
    if verb is None:
        return HttpResponseBadRequest("There is no such verb.")
    ids = row_numbers(request.POST.getlist("id"))
    if ids and verb.ask and "sure" not in request.POST:
        return _ask(request, verb, ids)
    changed = len(verb.deed(ids, request.user.get_username()))
    if changed:
        messages.success(request, verb.done(changed))
    if not ids:
        messages.warning(request, "Nothing was ticked, so nothing was changed.")
    elif changed < len(ids):
        messages.warning(request, _left_alone(len(ids) - changed, of=len(ids)))
    return HttpResponseRedirect(_back(request))


def _left_alone(number: int, *, of: int) -> str:
    which = "The message was" if of == 1 else f"{number:,} of the {of:,} {'was' if number == 1 else 'were'}"
    it, says = ("it", "says") if number == 1 else ("they", "say")
    return f"{which} left alone: {it} moved on meanwhile, or what {it} {says} is no longer so."


def _ask(request: HttpRequest, verb: verbs.Verb, ids: list[int]) -> HttpResponse:
    chosen = OutboundMessage.objects.filter(pk__in=ids).still_in(*verb.states).without_content().order_by("pk")
    context = {
        "here": "outbox",
        "verb": verb,
        "button": verb.button_for(len(chosen)),
        "rows": [(message, looks.of_message(message)) for message in chosen],
        "back": _back(request),
    }
    return render(request, "smtp_gateway/ask.html", context)


def _back(request: HttpRequest) -> str:
    """Where the ticks came from; never an address of somebody else."""
    asked = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return asked if ours else reverse("outbox")
