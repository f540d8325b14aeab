"""What the gateway did: every action as a list, and its daily logs as they were and as the next one will be.

A log is shown as it was sent. The one to come is written by the code that sends it, and not sent.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from library import lists
from library.access import Role, allow
from library.typed import row_number
from smtp_gateway import daily_log
from smtp_gateway.models import DailyLog, Gateway, GatewayEvent
from smtp_gateway.models.log import GatewayEventQuerySet
from smtp_gateway.models.message import bounds
from smtp_gateway.views import actions, looks
from smtp_gateway.views.message import POLICY

EVENTS, DAYS = 50, 30


class Filter(lists.Filter):
    action = forms.ChoiceField(label="What", choices=[("", "Everything"), *GatewayEvent.Action.choices])
    who = forms.ChoiceField(choices=[("", "Everybody"), ("people", "People"), ("gateway", "The gateway itself")])
    day = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))

    def rows(self) -> GatewayEventQuerySet:
        rows = GatewayEvent.objects.all()
        if action := self.value("action"):
            rows = rows.filter(action=action)
        if who := self.value("who"):
            rows = rows.filter(by="") if who == "gateway" else rows.exclude(by="")
        if on := self.value("day"):
            start, end = bounds(on)
            rows = rows.filter(at__gte=start, at__lt=end)
        return rows


@allow(Role.LIBRARIAN)
@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """A page by key: the millionth action costs what the first did."""
    filter_ = Filter(request.GET)
    before = request.GET.get("before", "")
    rows = filter_.rows().newest_first(before=row_number(before) or None)
    found = list(rows[: EVENTS + 1])
    context = {
        "here": "gateway",
        "filter": filter_,
        "events": [(event, actions.look_of(event)) for event in found[:EVENTS]],
        "newer": bool(before),
        "older": found[EVENTS - 1].pk if len(found) > EVENTS else None,
    }
    return render(request, "smtp_gateway/log.html", context)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A log on its page: one that was sent, or the one to come. ``day`` is empty for that one."""

    subject: str
    text: str
    start: datetime
    end: datetime
    attention: int
    day: date | None = None
    log: DailyLog | None = None


@allow(Role.LIBRARIAN)
@require_safe
def latest_daily_log(request: HttpRequest) -> HttpResponse:
    """The newest that was written, else the first one as it will be."""
    newest = DailyLog.objects.exclude(text="").select_related("message").first()
    return _daily_log(request, _as_it_was(newest) if newest else _as_it_will_be())


@allow(Role.LIBRARIAN)
@require_safe
def daily_log_of(request: HttpRequest, day: date) -> HttpResponse:
    return _daily_log(request, _as_it_was(get_object_or_404(DailyLog.objects.select_related("message"), day=day)))


@allow(Role.LIBRARIAN)
@require_safe
def next_daily_log(request: HttpRequest) -> HttpResponse:
    return _daily_log(request, _as_it_will_be())


@allow(Role.LIBRARIAN)
@require_safe
@xframe_options_sameorigin
def daily_log_html(request: HttpRequest, day: date) -> HttpResponse:
    """The HTML part alone, under a policy of its own."""
    return _html(get_object_or_404(DailyLog, day=day).html)


@allow(Role.LIBRARIAN)
@require_safe
@xframe_options_sameorigin
def next_daily_log_html(request: HttpRequest) -> HttpResponse:
    return _html(daily_log.write(at=timezone.now()).html)


def _daily_log(request: HttpRequest, shown: Shown) -> HttpResponse:
    gateway = Gateway.the()
    days = DailyLog.objects.defer("text", "html").select_related("message").defer("message__content")
    before = _date(request.GET.get("before", ""))
    found = list((days.filter(day__lt=before) if before else days)[: DAYS + 1])
    context = {
        "here": "daily-log",
        "gateway": gateway,
        "shown": shown,
        "message_look": looks.of_message(shown.log.message) if shown.log and shown.log.message else None,
        "shown_as": "text" if request.GET.get("as") == "text" else "html",
        "days": found[:DAYS],
        "newer": before is not None,
        "older": found[DAYS - 1].day if len(found) > DAYS else None,
        "next_at": _next_at(gateway, timezone.now()),
    }
    return render(request, "smtp_gateway/daily_log.html", context)


def _as_it_was(log: DailyLog) -> Shown:
    return Shown(
        day=log.day,
        log=log,
        subject=log.subject,
        text=log.text,
        start=log.covers_from,
        end=log.covers_to,
        attention=log.attention,
    )


def _as_it_will_be() -> Shown:
    written = daily_log.write(at=timezone.now())
    return Shown(
        subject=written.subject,
        text=written.text,
        start=written.start,
        end=written.end,
        attention=written.attention,
    )


def _next_at(gateway: Gateway, at: datetime) -> datetime:
    """Today at its time if today has no log yet, else tomorrow. A time that has passed means: any moment now."""
    local = timezone.localtime(at)
    day = local.date()
    if DailyLog.objects.filter(day=day).exists():
        day += timedelta(days=1)
    return timezone.make_aware(datetime.combine(day, gateway.daily_log_at))


def _html(content: str) -> HttpResponse:
    if not content:
        raise Http404
    return HttpResponse(content, headers={"Content-Security-Policy": POLICY})


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
