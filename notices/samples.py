"""Letters that could be: invented people and books, so that wording can be read before anybody real is late.

The library is the real one, the day is given. What an audience may not read is asked for by name, because a template
has to read well both ways: with titles, and where titles are private. Nobody is ever written to with these.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from circulation.models import Loan
from notices.letter_data import Book, Child, LetterData, LibraryData
from notices.models import Audience, Template

BOOKS: Final = (
    ("Rowan of Rin", "Emily Rodda", "30412"),
    ("Boy Overboard", "Morris Gleitzman", "30977"),
    ("Nevermoor", "Jessica Townsend", "31205"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """``key`` names it in a form; ``label`` says who is written to, and what they may read."""

    key: str
    label: str


TO_READERS: Final = (
    Sample(key="one", label="Sample: one book"),
    Sample(key="several", label="Sample: three books"),
)
TO_HOMES: Final = (
    Sample(key="several", label="Sample: two children, one private"),
    Sample(key="told", label="Sample: one child, titles told"),
    Sample(key="private", label="Sample: one child, titles private"),
)
TO_CONTACTS: Final = (
    Sample(key="private", label="Sample: a class, titles private"),
    Sample(key="told", label="Sample: a class, titles told"),
)

KINDS: Final = {
    Audience.PATRON: TO_READERS,
    Audience.GUARDIAN: TO_HOMES,
    Audience.CONTACT: TO_CONTACTS,
    Audience.PARTNER: TO_READERS,
}


def kinds(audience: Audience) -> tuple[Sample, ...]:
    """The samples of an audience; the first one is shown first."""
    return KINDS[audience]


def every(template: Template, *, library: LibraryData, on: date) -> list[LetterData]:
    """One letter of each kind: what wording is tried on before it is saved."""
    audience = Audience(template.audience)
    return [letter(template, key=kind.key, library=library, on=on) for kind in kinds(audience)]


def letter(template: Template, *, key: str, library: LibraryData, on: date) -> LetterData:
    """The letter of this kind; an unknown ``key`` means the first kind."""
    audience = Audience(template.audience)
    known = [kind.key for kind in kinds(audience)]
    return _LETTERS[audience](_Desk(template, library, on), key if key in known else known[0])


@dataclass(frozen=True, slots=True)
class _Desk:
    """What the sample letters of one template share."""

    template: Template
    library: LibraryData
    on: date

    @property
    def number(self) -> int:
        return self.template.number or 1

    @property
    def is_ill(self) -> bool:
        return self.template.service != Loan.Service.CIRCULATION

    def day(self, days: int) -> date:
        return self.on + timedelta(days=days)

    def book(self, which: int, *, number: int | None = None, **fields: Any) -> Book:
        title, author, barcode = BOOKS[which % len(BOOKS)]
        number = self.number if number is None else number
        due = self.day(3 if number < 0 else -7 * number)
        everything: dict[str, Any] = {
            "title": title,
            "author": author,
            "call_number": f"F {author.split()[-1][:3].upper()}",
            "barcode": barcode,
            "due": due,
            "borrowed": due - timedelta(days=14),
            "number": number,
            "next": self.day(14) if 0 < number < 3 else None,
            "last_letter": number >= 3,
        }
        if self.is_ill:
            everything |= {"our_reference": f"B-4821{which}", "lender": "Karri University Library"}
        return Book(**{**everything, **fields})

    def data(self, audience: Audience, *, dear: str, **fields: Any) -> LetterData:
        return LetterData(
            audience=audience,
            library=self.library,
            today=self.on,
            dear=dear,
            act_by=self.day(3 if self.number < 0 else 4),
            next_open=self.day(1),
            letter_of=self.day(-1),
            librarian="Helen",
            **fields,
        )


def _to_patron(desk: _Desk, key: str) -> LetterData:
    books = [desk.book(which, next_home=not desk.is_ill) for which in range(3 if key == "several" else 1)]
    also_out = [desk.book(2, number=0, title="Blueback", author="Tim Winton")] if key == "several" else []
    return desk.data(
        Audience.PATRON, dear="Dr Haddad" if desk.is_ill else "Mia", books=books, also_out=also_out, group="7B"
    )


def _to_guardian(desk: _Desk, key: str) -> LetterData:
    cost = Decimal("24.95") if desk.number >= 3 else None
    mia = Child(name="Mia", group="7B", titles=key == "told", books=[desk.book(0, cost=cost)])
    leo = Child(name="Leo", group="5A", titles=True, books=[desk.book(1, number=min(desk.number, 1)), desk.book(2)])
    return desk.data(Audience.GUARDIAN, dear="Wei Chen", children=[mia, leo] if key == "several" else [mia])


def _to_contact(desk: _Desk, key: str) -> LetterData:
    children = [
        Child(name=name, group="7B", titles=key == "told", books=[desk.book(which)])
        for which, name in enumerate(("Ahmed S.", "Grace L.", "Mia C."))
    ]
    return desk.data(Audience.CONTACT, dear="Mr Lee", group="7B", children=children, lesson=desk.day(3), brought_back=6)


def _to_partner(desk: _Desk, key: str) -> LetterData:
    books = [
        desk.book(which, our_reference=f"L-2045{which}", their_reference=f"KU-773{which}", lender="")
        for which in range(3 if key == "several" else 1)
    ]
    return desk.data(Audience.PARTNER, dear="colleagues", books=books, partner="Karri University Library")


_LETTERS: Final[dict[Audience, Callable[[_Desk, str], LetterData]]] = {
    Audience.PATRON: _to_patron,
    Audience.GUARDIAN: _to_guardian,
    Audience.CONTACT: _to_contact,
    Audience.PARTNER: _to_partner,
}
