"""What a library must not keep for ever: who had a thing that came back long ago (product.md, S3).

A closed loan loses its borrower, its private reasons, and its place in letters and in the list of changes; that it
was lent, when, and how often it was spoken of stays, for figures. A loan that is billed or lost keeps its borrower:
somebody still has to settle it. A loan to a partner library has no person to forget.
"""

from datetime import date, timedelta

from django.db import transaction

from circulation.models import Loan
from library import audit, slots
from library.models import Library

BATCH = 500


def forget(*, on: date) -> int:
    """Forget the borrowers of loans that came back more days ago than the library keeps them; how many.

    Safe to stop anywhere and to run from several places at once.
    """
    before = on - timedelta(days=Library.the().keep_borrowers_days)
    total = 0
    while forgotten := _forget_batch(before):
        total += forgotten
    return total


@transaction.atomic
def _forget_batch(before: date) -> int:
    old = Loan.objects.with_borrower_to_forget(before=before).order_by("returned_on", "pk")
    ids = list(old.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
    if not ids:
        return 0
    for forget_in_letters in slots.forgetters:
        forget_in_letters(ids)
    audit.blank(Loan, ids)
    return Loan.objects.filter(pk__in=ids).update(
        patron=None, status_reason="", before_renewal=None, our_reference="", their_reference=""
    )
