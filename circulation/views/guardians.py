"""A guardian's page: whose parent or carer this is, and every switch for letters in one place."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from circulation import people
from circulation.forms.look import StopLetters
from circulation.forms.people import GuardianForm
from circulation.models import Guardian, Guardianship
from circulation.views import people_words
from library import slots
from library.access import Role, allow

MOST_FOUND = 12


def found(rows: QuerySet[Guardian]) -> dict[str, Any]:
    """For a page on which one of several is chosen: the first, with their children, and whether there are more."""
    some = list(rows.prefetch_related("patrons")[: MOST_FOUND + 1])
    return {"found": some[:MOST_FOUND], "more": len(some) > MOST_FOUND}


@allow(Role.LIBRARIAN)
@require_safe
def guardian(request: HttpRequest, pk: int) -> HttpResponse:
    return page(request, _on_file(pk))


def page(request: HttpRequest, found: Guardian, **forms: Any) -> HttpResponse:
    """The whole page; ``forms`` are those that came back with a sentence under a field."""
    on = timezone.localdate()
    links = list(
        found.guardianships.filter(patron__erased_at=None)
        .select_related("patron__group", "guardian")
        .order_by("patron__last_name", "patron__first_name", "pk")
    )
    homes = [people_words.home(link, on=on, form=forms.get("home")) for link in links]
    context = {
        "here": "patrons",
        "guardian": found,
        "homes": homes,
        "children": people_words.listed([str(link.patron) for link in links]) if links else "",
        "off": sum(not home.is_on for home in homes),
        "stop_all": StopLetters(on=on, prefix="all"),
        "panels": [panel for ask in slots.guardian_panels if (panel := ask(request, found.pk)) is not None],
    }
    return render(request, "circulation/guardian.html", context | forms)


@allow(Role.LIBRARIAN)
def edit(request: HttpRequest, pk: int) -> HttpResponseBase:
    form = GuardianForm(request.POST or None, instance=_on_file(pk))
    if request.method == "POST" and form.is_valid():
        people.save_guardian(form.save(commit=False), changed=form.changed_data, by=request.user)
        messages.success(request, "Saved. Letters that wait follow the change." if form.changed_data else "As it was.")
        if "email" in form.changed_data and (moved := _moved_in(pk)):
            messages.warning(request, f"Letters about {moved} are off at this address, so they are off here, too.")
        return HttpResponseRedirect(reverse("guardian", args=[pk]))
    return render(
        request, "circulation/guardian_form.html", {"here": "patrons", "form": form, "guardian": _on_file(pk)}
    )


def _moved_in(pk: int) -> str:
    """The children about whom nothing goes to this guardian since the address changed."""
    links = Guardianship.objects.filter(guardian=pk, library_letters=False, reason=people.MOVED_IN)
    return people_words.listed([str(link.patron) for link in links.select_related("patron")]) if links else ""


def _on_file(pk: int) -> Guardian:
    return get_object_or_404(Guardian, pk=pk, erased_at=None)
