"""The daily run's own page (product.md, N4; BiblioTECH: General – Email Handling): on or off, its time and its days.

Before it is switched on the page names what is not ready, leads to the forecast, and asks which schedules may speak
for the first time without being held.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from circulation.calendar import OpenDays
from circulation.models import Group, PartnerLibrary, Patron
from circulation.words import a_day
from library.access import Role, allow
from library.form_look import dress
from library.seen import SeenModelForm
from library.typed import row_numbers
from notices import ready
from notices.models import Notice, RunSettings, Schedule
from notices.schedule_words import WEEKDAYS
from smtp_gateway import lifecycle


class RunForm(SeenModelForm):
    """Time and days. Whether it is on is a button, not a tick."""

    weekdays = forms.TypedMultipleChoiceField(
        coerce=int,
        choices=list(enumerate(WEEKDAYS)),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick at least one weekday, or switch the daily run off."},
    )

    class Meta:
        model = RunSettings
        fields = ["at", "weekdays", "on_closed_days"]
        labels = {"on_closed_days": "Also on closed days and in the holidays"}
        help_texts = {"on_closed_days": ""}
        widgets = {"at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M")}
        error_messages = {"at": dict.fromkeys(("invalid", "required"), "Write a time of day: 06:30.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False  # our sentences, not the browser's
        dress(self)


@dataclass(frozen=True, kw_only=True)
class Lack:
    """Something without which the run would write nothing, or nothing would leave."""

    sentence: str
    action: str
    url: str


@allow(Role.ADMINISTRATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def daily_run(request: HttpRequest) -> HttpResponse:
    """Save, switch on, switch off: three buttons of one form."""
    settings = RunSettings.the()
    was_on = settings.enabled
    form = RunForm(request.POST if request.method == "POST" else None, instance=settings)
    if form.is_bound and form.is_valid():
        deed = request.POST.get("deed", "save")
        settings.enabled = {"on": True, "off": False}.get(deed, was_on)
        with transaction.atomic():
            ready.settings_changed(settings, local=timezone.localtime())
            form.save()
            if deed == "on":
                _let_go_by_themselves(request.POST.getlist("by_itself"))
        messages.success(request, _told(settings, was_on=was_on))
        return redirect("daily-run")
    settings = RunSettings.the()  # as it is: the form's has what was typed
    context = {
        "here": "runs",
        "form": form,
        "settings": settings,
        "next_day": _next_day(settings),
        "lacks": _lacks(),
        "new_ones": list(never_heard()),
        "forecast": reverse("forecast"),
    }
    return render(request, "notices/daily_run.html", context, status=422 if form.errors else 200)


def never_heard() -> QuerySet[Schedule]:
    """Schedules in use whose first run would be held, because nobody has seen a letter of theirs."""
    spoke = Notice.objects.filter(step__isnull=False).values("step__schedule").distinct()
    return Schedule.objects.filter(active=True, no_letters=False, goes_by_itself=False).exclude(pk__in=spoke)


def _let_go_by_themselves(asked: list[str]) -> None:
    for schedule in never_heard().filter(pk__in=row_numbers(asked)):
        schedule.goes_by_itself = True
        schedule.save(update_fields=["goes_by_itself"])  # each for the list of changes


def _next_day(settings: RunSettings) -> date | None:
    """Today, if its time is still to come."""
    now = timezone.localtime()
    on = now.date() + timedelta(days=1) if now.time() >= settings.at else now.date()
    return ready.next_day(settings, on=on, open_days=OpenDays.load())


def _told(settings: RunSettings, *, was_on: bool) -> str:
    if not settings.enabled:
        return "The daily run is off. Nothing is written by itself." if was_on else "Saved. The daily run is off."
    first = _next_day(settings)
    when = f"on {a_day(first, on=timezone.localdate())} at {settings.at:%H:%M}" if first else "not within three months"
    return f"The daily run is on. The next one comes {when}." if not was_on else f"Saved. The next run comes {when}."


def _lacks() -> list[Lack]:
    found = []
    if not Schedule.objects.filter(active=True).exists():
        found.append(Lack(sentence="No schedule is in use.", action="Choose a schedule", url=reverse("schedules")))
    by_themselves = (
        Group.objects.filter(active=True, auto_send=True).exists()
        or Patron.objects.filter(auto_send=Patron.AutoSend.YES).exists()
        or PartnerLibrary.objects.filter(active=True, auto_send=True).exists()
    )
    if not by_themselves:
        found.append(
            Lack(
                sentence="Letters go by themselves for no group and no patron.",
                action="Choose groups",
                url=reverse("groups"),
            )
        )
    if not lifecycle.status().is_well:
        found.append(
            Lack(
                sentence="The gateway is not on: letters would be written and wait.",
                action="See the gateway",
                url=reverse("gateway"),
            )
        )
    return found
