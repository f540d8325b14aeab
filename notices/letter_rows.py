"""What a letter is about, read from rows and turned into the data that its words may use.

Two queries for any number of letters. What an audience may not read does not get past this module: titles for a home
or a contact only where group and step both allow it, the name that a child is known by only in letters to the child
(product.md, N7).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from circulation.calendar import OpenDays
from notices import steps
from notices.letter_data import Book, Child, LetterData, LibraryData, joined
from notices.models import Audience, Schedule, Step, Template
from notices.wanted import HOME_MAY_BE_TOLD, LINES_OF_LETTERS

ONE_DAY = timedelta(days=1)
A_WEEK = timedelta(days=7)
WEEKS_AHEAD = 10
TO_ACT = timedelta(days=4)
TO_ACT_ON_THE_LAST = timedelta(days=11)

OF_A_STEP = (Template.Kind.STEP, Template.Kind.CORRECTION)
"""Letters about a step, which may forbid titles; of the others the group alone decides."""

LINES = f"""
SELECT letter.id, letter.run_id, letter.service, letter.audience, letter.channel, letter.revision, letter.day,
       letter."to", letter.group_id, run.held_at IS NOT NULL AND run.let_go_at IS NULL,
       CASE notice.number WHEN 0 THEN letter.number ELSE notice.number END, notice.occurrence, notice.step_id,
       loan.id AS loan_id, notice.due_on, loan.lent_on,
       loan.our_reference, loan.their_reference,
       item.title, item.author, item.call_number, item.barcode, item.replacement_cost, owner.name,
       loan.patron_id, coalesce(patron.first_name, ''), coalesce(patron.last_name, ''), coalesce(patron.known_as, ''),
       coalesce(patron.name_at_home, ''), coalesce(grp.name, ''), grp.home_reads_titles, grp.contact_reads_titles,
       coalesce(grp.contact_name, ''),
       guardian.name, guardian.salutation, also.name, also.salutation,
       partner.name,
       letter.audience = 'patron' AND 0 < (  -- counted: EXISTS would be planned as a look at all letters ever written
           SELECT count(*) FROM notices_line other JOIN notices_letter home ON home.id = other.letter_id
           WHERE other.notice_id = notice.id AND other.taken_out_at IS NULL AND home.audience = 'guardian'
             AND home.state NOT IN ('failed', 'dropped', 'taken_back')
       ),
       letter.audience = 'patron' AND {HOME_MAY_BE_TOLD},
       grp.library_day, letter.kind, notice.number <> 0,
       CASE letter.kind WHEN 'correction' THEN (
           SELECT min(wrong.day) FROM notices_letter wrong WHERE wrong.corrected_by_id = letter.id
           HAVING count(DISTINCT wrong.day) = 1) END,
       CASE letter.kind WHEN 'correction' THEN (
           SELECT count(DISTINCT still.loan_id) FROM notices_letter wrong
           JOIN notices_line kept ON kept.letter_id = wrong.id AND kept.taken_out_at IS NULL
           JOIN notices_notice still ON still.id = kept.notice_id
           WHERE wrong.corrected_by_id = letter.id AND still.loan_id NOT IN (
               SELECT sorry.loan_id FROM notices_line own JOIN notices_notice sorry ON sorry.id = own.notice_id
               WHERE own.letter_id = letter.id)) ELSE 0 END,
       CASE letter.kind WHEN 'direct' THEN clerk.first_name ELSE '' END,
       CASE letter.kind WHEN 'class_list' THEN (
           SELECT count(DISTINCT home.patron_id)
           FROM circulation_loan home JOIN circulation_patron child ON child.id = home.patron_id
           WHERE child.group_id = letter.group_id AND home.returned_on BETWEEN letter.day - 7 AND letter.day - 1) END,
       CASE letter.kind WHEN 'term_ends' THEN (run.choice ->> 'bring_by')::date END
