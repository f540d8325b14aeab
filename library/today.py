"""The figures of one day, for Home: what the run looked at, what was written, what went out, and thirty days of it.

Also what a first morning still lacks. Reads, and decides nothing. Days are the library's own.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.urls import reverse

from circulation.calendar import OpenDays
from circulation.models import ClosedDays, Group, Patron
from library.access import Role
from library.models import Library
from notices import forecast, ready, rehearse
from notices.models import Letter, Run, RunSettings, Schedule
from notices.models.schedule import step_name
from notices.on_loan_list import by_last_said
from smtp_gateway.models import Gateway, OutboundMessage
from smtp_gateway.models.message import bounds

DAYS_SHOWN = 30
CLASSES_NAMED = 4
KEPT_SECONDS = 300
ONE_DAY = timedelta(days=1)
ANNOUNCED_AHEAD = timedelta(days=60)
LETTERS = (OutboundMessage.Kind.NOTICE, OutboundMessage.Kind.BY_HAND)
NOT_LETTERS = (Letter.State.TAKEN_BACK, Letter.State.DROPPED, Letter.State.DRAFT)


@dataclass(frozen=True, kw_only=True)
class Written:
    """Today's runs together. A second run sees what the first one said as *already told*, so their notices add up."""

    run: Run | None
    runs: int
    notices: int
    by_email: int
    on_paper: int
    taken_back: int
    """Of these letters, those that were taken back or dropped since."""

    @property
    def letters(self) -> int:
        return self.by_email + self.on_paper

    @property
    def left_in_peace(self) -> int:
        return self.run.looked_at - self.notices if self.run else 0


def written(*, on: date) -> Written:
    runs = list(Run.objects.of_day(on).exclude(state__in=Run.State.by_hand()).order_by("started_at"))
    looked = [run for run in runs if run.state == Run.State.DONE]
    letters = Letter.objects.filter(run__in=runs).order_by()
    channels = Counter(dict(letters.values_list("channel").annotate(number=Count("pk"))))
    return Written(
        run=next(reversed(looked or runs), None),
        runs=len(runs),
        notices=sum(run.notices_said for run in looked),
        by_email=channels[Letter.Channel.EMAIL],
        on_paper=channels[Letter.Channel.PAPER],
        taken_back=letters.filter(state__in=[Letter.State.TAKEN_BACK, Letter.State.DROPPED]).count(),
    )


@dataclass(frozen=True, kw_only=True)
class Printer:
    """What waits for the printer, and for which classes; ``more`` counts the classes that are not named."""

    letters: int
    groups: list[str]
    more: int


def printer() -> Printer:
    letters = Letter.objects.to_print()
    groups = letters.exclude(patron=None).order_by("patron__group__name").values_list("patron__group__name", flat=True)
    names = list(groups.distinct())
    return Printer(letters=letters.count(), groups=names[:CLASSES_NAMED], more=len(names[CLASSES_NAMED:]))


@dataclass(frozen=True, kw_only=True)
class StepCount:
    number: int
    loans: int

    @property
    def name(self) -> str:
        return "Reminder, due soon" if self.number < 0 else step_name(self.number)


def by_step() -> list[StepCount]:
    """Open loans by the highest step that was said about their due date."""
    counts = Counter({-1: 0})
    for step, number in by_last_said().items():
        counts[-1 if step < 0 else step] += number
    return [StepCount(number=step, loans=counts[step]) for step in sorted(counts) if counts[step]]


@dataclass(frozen=True, kw_only=True)
class Long:
    """What takes long to count among many loans and letters, and when it was counted."""

    steps: list[StepCount]
    chart: "Chart"
    at: datetime


def counted_lately(*, on: date, at: datetime) -> Long:
    """Counted now; in a library with many loans up to five minutes ago."""

    def counted() -> Long:
        return Long(steps=by_step(), chart=thirty_days(until=on), at=at)

    if forecast.is_small():
        return counted()
    kept: Long | None = cache.get(f"today:{on}")
    if kept is None:
        kept = counted()
        cache.set(f"today:{on}", kept, KEPT_SECONDS)
    return kept


