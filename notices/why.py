"""Why? For any loan: what was said last, what will be said and when, and if nothing, the reason (product.md, N12).

Asks the scan itself: the coming runs are rehearsed one after the other for these loans and all that share a reader
with them, until each has something to say or never will. Holds no rule of its own; it only finds words for what the
rehearsed runs decided.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date

from circulation.models import Loan
from notices.models import Notice, Outcome, Schedule, Step
from notices.rehearsal import Rehearsal, rehearsal, related
from notices.scan_sql import COVERS

RUNS = 90
"""So many runs are rehearsed at most, unless asked otherwise: four months of school days."""

PEACEFUL = frozenset({Outcome.NOT_YET, Outcome.ALREADY_TOLD})
"""Nothing stands in the way of these; it is only not the day."""

SAID = frozenset({Outcome.EMAIL, Outcome.PAPER})
UNTIL_A_PERSON_ACTS = frozenset({Outcome.STATUS, Outcome.NO_SCHEDULE, Outcome.PAST_STOP, Outcome.NO_AUTO_SEND})

SCHEDULES = f"""
SELECT loan.id, falls_under.schedule_id
FROM circulation_loan loan
JOIN circulation_item item ON item.id = loan.item_id
LEFT JOIN circulation_patron patron ON patron.id = loan.patron_id
JOIN falls_under ON {COVERS}
WHERE loan.id = ANY(%(loans)s)
"""

TELLINGS = """
SELECT due.loan_id, due.step_id, due.number, due.occurrence, told.channel,
       trim(coalesce(guardian.name, grp.contact_name, partner.name, patron.first_name || ' ' || patron.last_name)),
       coalesce(also.name, ''), coalesce(grp.name, '')
FROM loans_at_step due
JOIN told_to told USING (loan_id, step_id)
LEFT JOIN circulation_patron patron ON patron.id = told.patron_id
LEFT JOIN circulation_guardian guardian ON guardian.id = told.guardian_id
LEFT JOIN circulation_guardian also ON also.id = told.also_guardian_id
LEFT JOIN circulation_group grp ON grp.id = told.group_id
LEFT JOIN circulation_partnerlibrary partner ON partner.id = told.partner_id
WHERE due.loan_id = ANY(%(loans)s)
ORDER BY due.loan_id, due.number DESC, told.audience DESC, 6
"""


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

    About ten milliseconds for each run that has to be rehearsed, whatever the number of loans on a page.
    """
    loans = Loan.objects.with_borrowers().select_related("patron__group", "item__collection").filter(pk__in=loan_ids)
    answers = {loan.pk: Why(loan=loan) for loan in loans}
    _what_was_said(answers)
    open_ones = [pk for pk, answer in answers.items() if answer.loan.is_open]
    if open_ones:
        with rehearsal(on=on, only=related(open_ones)) as imagined:
            _listen(imagined, {pk: answers[pk] for pk in open_ones}, on=on, letters=letters, runs=runs)
    return answers


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
    for pk, schedule in _rows(imagined, SCHEDULES, answers):
        answers[pk].schedule = schedules[schedule]


def _listen(imagined: Rehearsal, asked: dict[int, Why], *, on: date, letters: int, runs: int) -> None:
    steps = {step.pk: step for schedule in imagined.schedules for step in schedule.steps.all()}
    for place, day in enumerate(imagined.runs(after=on)):
        says = imagined.look(day)
        if not place:
            _find_schedules(imagined, asked)
        _keep_outcomes(imagined, asked, on=day)
        if says:
            _keep_tellings(imagined, asked, on=day, steps=steps)
        asked = {pk: answer for pk, answer in asked.items() if _goes_on(answer, on=day, letters=letters)}
        if not asked or place == runs:
            break


def _keep_outcomes(imagined: Rehearsal, asked: dict[int, Why], *, on: date) -> None:
    became = dict(_rows(imagined, "SELECT loan_id, outcome FROM became WHERE loan_id = ANY(%(loans)s)", asked))
    for pk, answer in asked.items():
        outcome = Outcome(became[pk]) if pk in became else _out_of_sight(answer, on=on)
        if not answer.runs or answer.runs[-1][1] != outcome:
            answer.runs.append((on, outcome))


def _out_of_sight(answer: Why, *, on: date) -> Outcome:
    """A run looks only at loans between the longest *stop after* and the longest reminder."""
    return Outcome.PAST_STOP if answer.loan.due_on < on else Outcome.NOT_YET


def tellings_of(imagined: Rehearsal, loan_ids: Collection[int]) -> dict[int, list[Said]]:
    """What the rehearsed run of a day says of these loans and to whom, the highest step first."""
    found: dict[tuple[int, int, bool], list[Telling]] = {}
    numbers = {}
    for loan, step, number, occurrence, channel, name, also, group in _rows(imagined, TELLINGS, loan_ids):
        names = f"{name} and {also}" if also else name or f"the contact of {group}"
        found.setdefault((loan, step, occurrence > 0), []).append(Telling(name=names, by_email=channel == "email"))
        numbers[step] = number
    said: dict[int, list[Said]] = {}
    for (loan, step, again), tellings in found.items():
        one = Said(step=step, number=numbers[step], again=again, tellings=tuple(tellings))
        said.setdefault(loan, []).append(one)
    return said


def _keep_tellings(imagined: Rehearsal, asked: dict[int, Why], *, on: date, steps: dict[int, Step]) -> None:
    for loan, said in tellings_of(imagined, asked).items():
        asked[loan].coming += [
            Coming(day=on, step=steps[one.step], again=one.again, tellings=one.tellings) for one in said
        ]


def _goes_on(answer: Why, *, on: date, letters: int) -> bool:
    """Whether a later run can say something that was asked for."""
    outcome = answer.runs[-1][1]
    if outcome == Outcome.STATUS:
        quiet_until = answer.loan.quiet_until
        return answer.loan.status == Loan.Status.EXTENSION_ASKED and quiet_until is not None and quiet_until > on
    return len(answer.coming) < letters and outcome not in UNTIL_A_PERSON_ACTS and not _heard_the_last(answer)


def _heard_the_last(answer: Why) -> bool:
    """The ledger says no lower step after a higher one: after the highest, where it does not repeat, nothing comes."""
    overdue = [step for step in answer.schedule.steps.all() if step.number > 0] if answer.schedule else []
    last = max(overdue, key=lambda step: step.number, default=None)
    heard = [*(coming.step.number for coming in answer.coming), answer.said.number if answer.said else 0]
    return last is not None and last.repeat_days is None and max(heard) >= last.number


def _rows(imagined: Rehearsal, statement: str, asked: Iterable[int]) -> list[tuple]:  # type: ignore[type-arg]
    imagined.cursor.execute(statement, {"loans": list(asked)})
    return list(imagined.cursor.fetchall())
