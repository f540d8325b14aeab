"""Choose the groups whose contacts get a class list (product.md, L3); looking and sending is that of other letters."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from circulation.calendar import CalendarError
from circulation.models import Group
from circulation.models.people import Weekday
from library import lists
from library.access import Role, allow, signed_in
from notices import class_lists

EVERY = "every"


@allow(Role.LIBRARIAN)
@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """The groups of a library day: today's, unless another was asked for."""
    today = timezone.localdate()
    chosen = lists.chosen(request.GET.get("day"), of=[EVERY, *map(str, Weekday.values)], otherwise=str(today.weekday()))
    weekday = None if chosen == EVERY else int(chosen)
    found = class_lists.classes(library_day=weekday, on=today)
    return render(
        request,
        "notices/class_lists.html",
        {
            "here": "letters",
            "day": chosen,
            "days": [(str(value), label) for value, label in Weekday.choices],
            "day_name": Weekday(weekday).label if weekday is not None else "",
            "classes": found,
            "students": sum(one.students for one in found),
            "with_late": sum(one.students > 0 for one in found),
        },
    )


@allow(Role.LIBRARIAN)
@require_POST
def show(request: HttpRequest) -> HttpResponse:
    """Write the drafts of the ticked groups; sends nothing."""
    groups = Group.objects.filter(pk__in=lists.ticked(request.POST), active=True)
    if not groups:
        messages.warning(request, "Nothing was ticked, so no list was written.")
        return HttpResponseRedirect(reverse("class-lists"))
    by = signed_in(request)
    try:
        run = class_lists.draft(groups, slips="slips" in request.POST, on=timezone.localdate(), by=by)
    except CalendarError as reason:
        messages.warning(request, str(reason))
        return HttpResponseRedirect(reverse("class-lists"))
    return HttpResponseRedirect(reverse("letters-look", args=[run.pk]))
