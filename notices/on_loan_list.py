"""What notices know about a list of loans: what was last said about each, and which of them are ready to bill.

Narrows querysets that circulation made, and lists nothing by itself; on Home it says how many wait to be billed.
"""

from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Exists, Max, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse

from circulation.models import Loan
from circulation.words import several
from library import slots
from notices.models import Notice, Step
from notices.models.schedule import step_name

READY_TO_BILL = "ready-to-bill"
REMINDER, ANYTHING, NOTHING = "-1", "any", "none"
FEWEST = 3
"""Overdue 1 to 3 can be chosen even where no schedule has so many: letters by hand say them, too."""

# Promises: each loan that is on loan under the highest step that was told about its present due date, if any was.
LAST_SAID = """
SELECT number, count(*)
FROM (SELECT max(notice.number) AS number
      FROM notices_notice notice
      JOIN circulation_loan loan ON loan.id = notice.loan_id AND loan.due_on = notice.due_on
      WHERE loan.returned_on IS NULL AND loan.status = 'on_loan' AND notice.number <> 0
        AND notice.undone_at IS NULL AND notice.taken_back_at IS NULL AND notice.dropped_at IS NULL
      GROUP BY loan.id) AS last
GROUP BY number
"""


def register() -> None:
    slots.loan_tabs.register(
        slots.LoanTab(
            key=READY_TO_BILL,
            words="Ready to bill",
            narrow=ready_to_bill,
            empty="A loan comes here when a step that asks for it was told. A person bills, never the clock.",
        ),
        order=10,
    )
    slots.needs.register(needs, order=70)
    slots.loan_filters.register(
        slots.LoanFilter(name="said", label="Last said", choices=choices, narrow=last_said_is), order=10
    )


def ready_to_bill(loans: QuerySet[Any]) -> QuerySet[Any]:
    """On loan, and a step whose loans join *Ready to bill* was told about this due date (product.md, N1)."""
    # By number, so that PostgreSQL knows how few they are and begins at their notices.
    steps = list(Step.objects.filter(ready_to_bill=True).values_list("pk", flat=True))
    told = Notice.objects.told().filter(loan=OuterRef("pk"), due_on=OuterRef("due_on"), step__in=steps)
    return loans.filter(Exists(told), status=Loan.Status.ON_LOAN)


def needs(request: HttpRequest, on: date) -> list[slots.Need]:
    """On Home: that a person bills them, or not."""
    number = ready_to_bill(Loan.objects.open()).count()
    if not number:
        return []
    return [
        slots.Need(
            icon="receipt",
            tone="held",
            sentence=f"{several(number, 'loan')} {'is' if number == 1 else 'are'} ready to bill.",
            reason="Their last letter was told. A person bills, never the clock.",
            action="Look at them",
            url=f"{reverse('loans')}?tab={READY_TO_BILL}",
        )
    ]


def by_last_said() -> dict[int, int]:
    """How many loans that are on loan have which step as the last that was told about their due date."""
    with connection.cursor() as cursor:
        cursor.execute(LAST_SAID)
        return dict(cursor.fetchall())


def choices() -> list[tuple[str, str]]:
    """One query, for the highest step of all schedules."""
    highest = max(Step.objects.aggregate(highest=Max("number"))["highest"] or 0, FEWEST)
    steps = [(str(number), step_name(number)) for number in range(1, highest + 1)]
    return [("", "Whatever it was"), (NOTHING, "Nothing yet"), (ANYTHING, "Anything"), (REMINDER, "A reminder"), *steps]


def last_said_is(loans: QuerySet[Any], choice: str, all_open: bool) -> QuerySet[Any]:
    """Asked as *this step was told, and none above*: for a third of a million loans that is one look at the ledger.

    Of open loans, at the part of it that is about a day on which one of them is due.
    """
    told = Notice.objects.told().filter(loan=OuterRef("pk"), due_on=OuterRef("due_on"))
    if all_open:
        told = told.filter(due_on__gte=Subquery(Loan.objects.open().order_by("due_on").values("due_on")[:1]))
    if choice in (ANYTHING, NOTHING):
        return loans.filter(Exists(told) if choice == ANYTHING else ~Exists(told))
    if choice == REMINDER:
        return loans.filter(Exists(told), ~Exists(told.filter(number__gt=0)))
    step = int(choice)
    return loans.filter(Exists(told.filter(number=step)), ~Exists(told.filter(number__gt=step)))