@dataclass(frozen=True, kw_only=True)
class ChartDay:
    day: date
    sent: int
    paper: int
    bad: int

    @property
    def total(self) -> int:
        return self.sent + self.paper + self.bad


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Letters a day, for thirty days. ``json`` is what charts.js draws; the same figures stand in a table."""

    days: list[ChartDay]

    @property
    def sent(self) -> int:
        return sum(one.sent for one in self.days)

    @property
    def paper(self) -> int:
        return sum(one.paper for one in self.days)

    @property
    def bad(self) -> int:
        return sum(one.bad for one in self.days)

    @property
    def busiest(self) -> ChartDay:
        return max(self.days, key=lambda one: one.total)

    @property
    def is_empty(self) -> bool:
        return self.busiest.total == 0

    @property
    def with_letters(self) -> list[ChartDay]:
        """The latest first; days on which nothing happened are left out."""
        return [one for one in reversed(self.days) if one.total]

    @property
    def json(self) -> dict[str, Any]:
        def series(name: str, colour: str, values: Iterable[int]) -> dict[str, Any]:
            return {"name": name, "colour": colour, "values": list(values)}

        return {
            "days": [one.day.strftime("%-d %b") for one in self.days],
            "series": [
                series("Sent by email", "--bar-1", (one.sent for one in self.days)),
                series("On paper", "--bar-2", (one.paper for one in self.days)),
                series("Could not be sent", "--bar-3", (one.bad for one in self.days)),
            ],
        }


def thirty_days(*, until: date) -> Chart:
    days = [until - timedelta(days=back) for back in reversed(range(DAYS_SHOWN))]
    ended = (
        OutboundMessage.objects.in_state(OutboundMessage.State.SENT, OutboundMessage.State.BAD)
        .filter(kind__in=LETTERS, finished_at__gte=bounds(days[0])[0], finished_at__lt=bounds(until)[1])
        .order_by()
        .values_list(TruncDate("finished_at"), "state")
        .annotate(number=Count("*"))  # message_by_end has all of it, and not the key
    )
    mail = {(day, state): number for day, state, number in ended}
    paper = dict(
        Letter.objects.on_paper()
        .filter(day__range=(days[0], until))
        .exclude(state__in=NOT_LETTERS)
        .order_by()
        .values_list("day")
        .annotate(number=Count("*"))
    )
    return Chart(
        days=[
            ChartDay(
                day=one,
                sent=mail.get((one, OutboundMessage.State.SENT), 0),
                paper=paper.get(one, 0),
                bad=mail.get((one, OutboundMessage.State.BAD), 0),
            )
            for one in days
        ]
    )


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """The next daily run (None: it is off, or every day ahead is quiet), and the next closed days.

    ``day`` is what the forecast says of that run, where one was worked out today.
    """

    run_on: date | None
    day: forecast.Day | None
    settings: RunSettings
    closed: ClosedDays | None


def ahead(*, of: date, ran_today: bool) -> Ahead:
    settings = RunSettings.the()
    run_on = ready.next_day(settings, on=of + ONE_DAY if ran_today else of, open_days=OpenDays.load())
    foreseen = forecast.kept(on=of) if run_on else None
    return Ahead(
        run_on=run_on,
        day=next((one for one in foreseen.days if one.day == run_on), None) if foreseen else None,
        settings=settings,
        closed=ClosedDays.objects.filter(last__gte=of, first__lte=of + ANNOUNCED_AHEAD).first(),
    )


@dataclass(frozen=True, kw_only=True)
class Task:
    """One thing to do before the first letter. ``advised`` ones no longer stand there once letters go by themselves."""

    sentence: str
    action: str
    page: str
    done: bool
    role: Role = Role.ADMINISTRATOR
    advised: bool = False

    @property
    def url(self) -> str:
        return reverse(self.page)


def checklist() -> list[Task]:
    """What the first morning needs, in its order; empty once letters go by themselves and nothing needed is missing."""
    library, gateway = Library.the(), Gateway.the()
    tests = OutboundMessage.objects.filter(kind=OutboundMessage.Kind.TEST)
    tasks = [
        Task(
            sentence="Say who the library is: its name and address.",
            action="Fill in the library",
            page="library-details",
            done=bool(library.name and library.address),
        ),
        Task(
            sentence="Say where answers go: a mailbox that somebody reads.",
            action="Fill in the mailbox",
            page="library-details",
            done=bool(library.reply_to),
        ),
        Task(
            sentence="Bring in patrons, items and loans.",
            action="Import a file",
            page="import",
            role=Role.LIBRARIAN,
            done=Patron.objects.exists(),
        ),
        Task(
            sentence="Choose a schedule: who hears what, and when.",
            action="Choose a schedule",
            page="schedules",
            done=Schedule.objects.in_force().exists(),
        ),
        Task(
            sentence="Say for which groups letters go by themselves.",
            action="Choose groups",
            page="groups",
            role=Role.LIBRARIAN,
            done=Group.objects.filter(active=True, auto_send=True).exists(),
        ),
        Task(
            sentence="Start the gateway, which hands the letters to the mail server.",
            action="Set up the gateway",
            page="gateway",
            done=gateway.is_on,
        ),
        Task(
            sentence="Send a test, and see it arrive.",
            action="Send a test",
            page="gateway",
            done=tests.in_state(OutboundMessage.State.SENT).exists(),
            advised=True,
        ),
        Task(
            sentence="Rehearse: choose a letter, and have one of each kind sent to yourself.",
            action="Rehearse letters",
            page="letters",
            role=Role.LIBRARIAN,
            done=tests.filter(dedup_key__startswith=rehearse.KEY).exists(),
            advised=True,
        ),
        Task(
            sentence="Look at the forecast, then switch the daily run on.",
            action="Switch the daily run on",
            page="daily-run",
            done=RunSettings.the().enabled,
        ),
    ]
    return [] if all(task.done for task in tasks if not task.advised) else tasks
