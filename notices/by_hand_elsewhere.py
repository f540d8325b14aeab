"""What a librarian can write or take back by hand, offered on pages that belong to circulation.

*Email* and *Write a letter* on a patron's page, *Take Overdue 2 back* on a loan's, and the *All clear* letter where the
desk says "tell the office". Fills slots; every verb is a page of its own.
"""

from django.http import HttpRequest
from django.urls import reverse, reverse_lazy

from circulation.models import Loan
from library import slots
from library.access import may
from notices import corrections, undo
from notices.models import Notice, Template


def register() -> None:
    slots.patron_verbs.register(of_patron, order=10)
    slots.loan_verbs.register(of_loan, order=50)
    slots.loan_bulk_verbs.register(
        slots.BulkVerb(label="Take the last step back", icon="arrow-back-up", url=reverse_lazy("steps-take-back")),  # type: ignore[arg-type]
        order=50,
    )
    slots.leavers_verbs.register(
        slots.BulkVerb(label="Write the Leaving letter", icon="mail", url=reverse_lazy("letters-leaving"))  # type: ignore[arg-type]
    )
    slots.returned_verbs.register(all_clear)


def of_patron(request: HttpRequest, patron: int) -> list[slots.PageVerb]:
    return [
        slots.PageVerb(label="Email", icon="mail", url=reverse("patron-email", args=[patron])),
        slots.PageVerb(label="Write a letter", icon="pencil", url=f"{reverse('letters')}?patron={patron}"),
    ]


def of_loan(request: HttpRequest, loan: int) -> list[slots.PageVerb]:
    """*Take Overdue 2 back*, or *Say sorry* where it was taken back and somebody got a letter."""
    address = reverse("loan-take-back", args=[loan])
    if last := undo.last_steps([loan]):
        return [slots.PageVerb(label=f"Take {last[0].step_name} back", icon="arrow-back-up", url=address)]
    undone = Notice.objects.filter(loan=loan, undone_at__isnull=False).exclude(number=0)
    if corrections.mistaken(list(undone.values_list("pk", flat=True))).exists():
        return [slots.PageVerb(label="Write a correction", icon="mail", url=address)]
    return []


def all_clear(request: HttpRequest, loan_id: int) -> list[slots.PageVerb]:
    """For what was billed or given up as lost and is home now; letters are for librarians."""
    loan = Loan.objects.filter(pk=loan_id, patron__isnull=False, service=Loan.Service.CIRCULATION).first()
    given_up = loan is not None and loan.status in (Loan.Status.BILLED, Loan.Status.LOST)
    if loan is None or not given_up or not may(request).librarian:
        return []
    kind = Template.Kind.ALL_CLEAR.value
    address = f"{reverse('letters')}?which={kind}&patron={loan.patron_id}"
    return [slots.PageVerb(label="Write the All clear letter", icon="mail", url=address)]
