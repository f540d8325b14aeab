"""Due notices (product.md, N9): for a day and some loans, who would be told, how, who is left out and why.

Today's answer is that of a run by hand, in which auto-send, weekdays and closed days do not matter; it can be
processed, and goes through the scan and the ledger like any run. Every other day is a view of that day's daily run.
Decides nothing: the lists are read from a rehearsed run while it lasts.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import takewhile

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from circulation.models import Loan
from notices import why, why_words
from notices.forecast import FROM_HERE_ON
from notices.models import Letter, Outcome
from notices.rehearsal import Rehearsal, rehearsal, related

FARTHEST = timedelta(days=21)
"""Farther ahead nobody knows who will have what; and every run until then is rehearsed."""

TOO_MANY = 20_000
"""Of more open loans no person reads a list: first a group or a collection is chosen."""


class TooManyError(Exception):
    """So many loans are not shown at once; the sentence says what to choose."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A day, and which loans; ``by_clock`` asks for the daily run of that day, else for a run by hand."""

    day: date
    by_clock: bool
    group: int | None = None
    collection: int | None = None
    service: str = ""

    @property
    def is_narrowed(self) -> bool:
        return bool(self.group or self.collection or self.service)

    def loans(self) -> QuerySet[Loan]:
        loans = Loan.objects.open()
        if self.group:
            loans = loans.filter(patron__group=self.group)
        if self.collection:
            loans = loans.filter(item__collection=self.collection)
        return loans.filter(service=self.service) if self.service else loans


class Due:
    """A rehearsed run of the asked day. Its querysets can be read as long as the rehearsal lasts."""

    def __init__(self, imagined: Rehearsal, *, day: date, says: bool, only: list[int] | None, quiet: str = "") -> None:
        self._imagined = imagined
        self._day = day
        self._says = says
        self._only = only
        self.quiet = quiet

    def counts(self) -> Counter[Outcome]:
        """How many loans have each outcome. They add up to the open loans that the run would look at."""
        self._imagined.cursor.execute(
            "SELECT outcome, count(*) FROM became"
            " WHERE %(only)s::bigint[] IS NULL OR loan_id = ANY(%(only)s) GROUP BY outcome",
            {"only": self._only},
        )
        return Counter({Outcome(outcome): count for outcome, count in self._imagined.cursor.fetchall()})

    def loans(self, outcomes: Collection[Outcome], *, step: int | None = None, channel: str = "") -> QuerySet[Loan]:
        """Loans of these outcomes; at this step, told by this channel."""
        loans = Loan.objects.filter(
            pk__in=RawSQL(
                "SELECT loan_id FROM became WHERE outcome = ANY(%s) AND (%s::bigint[] IS NULL OR loan_id = ANY(%s))",
                [[outcome.value for outcome in outcomes], self._only, self._only],
            )
        )
        if self._says and step is not None:
            loans = loans.filter(
                pk__in=RawSQL("SELECT loan_id FROM loans_at_step WHERE number BETWEEN %s AND %s", _reach(step))
            )
        if self._says and channel:
            loans = loans.filter(pk__in=RawSQL("SELECT loan_id FROM told_to WHERE channel = %s", [channel]))
        return loans

    def letters(self, *, step: int | None = None, channel: str = "") -> QuerySet[Letter]:
        """The letters that would be written about these loans."""
        if not self._says:
            return Letter.objects.none()
        planned = Letter.objects.filter(pk__in=RawSQL("SELECT letter_id FROM planned", []))
        if self._only is not None:
            planned = planned.filter(lines__notice__loan__in=self._only).distinct()
        if step is not None:
            planned = planned.filter(number__range=_reach(step))
        return planned.filter(channel=channel) if channel else planned

    def reasons(self, loans: Iterable[Loan], outcome: Outcome) -> dict[int, str]:
        """For each of these loans, which have this outcome, the sentence why nothing is said of it."""
        answers = why.of_rehearsed(self._imagined, loans) if self._imagined.has_looked else {}
        why.note_what_is_held(answers, list(answers) if outcome == Outcome.TOO_SOON else [])
        return {pk: why_words.left_out(answer, outcome, on=self._day) for pk, answer in answers.items()}

    def tellings(self, loan_ids: Collection[int]) -> dict[int, list[why.Said]]:
        """Of each loan the steps that would be said, and to whom."""
        return why.tellings_of(self._imagined, loan_ids) if self._says else {}


@contextmanager
def due(asked: Asked, *, on: date, ticked: Collection[int] | None = None) -> Iterator[Due]:
    """Look at what would go out on the asked day; ``ticked`` keeps only these loans.

    Raises TooManyError, CalendarError. A day ahead is reached by way of the runs before it.
    """
    chosen = None if ticked is None and not asked.is_narrowed else list(_ids(asked, ticked))
    if chosen is None and _too_many(Loan.objects.open()):
        raise TooManyError("There are too many open loans for one list. Choose a group, a collection or a service.")
    if not asked.by_clock:
        with rehearsal(on=on, only=chosen) as imagined:
            yield Due(imagined, day=on, says=imagined.look(asked.day, by_clock=False), only=None)
        return
    with rehearsal(on=on, only=None if chosen is None else related(chosen)) as imagined:
        days = dict(takewhile(lambda one: one[0] <= asked.day, imagined.days(after=on)))
        runs = [day for day, quiet in days.items() if quiet is None]
        quiet = days.get(asked.day, "Its daily run is not to come any more.")
        says = imagined.look(*runs) if runs else False
        yield Due(imagined, day=asked.day, says=says and quiet is None, only=chosen, quiet=quiet or "")


def _ids(asked: Asked, ticked: Collection[int] | None) -> Collection[int]:
    loans = asked.loans()
    if ticked is not None:
        return list(loans.filter(pk__in=ticked).values_list("pk", flat=True))
    if _too_many(loans):
        raise TooManyError("There are too many open loans for one list. Choose a smaller group as well.")
    return list(loans.values_list("pk", flat=True))


def _too_many(loans: QuerySet[Loan]) -> bool:
    return loans.order_by()[: TOO_MANY + 1].count() > TOO_MANY


def _reach(step: int) -> tuple[int, int]:
    """The numbers that a column of the forecast stands for: all reminders, a step, or *Overdue 3 and later*."""
    if step < 0:
        return -32_000, -1
    return (FROM_HERE_ON, 32_000) if step >= FROM_HERE_ON else (step, step)
