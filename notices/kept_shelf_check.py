"""The shelf check of a large library: written down by a worker, and read in parts.

Which loans it is about takes a rehearsal of the whole run, and nobody waits for that. Once it is written down, a part
of it opens like any list. What was found meanwhile is not shown any more; what else has changed since shows when it is
written down again.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from circulation.models import Loan
from notices import scan, shelf_check, worked_out
from notices.models import KeptShelfCheck, ShelfPlace
from notices.shelf_check import Place

ONE_AT_A_TIME = 7_003
"""Key of the advisory lock."""

# Promises: the places of ``shelf_check.places`` in their order, in the place of those that were written down before. No
# number of theirs is used again, so a page's address never means another list: they begin at this microsecond, and no
# row is written in less than one.
WRITE_DOWN = f"""
DELETE FROM notices_shelfplace;
INSERT INTO notices_shelfplace (id, loan_id, collection_id, number)
SELECT (extract(epoch FROM statement_timestamp()) * 1000000)::bigint
       + row_number() OVER (ORDER BY item.call_number = '', lower(item.call_number) COLLATE "C",
                                     lower(item.title) COLLATE "C", loan.id, wanted.number NULLS LAST),
       loan.id, item.collection_id, wanted.number
FROM (SELECT loan_id, number FROM ({shelf_check.WRITTEN_ABOUT_TODAY}) AS about
      UNION ALL
      SELECT id, NULL FROM circulation_loan
      WHERE returned_on IS NULL AND status = 'says_back' AND shelf_checks_left > 0) AS wanted
JOIN circulation_loan loan ON loan.id = wanted.loan_id
JOIN circulation_item item ON item.id = loan.item_id
WHERE loan.returned_on IS NULL;
ANALYZE notices_shelfplace;
SELECT collection_id, count(number), count(*) - count(number) FROM notices_shelfplace GROUP BY collection_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How many there are to look for in each collection (None: in none), as things were at ``made_at``."""

    made_at: datetime
    about: dict[int | None, int]
    said_back: dict[int | None, int]

    def written_about(self, collection: int | None = None) -> int:
        """In this collection, or in all."""
        return sum(self.about.values()) if collection is None else self.about.get(collection, 0)

    def said_to_be_back(self, collection: int | None = None) -> int:
        return sum(self.said_back.values()) if collection is None else self.said_back.get(collection, 0)

    def total(self, collection: int | None = None) -> int:
        return self.written_about(collection) + self.said_to_be_back(collection)


def kept(*, on: date) -> Kept | None:
    """What was written down last on this day, however old."""
    row = KeptShelfCheck.objects.filter(day=on).first()
    if row is None:
        return None
    return Kept(
        made_at=row.made_at,
        about={collection: about for collection, about, _ in row.numbers},
        said_back={collection: said_back for collection, _, said_back in row.numbers},
    )


def still_wanted(*, collection: int | None = None) -> QuerySet[ShelfPlace]:
    """What was written down, of this collection or of all, without what is back; the primary key sorts it."""
    said_back = Q(loan__status=Loan.Status.SAYS_BACK, loan__shelf_checks_left__gt=0)
    wanted = ShelfPlace.objects.filter(Q(number__isnull=False) | said_back, loan__returned_on=None)
    wanted = wanted.select_related("loan__item__collection")
    return wanted if collection is None else wanted.filter(collection=collection)


def as_place(one: ShelfPlace) -> Place:
    return shelf_check.place(one.loan, number=one.number)


def make_if_stale(*, at: datetime) -> None:
    """For a worker."""
    worked_out.make_if_stale(key=ONE_AT_A_TIME, kept=kept, make=make, at=at)


def make(*, on: date, at: datetime) -> None:
    """Work it out and write it down."""
    with transaction.atomic(), connection.cursor() as cursor:
        values = shelf_check.written_about(on=on)
        cursor.execute(scan.ALL_AT_ONCE)
        cursor.execute(WRITE_DOWN, values)
        numbers = cursor.fetchall()
        cursor.execute("SET LOCAL enable_nestloop = on")
        KeptShelfCheck.objects.update_or_create(pk=1, defaults={"day": on, "made_at": at, "numbers": numbers})
