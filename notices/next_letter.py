"""Letters of a day that has not come, in the words in which they will go (product.md, N9, N12).

A rehearsed run plans them, and the code that writes every letter writes these: what is shown is what goes, as long as
nothing changes until then. They exist for the length of a transaction; nothing is kept and nothing is sent.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice, takewhile

from circulation.calendar import CalendarError
from circulation.models import Loan
from library.models import Library
from notices import compose, rendering, why
from notices.letter_data import LibraryData
from notices.letter_rows import LetterRow, Reader
from notices.rehearsal import Rehearsal, rehearsal, related

PLANNED = """
SELECT DISTINCT letter.id, letter.day
FROM planned
JOIN notices_letter letter ON letter.id = planned.letter_id
JOIN notices_line line ON line.letter_id = letter.id
JOIN notices_notice notice ON notice.id = line.notice_id
WHERE notice.loan_id = ANY(%(loans)s)
ORDER BY letter.id
"""

# After each rehearsed day: the first that says something of the loan is the last.
UNTIL_IT_IS_SAID = """
EXIT WHEN EXISTS (SELECT FROM loans_at_step JOIN told_to USING (loan_id, step_id) WHERE loan_id = %(loan)s);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One letter as it will be; ``why`` says why it cannot be written."""

    day: date
    to: str
    address: str
    by_email: bool
    number: int
    subject: str = ""
    text: str = ""
    html: str = ""
    why: str = ""


def about(loan: Loan, *, on: date) -> list[Preview]:
    """All letters of the next run that says something of this loan. Raises CalendarError."""
    with rehearsal(on=on, only=related([loan.pk])) as imagined:
        runs = list(islice(imagined.runs(after=on), why.RUNS + 1))
        says = bool(runs) and imagined.look(*runs, noting=UNTIL_IT_IS_SAID, loan=loan.pk)
        return written(imagined, [loan.pk]) if says else []


def of_day(loan: Loan, *, day: date, on: date, by_clock: bool) -> list[Preview]:
    """All letters about this loan of one day's run, the clock's or a person's of today. Raises CalendarError."""
    with rehearsal(on=on, only=related([loan.pk])) as imagined:
        if not by_clock:
            return written(imagined, [loan.pk]) if imagined.look(on, by_clock=False) else []
        runs = list(takewhile(lambda run: run <= day, imagined.runs(after=on)))
        says = day in runs and imagined.look(*runs)
        return written(imagined, [loan.pk]) if says else []


def written(imagined: Rehearsal, loan_ids: Collection[int]) -> list[Preview]:
    """The letters that the run that was rehearsed last planned about these loans."""
    imagined.cursor.execute(PLANNED, {"loans": list(loan_ids)})
    letters = dict(imagined.cursor.fetchall())
    if not letters:
        return []
    on: date = min(letters.values())  # a run has one day
    reader = Reader(library=LibraryData.of(Library.the()), open_days=imagined.open_days)
    wording = compose.Wording()
    return [_preview(reader.row(lines), wording, on=on) for _, lines in reader.lines(list(letters), on=on)]


def _preview(row: LetterRow, wording: compose.Wording, *, on: date) -> Preview:
    blank = Preview(day=on, to=row.to_name, address=row.to, by_email=row.channel == "email", number=row.number)
    try:
        words, _ = wording.put(row)
    except (compose.LetterError, rendering.TemplateError, CalendarError) as reason:
        return replace(blank, why=str(reason))
    return replace(blank, subject=words.subject, text=words.text, html=words.html)
