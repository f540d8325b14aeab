"""Partner libraries: their details, how many things are there and here, and what was said to them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from circulation import people
from circulation.forms.people import PartnerForm
from circulation.models import Loan, PartnerLibrary
from library import slots
from library.access import Role, allow


@allow(Role.LIBRARIAN)
@require_safe
def partner(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(PartnerLibrary, pk=pk)
    context = {
        "here": "patrons",
        "partner": found,
        "lent": found.loans.open().count(),
        "borrowed": Loan.objects.open().filter(item__owner=found).count(),
        "panels": [panel for ask in slots.partner_panels if (panel := ask(request, pk)) is not None],
    }
    return render(request, "circulation/partner.html", context)


@allow(Role.LIBRARIAN)
def add(request: HttpRequest) -> HttpResponseBase:
    return _form(request, None)


@allow(Role.LIBRARIAN)
def edit(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _form(request, get_object_or_404(PartnerLibrary, pk=pk))


def _form(request: HttpRequest, found: PartnerLibrary | None) -> HttpResponseBase:
    form = PartnerForm(request.POST or None, instance=found and PartnerLibrary.objects.get(pk=found.pk))
    if request.method == "POST" and form.is_valid():
        changed = form.changed_data if found else []
        saved = people.save_partner(form.save(commit=False), changed=changed, by=request.user)
        messages.success(request, f"{saved} is saved." if found else f"{saved} is a partner library now.")
        return HttpResponseRedirect(reverse("partner", args=[saved.pk]))
    return render(request, "circulation/partner_form.html", {"here": "patrons", "form": form, "partner": found})
