"""What a file would do: counts, refused rows, questions, and what it means for letters.

Nouns that the three kinds of files share; nothing here reads a file or the database.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from circulation.words import several


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a person allows: refused rows left out, so many returns, absent patrons moved to *Unmatched*."""

    skip_refused: bool = False
    allow_returns: int | None = None
    unmatched: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One refused row: its line, its barcode where it could be read, the column, what stands there, and why not."""

    line: int
    key: str = ""
    column: str = ""
    found: str = ""
    reason: str

    def as_row(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        where = f"Line {self.line}, {self.column}" if self.column else f"Line {self.line}"
        return f"{where}: {self.reason}"


@dataclass(slots=True, kw_only=True)
class Plan:
    """rows = added + changed + unchanged + refused. ``returned`` and ``unmatched`` are rows that the file lacks."""

    kind: str
    read_as: str = ""
    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    returned: int = 0
    unmatched: int = 0
    refused: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Sentences for a person: what it makes, what it does to letters, what it could not decide."""
    objections: list[str] = field(default_factory=list)
    """Why it is not applied as it stands; each names the option that allows it."""

    def object_to_refused_rows(self, options: Options) -> None:
        if self.refused and not options.skip_refused:
            count = several(len(self.refused), "row is refused", "rows are refused")
            self.objections.append(
                f"{count}, so nothing is applied. Correct the file, or leave them out (--skip-refused)."
            )
