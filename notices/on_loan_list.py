"""What notices know about a list of loans: what was last said about each, and which of them are ready to bill.

Narrows querysets that circulation made, and lists nothing by itself; on Home it says how many wait to be billed.
"""

from datetime import date
from typing import Any

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
    slots.needs.register(needs, order=50)
    slots.loan_filters.register(
        slots.LoanFilter(name="said", label="Last said", choices=choices, narrow=last_said_is), order=10
    )


def ready_to_bill(loans: QuerySet[Any]) -> QuerySet[Any]:
    """On loan, and a step whose loans join *Ready to bill* was told about this due date (product.md, N1)."""
    told = Notice.objects.told().filter(loan=OuterRef("pk"), due_on=OuterRef("due_on"), step__ready_to_bill=True)
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


def with_last_said(loans: QuerySet[Loan]) -> QuerySet[Any]:
    """Each with the highest step that was told about its due date, as ``last_said``; NULL where none was."""
    told = Notice.objects.told().filter(loan=OuterRef("pk"), due_on=OuterRef("due_on")).order_by("-number")
    return loans.annotate(last_said=Subquery(told.values("number")[:1]))


def choices() -> list[tuple[str, str]]:
    """One query, for the highest step of all schedules."""
    highest = max(Step.objects.aggregate(highest=Max("number"))["highest"] or 0, FEWEST)
    steps = [(str(number), step_name(number)) for number in range(1, highest + 1)]
    return [("", "Whatever it was"), (NOTHING, "Nothing yet"), (ANYTHING, "Anything"), (REMINDER, "A reminder"), *steps]


def last_said_is(loans: QuerySet[Any], choice: str) -> QuerySet[Any]:
    loans = with_last_said(loans)
    if choice == ANYTHING:
        return loans.exclude(last_said=None)
    if choice == NOTHING:
        return loans.filter(last_said=None)
    return loans.filter(last_said__lt=0) if choice == REMINDER else loans.filter(last_said=int(choice))
