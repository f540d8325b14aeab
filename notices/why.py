"""Why? For any loan: what was said last, what will be said and when, and if nothing, the reason (product.md, N12).

Asks the scan itself: the coming runs are rehearsed one after the other for these loans and all that share a reader
with them, until each has something to say or never will. Holds no rule of its own; it only notes what the rehearsed
runs decided.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any

from circulation.models import Loan
from notices import held_readers
from notices.models import Notice, Outcome, Schedule, Step
from notices.rehearsal import Rehearsal, rehearsal, related
from notices.scan_sql import COVERS

RUNS = 90
"""So many runs are rehearsed at most, unless asked otherwise: four months of school days."""

PEACEFUL = frozenset({Outcome.NOT_YET, Outcome.ALREADY_TOLD})
"""Nothing stands in the way of these; it is only not the day."""

SAID = frozenset({Outcome.EMAIL, Outcome.PAPER})

SCHEDULES = f"""
SELECT loan.id, falls_under.schedule_id
FROM circulation_loan loan
JOIN circulation_item item ON item.id = loan.item_id
LEFT JOIN circulation_patron patron ON patron.id = loan.patron_id
JOIN falls_under ON {COVERS}
WHERE loan.id = ANY(%(loans)s)
"""

# Who is asked about, and what ends the asking: so many letters, or the last step was heard and does not repeat.
ASKED = f"""
CREATE TEMPORARY TABLE asked ON COMMIT DROP AS
SELECT loan.id AS loan_id, loan.due_on, falls_under.schedule_id, %(letters)s AS letters,
       CASE WHEN loan.status = 'extension_asked' THEN loan.quiet_until END AS quiet_until,
       coalesce(patron.no_letters_until > %(until)s, FALSE) AS no_letters,
       (SELECT CASE WHEN step.repeat_days IS NULL THEN step.number END
        FROM notices_step step WHERE step.schedule_id = falls_under.schedule_id AND step.number > 0
        ORDER BY step.number DESC LIMIT 1) AS last,
       (SELECT max(notice.number) FROM notices_notice notice WHERE notice.loan_id = loan.id) AS heard
FROM circulation_loan loan
JOIN circulation_item item ON item.id = loan.item_id
LEFT JOIN circulation_patron patron ON patron.id = loan.patron_id
LEFT JOIN falls_under ON {COVERS}
WHERE loan.id = ANY(%(loans)s);
CREATE TEMPORARY TABLE foreseen (on_day date, loan_id bigint, outcome text) ON COMMIT DROP;
CREATE TEMPORARY TABLE foretold ON COMMIT DROP AS
    SELECT '2000-01-01'::date AS on_day, due.number, due.occurrence, told.*
    FROM loans_at_step due, told_to told WITH NO DATA
"""

# After each rehearsed day. Promises: of every loan that is asked about the outcome and who is told what; then it is
# asked about no longer where no later run can say what was asked for.
#   foreseen   A run looks only at loans between the longest *stop after* and the longest reminder.
#   asked      The ledger says no lower step after a higher one: after the highest, where it does not repeat, nothing
#              comes; nor to a reader who gets no letters on any of these days.
NOTE = """
INSERT INTO foreseen
SELECT the.on_day, asked.loan_id,
       coalesce(became.outcome, CASE WHEN asked.due_on < the.on_day THEN 'past_stop' ELSE 'not_yet' END)
FROM asked LEFT JOIN became USING (loan_id);
INSERT INTO foretold
SELECT the.on_day, due.number, due.occurrence, told.*
FROM asked JOIN loans_at_step due USING (loan_id) JOIN told_to told USING (loan_id, step_id);
UPDATE asked SET letters = letters - now.steps, heard = greatest(heard, now.highest)
FROM (SELECT loan_id, count(DISTINCT step_id) AS steps, max(number) AS highest
      FROM foretold WHERE on_day = the.on_day GROUP BY loan_id) AS now
