"""What stands in place of the number of a card whose owner was erased.

Nobody can read the number back, and an import still knows it again: who was erased does not come back by a list, not
even as the next person with the same number. Keyed with the installation's secret, because card numbers are few enough
to be tried one after the other.
"""

import hashlib

from circulation.models import Patron
from library import secrets

PREFIX = "erased-"
DIGITS = 32


def key() -> str:
    """A key for this purpose alone."""
    return hashlib.sha256(f"numbers of erased cards:{secrets.secret_key()}".encode()).hexdigest()


def in_place_of(barcode: str) -> str:
    return PREFIX + hashlib.sha256(f"{key()}{barcode}".encode()).hexdigest()[:DIGITS]


def in_place_of_column(column: str) -> str:
    """The same as SQL, for a column of numbers; its one parameter is ``key()``."""
    return f"'{PREFIX}' || left(encode(sha256(convert_to(%s || {column}, 'UTF8')), 'hex'), {DIGITS})"


def was_erased(barcode: str) -> bool:
    """Whether this number was on the card of somebody who was erased."""
    return Patron.objects.filter(barcode=in_place_of(barcode)).exclude(erased_at=None).exists()
