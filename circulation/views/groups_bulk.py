"""What can be done with ticked groups: whether letters go by themselves, and the end of term.

Nothing is moved with a last due date; what is due after it is counted, so that somebody can decide.
"""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from circulation import people
from circulation.forms.look import DressedForm
from circulation.models import Group, Loan
from circulation.views.people_bulk import ask_first, list_of
from circulation.words import a_day, several
from library import lists
from library.access import Role, allow

GROUP_VERBS: list[dict[str, Any]] = [
    {"key": "auto-yes", "label": "Letters by themselves", "icon": "check"},
    {"key": "auto-no", "label": "Not by themselves", "icon": "ban"},
    {"key": "last-due", "label": "Last due date", "icon": "calendar-event"},
]


class LastDue(DressedForm):
    day = forms.DateField(
        label="Last due date", required=False, help_text="For example the end of term. Empty: there is no such day."
    )


@allow(Role.LIBRARIAN)
@require_POST
def do(request: HttpRequest) -> HttpResponse:
    """The same answer for all ticked groups."""
    verb, ids = request.POST.get("verb", ""), lists.ticked(request.POST)
    if verb not in [known["key"] for known in GROUP_VERBS]:
        return HttpResponseBadRequest("There is no such verb.")
    ticked = Group.objects.filter(pk__in=ids)
    if not ticked:
        messages.warning(request, "Nothing was ticked, so nothing was changed.")
    elif verb == "last-due":
        return _last_due(request, ticked, timezone.localdate())
    else:
        number = _change(request, ticked, auto_send=verb == "auto-yes")
        words = "go" if verb == "auto-yes" else "do not go"
        _tell(request, number, f"Letters of {several(number, 'group')} {words} by themselves now.")
    return HttpResponseRedirect(list_of(request, "groups"))


def _last_due(request: HttpRequest, ticked: QuerySet[Group], on: date) -> HttpResponse:
    form = LastDue(request.POST if "sure" in request.POST else None)
    if not form.is_valid():
        rows = [(one.pk, reverse("group", args=[one.pk]), str(one), "") for one in ticked]
        heading = f"Set the last due date of {several(len(rows), 'group')}"
        return ask_first(
            request, "group", rows=rows, form=form, verb="last-due", heading=heading, icon="calendar-event"
        )
    day = form.cleaned_data["day"]
    number = _change(request, ticked, last_due_date=day)
    until = f"Nothing is due after {a_day(day, on=on)}" if day else "There is no last due date any more"
    _tell(request, number, f"{until} in {several(number, 'group')}.{_due_later(ticked, day)}")
    return HttpResponseRedirect(list_of(request, "groups"))


def _due_later(groups: QuerySet[Group], day: date | None) -> str:
    later = Loan.objects.open().filter(patron__group__in=groups, due_on__gt=day).count() if day else 0
    if not later:
        return ""
    return f" {several(later, 'loan')} due later {'keeps its date' if later == 1 else 'keep their dates'}."


@transaction.atomic
def _change(request: HttpRequest, groups: QuerySet[Group], **given: Any) -> int:
    """Give them these values; returns how many had others."""
    changed = list(groups.exclude(**given))
    for group in changed:
        for name, value in given.items():
            setattr(group, name, value)
        people.save_group(group, changed=given, by=request.user)
    return len(changed)


def _tell(request: HttpRequest, number: int, sentence: str) -> None:
    messages.success(request, sentence if number else "It was so already; nothing was changed.")
