"""The letters of wording.md as data: one school, one Monday, the people of its examples.

The run of Monday 23 November 2026. A sample is what composing would hand over; the tests of wording and rendering
read the letters that come of it.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from notices.letter_data import Book, Child, LetterData, LibraryData
from notices.models import Audience

TODAY = date(2026, 11, 23)

BANKSIA = LibraryData(
    name="Banksia College Library",
    address="1 Wattle Road\nTherry VIC 3019\nAustralia",
    return_address="ILL, Banksia College Library\n1 Wattle Road\nTherry VIC 3019\nAustralia",
    phone="03 5550 1234",
    hours="open 8:15 to 4:00 on school days",
    reply_to="library@banksia.example",
    no_fees="There are no late fees.",
    still_borrow="Everyone can go on borrowing.",
    same_book="The same book, new or used, is fine too.",
    refund="If it turns up later, we will pay you back.",
    cost_contact="Mrs Hall at the office, 03 5550 1200",
    interpreter="Help in your language: 131 450.",
)

BARE = LibraryData(name="Banksia College Library", phone="03 5550 1234", hours="open 8:15 to 4:00 on school days")
"""The same library with every sentence that only some libraries may say left empty."""


def november(day: int) -> date:
    return date(2026, 11, day)


def the_hobbit(**fields: Any) -> Book:
    return Book(
        **{
            "title": "The Hobbit",
            "author": "J. R. R. Tolkien",
            "borrowed": november(2),
            "due": november(16),
            "number": 1,
            "next": november(30),
            **fields,
        }
    )


def nevermoor(**fields: Any) -> Book:
    return Book(
        **{"title": "Nevermoor", "author": "Jessica Townsend", "due": november(26), "number": -1, **fields}
    )


def blueback(**fields: Any) -> Book:
    return Book(**{"title": "Blueback", "author": "Tim Winton", "due": november(9), "number": 2, **fields})


def storm_boy(**fields: Any) -> Book:
    return Book(**{"title": "Storm Boy", "author": "Colin Thiele", "due": november(16), "number": 2, **fields})


def the_book_thief(**fields: Any) -> Book:
    return Book(
        **{
            "title": "The Book Thief",
            "author": "Markus Zusak",
            "borrowed": date(2026, 10, 12),
            "due": date(2026, 10, 26),
            "number": 3,
            "last_letter": True,
            **fields,
        }
    )


def salt(**fields: Any) -> Book:
    return Book(
        **{
            "title": "A History of Salt",
            "author": "Ines Moreau",
            "due": november(18),
            "number": 2,
            "our_reference": "B-48213",
            "lender": "Karri University Library",
            "next": date(2026, 12, 2),
            **fields,
        }
    )


def tides(**fields: Any) -> Book:
    return Book(
        **{
            "title": "The Tides of Bass Strait",
            "author": "P. Arden",
            "borrowed": date(2026, 10, 12),
            "due": november(16),
            "number": 2,
            "barcode": "30412",
            "our_reference": "L-20455",
            "their_reference": "KU-7731",
            "next": november(30),
            **fields,
        }
    )


def to_patron(dear: str, *books: Book, **fields: Any) -> LetterData:
    return _letter(audience=Audience.PATRON, dear=dear, books=books, **fields)


def to_home(dear: str, *children: Child, **fields: Any) -> LetterData:
    return _letter(audience=Audience.GUARDIAN, dear=dear, children=children, **fields)


def to_contact(dear: str, *children: Child, **fields: Any) -> LetterData:
    return _letter(audience=Audience.CONTACT, dear=dear, children=children, group="8C", **fields)


def to_partner(*books: Book, **fields: Any) -> LetterData:
    return _letter(
        audience=Audience.PARTNER, dear="colleagues", books=books, partner="Karri University Library", **fields
    )


def _letter(**fields: Any) -> LetterData:
    return LetterData(
        **{
            "library": BANKSIA,
            "today": TODAY,
            "next_open": november(24),
            "act_by": november(27),
            **fields,
        }
    )


def e1() -> LetterData:
    """Reminder to patron."""
    return to_patron("Grace", nevermoor())


def e2() -> LetterData:
    """Overdue 1 to patron: home is asked next, without the title."""
    return to_patron("Tom", the_hobbit(next_home=True))


def e3() -> LetterData:
    """Overdue 2 to patron, home told today."""
    book = the_hobbit(number=2, borrowed=date(2026, 10, 26), due=november(9), next=None, home_told_today=True)
    return to_patron("Tom", book)


def e4() -> LetterData:
    """Overdue 3 to patron: the last one."""
    return to_patron("Ruby", the_book_thief(home_told_today=True), act_by=date(2026, 12, 4))


def e5() -> LetterData:
    """Overdue 2 to a home: Asha's titles may be told, Tom's not."""
    december = date(2026, 12, 7)
    return to_home(
        "Ms Okafor",
        Child(name="Asha", group="5B", titles=True, books=[blueback(next=december), storm_boy(next=december)]),
        Child(name="Tom", group="8C", books=[the_hobbit(number=2, due=november(9), next=december)]),
    )


def e6() -> LetterData:
    """Overdue 3 to a home: three children at three steps."""
    return to_home(
        "Ms Okafor",
        Child(name="Ruby", group="10A", books=[the_book_thief(cost=Decimal("24.95"))]),
        Child(name="Tom", group="8C", books=[the_hobbit(number=2, due=november(9), next=date(2026, 12, 7))]),
        Child(name="Asha", group="5B", titles=True, books=[storm_boy(number=1, next=november(30))]),
        act_by=date(2026, 12, 4),
    )


def e7() -> LetterData:
    """Class list to the homeroom teacher."""
    return to_contact(
        "Mr Lee",
        Child(name="Ahmed S.", books=[blueback()]),
        Child(name="Grace L.", books=[storm_boy(), nevermoor()]),
        Child(name="Tom O.", books=[the_hobbit()]),
        lesson=november(26),
        brought_back=6,
    )


def e8() -> LetterData:
    """ILL borrowing, overdue 2, to the reader."""
    return to_patron("Dr Haddad", salt())


def e9() -> LetterData:
    """ILL lending, overdue 2, to the partner library."""
    return to_partner(tides())


def with_library(data: LetterData, library: LibraryData) -> LetterData:
    return replace(data, library=library)
