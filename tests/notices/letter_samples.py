"""The letters of wording.md as data: one school, one Monday, the people of its examples.

The run of Monday 23 November 2026. A sample is what composing would hand over; the tests of wording and rendering
read the letters that come of it.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

from circulation.models import Loan
from notices import defaults, rendering
from notices.defaults import DefaultTemplate
from notices.letter_data import Book, Child, LetterData, LibraryData
from notices.models import Audience, Template

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
    return Book(**{"title": "Nevermoor", "author": "Jessica Townsend", "due": november(26), "number": -1, **fields})


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


def the_default(
    key: int | Template.Kind, audience: Audience, *, service: Loan.Service = Loan.Service.CIRCULATION
) -> DefaultTemplate:
    """The shipped wording of a step (by its number) or of another kind of letter."""
    return next(
        template
        for template in defaults.load()
        if template.service == service
        and template.audience == audience
        and (template.number if template.kind == Template.Kind.STEP else template.kind) == key
    )


def letter(template: DefaultTemplate, data: LetterData) -> rendering.Written:
    """What composing would write."""
    wording = rendering.compiled(subject=template.subject, body=template.body, audience=template.audience)
    return rendering.render(wording, data)


def written(body: str, data: LetterData, *, subject: str = "A letter") -> rendering.Written:
    """What an author's own wording would become."""
    return rendering.render(rendering.compiled(subject=subject, body=body, audience=data.audience), data)


def samples(template: DefaultTemplate) -> Iterator[LetterData]:
    """Letters that a template may have to write: few and many books, full and bare libraries, email and paper."""
    for data in _samples[template.audience](template):
        yield data
        yield replace(data, library=BARE, act_by=None, next_open=None)
        yield replace(data, on_paper=True)


def _for_patron(template: DefaultTemplate) -> Iterator[LetterData]:
    number = template.number or 0
    if template.service == Loan.Service.ILL_BORROWING:
        yield to_patron("Dr Haddad", salt(number=number))
        yield to_patron("Dr Haddad", salt(number=number), salt(title="Pepper", number=number, author="", next=None))
    elif number < 0:
        yield to_patron("Grace", nevermoor(number=number))
        yield to_patron("Grace", nevermoor(number=number), nevermoor(title="Holes", due=november(27), author=""))
    else:
        yield to_patron("Tom", the_hobbit(number=number, next_home=True))
        yield to_patron("Tom", the_hobbit(number=number, next=None, last_letter=True, home_told_today=True))
        yield to_patron(
            "Tom",
            the_book_thief(number=max(number, 1)),
            the_hobbit(next_home=True, home_reads_titles=True),
            nevermoor(),
            also_out=[storm_boy(number=0)],
            letter_of=november(16),
        )


def _for_guardian(template: DefaultTemplate) -> Iterator[LetterData]:
    number = template.number or 0
    if number < 0:
        yield to_home("Ms Okafor", Child(name="Grace", group="8C", books=[nevermoor(number=number)]))
        yield to_home("Ms Okafor", Child(name="Asha", group="5B", titles=True, books=[nevermoor(number=number)] * 2))
    else:
        december = date(2026, 12, 7)
        storm, hobbit = storm_boy(number=number, next=december), the_hobbit(number=number, next=december)
        yield to_home("Ms Okafor", Child(name="Asha", group="5B", titles=True, books=[storm]))
        yield to_home("Ms Okafor", Child(name="Tom", books=[hobbit, blueback(number=number, next=december)]))
        yield replace(e6(), letter_of=november(16)) if number in (0, 3) else e5()


def _for_contact(template: DefaultTemplate) -> Iterator[LetterData]:
    yield e7()
    yield to_contact("Mr Lee", Child(name="Tom O.", books=[the_hobbit()]))


def _for_partner(template: DefaultTemplate) -> Iterator[LetterData]:
    number = template.number or 0
    due = november(26) if number < 0 else november(16)
    yield to_partner(tides(number=number, due=due))
    yield to_partner(tides(number=number, due=due, their_reference=""), tides(number=number, due=november(17)))


_samples = {
    Audience.PATRON: _for_patron,
    Audience.GUARDIAN: _for_guardian,
    Audience.CONTACT: _for_contact,
    Audience.PARTNER: _for_partner,
}


class _Letter(HTMLParser):
    """The words of a mail's HTML between its head, which is the letterhead, and its end."""

    def __init__(self) -> None:
        super().__init__()
        self.words = ""
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "td" and "body" in (dict(attrs).get("class") or "").split():
            self._inside = True
        if tag in ("p", "li", "br", "h2", "td"):
            self.words += " "

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.words += data


class _Nesting(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open.pop() != tag:
            self.wrong.append(tag)


def badly_nested(html: str) -> list[str]:
    """Elements that are not closed where they should be."""
    reader = _Nesting()
    reader.feed(html)
    return reader.wrong + reader.open


def words_of_html(html: str) -> list[str]:
    """The letter's words in reading order."""
    reader = _Letter()
    reader.feed(html)
    return _words(reader.words)


def words_of_text(text: str) -> list[str]:
    """The same of a text part; the numbers of its lists are the HTML's list markers."""
    return _words(re.sub(r"^   \d+\. ", "   ", text, flags=re.MULTILINE))


def _words(text: str) -> list[str]:
    return [word for word in text.split() if word != "·"]
