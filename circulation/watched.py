"""Which changes to people, things and loans are kept with who made them (product.md, S1).

Lending and taking back are no entries: the loan itself says them, and a borrower's history must be able to go.
"""

from circulation.models import ClosedDays, Collection, Group, Guardian, Guardianship, Item, Loan, PartnerLibrary, Patron
from library.audit import watch

OURS = {"id", "added_at", "words", "erased_at"}


def register() -> None:
    for model in (Patron, Guardian, Guardianship, Group, PartnerLibrary, Collection, Item, ClosedDays):
        watch(model, fields=[field.name for field in model._meta.concrete_fields if field.name not in OURS])
    watch(Loan, fields=["status", "status_reason", "quiet_until"], changes_only=True)
