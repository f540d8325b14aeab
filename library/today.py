"""The figures of one day, for Home: what the run looked at, what was written, what went out, and thirty days of it.

Reads, and decides nothing. Days are the library's own.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count
from django.db.models.functions import TruncDate

from circulation.calendar import OpenDays
from circulation.models import ClosedDays, Loan, Patron
from library.models import Library
from notices import ready
from notices.models import Letter, Run, RunSettings, Schedule
from notices.models.schedule import step_name
from notices.on_loan_list import with_last_said
from smtp_gateway.models import Gateway, OutboundMessage
from smtp_gateway.models.message import bounds

DAYS_SHOWN = 30
LOOKING_AHEAD = 21
ANNOUNCED_AHEAD = timedelta(days=60)
LETTERS = (OutboundMessage.Kind.NOTICE, OutboundMessage.Kind.BY_HAND)
NOT_LETTERS = (Letter.State.TAKEN_BACK, Letter.State.DROPPED, Letter.State.DRAFT)


@dataclass(frozen=True, kw_only=True)
class Written:
    """Today's runs together. A second run sees what the first one said as *already told*, so their notices add up."""

    run: Run | None
    notices: int
    by_email: int
    on_paper: int

    @property
    def letters(self) -> int:
        return self.by_email + self.on_paper

    @property
    def left_in_peace(self) -> int:
        return self.run.looked_at - self.notices if self.run else 0


def written(*, on: date) -> Written:
    runs = list(Run.objects.of_day(on).exclude(state__in=Run.State.by_hand()).order_by("started_at"))
    looked = [run for run in runs if run.state == Run.State.DONE]
    letters = Letter.objects.filter(day=on, run__isnull=False).exclude(state__in=NOT_LETTERS)
    channels = Counter(dict(letters.order_by().values_list("channel").annotate(number=Count("pk"))))
    return Written(
        run=next(reversed(looked or runs), None),
        notices=sum(run.notices_said for run in looked),
        by_email=channels[Letter.Channel.EMAIL],
        on_paper=channels[Letter.Channel.PAPER],
    )


@dataclass(frozen=True, kw_only=True)
class Printer:
    """What waits for the printer, and for which groups."""

    letters: int
    groups: list[str]


def printer() -> Printer:
    letters = Letter.objects.to_print()
    groups = letters.exclude(patron=None).order_by("patron__group__name").values_list("patron__group__name", flat=True)
    return Printer(letters=letters.count(), groups=list(groups.distinct()[:6]))


@dataclass(frozen=True, kw_only=True)
class StepCount:
    number: int
    loans: int

    @property
    def name(self) -> str:
        return "Reminder, due soon" if self.number < 0 else step_name(self.number)


def by_step() -> list[StepCount]:
    """Open loans by the highest step that was said about their due date."""
    loans = with_last_said(Loan.objects.on_loan()).exclude(last_said=None)
    counts = Counter({-1: 0})
    for step, number in loans.order_by().values_list("last_said").annotate(number=Count("pk")):
        counts[-1 if step < 0 else step] += number
    return [StepCount(number=step, loans=counts[step]) for step in sorted(counts) if counts[step]]


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
        .annotate(number=Count("pk"))
    )
    mail = {(day, state): number for day, state, number in ended}
    paper = dict(
        Letter.objects.on_paper()
        .filter(day__range=(days[0], until))
        .exclude(state__in=NOT_LETTERS)
        .order_by()
        .values_list("day")
        .annotate(number=Count("pk"))
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
    """The next daily run (None: it is off, or every day ahead is quiet), and the next closed days."""

    run_on: date | None
    settings: RunSettings
    closed: ClosedDays | None


def ahead(*, of: date, ran_today: bool) -> Ahead:
    settings = RunSettings.the()
    open_days = OpenDays.load()
    days = (of + timedelta(days=step) for step in range(1 if ran_today else 0, LOOKING_AHEAD))
    writes = (day for day in days if ready.why_quiet(settings, on=day, open_days=open_days) is None)
    begins = settings.first_day or of
    return Ahead(
        run_on=next((day for day in writes if day >= begins), None) if settings.enabled else None,
        settings=settings,
        closed=ClosedDays.objects.filter(last__gte=of, first__lte=of + ANNOUNCED_AHEAD).first(),
    )


@dataclass(frozen=True, kw_only=True)
class Task:
    """One thing to do before the first letter."""

    sentence: str
    area: str
    done: bool


def checklist() -> list[Task]:
    """What the first morning needs; empty once all of it is done."""
    library = Library.the()
    tasks = [
        Task(sentence="Say who the library is: its name and address.", area="library", done=bool(library.address)),
        Task(
            sentence="Say where answers go: a mailbox that somebody reads.", area="library", done=bool(library.reply_to)
        ),
        Task(sentence="Bring in patrons, items and loans.", area="import", done=Patron.objects.exists()),
        Task(sentence="Choose a schedule.", area="schedules", done=Schedule.objects.filter(active=True).exists()),
        Task(sentence="Start the gateway, and send a test.", area="gateway", done=Gateway.the().is_on),
        Task(sentence="Switch the daily run on.", area="schedules", done=RunSettings.the().enabled),
    ]
    return [] if all(task.done for task in tasks) else tasks
