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


@dataclass(frozen=True, slots=True)
class Objection:
    """What stands against a file until a person allows it, and the option of the commands that does."""

    sentence: str
    option: str = field(kw_only=True)

    def __str__(self) -> str:
        return self.sentence

    def for_commands(self) -> str:
        return f"{self.sentence.removesuffix('.')} ({self.option})."


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing of a row that is on file and would change: whose it is, what, from what, to what."""

    who: str
    what: str
    was: str
    becomes: str

    def as_row(self) -> dict[str, str]:
        return asdict(self)


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
    unlisted: int = 0
    """Patrons on file whom the list does not name and who could be moved to *Unmatched*."""
    doubted_returns: int = 0
    """``returned``, where it is more than a person allowed and so many that the export may be broken."""
    refused: list[Refusal] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """Sentences: how the file was read, what it makes, what looks strange."""
    letters: list[str] = field(default_factory=list)
    """Sentences: what it does to letters."""
    letters_if_moved: list[str] = field(default_factory=list)
    """Sentences: what is done to letters besides, when the ``unlisted`` are moved to *Unmatched*."""
    questions: list[str] = field(default_factory=list)
    """Sentences: what it could not decide, and what it did meanwhile."""
    objections: list[Objection] = field(default_factory=list)
    """Why it is not applied as it stands."""

    @property
    def notes(self) -> list[str]:
        """All sentences for a person."""
        return [*self.remarks, *self.letters, *self.questions]

    @property
    def figures(self) -> dict[str, int]:
        """What is shown before a file is applied, and must still be so when it is."""
        return {
            "rows": self.rows,
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "returned": self.returned,
            "refused": len(self.refused),
            "unlisted": self.unlisted,
        }

    def object_to_refused_rows(self, options: Options) -> None:
        if self.refused and not options.skip_refused:
            count = several(len(self.refused), "row is refused", "rows are refused")
            sentence = f"{count}, so nothing is applied. Correct the file, or leave them out."
            self.objections.append(Objection(sentence, option="--skip-refused"))
