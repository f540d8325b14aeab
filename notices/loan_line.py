"""One loan on a line of days: what was said (solid), today, and what will be said (dashed); and what decides it.

Puts together what ``notices.said`` and ``notices.why`` found; decides nothing.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

from django.urls import reverse

from circulation.models import Loan, Patron
from circulation.words import a_day, several
from notices import said, why, why_words
from notices.models import Letter, Line, Notice, Outcome, RunSettings
from smtp_gateway import lifecycle

LETTERS_AHEAD = 6
"""So many coming letters stand on the line."""
OPEN_SCHEDULE = "Open the schedule"


@dataclass(frozen=True, kw_only=True)
class Written:
    """One letter about the loan, and what became of it."""

    letter: Letter
    to: str
    look: said.Look
    left_out: bool


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A day on the line. ``tone`` is that of its dot: ok, late, next or none."""

    day: date
    distance: str
    heading: str
    icon: str
    tone: str = ""
    sentence: str = ""
    letters: list[Written] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Check:
    """Something that the next letter depends on, with the page on which it is decided."""

    tone: str
    icon: str
    sentence: str
    url: str = ""
    where: str = ""
    for_administrators: bool = False


class LoanLine:
    """The whole of one loan's page that notices know. ``answer`` was asked for so many LETTERS_AHEAD."""

    def __init__(self, loan: Loan, answer: why.Why, *, on: date) -> None:
        self.on = on
        self.loan = loan
        self.answer = answer
        self.lede = why_words.lede(self.answer, on=on)
        coming = self.answer.next
        self.says_today = coming is not None and coming.day == on
        self.today = f"{coming.step} goes today" if coming and self.says_today else "Nothing to say today"
        self.why = why_words.why(self.answer, on=on)
        self.distance = _distance(loan, on)

    @property
    def past(self) -> list[Entry]:
        loan, on = self.loan, self.on
        entries = [
            Entry(
                day=loan.lent_on,
                distance="",
                heading="Lent" if loan.is_forgotten else f"Lent to {loan.borrower}",
                icon="barcode",
                sentence=_since(loan, on=on),
            ),
            *_said(loan),
        ]
        if loan.due_on <= (loan.returned_on or on):
            entries.append(Entry(day=loan.due_on, distance="", heading="Due", icon="calendar-event", tone="late"))
        if loan.returned_on:
            entries.append(
                Entry(
                    day=loan.returned_on,
                    distance=_distance(loan, loan.returned_on),
                    heading="Returned",
                    icon="circle-check",
                    tone="ok",
                )
            )
        return sorted(entries, key=lambda entry: entry.day)

    @property
    def future(self) -> list[Entry]:
        loan = self.loan
        if loan.returned_on:
            return []
        entries = [
            Entry(
                day=coming.day,
                distance=_distance(loan, coming.day),
                heading=why_words.named(coming),
                icon="rotate" if coming.again else "send",
                tone="" if place else "next",
                sentence=_sentence(coming),
            )
            for place, coming in enumerate(self.answer.coming)
        ]
        if loan.due_on > self.on:
            entries.append(Entry(day=loan.due_on, distance="", heading="Due", icon="calendar-event"))
        if (end := self._silence()) is not None:
            entries.append(end)
        return sorted(entries, key=lambda entry: entry.day)

    @property
    def checks(self) -> list[Check]:
        """Every switch on the way of the next letter; those that stand in its way first."""
        loan = self.loan
        if not loan.is_open:
            return []
        found = [*self._obstacle(), *self._fine(), *_house()]
        return sorted(found, key=lambda check: check.tone == "ok")

    def _silence(self) -> Entry | None:
        schedule = self.answer.schedule
        if schedule is None or schedule.no_letters or self.answer.is_silent:
            return None
        day = self.loan.due_on + timedelta(days=schedule.stop_after + 1)
        if day <= self.on:
            return None
        return Entry(
            day=day,
            distance=_distance(self.loan, day),
            heading="Silence",
            icon="player-stop",
            sentence=f"The schedule stops after {several(schedule.stop_after, 'day')}.",
        )

    def _obstacle(self) -> list[Check]:
        obstacle = self.answer.obstacle
        if obstacle is None:
            return []
        day, outcome = obstacle
        url, where = _where_decided(self.loan, outcome, self.answer)
        sentence = why_words.obstacle_in_words(self.answer, day, outcome, on=self.on)
        tone = "warn" if self.answer.next else "bad"
        of_schedule = where == OPEN_SCHEDULE
        return [
            Check(
                tone=tone,
                icon="alert-triangle",
                sentence=sentence,
                url=url,
                where=where,
                for_administrators=of_schedule,
            )
        ]

    def _fine(self) -> list[Check]:
        answer, loan = self.answer, self.loan
        stands = answer.obstacle[1] if answer.obstacle else None
        checks = []
        if stands != Outcome.STATUS:
            checks.append(_ok("The loan is on loan."))
        if stands != Outcome.NO_AUTO_SEND:
            url, where = _where_decided(loan, Outcome.NO_AUTO_SEND, answer)
            whose = loan.borrower.first_name or loan.borrower.last_name if isinstance(loan.borrower, Patron) else None
            checks.append(_ok(f"Letters of {whose or loan.borrower} go by themselves.", url=url, where=where))
        if answer.schedule is not None and stands != Outcome.NO_SCHEDULE:
            url = reverse("schedule", args=[answer.schedule.pk])
            checks.append(_ok(f"The schedule is {answer.schedule}.", url=url, for_administrators=True))
        if answer.said is not None:
            checks.append(_ok(f"{answer.said.step_name} was said on {a_day(answer.said.said_on, on=self.on)}."))
        if answer.next is not None and any(not telling.by_email for telling in answer.next.tellings):
            names = why_words.joined([one.name for one in answer.next.tellings if not one.by_email])
            checks.append(Check(tone="warn", icon="printer", sentence=f"On paper for {names}."))
        return checks


