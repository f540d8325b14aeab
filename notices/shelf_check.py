"""The shelf check (product.md, N16): what may stand on its shelf although a letter about it is on its way.

By call number: what is written about today, whether the letters already wait or today's run is still to come, and what
its borrowers say is back. Names no borrower: whoever walks along the shelves needs none. What is found is taken back
by the desk's verb, and that takes its letters back, too. What is to look for in a large library is written down by a
worker (``kept_shelf_check``), by the same statement.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from circulation.calendar import CalendarError
from circulation.models import Loan
from circulation.models.loans import LoanQuerySet
from notices.models import Letter
from notices.models.schedule import step_name
from notices.rehearsal import rehearsal
from smtp_gateway.models import OutboundMessage

State = OutboundMessage.State
AT_STEP = """
SELECT coalesce(array_agg(loan_id), '{}'), coalesce(array_agg(number), '{}')
FROM (SELECT loan_id, max(number) AS number FROM loans_at_step WHERE number <> 0 GROUP BY loan_id) AS coming
"""

# Promises: each loan once, with the highest step of letters that can still be stopped; of a loan about which none
# waits, the step that today's run comes to. Two questions about letters: each has an index.
WRITTEN_ABOUT_TODAY = """
SELECT DISTINCT ON (loan_id) loan_id, number
FROM (SELECT 1 AS first, notice.loan_id, notice.number
      FROM notices_line line
      JOIN notices_notice notice ON notice.id = line.notice_id
      JOIN notices_letter letter ON letter.id = line.letter_id
      JOIN smtp_gateway_outboundmessage message ON message.id = letter.message_id
      WHERE line.taken_out_at IS NULL AND message.state = ANY(%(to_send)s)
      UNION ALL
      SELECT 2, notice.loan_id, notice.number
      FROM notices_line line
      JOIN notices_notice notice ON notice.id = line.notice_id
      JOIN notices_letter letter ON letter.id = line.letter_id
      WHERE line.taken_out_at IS NULL AND letter.state = ANY(%(to_print)s)
      UNION ALL
      SELECT 3, loan_id, number FROM unnest(%(loans)s::bigint[], %(numbers)s::smallint[]) AS coming (loan_id, number)
     ) AS about
ORDER BY loan_id, first, number DESC
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One thing to look for. ``checks_left``: said to be back, and looked for so many times more."""

    loan: Loan
    why: str
    checks_left: int = 0


def places(*, on: date) -> list[Place]:
    """Everything to look for today, by call number; what has none comes last."""
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN_ABOUT_TODAY, written_about(on=on))
        steps = dict(cursor.fetchall())
    about = Loan.objects.open().filter(pk__in=steps).select_related("item__collection")
    found = [place(loan, number=steps[loan.pk]) for loan in about]
    found += [place(loan) for loan in _said_to_be_back().select_related("item__collection")]
    return sorted(found, key=_along_the_shelves)


def place(loan: Loan, *, number: int | None = None) -> Place:
    """``number``: of the step that is written about; without it, people say that it is back."""
    if number is None:
        return Place(loan=loan, why="Its borrower says it is back", checks_left=loan.shelf_checks_left)
    return Place(loan=loan, why=f"{step_name(number)} goes today")


def not_found_in_time() -> int:
    """How many things are said to be back and were looked for often enough: a person decides."""
    return Loan.objects.open().filter(status=Loan.Status.SAYS_BACK, shelf_checks_left=0).count()


def written_about(*, on: date) -> dict[str, Any]:
    """What WRITTEN_ABOUT_TODAY asks for: letters that can still be stopped, and the loans of today's run if it is
    still to come."""
    loans, numbers = _coming_today(on=on)
    return {
        "to_send": [State.WAITING.value, State.HELD.value],
        "to_print": [one.value for one in (Letter.State.PLANNED, Letter.State.HELD, Letter.State.TO_PRINT)],
        "loans": loans,
        "numbers": numbers,
    }


def _said_to_be_back() -> LoanQuerySet:
    return Loan.objects.open().filter(status=Loan.Status.SAYS_BACK, shelf_checks_left__gt=0)


def _coming_today(*, on: date) -> tuple[list[int], list[int]]:
    """Loans that today's run will write about, and the step of each. An empty calendar plans nothing."""
    try:
        with rehearsal(on=on) as imagined:
            day, quiet = next(imagined.days(after=on))
            if day != on or quiet is not None or not imagined.look(on):
                return [], []
            imagined.cursor.execute(AT_STEP)
            loans, numbers = imagined.cursor.fetchone()
            return loans, numbers
    except CalendarError:
        return [], []


def _along_the_shelves(place: Place) -> tuple[bool, str, str, int]:
    item = place.loan.item
    return (not item.call_number, item.call_number.casefold(), item.title.casefold(), place.loan.pk)
