"""The next fourteen days (product.md, N11): a chart, and the same figures as a table whose numbers lead to lists."""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from circulation.calendar import CalendarError
from circulation.words import several
from library.access import Role, allow
from notices import forecast, tasks, worked_out
from notices.models import RunSettings, Schedule
from smtp_gateway import throttle
from smtp_gateway.models import Gateway

HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class DayRow:
    """One day as the table shows it."""

    day: forecast.Day
    quiet: str
    columns: list[tuple[int, str, int]]
    within: str


@allow(Role.LIBRARIAN)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """A small library's forecast is of this moment; a large one's is worked out by a worker, and the page waits."""
    on, at = timezone.localdate(), timezone.now()
    found = forecast.kept(on=on)
    fresh, trouble = worked_out.is_fresh(found, at=at), ""
    if "HX-Request" in request.headers:
        if fresh:
            return HttpResponse(headers={"HX-Refresh": "true"})
        tasks.ask_a_worker(tasks.work_out_the_forecast)
        return HttpResponse(status=204)
    try:
        if forecast.is_small():
            found, fresh = forecast.make(on=on, at=at), True
        elif not fresh and not tasks.ask_a_worker(tasks.work_out_the_forecast):
            messages.warning(request, "No worker can be reached, so no new forecast is worked out. IT: see the broker.")
    except CalendarError as reason:
        trouble = str(reason)
    gateway = Gateway.the()
    return render(
        request,
        "notices/forecast.html",
        {
            "here": "forecast",
            "forecast": found,
            "rows": [_row(one, gateway=gateway) for one in found.days] if found else [],
            "busiest_within": in_words(found.busiest.sent_within(gateway)) if found else "",
            "waits": not fresh and not trouble,
            "trouble": trouble,
            "run": RunSettings.the(),
            "pace": throttle.in_words(gateway),
            "has_schedules": Schedule.objects.filter(active=True).exists(),
        },
    )


def in_words(needed: timedelta) -> str:
    """*at once*, *12 minutes*, *3 hours 20 minutes*, *2 days*: how long the gateway has to do."""
    if not needed:
        return "at once"
    if needed < HOUR:
        return several(max(round(needed / timedelta(minutes=1)), 1), "minute")
    if needed < timedelta(days=2):
        hours, rest = divmod(needed, HOUR)
        minutes = rest // timedelta(minutes=1)
        return several(hours, "hour") + (f" {several(minutes, 'minute')}" if minutes else "")
    return several(round(needed / timedelta(days=1)), "day")


def _row(one: forecast.Day, *, gateway: Gateway) -> DayRow:
    names = ("Reminder", "Overdue 1", "Overdue 2", "Overdue 3+")
    columns = [(key, name, count) for name, (key, count) in zip(names, one.columns, strict=True)]
    within = in_words(one.sent_within(gateway)) if one.by_email else ""
    return DayRow(day=one, quiet=one.quiet, columns=columns, within=within)
