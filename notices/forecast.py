"""The next fourteen days: how many letters, of which step, by email and on paper (product.md, N11).

Rehearses each day's run in order, so that a day finds what the days before it would have said. Figures only: no name
is kept. A small library's forecast is worked out while somebody waits; a large one's by a worker, and the page says
from when it is.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from circulation.models import Loan
from notices import held, worked_out
from notices.models import KeptForecast, Schedule
from notices.rehearsal import Rehearsal, rehearsal
from smtp_gateway import throttle
from smtp_gateway.models import Gateway

DAYS = 14
AT_ONCE = 10_000
"""With at most so many open loans a person may wait for it: about a second."""
TOO_LARGE = "It is much larger than usual."
ONE_AT_A_TIME = 7_002
"""Key of the advisory lock."""
FROM_HERE_ON = 3
"""Overdue 3 and later stand in one column."""

# Figures of each rehearsed day.
KEEP = """
CREATE TEMPORARY TABLE letters_of_day (on_day date, number smallint, channel text, letters bigint) ON COMMIT DROP;
CREATE TEMPORARY TABLE schedules_of_day (on_day date, schedule_id bigint) ON COMMIT DROP;
"""
NOTE = """
INSERT INTO letters_of_day SELECT the.on_day, number, channel, count(*) FROM planned GROUP BY number, channel;
INSERT INTO schedules_of_day SELECT DISTINCT the.on_day, schedule_id FROM loans_at_step;
"""


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day's run. ``letters`` by step, ``held`` is the sentence why they would be held for a person."""

    day: date
    quiet: str = ""
    letters: dict[int, int] = field(default_factory=dict)
    by_email: int = 0
    on_paper: int = 0
    held: str = ""

    @property
    def total(self) -> int:
        return self.by_email + self.on_paper

    @property
    def columns(self) -> list[tuple[int, int]]:
        """Reminders (−1), Overdue 1, Overdue 2, Overdue 3 and later: the key of each, and how many."""
        counts = Counter({-1: 0, 1: 0, 2: 0, FROM_HERE_ON: 0})
        for number, letters in self.letters.items():
            counts[-1 if number < 0 else min(number, FROM_HERE_ON)] += letters
        return sorted(counts.items())

    def sent_within(self, gateway: Gateway) -> timedelta:
        return throttle.time_needed(self.by_email, gateway=gateway)

    def as_json(self) -> dict[str, Any]:
        return {**self.__dict__, "day": self.day.isoformat(), "letters": list(self.letters.items())}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Day":
        return cls(**{**kept, "day": date.fromisoformat(kept["day"]), "letters": dict(kept["letters"])})


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """Fourteen days, as things were at ``made_at``."""

    days: list[Day]
    made_at: datetime

    @property
    def total(self) -> int:
        return sum(one.total for one in self.days)

    @property
    def busiest(self) -> Day:
        return max(self.days, key=lambda one: one.total)

    @property
    def held(self) -> list[Day]:
        return [one for one in self.days if one.held]

    @property
    def next_run(self) -> Day | None:
        return next((one for one in self.days if not one.quiet), None)

    @property
    def chart(self) -> dict[str, Any]:
        """What charts.js draws; the same figures stand in the table."""
        names = ("Reminder", "Overdue 1", "Overdue 2", "Overdue 3 and later")
        colours = ("--bar-4", "--bar-1", "--bar-2", "--bar-3")
        values = zip(*([count for _, count in one.columns] for one in self.days), strict=True)
        return {
            "days": [f"{one.day:%a} {one.day.day} {one.day:%b}" for one in self.days],
            "series": [
                {"name": name, "colour": colour, "values": list(counts)}
                for name, colour, counts in zip(names, colours, values, strict=True)
            ],
        }


def look_ahead(*, on: date) -> list[Day]:
    """Rehearse the runs of the next days. Raises CalendarError. Cost: one scan for each day that is not quiet."""
    found, sizes = [], held.sizes_before()
    with rehearsal(on=on) as imagined:
        first = _not_seen_yet(imagined.schedules)
        days = list(islice(imagined.days(after=on), DAYS))
        figures = _figures(imagined, [day for day, quiet in days if quiet is None])
        for day, quiet in days:
            one = Day(day=day, quiet=quiet or "")
            if quiet is None:
                one = _day(day, figures[day], imagined.schedules, sizes=sizes, first=first)
                sizes = [one.total, *sizes]
            found.append(one)
    return found


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What a rehearsed run would write: (step, channel, letters), and the schedules under which it speaks."""

    letters: list[tuple[int, str, int]] = field(default_factory=list)
    schedules: set[int] = field(default_factory=set)


def _figures(imagined: Rehearsal, runs: list[date]) -> dict[date, Figures]:
    found = {day: Figures() for day in runs}
    if runs:
        imagined.cursor.execute(KEEP)
        imagined.look(*runs, noting=NOTE)
        imagined.cursor.execute("SELECT on_day, number, channel, letters FROM letters_of_day")
        for day, *letters in imagined.cursor.fetchall():
            found[day].letters.append(tuple(letters))
        imagined.cursor.execute("SELECT on_day, schedule_id FROM schedules_of_day")
        for day, schedule in imagined.cursor.fetchall():
            found[day].schedules.add(schedule)
    return found


def _day(day: date, figures: Figures, schedules: list[Schedule], *, sizes: list[int], first: set[int]) -> Day:
    """One day's run. Schedules that it speaks under for the first time leave ``first``."""
    by_step, by_channel = Counter[int](), Counter[str]()
    for number, channel, count in figures.letters:
        by_step[number] += count
        by_channel[channel] += count
    name = next((schedule.name for schedule in schedules if schedule.pk in figures.schedules & first), "")
    first -= figures.schedules
    too_large = TOO_LARGE if held.larger_than_usual(by_channel.total(), sizes=sizes) else ""
    return Day(
        day=day,
        letters=dict(by_step),
        by_email=by_channel["email"],
        on_paper=by_channel["paper"],
        held=f"It is the first run of the schedule {name}." if name else too_large,
    )


def _not_seen_yet(schedules: list[Schedule]) -> set[int]:
    """Schedules whose first run is held for a person (product.md, N14)."""
    return held.spoke_never([schedule for schedule in schedules if not schedule.goes_by_itself])


def is_small() -> bool:
    """Whether it may be worked out while a person waits."""
    return Loan.objects.open().order_by()[: AT_ONCE + 1].count() <= AT_ONCE


def kept(*, on: date) -> Forecast | None:
    """The last forecast that was worked out on this day, however old."""
    row = KeptForecast.objects.filter(day=on).first()
    return None if row is None else Forecast(days=[Day.from_json(one) for one in row.days], made_at=row.made_at)


def make_if_stale(*, at: datetime) -> None:
    """For a worker. Raises CalendarError."""
    worked_out.make_if_stale(key=ONE_AT_A_TIME, kept=kept, make=make, at=at)


def make(*, on: date, at: datetime) -> Forecast:
    """Work it out and keep it. Raises CalendarError."""
    days = look_ahead(on=on)
    KeptForecast.objects.update_or_create(
        pk=1, defaults={"day": on, "made_at": at, "days": [one.as_json() for one in days]}
    )
    return Forecast(days=days, made_at=at)
