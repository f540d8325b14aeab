"""Items of a file: what is new on the shelves, what changed its title, place or price.

A column that the file lacks leaves what is on file alone; an empty cell empties it, a title excepted. Collections that
the file names are made. Items that the file does not name stay: whether they left the library is not for a file to say.
"""

from typing import Any

from circulation.imports import fields
from circulation.imports.plan import Plan
from circulation.imports.read import Row
from circulation.imports.staging import Cleaner, Importer, RowError
from circulation.models import Collection, ImportFile
from circulation.words import several

OWN_COLUMNS = ("title", "author", "call_number")


class Items(Importer):
    kind = ImportFile.Kind.ITEMS
    table = "incoming"
    copied = {
        "barcode": "text",
        "title": "text",
        "author": "text",
        "call_number": "text",
        "collection": "text",
        "cost": "numeric(8, 2)",
        "has_cost": "boolean",
    }
    worked_out = {
        "item_id": "bigint",
        "collection_id": "bigint",
        "changes": "boolean NOT NULL DEFAULT false",
    }

    def clean(self, row: Row, values: dict[str, str]) -> tuple[Any, ...]:
        use = Cleaner(values).use
        barcode = use(fields.name, "barcode", "barcode", longest=40)
        if not barcode:
            raise RowError("There is no barcode, so nothing can be found by it.", field="barcode")
        title = use(fields.text, "title", "title", longest=500)
        if title == "":
            raise RowError("There is no title.", field="title")
        return (
            barcode,
            title,
            use(fields.text, "author", "author", longest=300),
            use(fields.text, "call_number", "call number", longest=80),
            use(fields.text, "collection", "collection", longest=30),
            use(fields.amount, "replacement_cost", "replacement cost"),
            "replacement_cost" in values,
        )

    def plan(self) -> Plan:
        self._refuse_doubled()
        self._find_on_file()
        for line, barcode in self.all(
            "DELETE FROM incoming WHERE item_id IS NULL AND title IS NULL RETURNING line, barcode"
        ):
            self.refuse(line, f"{barcode} is not on file, and this file has no titles.", key=barcode, field="barcode")
        self._compare()
        return self.settle()

    def apply(self) -> None:
        missing = self.ids(
            """
            SELECT min(collection) FROM incoming WHERE collection_id IS NULL AND collection <> ''
             GROUP BY lower(collection)
            """
        )
        Collection.objects.bulk_create(Collection(name=name, code=name) for name in missing)
        self._find_collections()
        self.run(
            """
            INSERT INTO circulation_item
                   (barcode, title, author, call_number, collection_id, replacement_cost, added_at)
            SELECT barcode, title, coalesce(author, ''), coalesce(call_number, ''), collection_id, cost, %s
              FROM incoming WHERE item_id IS NULL
            """,
            self.at,
        )
        self.run(
            """
            UPDATE circulation_item t
               SET title = coalesce(i.title, t.title), author = coalesce(i.author, t.author),
                   call_number = coalesce(i.call_number, t.call_number),
                   collection_id = CASE WHEN i.collection IS NULL THEN t.collection_id ELSE i.collection_id END,
                   replacement_cost = CASE WHEN i.has_cost THEN i.cost ELSE t.replacement_cost END
              FROM incoming i WHERE t.id = i.item_id AND i.changes
            """
        )

    def rehearse(self) -> None:
        """No letter that waits depends on a shelf; titles are written when a letter is."""

    def _refuse_doubled(self) -> None:
        """The first row of a barcode stands; the others are refused."""
        for line, barcode, first, title in self.all(
            """
            WITH doubled AS (SELECT barcode, min(line) AS line FROM incoming GROUP BY barcode HAVING count(*) > 1)
            DELETE FROM incoming later USING doubled, incoming first
             WHERE doubled.barcode = later.barcode AND doubled.line < later.line AND first.line = doubled.line
            RETURNING later.line, later.barcode, first.line, coalesce(', for ' || first.title, '')
            """
        ):
            reason = f"Line {first} has the same barcode{title}. Both cannot have it."
            self.refuse(line, reason, key=barcode, field="barcode", found=barcode)

    def _find_on_file(self) -> None:
        self.run("UPDATE incoming SET item_id = t.id FROM circulation_item t WHERE t.barcode = incoming.barcode")
        self._find_collections()

    def _find_collections(self) -> None:
        """By the code of the other system, else by name."""
        for column in ("code", "name"):
            self.run(
                f"""
                UPDATE incoming SET collection_id = c.id FROM circulation_collection c
                 WHERE incoming.collection_id IS NULL AND incoming.collection <> ''
                   AND lower(c.{column}) = lower(incoming.collection)
                """
            )

    def _compare(self) -> None:
        differs = " OR ".join(f"coalesce(i.{name}, t.{name}) <> t.{name}" for name in OWN_COLUMNS)
        self.run(
            f"""
            UPDATE incoming i SET changes = true FROM circulation_item t
             WHERE t.id = i.item_id
               AND ({differs} OR (i.has_cost AND i.cost IS DISTINCT FROM t.replacement_cost)
                    OR (i.collection IS NOT NULL AND i.collection_id IS DISTINCT FROM t.collection_id)
                    OR (i.collection <> '' AND i.collection_id IS NULL))
            """
        )
        result = self.result
        known, result.added, result.changed, collections = self.all(
            """
            SELECT count(item_id), count(*) FILTER (WHERE item_id IS NULL), count(*) FILTER (WHERE changes),
                   count(DISTINCT lower(collection)) FILTER (WHERE collection_id IS NULL AND collection <> '')
              FROM incoming
            """
        )[0]
        result.unchanged = known - result.changed
        if collections:
            result.remarks.append(f"{several(collections, 'collection')} will be made.")
