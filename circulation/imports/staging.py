"""Rows of a file in a temporary table, by COPY, so that everything after it is set-based and memory stays flat.

Raw SQL by design (architecture.md, Hot paths). The tables are this transaction's own and vanish with it; their names
and columns are literals of the importers, never text of a file.
"""

import io
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any, ClassVar

import psycopg2
from django.db.backends.utils import CursorWrapper

from circulation.imports.columns import Columns
from circulation.imports.fields import CellError
from circulation.imports.plan import Options, Plan, Refusal
from circulation.imports.read import FileError, Row, legible

REFUSED_KEY = {"key": "text"}
MOST_REFUSED = 20_000
"""With more refused rows it is not the list that it is said to be; and no page could show them."""

ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Importer(ABC):
    """One kind of file inside one transaction: stage its rows, plan what they do, do it.

    ``columns`` of the file, the day ``on`` and the moment ``at`` which the file speaks for, what a person allows, and
    who asks. Subclasses say how a row is cleaned and what the SQL is.
    """

    kind: ClassVar[str]
    table: ClassVar[str]
    copied: ClassVar[dict[str, str]]
    """Columns of the temporary table that come from the file, in the order of ``clean``, and their SQL types."""
    worked_out: ClassVar[dict[str, str]]
    """Columns of the temporary table that planning fills in."""

    def __init__(
        self, cursor: CursorWrapper, columns: Columns, *, on: date, at: datetime, options: Options, by: Any = None
    ) -> None:
        self.cursor, self.columns, self.options = cursor, columns, options
        self.on, self.at, self.by = on, at, by
        self.result = Plan(kind=self.kind)
        self.nameless = False
        """Whether a refused row does not say whose it is: then absence from the file proves nothing."""

    @abstractmethod
    def clean(self, row: Row, values: dict[str, str]) -> tuple[Any, ...]:
        """The values of one row in the order of ``definition``. Raises RowError."""

    @abstractmethod
    def plan(self) -> Plan:
        """Work out what the staged rows would do, and change nothing."""

    @abstractmethod
    def apply(self) -> None:
        """Do what was planned, and say so by signals."""

    def rehearse(self) -> None:
        """Change what is on file as ``apply`` would, and say so; what is new may be left out. It will be taken back."""
        self.apply()

    def rehearse_move(self) -> None:
        """After ``rehearse``: move the ``unlisted`` as would be done when a person says so; only patrons are moved."""
        raise NotImplementedError

    def kinds_of_change(self) -> dict[str, int]:
        """How many of the changed rows change what, in the words of a person: ``{"groups": 29}``."""
        return {}

    def absent(self) -> list[str]:
        """Some of those on file whom the file should name and does not, as a person says them."""
        return []

    def stage(self, rows: Iterable[Row]) -> None:
        self.make_table(self.table, self.copied | self.worked_out)
        self.make_table("refused_key", REFUSED_KEY)
        self.copy(self.table, self.copied, self._cleaned(rows))

    def make_table(self, table: str, columns: dict[str, str]) -> None:
        definition = ", ".join(f"{name} {kind}" for name, kind in ({"line": "integer"} | columns).items())
        self.cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{table}")
        self.cursor.execute(f"CREATE TEMPORARY TABLE {table} ({definition}) ON COMMIT DROP")

    def copy(self, table: str, columns: dict[str, str], rows: Iterable[tuple[Any, ...]]) -> None:
        names = ["line", *columns]
        stream = _Stream(rows)
        try:
            self.cursor.copy_expert(f"COPY {table} ({', '.join(names)}) FROM STDIN", stream)
        except psycopg2.Error:
            if stream.fault:  # psycopg2 hides what a row raised
                raise stream.fault from None
            raise
        self.cursor.execute(f"ANALYZE {table}")

    def refuse(self, line: int, reason: str, *, key: str = "", field: str = "", found: str = "") -> None:
        column, found = legible(self.columns.headers.get(field, "")), legible(found[:80])
        self.result.refused.append(Refusal(line=line, key=key[:40], column=column, found=found, reason=reason))
        self.nameless = self.nameless or not key
        if len(self.result.refused) > MOST_REFUSED:
            first = self.result.refused[0]
            raise FileError(f"More than {MOST_REFUSED:,} rows are refused. {first} Is this the right list?")

    def all(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        self.cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = self.cursor.fetchall()
        return rows

    def one(self, sql: str, *params: Any) -> Any:
        self.cursor.execute(sql, params)
        row = self.cursor.fetchone()
        return row[0] if row else None

    def ids(self, sql: str, *params: Any) -> list[int]:
        return [row[0] for row in self.all(sql, *params)]

    def run(self, sql: str, *params: Any) -> int:
        self.cursor.execute(sql, params)
        return int(self.cursor.rowcount)

    def settle(self) -> Plan:
        """The last words of every plan: refused rows in the order of the file, and whether they stand against it."""
        plan = self.result
        plan.refused.sort(key=lambda refusal: refusal.line)
        plan.object_to_refused_rows(self.options)
        return plan

    def remember_refused_keys(self) -> None:
        """Refused rows still say that their patron or loan is on the list."""
        keys = {(refusal.line, refusal.key) for refusal in self.result.refused if refusal.key}
        self.copy("refused_key", REFUSED_KEY, sorted(keys))

    def _cleaned(self, rows: Iterable[Row]) -> Iterator[tuple[Any, ...]]:
        for row in rows:
            self.result.rows += 1
            values = self.columns.values(row.cells)
            key = "" if row.fault else self._key(values)
            if row.fault:
                self.refuse(row.line, row.fault)
                continue
            try:
                yield (row.line, *self.clean(row, values))
            except RowError as error:
                self.refuse(row.line, str(error), key=key, field=error.field, found=values.get(error.field, ""))

    def _key(self, values: dict[str, str]) -> str:
        key = values.get("barcode", "").strip()
        return key if key.isprintable() else ""


class RowError(Exception):
    """Why one row is refused, and for which of its fields."""

    def __init__(self, sentence: str, *, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class Cleaner:
    """``use(fields.email, "email")``: the value of a field, None where the file has no such column."""

    def __init__(self, values: dict[str, str]) -> None:
        self.values = values

    def use(self, cleaned: Any, field: str, *args: Any, **options: Any) -> Any:
        if field not in self.values:
            return None
        try:
            return cleaned(self.values[field], *args, **options)
        except CellError as error:
            raise RowError(str(error), field=field) from error


class _Stream(io.RawIOBase):
    """Tuples as the file that COPY reads (text format: tabs, backslashes, \\N for nothing), a piece at a time."""

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        self.rows = iter(rows)
        self.rest = b""
        self.fault: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        pieces, length = [self.rest], len(self.rest)
        while size < 0 or length < size:
            row = self._next()
            if row is None:
                break
            piece = self._line(row)
            pieces.append(piece)
            length += len(piece)
        everything = b"".join(pieces)
        self.rest = everything[size:] if size >= 0 else b""
        return everything[:size] if size >= 0 else everything

    def _next(self) -> tuple[Any, ...] | None:
        try:
            return next(self.rows, None)
        except Exception as error:
            self.fault = error
            raise

    @staticmethod
    def _line(row: tuple[Any, ...]) -> bytes:
        cells = ("\\N" if value is None else str(value).translate(ESCAPES) for value in row)
        return ("\t".join(cells) + "\n").encode()
