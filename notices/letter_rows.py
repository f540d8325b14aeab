"""What a letter is about, read from rows and turned into the data that its words may use.

Two queries for any number of letters. What an audience may not read does not get past this module: titles for a home
or a contact only where group and step both allow it, the name that a child is known by only in letters to the child
(product.md, N7).
"""

from collections import namedtuple
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db import connection
from django.utils import timezone

from circulation.calendar import OpenDays
from notices import steps
from notices.letter_data import Book, Child, LetterData, LibraryData, joined
from notices.models import Audience, Schedule, Step
from notices.wanted import TABLES

A_WEEK = timedelta(days=7)
DAYS_TO_ACT = 4
DAYS_TO_ACT_ON_THE_LAST = 11

LINES = f"""
SELECT letter.id, letter.run_id, letter.service, letter.audience, letter.channel, letter.revision, letter.day,
       letter."to" AS address, letter.group_id, run.held_at IS NOT NULL AND run.let_go_at IS NULL AS held,
       notice.number, notice.occurrence, notice.step_id, loan.id AS loan_id, loan.due_on, loan.lent_on,
       loan.our_reference, loan.their_reference,
       item.title, item.author, item.call_number, item.barcode, item.replacement_cost, owner.name AS lender,
       loan.patron_id, patron.first_name, patron.last_name, patron.known_as, patron.name_at_home,
       grp.name AS group_name, grp.home_reads_titles, grp.contact_reads_titles, grp.contact_name,
       guardian.name AS guardian_name, guardian.salutation, also.name AS also_name, also.salutation AS also_salutation,
       partner.name AS partner_name,
       letter.audience = 'patron' AND EXISTS (
           SELECT FROM notices_line other JOIN notices_letter home ON home.id = other.letter_id
           WHERE other.notice_id = notice.id AND other.taken_out_at IS NULL AND home.audience = 'guardian'
       ) AS home_told,
       letter.audience = 'patron' AND patron.may_write_home AND NOT grp.is_staff AND EXISTS (
           SELECT FROM circulation_guardianship link JOIN circulation_guardian carer ON carer.id = link.guardian_id
           WHERE link.patron_id = patron.id AND link.library_letters AND carer.erased_at IS NULL
             AND (link.no_letters_until IS NULL OR link.no_letters_until <= letter.day)
       ) AS has_home
FROM {TABLES}
JOIN circulation_item item ON item.id = loan.item_id
LEFT JOIN circulation_partnerlibrary owner ON owner.id = item.owner_id
LEFT JOIN circulation_guardian guardian ON guardian.id = letter.guardian_id
LEFT JOIN circulation_guardian also ON also.id = letter.also_guardian_id
WHERE line.letter_id = ANY(%(letters)s) AND line.taken_out_at IS NULL
ORDER BY letter.id, patron.last_name, patron.first_name, patron.id, loan.due_on, item.title, loan.id
"""

