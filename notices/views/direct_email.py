"""*Email* on a patron's page: whom, and the message for the librarian's own mail program (product.md, C6).

The link opens that program; the page tells us that it was clicked, and nothing else is known. Whoever reads mail in a
browser copies the text, or sends it through the gateway: then it is a letter by hand, shown first like any other.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from circulation.models import Patron
from library.access import Role, allow, signed_in
from notices import direct_email, letters
from notices.models import Template


@allow(Role.LIBRARIAN)
@require_safe
def write(request: HttpRequest, pk: int) -> HttpResponse:
    """Whom, and each message as it will be opened."""
    patron, today = _patron(pk), timezone.localdate()
    loans = direct_email.loans_of(patron)
    rows: list[tuple[direct_email.Recipient, direct_email.Filled | None, str]] = []
    for recipient in direct_email.whom(patron, on=today):
        message, why_not = None, recipient.why_not
        if not why_not:
            try:
                message = direct_email.filled(recipient, loans, by=signed_in(request), on=today)
            except direct_email.DirectEmailError as reason:
                why_not = str(reason)
        rows.append((recipient, message, why_not))
    context = {"here": "patrons", "patron": patron, "rows": rows, "loans": loans}
    return render(request, "notices/direct_email.html", context)


@allow(Role.LIBRARIAN)
@require_POST
def opened(request: HttpRequest, pk: int) -> HttpResponse:
    """The page tells us that the link was clicked."""
    patron, today = _patron(pk), timezone.localdate()
    recipient = _recipient(request, patron)
    if recipient is None or recipient.why_not:
        return HttpResponseBadRequest("This person is not written to.")
    direct_email.opened(recipient, direct_email.loans_of(patron), by=signed_in(request), on=today)
    return HttpResponse(status=204)


@allow(Role.LIBRARIAN)
@require_POST
def through_the_gateway(request: HttpRequest, pk: int) -> HttpResponse:
    """The same words as a letter by hand: shown first, then sent."""
    patron = _patron(pk)
    recipient = _recipient(request, patron)
    if recipient is None or recipient.why_not:
        return HttpResponseBadRequest("This person is not written to.")
    run = letters.draft(
        kind=Template.Kind.DIRECT,
        audience=recipient.audience,
        guardian=recipient.guardianship.guardian if recipient.guardianship else None,
        patrons=[patron],
        days_late=None,
        on=timezone.localdate(),
        by=signed_in(request),
    )
    return redirect("letters-look", run.pk)


def _patron(pk: int) -> Patron:
    return get_object_or_404(Patron.objects.select_related("group"), pk=pk, erased_at=None)


def _recipient(request: HttpRequest, patron: Patron) -> direct_email.Recipient | None:
    """Who was chosen; ``guardian`` is empty for the patron."""
    chosen = request.POST.get("guardian", "")
    for recipient in direct_email.whom(patron, on=timezone.localdate()):
        if chosen == (str(recipient.guardianship.guardian_id) if recipient.guardianship else ""):
            return recipient
    return None
