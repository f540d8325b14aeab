"""Things that travel: what another library lends to one of our patrons (product.md, C4; ILLiad: Borrowing).

What arrives is put on file as theirs and lent in one go; what we lend is lent at ``desk`` like anything else. Dates,
recalls and the way back are verbs of ``desk``.
"""

from datetime import date, datetime
from typing import Any

from django.db import transaction

from circulation import desk
from circulation.models import Item, Loan, PartnerLibrary, Patron


@transaction.atomic
def borrow(
    *,
    lender: PartnerLibrary,
    reader: Patron,
    title: str,
    author: str = "",
    barcode: str,
    due_to_lender: date,
    on: date,
    at: datetime,
    our_reference: str = "",
    their_reference: str = "",
    conditions: str = "",
    by: Any = None,
) -> Loan:
    """A thing of ``lender`` came for ``reader``: it is put on file under ``barcode``, theirs or ours, and lent.

    Raises DeskError when the barcode is that of another thing, when the thing is out, or when it would have to go back
    before the reader could bring it.
    """
    item, is_new = Item.objects.get_or_create(
        barcode=barcode, defaults={"title": title, "author": author, "owner": lender}
    )
    if not is_new and item.owner_id != lender.pk:
        whose = item.owner.name if item.owner else "this library"
        raise desk.DeskError(f"{barcode} is {item}, which belongs to {whose}. Give this one another number.")
    if not is_new and item.title != title:
        raise desk.DeskError(f"{barcode} is {item} on file. Give this one another number.")
    return desk.lend(
        item,
        to=reader,
        on=on,
        at=at,
        by=by,
        due_to_lender=due_to_lender,
        our_reference=our_reference,
        their_reference=their_reference,
        conditions=conditions,
    )