# What else a patron has at home and is late: a quiet list under the letter, of the same service.
ALSO_OUT = """
SELECT letter.id, loan.id AS loan_id, loan.due_on, loan.lent_on, item.title, item.author
FROM notices_letter letter
JOIN circulation_loan loan ON loan.patron_id = letter.patron_id AND loan.service = letter.service
JOIN circulation_item item ON item.id = loan.item_id
WHERE letter.id = ANY(%(letters)s) AND letter.audience = 'patron' AND letter.number > 0
  AND loan.returned_on IS NULL AND loan.status = 'on_loan' AND loan.due_on < letter.day
ORDER BY letter.id, loan.due_on, item.title
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRow:
    """A letter that is about to be written: its envelope and its data."""

    id: int
    service: str
    audience: Audience
    channel: str
    revision: int
    number: int
    to: str
    to_name: str
    held: bool
    data: LetterData
    expires_on: date
    not_before: datetime | None


class Reader:
    """Reads letters for one library and calendar; keeps the schedules that it has met."""

    def __init__(self, *, library: LibraryData, open_days: OpenDays) -> None:
        self._library = library
        self._open_days = open_days
        schedules = Schedule.objects.prefetch_related("steps")
        self._rungs = {step.pk: (schedule, step) for schedule in schedules for step in schedule.steps.all()}
        self._next: dict[tuple[int, date, date, int], date | None] = {}

    def rows(self, letter_ids: Sequence[int]) -> Iterator[LetterRow]:
        """The letters that still have something to say, in the order of their ids."""
        with connection.cursor() as cursor:
            also_out = _by_letter(_fetch(cursor, ALSO_OUT, letter_ids))
            lines = _fetch(cursor, LINES, letter_ids)
        for letter_id, group in groupby(lines, key=lambda line: line.id):
            yield self._row(list(group), also_out.get(letter_id, []))

    def _row(self, lines: list[Any], also_out: list[Any]) -> LetterRow:
        first = lines[0]
        audience = Audience(first.audience)
        number = max(line.number for line in lines)
        return LetterRow(
            id=first.id,
            service=first.service,
            audience=audience,
            channel=first.channel,
            revision=first.revision,
            number=number,
            to=first.address,
            to_name=_to_name(audience, first),
            held=first.held,
            data=self._data(audience, number, lines, also_out),
            expires_on=min(self._expires_on(line) for line in lines),
            not_before=self._not_before(lines),
        )

    def _data(self, audience: Audience, number: int, lines: list[Any], also_out: list[Any]) -> LetterData:
        first = lines[0]
        loans = {line.loan_id for line in lines}
        to_children = audience in (Audience.GUARDIAN, Audience.CONTACT)
        books = [self._book(audience, line) for line in lines]
        last = any(book.last_letter and book.number == number for book in books)
        return LetterData(
            audience=audience,
            library=self._library,
            today=first.day,
            dear=_dear(audience, first),
            books=() if to_children else books,
            children=self._children(audience, lines) if to_children else (),
            also_out=[_also(line) for line in also_out if line.loan_id not in loans],
            act_by=self._act_by(first.day, number=number, last=last, due=min(line.due_on for line in lines)),
            group=first.group_name or "",
            partner=first.partner_name or "",
        )

    def _children(self, audience: Audience, lines: list[Any]) -> list[Child]:
        return [
            self._child(audience, list(of_child)) for _, of_child in groupby(lines, key=lambda line: line.patron_id)
        ]

    def _child(self, audience: Audience, lines: list[Any]) -> Child:
        first = lines[0]
        if audience == Audience.CONTACT:
            name, titles = f"{first.first_name or first.last_name} {first.last_name[:1]}.", first.contact_reads_titles
        else:
            name, titles = first.name_at_home or first.first_name or first.last_name, first.home_reads_titles
        steps_allow = all(self._step_allows_titles(line.step_id) for line in lines)
        return Child(
            name=name,
            group=first.group_name,
            titles=titles and steps_allow,
            books=[self._book(audience, line) for line in lines],
        )

    def _step_allows_titles(self, step_id: int | None) -> bool:
        return step_id in self._rungs and self._rungs[step_id][1].home_reads_titles

    def _book(self, audience: Audience, line: Any) -> Book:
        coming = self._coming(line)
        schedule, step = self._rungs.get(line.step_id, (None, None))
        then = steps.following(schedule, step) if schedule and step else None
        return Book(
            title=line.title,
            author=line.author,
            call_number=line.call_number,
            barcode=line.barcode,
            due=line.due_on,
            borrowed=line.lent_on,
            number=line.number,
            our_reference=line.our_reference,
            their_reference=line.their_reference,
            lender=line.lender or "",
            cost=self._cost(audience, line, step),
            next=coming,
            next_home=bool(then and coming and line.has_home and then.who in (Step.Who.GUARDIANS, Step.Who.BOTH)),
            home_told_today=line.home_told,
            home_reads_titles=bool(line.home_reads_titles and (then or step) and (then or step).home_reads_titles),
            last_letter=line.number > 0 and coming is None,
        )

    def _cost(self, audience: Audience, line: Any, step: Step | None) -> Decimal | None:
        """Money is spoken of at a step that leads to a bill, and never to a child."""
        return line.replacement_cost if step and step.ready_to_bill and audience == Audience.GUARDIAN else None

    def _coming(self, line: Any) -> date | None:
        """The day on which this loan is spoken of again, if nothing changes; None after the last letter."""
        if line.number < 0 or line.step_id not in self._rungs:
            return None
        key = (line.step_id, line.due_on, line.day, line.occurrence)
        if key not in self._next:
            self._next[key] = self._find_next(line)
        return self._next[key]

    def _find_next(self, line: Any) -> date | None:
        schedule, step = self._rungs[line.step_id]
        coming = steps.next_day(schedule, step, due_on=line.due_on, said_on=line.day, open_days=self._open_days)
        if step.repeat_days and line.occurrence < (step.repeat_times or 32_000):
            again = line.day + timedelta(days=step.repeat_days)
            coming = min(filter(None, [coming, steps.letter_day(schedule, again, open_days=self._open_days)]))
        if coming is not None and (coming - line.due_on).days > schedule.stop_after:
            return None
        return coming

    def _act_by(self, today: date, *, number: int, last: bool, due: date) -> date:
        """A day that a reader can keep: open, not today, four days on, or eleven where no other letter follows."""
        if number < 0:
            return due
        day = today + timedelta(days=DAYS_TO_ACT_ON_THE_LAST if last else DAYS_TO_ACT)
        open_day = self._open_days.first_open(day, backwards=True)
        return open_day if open_day > today else self._open_days.first_open(today + timedelta(days=1))

    def _expires_on(self, line: Any) -> date:
        """The first day on which the letter would be wrong (product.md, N6)."""
        if line.number < 0:
            return line.due_on + timedelta(days=1)
        return min(filter(None, [line.day + A_WEEK, self._coming(line)]))

    def _not_before(self, lines: list[Any]) -> datetime | None:
        times = [
            self._rungs[line.step_id][0].post_not_before
            for line in lines
            if line.step_id in self._rungs and self._rungs[line.step_id][0].post_not_before
        ]
        return at_local_time(lines[0].day, max(times)) if times else None


def at_local_time(day: date, at: time) -> datetime:
    """An instant from the library's wall clock; a time that the clocks skip is the next one that exists."""
    return timezone.make_aware(datetime.combine(day, at))


