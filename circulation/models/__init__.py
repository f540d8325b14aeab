"""What a library keeps: people, things, loans and the days on which it is closed."""

from .calendar import ClosedDays
from .imports import ColumnMatch, ImportFile
from .loans import Loan
from .people import FOREVER, Group, Guardian, Guardianship, PartnerLibrary, Patron
from .things import Collection, Item

__all__ = [
    "FOREVER",
    "ClosedDays",
    "Collection",
    "ColumnMatch",
    "Group",
    "Guardian",
    "Guardianship",
    "ImportFile",
    "Item",
    "Loan",
    "PartnerLibrary",
    "Patron",
]
