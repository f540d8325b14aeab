"""*Write once more* about silent loans (product.md, N17): drafts to look at, and nothing is sent by it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from circulation.calendar import CalendarError
from circulation.models import Loan
from library import lists
from library.access import Role, allow, signed_in
from notices import silent


@allow(Role.LIBRARIAN)
@require_POST
def write_once_more(request: HttpRequest) -> HttpResponse:
    """The last letter again, to whom it went, about the ticked loans and what these readers have for as long."""
    loans = Loan.objects.open().filter(pk__in=lists.ticked(request.POST))
    by = signed_in(request)
    try:
        return redirect("letters-look", silent.once_more(loans, on=timezone.localdate(), by=by).pk)
    except (silent.SilentError, CalendarError) as reason:
        messages.warning(request, str(reason))
        return HttpResponseRedirect(lists.way_back(request, otherwise=reverse("loans")))
