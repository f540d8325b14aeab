"""Closed days (product.md, N4): the year at a glance, single days and ranges, and the library's week."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from circulation import closed_days
from circulation.calendar import OpenDays
from circulation.forms.closed_days import ClosedDaysForm, WeekForm
from circulation.models import ClosedDays
from circulation.words import a_day, several
from library.access import Role, allow
from library.models import Library

EARLIEST, LATEST = 2000, 2100


@allow(Role.ADMINISTRATOR)
@require_safe
def closed(request: HttpRequest) -> HttpResponse:
    return _page(request)


@allow(Role.ADMINISTRATOR)
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    form = ClosedDaysForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form)
    return _saved(request, form)


@allow(Role.ADMINISTRATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(ClosedDays, pk=pk)
    form = ClosedDaysForm(request.POST if request.method == "POST" else None, instance=found)
    if form.is_bound and form.is_valid():
        return _saved(request, form)
    context = {"here": "closed-days", "form": form, "found": ClosedDays.objects.get(pk=pk)}
    return render(request, "circulation/closed_days_form.html", context, status=422 if form.errors else 200)


@allow(Role.ADMINISTRATOR)
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(ClosedDays, pk=pk)
    found.delete()
    messages.success(request, f"{found} is gone: the library is open on these days of its week.")
    return redirect(f"{reverse('closed-days')}?year={found.first.year}")


@allow(Role.ADMINISTRATOR)
@require_POST
def week(request: HttpRequest) -> HttpResponse:
    form = WeekForm(request.POST, instance=Library.the())
    if not form.is_valid():
        return _page(request, week=form)
    closed_days.open_on(form.cleaned_data["open_weekdays"])
    messages.success(request, "The library’s week is saved.")
    return redirect("closed-days")


def _saved(request: HttpRequest, form: ClosedDaysForm) -> HttpResponse:
    saved = form.save()
    messages.success(request, f"{saved} is saved: {_range(saved)}.")
    number = closed_days.due_into(saved.first, saved.last)
    if number:
        falls = f"{several(number, 'loan')} {'is' if number == 1 else 'are'} due on these days."
        messages.warning(request, f"{falls} Due dates stay as they are; letters wait for open days.")
    return redirect(f"{reverse('closed-days')}?year={saved.first.year}")


def _page(request: HttpRequest, *, form: ClosedDaysForm | None = None, week: WeekForm | None = None) -> HttpResponse:
    today = timezone.localdate()
    asked = request.GET.get("year", "")
    year = int(asked) if asked.isdecimal() and len(asked) == 4 and EARLIEST <= int(asked) <= LATEST else today.year
    touching = list(ClosedDays.objects.filter(first__year__lte=year, last__year__gte=year).order_by("first"))
    coming = ClosedDays.objects.filter(last__gte=today).order_by("first").first()
    context = {
        "here": "closed-days",
        "year": year,
        "before": year - 1 if year > EARLIEST else None,
        "following": year + 1 if year < LATEST else None,
        "months": closed_days.year(year, open_days=OpenDays.load(), closed=touching),
        "rows": [(one, _range(one), closed_days.due_into(one.first, one.last)) for one in touching],
        "coming": coming,
        "coming_range": _range(coming) if coming else "",
        "today": today,
        "form": form or ClosedDaysForm(),
        "week": week or WeekForm(instance=Library.the()),
    }
    return render(request, "circulation/closed_days.html", context, status=422 if form or week else 200)


def _range(closed: ClosedDays) -> str:
    """``Fri 25 Dec``, or ``Sat 19 Dec to Wed 27 Jan``."""
    today = timezone.localdate()
    if closed.first == closed.last:
        return a_day(closed.first, on=today)
    return f"{a_day(closed.first, on=today)} to {a_day(closed.last, on=today)}"
