"""Schedules (product.md, N1): the list with the ready-made ones, the form, and what it shows while it is typed."""

from contextlib import suppress
from datetime import date

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from circulation.calendar import CalendarError, OpenDays
from circulation.models import Loan
from library.access import Role, allow
from library.typed import row_number
from notices import presets, schedules
from notices.models import RunSettings, Schedule
from notices.schedule_words import covers, in_a_sentence
from notices.views.schedule_form import ScheduleForm
from notices.views.schedule_shown import Shown, decides_for


@allow(Role.ADMINISTRATOR)
@require_safe
def schedules_list(request: HttpRequest) -> HttpResponse:
    every = list(Schedule.objects.prefetch_related("steps", "groups", "collections").order_by("-active", "pk"))
    services = [
        (service.label, [(one, covers(one), in_a_sentence(one)) for one in every if one.service == service])
        for service in Loan.Service
    ]
    context = {
        "here": "schedules",
        "number": sum(one.active for one in every),
        "services": [(label, rows) for label, rows in services if rows],
        "presets": [(key, preset, any(one.preset == key for one in every)) for key, preset in presets.PRESETS.items()],
        "run": RunSettings.the(),
    }
    return render(request, "notices/schedules.html", context)


@allow(Role.ADMINISTRATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def schedule(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Schedule.objects.prefetch_related("steps", "groups", "collections"), pk=pk)
    return _form(request, found)


@allow(Role.ADMINISTRATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    return _form(request, Schedule())


@allow(Role.ADMINISTRATOR)
@require_POST
def show(request: HttpRequest) -> HttpResponse:
    """Line, dates and warnings of what is typed; saves nothing."""
    found = Schedule.objects.filter(pk=row_number(request.POST.get("pk"))).first()
    form = ScheduleForm(request.POST, instance=found or Schedule())
    form.is_valid()
    rows = form.steps.kept if form.unsaved else []
    context = {
        "form": form,
        "shown": _shown(request, form),
        "names": list(zip(rows, form.unsaved, strict=True)),
        "problems": [sentence for row in form.steps.forms for errors in row.errors.values() for sentence in errors],
    }
    return render(request, "notices/schedule_shown.html", context)


@allow(Role.ADMINISTRATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def ready_made(request: HttpRequest, key: str) -> HttpResponse:
    """One click where nothing is in the way; else what it will change is named first."""
    preset = presets.PRESETS.get(key)
    if preset is None:
        raise Http404
    changes = schedules.changes_by(key)
    if request.method == "POST" and ("sure" in request.POST or not changes):
        try:
            made = schedules.load(key)
        except schedules.ScheduleError as reason:
            messages.warning(request, str(reason))
            return redirect("schedules")
        messages.success(request, f"{made} is loaded. Nothing that was said is said again.")
        return redirect("schedule", made.pk)
    context = {"here": "schedules", "preset": preset, "key": key, "changes": changes}
    return render(request, "notices/schedule_ready_made.html", context)


@allow(Role.ADMINISTRATOR)
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Schedule, pk=pk)
    try:
        schedules.remove(found)
    except schedules.ScheduleError as reason:
        messages.warning(request, str(reason))
        return redirect("schedule", pk)
    messages.success(request, f"{found} is gone. It never said anything.")
    return redirect("schedules")


def _form(request: HttpRequest, found: Schedule) -> HttpResponse:
    status = 200
    if request.method == "POST":
        with transaction.atomic():
            schedules.wait_for_the_run()
            form = ScheduleForm(request.POST, instance=found)
            if form.is_valid():
                saved = form.save()
                messages.success(request, f"{saved} is saved. Nothing that was said is said again.")
                return HttpResponseRedirect(reverse("schedule", args=[saved.pk]))
        if form.changed_meanwhile:
            form = form.again()
        status = 422
    else:
        form = ScheduleForm(instance=found)
    stored = Schedule.objects.prefetch_related("steps", "groups", "collections").filter(pk=found.pk).first()
    context = {
        "here": "schedules",
        "form": form,
        "stored": stored,
        "said": bool(form.said),
        "decides": decides_for(stored, list(Schedule.objects.in_force())) if stored else "",
        "shown": _shown(request, form),
        "due": DueDate(initial={"due": _due_on(request)}),
    }
    return render(request, "notices/schedule.html", context, status=status)


class DueDate(forms.Form):
    """The due date for which real dates are shown; nonsense means today."""

    due = forms.DateField(
        label="A loan due on",
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )


def _shown(request: HttpRequest, form: ScheduleForm) -> Shown:
    if form.is_bound:
        groups = list(form.cleaned_data.get("groups") or [])
        unsaved = form.unsaved
    else:
        stored = form.instance
        groups = list(stored.groups.all()) if stored.pk else []
        unsaved = list(stored.steps.all()) if stored.pk else []
    return Shown(form.instance, unsaved, due_on=_due_on(request), groups=groups)


def _due_on(request: HttpRequest) -> date:
    """What was asked, within ten years of today; else the first open day, for nothing falls due on another."""
    today = timezone.localdate()
    with suppress(ValidationError):
        asked: date = forms.DateField().clean(request.POST.get("due", ""))
        if abs(asked.year - today.year) <= 10:
            return asked
    try:
        return OpenDays.load().first_open(today)
    except CalendarError:
        return today
