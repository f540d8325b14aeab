"""Guardianships: a guardian for a patron, found or new, and whether the library writes to this person about this child.

*Stop writing to my ex*: one post on the patron's page, or one on the guardian's page for all the children at once.
"""

from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from circulation import people, search
from circulation.forms.look import StopLetters
from circulation.forms.people import GuardianshipForm, NewGuardianForm
from circulation.models import Guardian, Guardianship, Patron
from circulation.views import guardians, patrons, people_words
from circulation.words import a_day
from library.access import Role, allow
from library.typed import row_number


@allow(Role.LIBRARIAN)
@require_POST
def letters(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch one guardianship off, with a private reason, or on again."""
    link = _link(pk)
    on = timezone.localdate()
    to_guardian = request.POST.get("page") == "guardian"
    back = reverse("guardian", args=[link.guardian_id]) if to_guardian else reverse("patron", args=[link.patron_id])
    if request.POST.get("verb") == "allow":
        people.allow_letters_home([link], by=request.user)
        messages.success(request, f"Letters about {link.patron} go to {link.guardian} again.")
        return HttpResponseRedirect(back)
    form = StopLetters(request.POST, on=on, prefix=f"home{pk}")
    if not form.is_valid():
        show = guardians.page if to_guardian else patrons.page
        return show(request, link.guardian if to_guardian else link.patron, home=form)  # type: ignore[arg-type]
    until = form.cleaned_data["until"]
    changed = people.stop_letters_home([link], until=until, reason=form.cleaned_data["reason"], by=request.user)
    before = f" before {a_day(until, on=on)}" if until else " any more"
    told = people_words.thought_over(changed.letters)
    messages.success(request, f"Nothing about {link.patron} goes to {link.guardian}{before}.{told}")
    return HttpResponseRedirect(back)


@allow(Role.LIBRARIAN)
@require_POST
def all_letters(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch a guardian off for all children at once, or on again for all."""
    guardian = get_object_or_404(Guardian, pk=pk, erased_at=None)
    links = list(guardian.guardianships.filter(patron__erased_at=None).select_related("patron"))
    on, names = timezone.localdate(), people_words.listed([str(link.patron) for link in links])
    if request.POST.get("verb") == "allow":
        people.allow_letters_home(links, by=request.user)
        messages.success(request, f"Letters about {names} go to {guardian} again.")
        return HttpResponseRedirect(reverse("guardian", args=[pk]))
    form = StopLetters(request.POST, on=on, prefix="all")
    if not form.is_valid():
        return guardians.page(request, guardian, stop_all=form)
    until = form.cleaned_data["until"]
    changed = people.stop_letters_home(links, until=until, reason=form.cleaned_data["reason"], by=request.user)
    before = f" before {a_day(until, on=on)}" if until else " any more"
    told = people_words.thought_over(changed.letters)
    messages.success(request, f"No letters go to {guardian}{before}, about {names}.{told}")
    return HttpResponseRedirect(reverse("guardian", args=[pk]))


@allow(Role.LIBRARIAN)
def add(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A guardian for this patron: somebody on file, found by name or address, or somebody new."""
    patron = get_object_or_404(Patron.objects.select_related("group"), pk=pk, erased_at=None)
    words = search.cleaned(request.GET.get("q", ""))
    form = NewGuardianForm(request.POST or None, patron=patron, initial={"name": words if "@" not in words else ""})
    if request.method == "POST" and "on_file" in request.POST:
        chosen = get_object_or_404(Guardian, pk=row_number(request.POST["on_file"]), erased_at=None)
        return _join(request, patron, chosen, relationship="")
    if request.method == "POST" and form.is_valid() and not form.asks:
        return _join(
            request,
            patron,
            form.cleaned_data.get("guardian") or form.save(commit=False),
            relationship=form.cleaned_data["relationship"],
        )
    found = guardians.found(search.guardians(words) if words else Guardian.objects.none())
    context = {"here": "patrons", "patron": patron, "form": form, "words": words, **found}
    return render(request, "circulation/guardianship_add.html", context)


@allow(Role.LIBRARIAN)
def edit(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What this person is to the patron; or the end of it."""
    link = _link(pk)
    form = GuardianshipForm(request.POST or None, instance=link)
    back = reverse("patron", args=[link.patron_id])
    if request.method == "POST" and request.POST.get("verb") == "end":
        people.end_guardianship(link, by=request.user)
        messages.success(request, f"{link.guardian} is no longer on file as a guardian of {link.patron}.")
        return HttpResponseRedirect(back)
    if request.method == "POST" and form.is_valid():
        people.change_guardianship(link, by=request.user, relationship=form.cleaned_data["relationship"])
        messages.success(request, "Saved.")
        return HttpResponseRedirect(back)
    return render(request, "circulation/guardianship_form.html", {"here": "patrons", "link": link, "form": form})


def _join(request: HttpRequest, patron: Patron, guardian: Guardian, *, relationship: str) -> HttpResponse:
    """Once: a second time only says that it is so. Whom the library is silent to elsewhere is asked about."""
    back = HttpResponseRedirect(reverse("patron", args=[patron.pk]))
    try:
        link = people.add_guardianship(patron, guardian, relationship=relationship, by=request.user)
    except IntegrityError:
        messages.warning(request, f"{guardian} is a guardian of {patron} already. Nothing was changed.")
        return back
    messages.success(request, f"{guardian} is a guardian of {patron} now.")
    if not link.library_letters:
        messages.warning(request, f"{_begins_off(link)} Let them go below, if that is right.")
    elif elsewhere := _off_elsewhere(link):
        messages.warning(
            request, f"Letters to {guardian} about {elsewhere} are off. Are they meant to go about {patron}?"
        )
    return back


def _begins_off(link: Guardianship) -> str:
    return (
        f"Letters begin switched off: {link.guardian} looks like somebody to whom letters about {link.patron} are off."
    )


def _off_elsewhere(link: Guardianship) -> str:
    """The other children about whom nothing goes to this guardian."""
    off = link.guardian.guardianships.filter(library_letters=False, patron__erased_at=None).select_related("patron")
    return people_words.listed([str(one.patron) for one in off]) if off else ""


def _link(pk: int) -> Guardianship:
    links = Guardianship.objects.filter(patron__erased_at=None).select_related("patron__group", "guardian")
    return get_object_or_404(links, pk=pk)
