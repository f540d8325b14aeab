"""What the pages of Import say about a file: its heading, its counts, where its columns come from."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from django.utils.functional import cached_property

from circulation.imports.columns import OURS
from circulation.models import ImportFile
from circulation.words import several

State = ImportFile.State
ROWS_SHOWN = 50
"""Refused rows on the page; all of them are in the file for download."""

ONE_AND_MANY = {
    ImportFile.Kind.PATRONS: ("new patron", "new patrons"),
    ImportFile.Kind.ITEMS: ("new item", "new items"),
    ImportFile.Kind.LOANS: ("new loan", "new loans"),
}


@dataclass(frozen=True, slots=True)
class Tile:
    """One number: how many, what becomes of them, in which look, why, and where they are listed."""

    number: int
    word: str
    tone: str
    icon: str
    sub: str
    url: str = ""


class Look:
    """A file as its page shows it."""

    def __init__(self, file: ImportFile) -> None:
        self.file = file
        self.kind = ImportFile.Kind(file.kind)

    @property
    def system(self) -> str:
        """A sentence about whose columns these are."""
        name = self.file.read_as.partition(";")[0]
        if name == OURS:
            return "Its columns have our own names."
        return "Its columns were matched by hand." if name.startswith("columns") else f"It looks like a {name} export."

    @property
    def how_read(self) -> str:
        """Character set and separators."""
        return self.file.read_as.partition("; ")[2]

    @property
    def usable(self) -> int:
        return self.file.rows - self.refused_count

    @cached_property
    def refused_count(self) -> int:
        return len(self.file.refused)

    @property
    def unused(self) -> list[str]:
        """Columns that nothing is taken from."""
        return [header for header, words in self.file.shown.get("columns", []) if not words]

    @property
    def absent_more(self) -> int:
        """Patrons who are not listed and not named here."""
        return int(self.file.shown["figures"]["unlisted"]) - len(self.file.shown["absent"])

    @property
    def listed(self) -> int:
        """Patrons on file whom the list names."""
        return self.file.changed + self.file.unchanged

    @property
    def looked_at(self) -> datetime:
        return datetime.fromisoformat(self.file.shown["at"])

    @property
    def refused(self) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = self.file.refused[:ROWS_SHOWN]
        return rows

    @property
    def refused_more(self) -> int:
        return max(0, self.refused_count - ROWS_SHOWN)

    @property
    def changes(self) -> int:
        """What the button counts."""
        return self.file.added + self.file.changed + self.file.returned

    @property
    def button(self) -> str:
        if not self.changes:
            return "Keep it as read"
        return f"Apply {several(self.changes, 'change')}"

    @property
    def tiles(self) -> list[Tile]:
        file, applied = self.file, self.file.state == State.APPLIED
        kinds = self.file.shown.get("kinds_of_change", {})
        what = ", ".join(several(count, word, _plural(word)) for word, count in kinds.items()) or "what is on file"
        one, many = ONE_AND_MANY[self.kind]
        tiles = [
            Tile(file.added, "Added" if applied else "Add", "ok", "plus", one if file.added == 1 else many),
            Tile(file.changed, "Changed" if applied else "Change", "wait", "pencil", what, "#changes"),
            Tile(
                file.unchanged, "Left as is" if applied else "Leave as is", "off", "circle-dashed", "already the same"
            ),
        ]
        if self.kind == ImportFile.Kind.LOANS:
            word = "Returned" if applied else "Return"
            tiles.append(Tile(file.returned, word, "ok", "arrow-back-up", "not in this file any more"))
        if applied and file.unmatched:
            tiles.append(Tile(file.unmatched, "Unmatched", "off", "user-off", "not in this list"))
        sub = "each with its reason below" if self.refused_count else "every row can be used"
        tiles.append(Tile(self.refused_count, "Refused", "bad" if self.refused_count else "off", "x", sub, "#refused"))
        return tiles


def in_short(file: ImportFile) -> str:
    """What became of a file, for the list of earlier ones."""
    if file.state == State.REFUSED:
        return file.reason
    if file.state == State.PLANNED and not file.rows:
        return "Its columns are not matched yet."
    applied = file.state == State.APPLIED
    words = (
        ("added", "changed", "returned", "moved to Unmatched") if applied else ("to add", "to change", "to return", "")
    )
    counts = (file.added, file.changed, file.returned, file.unmatched)
    return (
        ", ".join(f"{count:,} {word}" for count, word in zip(counts, words, strict=True) if count)
        or "nothing to change"
    )


def disposition(file: ImportFile) -> str:
    """The header that makes a download of it, under its own name in any script and in plain letters."""
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "._-") else "_" for sign in file.name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name)}"


def _plural(word: str) -> str:
    return "addresses" if word == "address" else f"{word}s"
