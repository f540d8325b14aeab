"""Columns that a person matches once: samples of what stands in them, and what is remembered for the next such file.

Which columns are known without asking is written in ``columns``; what the cells mean is no business of this module.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from circulation.imports import read
from circulation.imports.columns import match
from circulation.models import ColumnMatch

SAMPLES = 3
"""Cells of a column that a person sees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a file: its header, its first cells with something in them, and the field it is now."""

    header: str
    cells: list[str]
    field: str


def fingerprint(header: Sequence[str]) -> str:
    """The same for every file with these names in this order."""
    return hashlib.sha256(json.dumps([name.casefold() for name in header]).encode()).hexdigest()


def remembered(kind: str, header: Sequence[str]) -> dict[str, str] | None:
    """What a person said of this header before: header, field."""
    found = ColumnMatch.objects.filter(kind=kind, fingerprint=fingerprint(header)).first()
    return found.chosen if found else None


def remember(kind: str, header: Sequence[str], chosen: dict[str, str], *, by: Any = None) -> None:
    """For this file and every later one with the same header."""
    ColumnMatch.objects.update_or_create(
        kind=kind, fingerprint=fingerprint(header), defaults={"chosen": chosen, "by": by}
    )


def columns_of(content: bytes, *, kind: str, chosen: dict[str, str] | None = None) -> list[Column]:
    """Every column with a name, as far as it is known. Raises FileError when this is no table."""
    table = read.read(content)
    first = [row.cells for row in islice(table.rows, 50) if not row.fault]
    fields = _known(table.header, kind=kind, chosen=chosen or remembered(kind, table.header))
    return [
        Column(header=name, cells=_samples(first, position), field=fields.get(position, ""))
        for position, name in enumerate(table.header)
        if name
    ]


def _known(header: list[str], *, kind: str, chosen: dict[str, str] | None) -> dict[int, str]:
    found = match(header, kind=kind, chosen=chosen, strict=False)
    return {position: field for field, position in found.positions.items()}


def _samples(rows: list[list[str]], position: int) -> list[str]:
    cells = (read.legible(row[position].strip()) for row in rows if position < len(row))
    return list(islice((cell[:60] for cell in cells if cell), SAMPLES))
