"""Changes to things that letters depend on: pages and admin go through this verb.

A verb saves and says ``loans_changed`` when a letter may name what is different now.
"""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from circulation.models import Item
from circulation.saving import save
from circulation.signals import Cause, loans_changed

IN_LETTERS = {"title", "author", "call_number", "barcode", "replacement_cost"}


@transaction.atomic
def save_item(item: Item, *, changed: Iterable[str], by: Any = None) -> Item:
    """Save; ``changed`` names the fields that differ from before."""
    changed = save(item, changed=changed)
    if IN_LETTERS.intersection(changed):
        loans = list(item.loans.open().values_list("pk", flat=True))
        loans_changed.send(sender=Item, loan_ids=loans, cause=Cause.ITEM, by=by)
    return item
