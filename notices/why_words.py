"""What *Why?* says, as sentences (ui.md, "Why not"). Words only: what is so was decided by the rehearsed runs."""

from collections.abc import Sequence
from datetime import date, timedelta

from circulation.models import Loan, Patron
from circulation.models.people import FOREVER
from circulation.words import a_day
from notices.models import Outcome, Schedule
from notices.ready import WEEKDAYS
from notices.why import SAID, Coming, Said, Why

ONE_DAY = timedelta(days=1)

STATUS = {
    Loan.Status.BILLED: "The loan is billed.",
    Loan.Status.LOST: "It is marked as lost.",
    Loan.Status.NO_LETTERS: "It is marked: no letters.",
    Loan.Status.RECALLED: "It is recalled.",
    Loan.Status.ON_ITS_WAY: "It is on its way back.",
}


def when(day: date, *, on: date) -> str:
    """*today*, *tomorrow*, *on Tue 24 Nov*."""
    if day == on:
        return "today"
    return "tomorrow" if day == on + ONE_DAY else f"on {a_day(day, on=on)}"


def joined(words: Sequence[str]) -> str:
    """*Mia, Wei and Grace*."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def in_short(answer: Why, *, on: date) -> str:
    """For a narrow column: *Overdue 3, Tue 24 Nov*, or the reason why nothing."""
    if answer.next is None:
        return why(answer, on=on)
    return f"{named(answer.next)}, {a_day(answer.next.day, on=on)}"


def named(coming: Coming) -> str:
    return f"{coming.step}, again" if coming.again else str(coming.step)


def to_whom(coming: Coming | Said) -> str:
    """*Mia Chen and Wei Chen by email, Grace Chen on paper*."""
    by_email = [telling.name for telling in coming.tellings if telling.by_email]
    on_paper = [telling.name for telling in coming.tellings if not telling.by_email]
    parts = [f"{joined(by_email)} by email"] if by_email else []
    return ", ".join([*parts, *([f"{joined(on_paper)} on paper"] if on_paper else [])])


def lede(answer: Why, *, on: date) -> str:
    """The answer under the title of a loan."""
    coming = answer.next
    if coming is None:
        return why(answer, on=on)
    day = "tomorrow, " if coming.day == on + ONE_DAY else "today, " if coming.day == on else ""
    first = f"The next letter is {named(coming)}, {day}{a_day(coming.day, on=on)}, to {to_whom(coming)}."
    return f"{first} {why(answer, on=on)}" if _obstacle(answer) else f"{first} Nothing stands in its way."


def why(answer: Why, *, on: date) -> str:
    """What was said and what comes, or what stands in the way."""
    loan, coming = answer.loan, answer.next
    if loan.returned_on is not None:
        return f"It came back on {a_day(loan.returned_on, on=on)}."
    if (obstacle := _obstacle(answer)) is not None:
        reason = obstacle_in_words(answer, *obstacle, on=on)
        return f"{reason} {named(coming)} goes {when(coming.day, on=on)}." if coming else reason
    if coming is None:
        return _silence(answer, on=on)
    if answer.said is None:
        return f"{named(coming)} goes {when(coming.day, on=on)}."
    follows = "it is said again" if coming.again else f"{coming.step} begins"
    return f"{_was_said(answer, on=on)}, and {follows} {when(coming.day, on=on)}."


def left_out(answer: Why, outcome: Outcome, *, on: date) -> str:
    """Why a run of the day ``on`` that came to this outcome says nothing of the loan."""
    if outcome == Outcome.ALREADY_TOLD and answer.said is not None:
        return f"{_was_said(answer, on=on)}."
    if outcome in (Outcome.ALREADY_TOLD, Outcome.NOT_YET):
        return "It has not come to a step yet."
    return obstacle_in_words(answer, on, outcome, on=on)


def obstacle_in_words(answer: Why, day: date, outcome: Outcome, *, on: date) -> str:
    """What stands in the way of a letter on that day."""
    loan, schedule = answer.loan, answer.schedule
    if outcome == Outcome.STATUS:
        return _status(loan, on=on)
    if outcome == Outcome.CLOSED:
        return _not_its_day(loan, schedule)
    if outcome == Outcome.NO_SCHEDULE:
        return f"The schedule {schedule} says: no letters." if schedule else "No schedule covers it."
    if outcome == Outcome.PAST_STOP:
        late = schedule.stop_after if schedule else (day - loan.due_on).days
        return f"It is more than {late} days late."
    if outcome == Outcome.NO_AUTO_SEND:
        return _not_by_themselves(loan)
    if outcome == Outcome.NO_LETTERS:
        return _no_letters(loan, day, on=on)
    if outcome == Outcome.TOO_SOON:
        if answer.held_since:
            since = a_day(answer.held_since, on=on)
            return f"A letter to a reader is held for you since {since}; until you decide, they hear nothing else."
        apart = schedule.days_between if schedule else 0
        return f"A reader was written to shortly before; two letters lie at least {apart} days apart."
    return _no_address(loan)


def _obstacle(answer: Why) -> tuple[date, Outcome] | None:
    """Days on which the schedule does not write only matter where no other day comes; so does the end of it all."""
    found = answer.obstacle
    if found is None or (found[1] == Outcome.CLOSED and answer.next):
        return None
    later = found != answer.runs[0]
    return None if found[1] == Outcome.PAST_STOP and later else found


def _was_said(answer: Why, *, on: date) -> str:
    said = answer.said
    assert said is not None
    if said.run is not None and said.run.is_held:
        return f"{said.step_name} of {a_day(said.said_on, on=on)} is held for you"
    if said.dropped_at is not None:
        return f"{said.step_name} of {a_day(said.said_on, on=on)} was dropped"
    return f"{said.step_name} was said on {a_day(said.said_on, on=on)}"


def _silence(answer: Why, *, on: date) -> str:
    if not answer.runs:
        return "The daily run has no day on which it would write."
    if answer.said is not None and answer.runs[0][1] not in SAID:
        return f"{_was_said(answer, on=on)}, and nothing follows."
    return "Nothing is due to be said of it."


def _status(loan: Loan, *, on: date) -> str:
    if loan.status == Loan.Status.SAYS_BACK:
        return f"{_first_name(loan)} says it is back."
    if loan.status == Loan.Status.EXTENSION_ASKED:
        until = loan.quiet_until
        return f"An extension was asked: quiet until {a_day(until, on=on)}." if until else "An extension was asked."
    return STATUS.get(Loan.Status(loan.status), "It is not written about.")


def _not_its_day(loan: Loan, schedule: Schedule | None) -> str:
    day = loan.patron.group.library_day if loan.patron is not None else None
    if schedule is not None and schedule.on_library_day and loan.patron is not None and day is not None:
        return f"{schedule} writes on the library day of {loan.patron.group}, {WEEKDAYS[day]}."
    days = joined([WEEKDAYS[day] for day in sorted(schedule.weekdays)]) if schedule else ""
    return f"{schedule} writes on {days} only."


def _not_by_themselves(loan: Loan) -> str:
    if isinstance(loan.borrower, Patron):
        group = loan.borrower.group
        if not group.active:
            return f"{group} is not an active group."
        whose = _first_name(loan) if loan.borrower.auto_send == Patron.AutoSend.NO else str(group)
        return f"Letters of {whose} do not go by themselves."
    return f"Letters to {loan.borrower} do not go by themselves."


def _no_letters(loan: Loan, day: date, *, on: date) -> str:
    until = loan.patron.no_letters_until if loan.patron is not None else None
    if until is None or until <= day:
        return f"Letters to the home of {_first_name(loan)} are off."
    return f"{_first_name(loan)} gets no letters{'' if until == FOREVER else f' before {a_day(until, on=on)}'}."


def _no_address(loan: Loan) -> str:
    if loan.patron is not None and loan.patron.email:
        return "Nobody who would be told has an address."
    return f"{_first_name(loan)} has no address, and this step goes by email only."


def _first_name(loan: Loan) -> str:
    borrower = loan.borrower
    return borrower.first_name or borrower.last_name if isinstance(borrower, Patron) else borrower.name