WHERE now.loan_id = asked.loan_id;
DELETE FROM asked USING foreseen
WHERE foreseen.loan_id = asked.loan_id AND foreseen.on_day = the.on_day AND CASE foreseen.outcome
    WHEN 'status' THEN coalesce(asked.quiet_until <= the.on_day, TRUE)
    ELSE asked.letters <= 0 OR foreseen.outcome IN ('no_schedule', 'past_stop', 'no_auto_send')
         OR coalesce(asked.heard >= asked.last, FALSE) OR (foreseen.outcome = 'no_letters' AND asked.no_letters)
    END;
EXIT WHEN NOT EXISTS (SELECT FROM asked);
"""

# Promises: each loan's outcomes, of each row of equal ones the first.
CHANGES = """
SELECT loan_id, on_day, outcome
FROM (SELECT *, lag(outcome) OVER (PARTITION BY loan_id ORDER BY on_day) AS before FROM foreseen) AS one
WHERE outcome IS DISTINCT FROM before
ORDER BY loan_id, on_day
"""

_TELLINGS = """
SELECT {day}, told.loan_id, told.step_id, {notice}.number, {notice}.occurrence, told.channel,
       trim(coalesce(guardian.name, grp.contact_name, partner.name, patron.first_name || ' ' || patron.last_name)),
       coalesce(also.name, ''), coalesce(grp.name, '')
FROM {told}
LEFT JOIN circulation_patron patron ON patron.id = told.patron_id
LEFT JOIN circulation_guardian guardian ON guardian.id = told.guardian_id
LEFT JOIN circulation_guardian also ON also.id = told.also_guardian_id
LEFT JOIN circulation_group grp ON grp.id = told.group_id
LEFT JOIN circulation_partnerlibrary partner ON partner.id = told.partner_id
{which}
ORDER BY 1, told.loan_id, {notice}.number DESC, told.audience DESC, 7
"""
TELLINGS = _TELLINGS.format(
    day="NULL::date",
    notice="due",
    told="loans_at_step due JOIN told_to told USING (loan_id, step_id)",
    which="WHERE told.loan_id = ANY(%(loans)s)",
)
FORETOLD = _TELLINGS.format(day="told.on_day", notice="told", told="foretold told", which="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Somebody who will be told, and how."""

    name: str
    by_email: bool

    def __str__(self) -> str:
        return f"{self.name} by email" if self.by_email else f"{self.name} on paper"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A step that a rehearsed run says of a loan, by its id and number."""

    step: int
    number: int
    again: bool
    tellings: tuple[Telling, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """What the run of ``day`` will say of a loan. ``again``: the step was said before and repeats."""

    day: date
    step: Step
    again: bool
    tellings: tuple[Telling, ...]


@dataclass(slots=True, kw_only=True)
class Why:
    """One loan. ``runs`` holds what the coming runs decide about it, as far as they were rehearsed, when it changes."""

    loan: Loan
    schedule: Schedule | None = None
    said: Notice | None = None
    runs: list[tuple[date, Outcome]] = field(default_factory=list)
    coming: list[Coming] = field(default_factory=list)
    held_since: date | None = None
    """Where a run keeps its distance: the day of the held run that has a letter to one of the readers."""

    @property
    def next(self) -> Coming | None:
        return self.coming[0] if self.coming else None

    @property
    def obstacle(self) -> tuple[date, Outcome] | None:
        """The first thing that stands in the way before anything is said, and from when."""
        return next(
            ((day, outcome) for day, outcome in self.runs if outcome not in PEACEFUL and outcome not in SAID), None
        )

    @property
    def is_silent(self) -> bool:
        """Past *stop after*: nothing will be said of it any more."""
        return bool(self.runs) and self.runs[0][1] == Outcome.PAST_STOP


def ask(loan_ids: Collection[int], *, on: date, letters: int = 1, runs: int = RUNS) -> dict[int, Why]:
    """What the coming runs will say of these loans: the next so many letters of each. Raises CalendarError.

    The number of queries is the same whatever the number of loans and of days.
    """
    loans = Loan.objects.with_borrowers().select_related("patron__group", "item__collection").filter(pk__in=loan_ids)
    answers = {loan.pk: Why(loan=loan) for loan in loans}
    _what_was_said(answers)
    open_ones = [pk for pk, answer in answers.items() if answer.loan.is_open]
    if open_ones:
        with rehearsal(on=on, only=related(open_ones)) as imagined:
            days = list(islice(imagined.runs(after=on), runs + 1))
            if days:
                _listen(imagined, {pk: answers[pk] for pk in open_ones}, days, letters=letters)
    obstacles = {pk: answers[pk].obstacle for pk in open_ones}
    note_what_is_held(answers, [pk for pk, found in obstacles.items() if found and found[1] == Outcome.TOO_SOON])
    return answers


def note_what_is_held(answers: dict[int, Why], too_soon: Collection[int]) -> None:
    """Of the answers about these loans: whether a run keeps its distance to a letter that waits for a person."""
    for pk, day in held_readers.since(too_soon).items():
        answers[pk].held_since = day


def _what_was_said(answers: dict[int, Why]) -> None:
    """The latest of what stands in the ledger about each present due date."""
    notices = Notice.objects.standing().filter(loan__in=answers).select_related("run")
    for notice in notices.order_by("said_on", "number", "occurrence", "pk"):
        answer = answers[notice.loan_id]
        if notice.due_on == answer.loan.due_on:
            answer.said = notice


def of_rehearsed(imagined: Rehearsal, loans: Iterable[Loan]) -> dict[int, Why]:
    """What is known of these loans in the middle of a rehearsal: schedule and what was said, the imagined included."""
    answers = {loan.pk: Why(loan=loan) for loan in loans}
    _what_was_said(answers)
    _find_schedules(imagined, answers)
    return answers


def _find_schedules(imagined: Rehearsal, answers: dict[int, Why]) -> None:
    schedules = {schedule.pk: schedule for schedule in imagined.schedules}
    for pk, schedule in _rows(imagined, SCHEDULES, loans=list(answers)):
        answers[pk].schedule = schedules[schedule]


def _listen(imagined: Rehearsal, asked: dict[int, Why], days: list[date], *, letters: int) -> None:
    """Rehearse these days' runs, until nothing that was asked for can come."""
    steps = {step.pk: step for schedule in imagined.schedules for step in schedule.steps.all()}
    _find_schedules(imagined, asked)
    imagined.cursor.execute(ASKED, {"loans": list(asked), "letters": letters, "until": days[-1]})
    imagined.look(*days, noting=NOTE)
    for loan, day, outcome in _rows(imagined, CHANGES):
        asked[loan].runs.append((day, Outcome(outcome)))
    for (day, loan), said in _told(_rows(imagined, FORETOLD)).items():
        asked[loan].coming += [
            Coming(day=day, step=steps[one.step], again=one.again, tellings=one.tellings) for one in said
        ]


