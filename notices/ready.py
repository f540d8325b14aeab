"""Whether the daily run is due, and why a day stays quiet (product.md, N4). Decides from its arguments and rows."""

from datetime import date, datetime, timedelta

from circulation.calendar import OpenDays
from circulation.models import ImportFile, Loan
from notices.models import RunSettings

FILE_IS_STALE_AFTER = timedelta(hours=30)
LOOKED_AHEAD = 92
WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


def is_due(settings: RunSettings, *, local: datetime) -> bool:
    """Switched on, its time of the day past, and not before the first day. ``local`` is the library's wall clock."""
    return (
        settings.enabled
        and local.time() >= settings.at
        and (settings.first_day is None or local.date() >= settings.first_day)
    )


def settings_changed(settings: RunSettings, *, local: datetime) -> None:
    """Before saving: switched on, or moved, after today's time means that the first run is tomorrow's."""
    before = RunSettings.objects.filter(pk=settings.pk).first()
    if before is not None and (before.enabled, before.at) == (settings.enabled, settings.at):
        return
    late = local.time() >= settings.at
    settings.first_day = local.date() + timedelta(days=1) if late else local.date()


def why_quiet(settings: RunSettings, *, on: date, open_days: OpenDays) -> str | None:
    """The reason why the run of this day writes nothing, as a sentence; None when it looks at the loans."""
    if on.weekday() not in settings.weekdays:
        return f"The daily run is not made on {WEEKDAYS[on.weekday()]}."
    if settings.on_closed_days:
        return None
    if (name := open_days.why_closed(on)) is not None:
        return f"The library is closed: {name}."
    if not open_days.is_open(on):
        return f"The library is closed on {WEEKDAYS[on.weekday()]}."
    if open_days.settling_in(on):
        return "The library has just opened again after five closed days or more: three quiet days for returns."
    return None


def next_day(settings: RunSettings, *, on: date, open_days: OpenDays) -> date | None:
    """The first day from ``on`` whose run writes letters; None where it is off, or quiet for a quarter of a year."""
    if not settings.enabled:
        return None
    begins = max(on, settings.first_day or on)
    days = (begins + timedelta(days=ahead) for ahead in range(LOOKED_AHEAD))
    return next((day for day in days if why_quiet(settings, on=day, open_days=open_days) is None), None)


def waits_for_a_file(*, at: datetime) -> bool:
    """Loans come from another system's nightly file, and the newest good one is older than 30 hours."""
    if not Loan.objects.open().filter(from_file=True).exists():
        return False
    newest = (
        ImportFile.objects.applied().of_loans().order_by("-applied_at").values_list("applied_at", flat=True).first()
    )
    return newest is None or at - newest > FILE_IS_STALE_AFTER
