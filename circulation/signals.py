"""What circulation tells the house: plural, once per verb, inside the transaction that changed the rows.

Receivers may cancel and mark; they never render or send (a desk's request and an import must stay fast).
"""

from django.db.models import TextChoices
from django.dispatch import Signal


class Cause(TextChoices):
    """Why something that waits may no longer be right."""

    LENT = "lent", "Lent"
    LENDING_UNDONE = "lending_undone", "Lending undone"
    RETURNED = "returned", "Returned"
    RETURN_UNDONE = "return_undone", "Return undone"
    RENEWED = "renewed", "New due date"
    RENEWAL_UNDONE = "renewal_undone", "Renewal undone"
    STATUS = "status", "Other status"
    NAME = "name", "Other name"
    ITEM = "item", "Item changed"
    ADDRESS = "address", "Other address"
    GUARDIANSHIP = "guardianship", "Guardianship changed"
    AUTO_SEND = "auto_send", "Letters by themselves changed"
    GROUP = "group", "Group changed"
    NO_LETTERS = "no_letters", "No letters"
    LEFT = "left", "Left"
    ERASED = "erased", "Erased"


#: loan_ids: list[int], cause: Cause, by: User | None
loans_changed = Signal()

#: patron_ids: list[int], guardian_ids: list[int], cause: Cause, by: User | None
#: A receiver may answer with how many letters that waited it took back or will write again.
people_changed = Signal()

#: Before two entries of one guardian become one, first thing in the transaction: whoever has begun something that
#: would name the entry that goes is waited for, and nobody begins it until the end.
guardians_merging = Signal()

#: second_id: int, into_id: int. One guardian who was on file twice: the children are with ``into`` already, and the
#: second entry is about to go.
guardians_merged = Signal()