def _to_name(audience: Audience, line: Any) -> str:
    names = {
        Audience.PATRON: f"{line.first_name} {line.last_name}".strip(),
        Audience.GUARDIAN: joined([name for name in (line.guardian_name, line.also_name) if name]),
        Audience.CONTACT: line.contact_name or line.group_name,
        Audience.PARTNER: line.partner_name,
    }
    return str(names[audience])


def _dear(audience: Audience, line: Any) -> str:
    if audience == Audience.PATRON:
        return str(line.known_as or line.first_name or line.last_name)
    if audience == Audience.GUARDIAN:
        guardians = [(line.salutation or line.guardian_name), (line.also_salutation or line.also_name)]
        return joined([name for name in guardians if name])
    if audience == Audience.CONTACT:
        return line.contact_name or f"teacher of {line.group_name}"
    return "colleagues"


def _also(line: Any) -> Book:
    return Book(title=line.title, author=line.author, due=line.due_on, borrowed=line.lent_on)


def _fetch(cursor: Any, sql: str, letter_ids: Sequence[int]) -> list[Any]:
    cursor.execute(sql, {"letters": list(letter_ids)})
    row = namedtuple("row", [column.name for column in cursor.description])  # type: ignore[misc]
    return [row._make(values) for values in cursor.fetchall()]


def _by_letter(rows: list[Any]) -> dict[int, list[Any]]:
    return {letter: list(group) for letter, group in groupby(rows, key=lambda row: row.id)}
