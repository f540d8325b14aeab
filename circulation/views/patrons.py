"""A patron's page: what is out, what we say next, what was said, and every switch that decides it (product.md, C7).

The page holds the switches, so that "stop writing to my ex" is one form in one place. Each post says one verb of
``people`` and tells what became of letters that waited.
"""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from circulation import people
from circulation.forms.look import StopLetters
from circulation.forms.people import PatronForm, SwitchesForm
from circulation.models import FOREVER, Group, Guardianship, Loan, Patron
from circulation.views import looks, people_words
from circulation.words import a_day, several
from library import slots
from library.access import Role, allow
from library.typed import row_number


@allow(Role.LIBRARIAN)
@require_safe
def patron(request: HttpRequest, pk: int) -> HttpResponse:
    found = _patron(pk)
    if found.erased_at:
        return render(request, "circulation/patron_erased.html", {"here": "patrons", "patron": found})
    return page(request, found)


def page(request: HttpRequest, found: Patron, **forms: Any) -> HttpResponse:
    """The whole page; ``forms`` are those that came back with a sentence under a field."""
    now = timezone.now()
    on = timezone.localdate(now)
    loans = list(Loan.objects.open().of_patron(found).select_related("item"))
    sentences = _said_next(request, loans, on=on)
    guardianships = _guardianships(found)
    context = {
        "here": "patrons",
        "patron": found,
        "on": on,
        "loans": [(loan, looks.of_loan(loan, at=now, on=on), sentences.get(loan.pk, "")) for loan in loans],
        "late": people_words.how_late(loans, on=on),
        "next": people_words.next_in_lede([sentences[loan.pk] for loan in loans if sentences.get(loan.pk)]),
        "is_quiet": found.no_letters_until is not None and found.no_letters_until > on,
        "forever": FOREVER,
        "by_themselves": people_words.by_themselves(found),
        "switches": SwitchesForm(instance=found),
        "no_letters": StopLetters(on=on, auto_id="id_patron_%s"),
        "homes": [people_words.home(link, on=on, form=forms.get("home")) for link in guardianships],
        "nobody_hears": not any(link.library_letters for link in guardianships),
        "siblings": people_words.siblings(guardianships, of=found),
        "panels": [panel for ask in slots.patron_panels if (panel := ask(request, found.pk)) is not None],
        "verbs": [verb for ask in slots.patron_verbs for verb in ask(request, found.pk)],
    }
    return render(request, "circulation/patron.html", context | forms)


@allow(Role.LIBRARIAN)
def add(request: HttpRequest) -> HttpResponseBase:
    """A new patron; their group may be given in the address."""
    group = Group.objects.filter(pk=row_number(request.GET.get("group"))).first()
    form = PatronForm(request.POST or None, initial={"group": group})
    if request.method == "POST" and form.is_valid():
        new = people.save_patron(form.save(commit=False), changed=[], by=request.user)
        messages.success(request, f"{new} is on file. Guardians are added below.")
        return HttpResponseRedirect(reverse("patron", args=[new.pk]))
    return render(request, "circulation/patron_form.html", {"here": "patrons", "form": form, "patron": None})


@allow(Role.LIBRARIAN)
def edit(request: HttpRequest, pk: int) -> HttpResponseBase:
    found = _on_file(pk)
    form = PatronForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        people.save_patron(form.save(commit=False), changed=form.changed_data, by=request.user)
        messages.success(
            request, f"Saved. {found}’s letters follow from now on." if form.changed_data else "As it was."
        )
        return HttpResponseRedirect(reverse("patron", args=[pk]))
    return render(request, "circulation/patron_form.html", {"here": "patrons", "form": form, "patron": _on_file(pk)})


@allow(Role.LIBRARIAN)
@require_POST
def switches(request: HttpRequest, pk: int) -> HttpResponse:
    """Letters by themselves, paper or email, home or not."""
    found = _on_file(pk)
    form = SwitchesForm(request.POST, instance=found)
    if not form.is_valid():
        return page(request, _on_file(pk), switches=form)
    given = {name: form.cleaned_data[name] for name in form.changed_data}
    changed = people.change_patrons([pk], by=request.user, **given) if given else None
    told = people_words.thought_over(changed.letters) if changed else ""
    messages.success(request, f"Saved.{told}")
    return _back(pk)


@allow(Role.LIBRARIAN)
@require_POST
def no_letters(request: HttpRequest, pk: int) -> HttpResponse:
    """Silence about this patron's loans, to everybody; or letters again."""
    found, on = _on_file(pk), timezone.localdate()
    if request.POST.get("verb") == "allow":
        people.allow_letters([pk], by=request.user)
        messages.success(request, f"Letters about {found} go again.")
        return _back(pk)
    form = StopLetters(request.POST, on=on, auto_id="id_patron_%s")
    if not form.is_valid():
        return page(request, found, no_letters=form)
    until = form.cleaned_data["until"]
    changed = people.stop_letters([pk], until=until, reason=form.cleaned_data["reason"], by=request.user)
    before = f" before {a_day(until, on=on)}" if until else " any more"
    told = people_words.thought_over(changed.letters)
    messages.success(request, f"Nothing about {found}’s loans goes to anybody{before}.{told}")
    return _back(pk)


@allow(Role.LIBRARIAN)
def left(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Marking as left asks about what is still out, and offers nothing automatic (product.md, C8)."""
    found, on = _on_file(pk), timezone.localdate()
    loans = list(Loan.objects.open().of_patron(found).select_related("item"))
    if request.method != "POST":
        now = timezone.now()
        rows = [(loan, looks.of_loan(loan, at=now, on=on)) for loan in loans]
        return render(request, "circulation/patron_left.html", {"here": "patrons", "patron": found, "loans": rows})
    back_again = request.POST.get("verb") == "back"
    people.change_patrons([pk], by=request.user, left_on=None if back_again else on)
    if back_again:
        messages.success(request, f"{found} is an active patron again.")
    else:
        out = f" {several(len(loans), 'loan')} still out, and letters about them go on." if loans else ""
        messages.success(request, f"{found} left on {a_day(on, on=on)}.{out}")
    return _back(pk)


def _patron(pk: int) -> Patron:
    return get_object_or_404(Patron.objects.select_related("group"), pk=pk)


def _on_file(pk: int) -> Patron:
    """Not erased: there is nothing to change about somebody who is not on file."""
    return get_object_or_404(Patron.objects.select_related("group"), pk=pk, erased_at=None)


def _guardianships(found: Patron) -> list[Guardianship]:
    links = found.guardianships.filter(guardian__erased_at=None).select_related("guardian", "patron")
    return list(links.order_by("pk"))


def _said_next(request: HttpRequest, loans: list[Loan], *, on: date) -> dict[int, str]:
    """What other apps say that will be said, by loan."""
    ids = [loan.pk for loan in loans]
    return {loan: said for ask in slots.loan_sentences for loan, said in ask(request, ids, on).items()} if ids else {}


def _back(pk: int) -> HttpResponse:
    return HttpResponseRedirect(reverse("patron", args=[pk]))
