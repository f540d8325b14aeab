"""A letter as it lies on paper: whose name stands in the window of the envelope, and its words without email's dress.

The words are those that were written (``Letter.html``); here they only lose their colours and their frame, so that
paper and email cannot differ. Knows the widths and heights of a slip, because words that do not fit on one get a sheet
of their own. Decides neither who is written to nor whether a letter may still go (``paper``).
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from html import escape
from html.parser import HTMLParser
from math import ceil

from django.db.models import Prefetch
from django.utils.safestring import SafeString, mark_safe

from circulation.models import Group, Patron
from notices.letter_data import joined
from notices.models import Audience, Letter, Line, Template
from notices.models.letter import LetterQuerySet

KEPT = {"p", "h2", "ol", "li", "i", "b", "span", "br"}
"""What a letter on paper may be made of; everything else of an email's HTML is its frame."""
CLASSES = {"item", "soft"}

SLIP_COLUMNS, SLIP_LINES, SLIP_GAP = 50, 21, 0.4
"""What fits on the lower two thirds of a quarter page in 9 pt: narrow characters in a line, lines, and how much of a
line the space between two paragraphs takes."""

OLDEST = 99

_BLANK = re.compile(r"\s+")


@dataclass(frozen=True)
class Sheet:
    """One letter for the printer. Its lines are those that still stand in it."""

    letter: Letter

    @property
    def audience(self) -> Audience:
        return Audience(self.letter.audience)

    @cached_property
    def patrons(self) -> list[Patron]:
        """Whom the letter is about, each once, in the order in which it speaks of them."""
        if self.letter.patron is not None:
            return [self.letter.patron]
        found = [line.notice.loan.patron for line in self.letter.lines.all()]
        return list({patron.pk: patron for patron in found if patron is not None}.values())

    @cached_property
    def books(self) -> int:
        return len({line.notice.loan_id for line in self.letter.lines.all()})

    @property
    def name(self) -> str:
        """Who opens it."""
        letter = self.letter
        if letter.audience == Audience.GUARDIAN:
            return joined([str(person) for person in (letter.guardian, letter.also_guardian) if person])
        if letter.audience == Audience.CONTACT:
            assert letter.group is not None  # letter_recipient_fits_audience
            return letter.group.contact_name or f"Teacher of {letter.group}"
        return str(letter.recipient)

    @property
    def group(self) -> Group | None:
        """The class that hands it out, for a home that of its youngest child; None for another library."""
        return self.letter.group or (self._youngest.group if self._youngest else None)

    @property
    def _youngest(self) -> Patron | None:
        return min(self.patrons, key=lambda patron: class_order(patron.group), default=None)

    @property
    def address(self) -> list[str]:
        """Where the post brings it; empty: it is given by hand. Pupils come by every day."""
        person = self.letter.recipient
        if isinstance(person, Group) or (isinstance(person, Patron) and person.group.year_level is not None):
            return []
        return [line.strip() for line in person.address.splitlines() if line.strip()]

    @property
    def by_hand(self) -> bool:
        return not self.address

    @property
    def window(self) -> list[str]:
        """The lines in the window of the envelope."""
        if self.address:
            return [self.name, *self.address]
        if self.audience == Audience.GUARDIAN:
            return ["By hand", self.name, *([f"with {self.pupil}"] if self.patrons else [])]
        return ["By hand", f"{self.name}, {self.group}" if self.group else self.name]

    @property
    def pupil(self) -> str:
        """*Mia Chen, 7A*: the name that shows on a folded slip, and who carries a letter home."""
        return f"{self._youngest.full_name}, {self._youngest.group}" if self._youngest else self.name

    @property
    def is_slip(self) -> bool:
        return self.letter.kind == Template.Kind.SLIP and self.can_be_slip

    @cached_property
    def can_be_slip(self) -> bool:
        """To a patron who gets it by hand, and short enough for a quarter page."""
        return self.audience == Audience.PATRON and self.by_hand and _lines_on_a_slip(self.letter.text) <= SLIP_LINES

    @cached_property
    def _parts(self) -> dict[str, str]:
        return _undressed(self.letter.html)

    @property
    def body(self) -> SafeString:
        return mark_safe(self._parts["body"])

    @property
    def foot(self) -> SafeString:
        return mark_safe(self._parts["foot"])


def class_order(group: Group) -> tuple[int, int]:
    """The youngest class first; staff and mixed groups after the classes."""
    return (group.year_level if group.year_level is not None else OLDEST, group.pk)


def of(letters: LetterQuerySet) -> list[Sheet]:
    """These letters as sheets, in four queries whatever their number: by class, then by name."""
    lines = Line.objects.filter(taken_out_at=None).select_related("notice__loan__patron__group")
    rows = letters.select_related("patron__group", "guardian", "also_guardian", "group", "partner", "opened_by")
    found = [Sheet(letter) for letter in rows.select_related("printed_by").prefetch_related(Prefetch("lines", lines))]
    return sorted(found, key=_place)


def _place(sheet: Sheet) -> tuple[str, str, str, int]:
    """The class's own letter first, then its people as a roll is called."""
    first = sheet.patrons[0] if sheet.patrons and sheet.audience != Audience.CONTACT else None
    return (first.last_name, first.first_name, sheet.audience, sheet.letter.pk) if first else ("", "", "", 0)


def _lines_on_a_slip(text: str) -> float:
    """How high these words stand on a slip, in lines."""
    blocks = [block for block in text.split("\n\n") if block.strip()]
    rows = [row for block in blocks for row in block.split("\n") if row.strip()]
    return sum(ceil(_width(row) / SLIP_COLUMNS) for row in rows) + SLIP_GAP * len(blocks)


def _width(row: str) -> float:
    """In narrow characters: capitals are half as wide again, Chinese, Japanese and Korean ones twice as wide."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1.5 if one.isupper() else 1 for one in row)


class _Undress(HTMLParser):
    """Keeps what stands in the cells ``body`` and ``foot``, in plain tags. Nothing but KEPT is ever written out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: dict[str, list[str]] = {"body": [], "foot": []}
        self._into: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = dict(attrs).get("class") or ""
        if tag == "td":
            self._into = next((self.parts[name] for name in self.parts if name in classes.split()), None)
        elif self._into is not None and tag in KEPT:
            kept = " ".join(name for name in classes.split() if name in CLASSES)
            start = dict(attrs).get("start") or ""
            number = f' start="{start}"' if tag == "ol" and start.isdecimal() else ""
            self._into.append(f"<{tag}{number}" + (f' class="{kept}">' if kept else ">"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "td":
            self._into = None
        elif self._into is not None and tag in KEPT - {"br"}:
            self._into.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._into.append(escape(_BLANK.sub(" ", data)))


def _undressed(html: str) -> dict[str, str]:
    reader = _Undress()
    reader.feed(html)
    reader.close()
    return {name: "".join(found) for name, found in reader.parts.items()}