FROM {LINES_OF_LETTERS}
JOIN circulation_item item ON item.id = loan.item_id
LEFT JOIN circulation_partnerlibrary owner ON owner.id = item.owner_id
LEFT JOIN circulation_guardian guardian ON guardian.id = letter.guardian_id
LEFT JOIN circulation_guardian also ON also.id = letter.also_guardian_id
LEFT JOIN auth_user clerk ON clerk.id = run.by_id
WHERE line.letter_id = ANY(%(letters)s) AND line.taken_out_at IS NULL
ORDER BY letter.id, patron.last_name, patron.first_name, patron.id, notice.due_on, item.title, loan.id
"""

# What else a patron has at home and was told about before this run: a quiet list under the letter, of the same service.
ALSO_OUT = """
SELECT letter.id, loan.id AS loan_id, loan.due_on, loan.lent_on, item.title, item.author
FROM notices_letter letter
JOIN circulation_loan loan ON loan.patron_id = letter.patron_id AND loan.service = letter.service
JOIN circulation_item item ON item.id = loan.item_id
WHERE letter.id = ANY(%(letters)s) AND letter.audience = 'patron' AND letter.number > 0
  AND loan.returned_on IS NULL AND loan.status = 'on_loan' AND loan.due_on < letter.day
  AND EXISTS (
      SELECT FROM notices_notice notice
      WHERE notice.loan_id = loan.id AND notice.due_on = loan.due_on AND notice.number > 0
        AND notice.run_id IS DISTINCT FROM letter.run_id
        AND notice.undone_at IS NULL AND notice.taken_back_at IS NULL AND notice.dropped_at IS NULL)
