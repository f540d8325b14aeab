"""The shelf check (product.md, N16): what may stand on its shelf although a letter about it is on its way.

By call number: what is written about today, whether the letters already wait or today's run is still to come, and what
its borrowers say is back. Names no borrower: whoever walks along the shelves needs none. What is found is taken back
by the desk's verb, and that takes its letters back, too.
"""

from dataclasses import dataclass
from datetime import date

from django.db.models import Max

from circulation.calendar import CalendarError
from circulation.models import Loan
from circulation.models.loans import LoanQuerySet
from notices.models import Letter, Line
from notices.models.schedule import step_name
from notices.rehearsal import rehearsal
from smtp_gateway.models import OutboundMessage

State = OutboundMessage.State
NOT_PRINTED = [Letter.State.PLANNED, Letter.State.HELD, Letter.State.TO_PRINT]
AT_STEP = "SELECT loan_id, max(number) FROM loans_at_step WHERE number <> 0 GROUP BY loan_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One thing to look for. ``checks_left``: said to be back, and looked for so many times more."""

    loan: Loan
    why: str
    checks_left: int = 0


def places(*, on: date) -> list[Place]:
    """Everything to look for today, by call number; what has none comes last."""
    steps = _coming_today(on=on) | _waiting()
    about = Loan.objects.open().filter(pk__in=steps).select_related("item__collection")
    found = [Place(loan=loan, why=f"{step_name(steps[loan.pk])} goes today") for loan in about]
    found += [
        Place(loan=loan, why="Its borrower says it is back", checks_left=loan.shelf_checks_left)
        for loan in _said_to_be_back().select_related("item__collection")
    ]
    return sorted(found, key=_along_the_shelves)


def not_found_in_time() -> int:
    """How many things are said to be back and were looked for often enough: a person decides."""
    return Loan.objects.open().filter(status=Loan.Status.SAYS_BACK, shelf_checks_left=0).count()


def _said_to_be_back() -> LoanQuerySet:
    return Loan.objects.open().filter(status=Loan.Status.SAYS_BACK, shelf_checks_left__gt=0)


def _waiting() -> dict[int, int]:
    """Loans in letters that can still be stopped, with their highest step. Two questions: each has an index."""
    lines = Line.objects.filter(taken_out_at=None).order_by()
    found: dict[int, int] = {}
    for stoppable in (
        lines.filter(letter__state__in=NOT_PRINTED),
        lines.filter(letter__message__state__in=[State.WAITING, State.HELD]),
    ):
        found |= dict(stoppable.values_list("notice__loan").annotate(number=Max("notice__number")))
    return found


def _coming_today(*, on: date) -> dict[int, int]:
    """Loans that today's run will write about, if it is still to come. An empty calendar plans nothing."""
    try:
        with rehearsal(on=on) as imagined:
            day, quiet = next(imagined.days(after=on))
            if day != on or quiet is not None or not imagined.look(on):
                return {}
            imagined.cursor.execute(AT_STEP)
            return dict(imagined.cursor.fetchall())
    except CalendarError:
        return {}


def _along_the_shelves(place: Place) -> tuple[bool, str, str, int]:
    item = place.loan.item
    return (not item.call_number, item.call_number.casefold(), item.title.casefold(), place.loan.pk)
