"""Erase a patron: a page that names what goes, and one button (product.md, S3). For administrators."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from circulation import erase
from circulation.models import Patron
from circulation.words import several
from library.access import Role, allow
from library.slots import EraseRefused


@allow(Role.ADMINISTRATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    patron = get_object_or_404(Patron.objects.select_related("group"), pk=pk, erased_at=None)
    refusal = ""
    if request.method == "POST":
        try:
            done = erase.erase(patron, at=timezone.now(), by=request.user)
        except EraseRefused as error:
            refusal = str(error)
        else:
            guardians = f" and {several(len(done.guardians), 'guardian')}" if done.guardians else ""
            messages.success(request, f"1 patron{guardians} erased, with all that was written.")
            return HttpResponseRedirect(reverse("patrons"))
    context = {"here": "patrons", "patron": patron, "plan": erase.plan(patron), "refusal": refusal}
    return render(request, "circulation/patron_erase.html", context)