ORDER BY letter.id, loan.due_on, item.title
"""


class LineRow(NamedTuple):
    """One line of a letter, as LINES selects it. Names are None where the recipient is somebody else."""

    id: int
    run_id: int | None
    service: str
    audience: str
    channel: str
    revision: int
    day: date
    address: str
    group_id: int | None
    held: bool
    number: int
    occurrence: int
    step_id: int | None
    loan_id: int
    due_on: date
    lent_on: date
    our_reference: str
    their_reference: str
    title: str
    author: str
    call_number: str
    barcode: str
    replacement_cost: Decimal | None
    lender: str | None
    patron_id: int | None
    first_name: str
    last_name: str
    known_as: str
    name_at_home: str
    group_name: str
    home_reads_titles: bool | None
    contact_reads_titles: bool | None
    contact_name: str
    guardian_name: str | None
    salutation: str | None
    also_name: str | None
    also_salutation: str | None
    partner_name: str | None
    home_told: bool
    has_home: bool | None
    library_day: int | None
    kind: str
    counts: bool
    letter_of: date | None
    still_right: int
    librarian: str | None
    brought_back: int | None
    bring_by: date | None


class AlsoOutRow(NamedTuple):
    """One more loan that a letter's reader has, as ALSO_OUT selects it."""

    id: int
    loan_id: int
    due_on: date
    lent_on: date
    title: str
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRow:
    """A letter that is about to be written: its envelope and its data."""

    id: int
    service: str
    audience: Audience
    channel: str
    revision: int
    kind: str
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
        self._next: dict[tuple[int, date, date, int, int | None], date | None] = {}
        self._also_out: dict[int, list[AlsoOutRow]] = {}

    def lines(self, letter_ids: Sequence[int], *, on: date) -> Iterator[tuple[int, list[LineRow]]]:
        """Id and lines of the letters that have something to say on this day, in the order of their ids."""
        with connection.cursor() as cursor:
            cursor.execute(ALSO_OUT, {"letters": list(letter_ids)})
            self._also_out = _by_letter(map(AlsoOutRow._make, cursor.fetchall()))
            cursor.execute(LINES, {"letters": list(letter_ids), "on": on})
            lines = map(LineRow._make, cursor.fetchall())
        for letter_id, group in groupby(lines, key=lambda line: line.id):
            yield letter_id, list(group)

    def row(self, lines: list[LineRow]) -> LetterRow:
        """The letter that these lines make. Raises CalendarError where no open day can be promised."""
        lines = _highest_of_each_loan(lines)
        first = lines[0]
        audience = Audience(first.audience)
        number = max(line.number for line in lines)
        return LetterRow(
            id=first.id,
            service=first.service,
            audience=audience,
            channel=first.channel,
            revision=first.revision,
            kind=first.kind,
            number=number,
            to=first.address,
            to_name=_to_name(audience, first),
            held=first.held,
            data=self._data(audience, number, lines, self._also_out.get(first.id, [])),
            expires_on=min(self._expires_on(line) for line in lines if (line.number > 0) == (number > 0)),
            not_before=self._not_before(lines),
        )

    def _data(self, audience: Audience, number: int, lines: list[LineRow], also_out: list[AlsoOutRow]) -> LetterData:
        first = lines[0]
        loans = {line.loan_id for line in lines}
        to_children = audience in (Audience.GUARDIAN, Audience.CONTACT)
        books = [self._book(audience, line) for line in lines]
        return LetterData(
            audience=audience,
            library=self._library,
            today=first.day,
            dear=_dear(audience, first),
            books=() if to_children else books,
            children=self._children(audience, lines) if to_children else (),
            also_out=[_also(line) for line in also_out if line.loan_id not in loans],
            act_by=self._chosen_day(first) or self._act_by(first.day, number=number, books=books),
            next_open=self._open_days.first_open(first.day + ONE_DAY),
            on_paper=first.channel == "paper",
            group=first.group_name or "",
            partner=first.partner_name or "",
            librarian=first.librarian or "",
            letter_of=first.letter_of,
            still_right=first.still_right,
            lesson=self._lesson(first),
            brought_back=first.brought_back or 0,
        )

    def _lesson(self, line: LineRow) -> date | None:
        """The next day on which this group comes to the library: today, if it is its day. For class lists alone."""
        if line.kind != Template.Kind.CLASS_LIST or line.library_day is None:
            return None
        day = line.day + timedelta(days=(line.library_day - line.day.weekday()) % 7)
        lessons = [one for one in (day + week * A_WEEK for week in range(WEEKS_AHEAD)) if self._open_days.is_open(one)]
        return lessons[0] if lessons else None

    def _children(self, audience: Audience, lines: list[LineRow]) -> list[Child]:
        return [
            self._child(audience, list(of_child)) for _, of_child in groupby(lines, key=lambda line: line.patron_id)
        ]

    def _child(self, audience: Audience, lines: list[LineRow]) -> Child:
        first = lines[0]
        if audience == Audience.CONTACT:
            name, titles = f"{first.first_name or first.last_name} {first.last_name[:1]}.", first.contact_reads_titles
        else:
            name, titles = first.name_at_home or first.first_name or first.last_name, first.home_reads_titles
        steps_allow = all(line.kind not in OF_A_STEP or self._allows_titles(self._rung(line)[1]) for line in lines)
        return Child(
            name=name,
            group=first.group_name,
            titles=bool(titles) and steps_allow,
            books=[self._book(audience, line) for line in lines],
        )

    @staticmethod
    def _allows_titles(step: Step | None) -> bool:
        return step is not None and step.home_reads_titles

    def _book(self, audience: Audience, line: LineRow) -> Book:
        coming = self._coming(line)
        schedule, step = self._rung(line)
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
            home_reads_titles=bool(line.home_reads_titles) and self._allows_titles(then or step),
            last_letter=line.counts and line.number > 0 and coming is None,
        )

    def _rung(self, line: LineRow) -> tuple[Schedule | None, Step | None]:
        """The schedule and step that a notice was said under; nothing where the step is gone by now."""
        return self._rungs.get(line.step_id or 0, (None, None))

    def _cost(self, audience: Audience, line: LineRow, step: Step | None) -> Decimal | None:
        """Money is spoken of at a step that leads to a bill, and never to a child."""
        speaks_of_it = step is not None and step.ready_to_bill and line.kind == Template.Kind.STEP
        return line.replacement_cost if speaks_of_it and audience == Audience.GUARDIAN else None

    def _coming(self, line: LineRow) -> date | None:
        """The day on which this loan is spoken of again, if nothing changes; None after the last letter, and in one
        that does not count: it moves nothing, so it promises nothing."""
        schedule, step = self._rung(line)
        if not line.counts or line.number < 0 or schedule is None or step is None:
            return None
        key = (step.pk, line.due_on, line.day, line.occurrence, line.library_day)
        if key not in self._next:
            self._next[key] = self._find_next(line, schedule, step)
        return self._next[key]

    def _find_next(self, line: LineRow, schedule: Schedule, step: Step) -> date | None:
        coming = steps.next_day(
            schedule,
            step,
            due_on=line.due_on,
            said_on=line.day,
            open_days=self._open_days,
            library_day=line.library_day,
        )
        if step.repeat_days and line.occurrence < (step.repeat_times or 32_000):
            again = line.day + timedelta(days=step.repeat_days)
            again = steps.letter_day(schedule, again, open_days=self._open_days, library_day=line.library_day)
            coming = min(coming, again) if coming else again
        if coming is not None and (coming - line.due_on).days > schedule.stop_after:
            return None
        return coming

    def _chosen_day(self, line: LineRow) -> date | None:
        """What a person wrote into *Term ends*; a letter that is written again when that day has come names another."""
        return line.bring_by if line.bring_by and line.bring_by > line.day else None

    def _act_by(self, today: date, *, number: int, books: Sequence[Book]) -> date:
        """A day that a reader can keep: open, not today, four days on, or eleven where no other letter follows, and
        before the next letter comes."""
        if number < 0:
            return min(book.due for book in books)
        top = [book for book in books if book.number == number]
        last = any(book.last_letter for book in top)
        day = today + (TO_ACT_ON_THE_LAST if last else TO_ACT)
        day = min([day, *(book.next - ONE_DAY for book in top if book.next)])
        open_day = self._open_days.first_open(day, backwards=True)
        return open_day if open_day > today else self._open_days.first_open(today + ONE_DAY)

    def _expires_on(self, line: LineRow) -> date:
        """The first day on which the letter would be wrong (product.md, N6)."""
        if line.number < 0:
            return line.due_on + ONE_DAY
        coming = self._coming(line)
        return min(coming, line.day + A_WEEK) if coming else line.day + A_WEEK

    def _not_before(self, lines: list[LineRow]) -> datetime | None:
        schedules = [schedule for schedule, _ in map(self._rung, lines) if schedule]
        times = [schedule.post_not_before for schedule in schedules if schedule.post_not_before]
        return at_local_time(lines[0].day, max(times)) if times else None


