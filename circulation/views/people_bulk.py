"""What can be done with ticked patrons: at once where it can be taken back, else a page asks first.

Each is one verb of ``people`` for all of them together.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from circulation import people
from circulation.forms.look import DressedForm, StopLetters
from circulation.models import Group, Loan, Patron
from circulation.views import people_words
from circulation.words import a_day, several
from library import lists
from library.access import Role, allow

PATRON_VERBS: list[dict[str, Any]] = [
    {"key": "auto-yes", "label": "Letters by themselves", "icon": "check"},
    {"key": "auto-no", "label": "Not by themselves", "icon": "ban"},
    {"key": "auto-group", "label": "As the group says", "icon": "school"},
    {"key": "move", "label": "Move to another group", "icon": "arrow-right"},
    {"key": "quiet", "label": "No letters until", "icon": "calendar-off"},
    {"key": "left", "label": "Mark as left", "icon": "user-off", "states": ("here",)},
]
AUTO_SEND = {
    "auto-yes": (Patron.AutoSend.YES, "go by themselves"),
    "auto-no": (Patron.AutoSend.NO, "do not go by themselves"),
    "auto-group": (Patron.AutoSend.GROUP, "go as the group says"),
}


class ToGroup(DressedForm):
    group = forms.ModelChoiceField(
        Group.objects.all(),
        label="To",
        empty_label="Choose a group",
        error_messages={"required": "Choose a group."},
    )


@allow(Role.LIBRARIAN)
@require_POST
def do(request: HttpRequest) -> HttpResponse:
    """One verb for the ticked patrons."""
    verb, ids = request.POST.get("verb", ""), lists.ticked(request.POST)
    if verb not in AUTO_SEND and verb not in ASKS:
        return HttpResponseBadRequest("There is no such verb.")
    if not ids:
        messages.warning(request, "Nothing was ticked, so nothing was changed.")
        return _back(request)
    if verb in AUTO_SEND:
        answer, words = AUTO_SEND[verb]
        changed = people.change_patrons(ids, by=request.user, auto_send=answer)
        _tell(request, changed, f"Letters about {several(changed.people, 'patron')} {words}.")
        return _back(request)
    return ASKS[verb](request, ids, timezone.localdate())


def _move(request: HttpRequest, ids: list[int], on: date) -> HttpResponse:
    form = ToGroup(request.POST if "sure" in request.POST else None)
    if form.is_valid():
        group = form.cleaned_data["group"]
        changed = people.change_patrons(ids, by=request.user, group=group)
        _tell(request, changed, f"{several(changed.people, 'patron')} moved to {group}.")
        return _back(request)
    number = several(len(ids), "patron")
    return _ask(request, ids, form=form, verb="move", heading=f"Move {number} to another group", icon="arrow-right")


def _quiet(request: HttpRequest, ids: list[int], on: date) -> HttpResponse:
    form = StopLetters(request.POST if "sure" in request.POST else None, on=on)
    if form.is_valid():
        until, reason = form.cleaned_data["until"], form.cleaned_data["reason"]
        changed = people.stop_letters(ids, until=until, reason=reason, by=request.user)
        before = f" before {a_day(until, on=on)}" if until else " any more"
        _tell(request, changed, f"Nothing about {several(changed.people, 'patron')} goes to anybody{before}.")
        return _back(request)
    number = several(len(ids), "patron")
    return _ask(request, ids, form=form, verb="quiet", heading=f"Stop letters about {number}", icon="ban")


def _left(request: HttpRequest, ids: list[int], on: date) -> HttpResponse:
    here = list(Patron.objects.active().filter(pk__in=ids).values_list("pk", flat=True))
    out = Loan.objects.open().filter(patron__in=here)
    loans, with_loans = out.count(), out.order_by().values("patron").distinct().count()
    still = f" {several(loans, 'loan')} still out, with {with_loans:,} of them: letters go on." if loans else ""
    if "sure" in request.POST:
        changed = people.change_patrons(here, by=request.user, left_on=on)
        _tell(request, changed, f"{several(changed.people, 'patron')} left on {a_day(on, on=on)}.{still}")
        return _back(request)
    lede = still.strip() or "Nothing is out with them."
    number = several(len(here), "patron")
    return _ask(request, here, verb="left", heading=f"Mark {number} as left", icon="user-off", lede=lede)


ASKS: dict[str, Callable[[HttpRequest, list[int], date], HttpResponse]] = {
    "move": _move,
    "quiet": _quiet,
    "left": _left,
}


def _ask(request: HttpRequest, ids: list[int], **context: Any) -> HttpResponse:
    """A page that names the people and the number; its button repeats the verb."""
    chosen = Patron.objects.filter(pk__in=ids, erased_at=None).select_related("group")
    rows = [(one.pk, reverse("patron", args=[one.pk]), str(one), str(one.group)) for one in chosen]
    return ask_first(request, "patron", rows=rows, **context)


def ask_first(request: HttpRequest, kind: str, **context: Any) -> HttpResponse:
    """About patrons or groups; ``rows``: number, address, name and group of what was chosen."""
    page = {"here": "patrons", "kind": kind, "action": reverse(f"{kind}s-do"), "back": list_of(request, f"{kind}s")}
    return render(request, "circulation/people_ask.html", page | context)


def _tell(request: HttpRequest, changed: people.Changed, sentence: str) -> None:
    if changed.people:
        messages.success(request, sentence + people_words.thought_over(changed.letters))
    else:
        messages.success(request, "It was so already; nothing was changed.")


def _back(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(list_of(request, "patrons"))


def list_of(request: HttpRequest, name: str) -> str:
    """The list as it was when they were ticked."""
    return lists.way_back(request, otherwise=reverse(name))