def _since(loan: Loan, *, on: date) -> str:
    if not loan.renewals:
        return f"For {several((loan.due_on - loan.lent_on).days, 'day')}."
    again = a_day(loan.due_set_on, on=on)
    return f"Renewed on {again}." if loan.renewals == 1 else f"Renewed {loan.renewals} times, at last on {again}."


def _said(loan: Loan) -> list[Entry]:
    return [_entry(notice, loan) for notice in said.notices_of(loan)]


def _entry(notice: Notice, loan: Loan) -> Entry:
    written = [_written(line) for line in notice.lines.all()]
    name = written[0].letter.step_name if notice.number == 0 and written else notice.step_name
    sentence = ""
    if notice.undone_at:
        sentence = f"Undone: {notice.why}" if notice.why else "Undone."
    elif notice.taken_back_at:
        sentence = "Taken back before it was sent."
    elif notice.due_on != loan.due_on:
        sentence = f"It was due on {a_day(notice.due_on, on=notice.said_on)} then."
    counts = not (notice.undone_at or notice.taken_back_at or notice.dropped_at)
    return Entry(
        day=notice.said_on,
        distance=_distance(loan, notice.said_on) if notice.due_on == loan.due_on else "",
        heading=f"{name}, again" if notice.occurrence else name,
        icon="check" if counts else "ban",
        tone="ok" if counts else "",
        sentence=sentence,
        letters=written,
    )


def _written(line: Line) -> Written:
    return Written(
        letter=line.letter,
        to=said.to_whom(line.letter),
        look=said.look_of(line.letter),
        left_out=line.taken_out_at is not None and line.letter.state != Letter.State.TAKEN_BACK,
    )


def _sentence(coming: why.Coming) -> str:
    parts = [f"To {why_words.to_whom(coming)}."]
    if coming.step.repeat_days:
        parts.append(f"Repeats every {several(coming.step.repeat_days, 'day')}.")
    if coming.step.ready_to_bill:
        parts.append("The loan joins Ready to bill; a person bills.")
    return " ".join(parts)


def _distance(loan: Loan, day: date) -> str:
    days = (day - loan.due_on).days
    if days == 0:
        return ""
    return f"{several(days, 'day')} late" if days > 0 else f"{several(-days, 'day')} before"


def _ok(sentence: str, *, url: str = "", where: str = "See it", for_administrators: bool = False) -> Check:
    return Check(
        tone="ok", icon="check", sentence=sentence, url=url, where=where, for_administrators=for_administrators
    )


def _where_decided(loan: Loan, outcome: Outcome, answer: why.Why) -> tuple[str, str]:
    """The page of the switch, and what the link says."""
    patron = loan.patron
    if outcome == Outcome.NO_AUTO_SEND and patron is not None and patron.auto_send == Patron.AutoSend.GROUP:
        return reverse("group", args=[patron.group_id]), f"Open {patron.group}"
    if outcome in (Outcome.CLOSED, Outcome.PAST_STOP, Outcome.NO_SCHEDULE, Outcome.TOO_SOON):
        schedule = answer.schedule
        return (reverse("schedule", args=[schedule.pk]), OPEN_SCHEDULE) if schedule else ("", "")
    if outcome in (Outcome.NO_AUTO_SEND, Outcome.NO_LETTERS, Outcome.NO_ADDRESS):
        if patron is not None:
            return reverse("patron", args=[patron.pk]), f"Open {patron}"
        return reverse("partner", args=[loan.partner_id]), f"Open {loan.partner}"
    return "", ""


def _house() -> list[Check]:
    settings, status = RunSettings.the(), lifecycle.status()
    run = (
        _ok(f"The daily run is on, at {settings.at:%H:%M}.")
        if settings.enabled
        else Check(tone="bad", icon="alert-triangle", sentence="The daily run is off: nothing goes by itself.")
    )
    gateway = (
        _ok("The gateway is on.")
        if status.is_well
        else Check(
            tone="warn",
            icon="alert-triangle",
            sentence=status.sentence,
            url=reverse("gateway"),
            where="Open the gateway",
        )
    )
    return [run, gateway]