def tellings_of(imagined: Rehearsal, loan_ids: Collection[int]) -> dict[int, list[Said]]:
    """What the run that was rehearsed last says of these loans and to whom, the highest step first."""
    return {loan: said for (_, loan), said in _told(_rows(imagined, TELLINGS, loans=list(loan_ids))).items()}


def _told(rows: list[Any]) -> dict[tuple[date, int], list[Said]]:
    """Rows of TELLINGS or FORETOLD by day and loan."""
    found: dict[tuple[date, int, int, bool], list[Telling]] = {}
    numbers = {}
    for day, loan, step, number, occurrence, channel, name, also, group in rows:
        names = f"{name} and {also}" if also else name or f"the contact of {group}"
        telling = Telling(name=names, by_email=channel == "email")
        found.setdefault((day, loan, step, occurrence > 0), []).append(telling)
        numbers[step] = number
    said: dict[tuple[date, int], list[Said]] = {}
    for (day, loan, step, again), tellings in found.items():
        one = Said(step=step, number=numbers[step], again=again, tellings=tuple(tellings))
        said.setdefault((day, loan), []).append(one)
    return said


def _rows(imagined: Rehearsal, statement: str, **values: list[int]) -> list[Any]:
    imagined.cursor.execute(statement, values)
    return list(imagined.cursor.fetchall())
