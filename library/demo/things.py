"""What stands on the shelves: 1,500 items with the titles, authors and call numbers of ``titles.csv``."""

import csv
from collections.abc import Container
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random

from circulation.models import Collection, Item

ITEMS = 1_500
FIRST_BARCODE = 3_000_000_001
TITLES = Path(__file__).with_name("titles.csv")
STAFF_LIBRARY = "Staff library"

COLLECTIONS = {
    "Fiction": "FIC",
    "Graphic novels": "GN",
    "Non-fiction": "NF",
    "Plays and poems": "PLAY",
    "Languages": "LANG",
    "Textbooks": "TB",
    "Equipment": "EQ",
    STAFF_LIBRARY: "STAFF",
}

#: How many copies a title of a collection has, against one of the others.
COPIES = {"Textbooks": 4, "Equipment": 3, "Plays and poems": 3, "Staff library": 1, "Languages": 1}
OTHERWISE = 2


@dataclass(slots=True)
class Shelves:
    """Items that can be lent, in an order of chance; each is taken once."""

    _items: list[Item] = field(default_factory=list)

    def take(self, *, title: str = "", but_not: Container[str] = (), for_staff: bool = False) -> Item:
        """A copy of ``title``, or anything whose title is not in ``but_not``; the staff library lends to staff alone.

        Raises LookupError when nothing of the kind is left.
        """
        for place in range(len(self._items) - 1, -1, -1):
            item = self._items[place]
            if item.title == title if title else item.title not in but_not and (for_staff or not _is_for_staff(item)):
                return self._items.pop(place)
        raise LookupError(f"No copy of {title or 'anything'} is left on the shelves.")


def shelve(*, rng: Random) -> Shelves:
    """Make collections and items."""
    with TITLES.open(encoding="utf-8", newline="") as file:
        titles = list(csv.DictReader(file))
    shelves = [Collection(name=name, code=code) for name, code in COLLECTIONS.items()]
    collections = {one.name: one for one in Collection.objects.bulk_create(shelves)}
    items = [
        Item(
            barcode=str(FIRST_BARCODE + number),
            title=row["title"],
            author=row["author"],
            call_number=row["call_number"],
            collection=collections[row["collection"]],
            replacement_cost=Decimal(row["cost"]),
        )
        for number, row in enumerate(_copies(titles, rng))
    ]
    Item.objects.bulk_create(items)
    in_any_order = list(items)
    rng.shuffle(in_any_order)
    return Shelves(in_any_order)


def _copies(titles: list[dict[str, str]], rng: Random) -> list[dict[str, str]]:
    """Three of each, and the rest by chance, more of what whole classes read."""
    weights = [COPIES.get(row["collection"], OTHERWISE) for row in titles]
    more = rng.choices(titles, weights=weights, k=ITEMS - 3 * len(titles))
    return [*titles, *titles, *titles, *more]


def _is_for_staff(item: Item) -> bool:
    return item.collection is not None and item.collection.name == STAFF_LIBRARY