def at_local_time(day: date, at: time) -> datetime:
    """An instant from the library's wall clock; a time that the clocks skip is the next one that exists."""
    return timezone.make_aware(datetime.combine(day, at))


def _to_name(audience: Audience, line: LineRow) -> str:
    names = {
        Audience.PATRON: f"{line.first_name} {line.last_name}".strip(),
        Audience.GUARDIAN: joined([name for name in (line.guardian_name, line.also_name) if name]),
        Audience.CONTACT: line.contact_name or line.group_name,
        Audience.PARTNER: line.partner_name,
    }
    return str(names[audience])


def _dear(audience: Audience, line: LineRow) -> str:
    if audience == Audience.PATRON:
        return line.known_as or line.first_name or line.last_name
    if audience == Audience.GUARDIAN:
        guardians = [(line.salutation or line.guardian_name), (line.also_salutation or line.also_name)]
        return joined([name for name in guardians if name])
    if audience == Audience.CONTACT:
        return line.contact_name or f"teacher of {line.group_name}"
    return "colleagues"


def _highest_of_each_loan(lines: list[LineRow]) -> list[LineRow]:
    """Two steps that share a day may have the same reader: the book stands in the letter once, at the higher one."""
    highest: dict[int, LineRow] = {}
    for line in lines:
        known = highest.setdefault(line.loan_id, line)
        if line.number > known.number:
            highest[line.loan_id] = line
    return list(highest.values())


def _also(line: AlsoOutRow) -> Book:
    return Book(title=line.title, author=line.author, due=line.due_on, borrowed=line.lent_on)


def _by_letter(rows: Iterable[AlsoOutRow]) -> dict[int, list[AlsoOutRow]]:
    return {letter: list(group) for letter, group in groupby(rows, key=lambda row: row.id)}
