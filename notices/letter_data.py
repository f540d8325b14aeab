"""What a letter may speak of: the data that templates see, and nothing else.

Composing fills these shapes from rows; ``LetterData.as_liquid`` turns them into plain dictionaries of strings, numbers
and lists. Dates become words here, and books that share a fate are put into one sentence here, so that no template
calculates. Refuses to carry what an audience may not read: where titles are private, everything that would tell the
item ends in this module, whatever composing put in, and letters to partner libraries have no field for a reader.

Every known field is always there; where there is nothing to say it is nil, so that ``{% if book.author %}`` asks.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Self

from library.models import Library

from .models.template import Audience

Liquid = dict[str, Any]
"""Strings, whole numbers, booleans, lists and dictionaries of these."""

_YEAR_IS_PLAIN = 300
"""A date further than so many days from the letter's own day is written with its year."""


def _liquid(**known: Any) -> Liquid:
    return {name: None if value == "" else value for name, value in known.items()}


@lru_cache(maxsize=5_000)
def long_date(day: date | None) -> str:
    """For sentences: *Monday 9 November*. Empty for no date."""
    return f"{day:%A} {day.day} {day:%B}" if day else ""


@lru_cache(maxsize=5_000)
def short_date(day: date | None, *, today: date) -> str:
    """For lists: *Mon 9 Nov*, with the year where it could be mistaken. Empty for no date."""
    if day is None:
        return ""
    year = f" {day.year}" if abs((today - day).days) > _YEAR_IS_PLAIN else ""
    return f"{day:%a} {day.day} {day:%b}{year}"


def joined(words: Iterable[str]) -> str:
    """*Asha*, *Asha and Tom*, *Asha, Tom and Ruby*."""
    *most, last = list(words) or [""]
    return f"{', '.join(most)} and {last}" if most else last


def one_line(lines: str) -> str:
    """A postal address as it stands in a sentence."""
    return ", ".join(line.strip().rstrip(",") for line in lines.splitlines() if line.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryData:
    """The library as letters speak of it. A sentence left empty disappears without a gap (wording.md, ‡)."""

    name: str
    address: str = ""
    return_address: str = ""
    phone: str = ""
    hours: str = ""
    reply_to: str = ""
    currency: str = "$"
    no_fees: str = ""
    still_borrow: str = ""
    same_book: str = ""
    refund: str = ""
    cost_contact: str = ""
    interpreter: str = ""

    @classmethod
    def of(cls, library: Library) -> Self:
        """The library's row, with nothing that letters must not say."""
        return cls(
            name=library.name,
            address=library.address,
            return_address=library.return_address or library.address,
            phone=library.phone,
            hours=library.opening_hours,
            reply_to=library.reply_to,
            currency=library.currency,
            no_fees=library.no_fees_sentence,
            still_borrow=library.still_borrow_sentence,
            same_book=library.same_book_sentence,
            refund=library.refund_sentence,
            cost_contact=library.cost_contact,
            interpreter=library.interpreter_sentence,
        )

    def as_liquid(self) -> Liquid:
        return _liquid(
            name=self.name,
            address=one_line(self.address),
            return_address=one_line(self.return_address),
            phone=self.phone,
            hours=self.hours,
            reply_to=self.reply_to,
            no_fees=self.no_fees,
            still_borrow=self.still_borrow,
            same_book=self.same_book,
            refund=self.refund,
            # Stands inside a sentence, which brings its own full stop.
            cost_contact=self.cost_contact.rstrip(" ."),
            interpreter=self.interpreter,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """One loan in a letter, with its own step and its own consequence (product.md, N5).

    ``number`` is the loan's step (negative: reminder; 0: none today, for what is also out). ``next`` is the day on
    which it is spoken of again, None where nobody knows or nothing follows. ``cost`` is given only where the loan's
    step speaks of it.
    """

    title: str
    due: date
    number: int = 0
    author: str = ""
    call_number: str = ""
    barcode: str = ""
    borrowed: date | None = None
    cost: Decimal | None = None
    our_reference: str = ""
    their_reference: str = ""
    lender: str = ""
    next: date | None = None
    next_home: bool = False
    home_told_today: bool = False
    home_reads_titles: bool = False
    last_letter: bool = False

    def as_liquid(self, *, today: date, currency: str, titles: bool = True) -> Liquid:
        everything = _liquid(
            title=self.title,
            author=self.author,
            call_number=self.call_number,
            barcode=self.barcode,
            our_reference=self.our_reference,
            their_reference=self.their_reference,
            lender=self.lender,
            number=self.number,
            late=self.due < today,
            borrowed=short_date(self.borrowed, today=today),
            due=short_date(self.due, today=today),
            due_day=long_date(self.due),
            due_weekday=f"{self.due:%A}",
            cost=_money(self.cost, currency),
        )
        return everything if titles else everything | dict.fromkeys(_TELLING)


_TELLING = ("title", "author", "call_number", "barcode", "our_reference", "their_reference", "lender")
"""What would tell a reader of the letter which item it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One patron in a letter to a home or to a group's contact; ``name`` is the one that this audience knows.

    ``titles`` says whether this audience may read what the child borrowed: group and step both allow it.
    """

    name: str
    books: Sequence[Book]
    group: str = ""
    titles: bool = False

    @property
    def number(self) -> int:
        """The highest step of the child's books."""
        return max((book.number for book in self.books), default=0)

    @property
    def last_letter(self) -> bool:
        return any(book.last_letter for book in self.books)

    def as_liquid(self, *, today: date, currency: str) -> Liquid:
        priced = [book for book in self.books if book.cost is not None]
        return _liquid(
            name=self.name,
            group=self.group,
            label=f"{self.name} ({self.group})" if self.group else self.name,
            count=len(self.books),
            number=self.number,
            titles=self.titles,
            late=any(book.due < today for book in self.books),
            due=_due_dates(self.books, today=today),
            books=[book.as_liquid(today=today, currency=currency, titles=self.titles) for book in self.books],
            last_letter=self.last_letter,
            cost=_money(sum((book.cost for book in priced if book.cost), Decimal()), currency) if priced else "",
            cost_of=f"the {_by_due_date(priced, today=today)}" if 0 < len(priced) < len(self.books) else "",
            cost_count=len(priced),
        )

    def belongings(self, books: Sequence[Book], *, today: date) -> str:
        """*Ruby’s book*, and which one by its due date where Ruby has others."""
        which = _book_or_books(books) if len(books) == len(self.books) else _by_due_date(books, today=today)
        return f"{self.name}’s {which}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterData:
    """One letter to one recipient about all the notices that it holds.

    ``dear`` is what stands in the greeting: first name or *known as* for the patron, salutations joined with *and* for
    guardians, the contact's name, *colleagues* for a partner library. Letters to patrons and partners hold ``books``;
    letters to homes and contacts hold ``children``. ``act_by`` and ``next_open`` are open days, ``lesson`` is a
    group's next library day, ``letter_of`` the day of the letter that a correction is about and ``still_right`` counts
    the books that it was right about, ``more`` those that a short message leaves out.
    """

    audience: Audience
    library: LibraryData
    today: date
    dear: str
    books: Sequence[Book] = ()
    children: Sequence[Child] = ()
    also_out: Sequence[Book] = ()
    act_by: date | None = None
    next_open: date | None = None
    on_paper: bool = False
    group: str = ""
    lesson: date | None = None
    brought_back: int = 0
    librarian: str = ""
    letter_of: date | None = None
    still_right: int = 0
    partner: str = ""
    more: int = 0

    @property
    def all_books(self) -> list[Book]:
        """The letter's books, the children's among them; not what is also out."""
        return [*self.books, *(book for child in self.children for book in child.books)]

    @property
    def number(self) -> int:
        """The highest step, whose template gives subject and opening."""
        return max((book.number for book in self.all_books), default=0)

    @property
    def currency(self) -> str:
        return self.library.currency

    def as_liquid(self) -> Liquid:
        """Exactly the fields that templates of this audience know (``fields``), ready for rendering."""
        return self._for_everyone() | _OWN[self.audience](self)

    def _for_everyone(self) -> Liquid:
        books = self.all_books
        days = {book.due for book in books}
        due = books[0].due if len(days) == 1 else None
        nexts = {book.next for book in books}
        return _liquid(
            library=self.library.as_liquid(),
            today=long_date(self.today),
            weekday=f"{self.today:%A}",
            dear=self.dear,
            number=self.number,
            count=len(books),
            mixed=len({book.number for book in books}) > 1,
            due=short_date(due, today=self.today),
            due_day=long_date(due),
            due_weekday=f"{due:%A}" if due else "",
            act_by=long_date(self.act_by),
            next_open=self._next_open(),
            on_paper=self.on_paper,
            next=long_date(books[0].next) if len(nexts) == 1 else "",
            last_letter=bool(books) and all(book.last_letter for book in books),
            librarian=self.librarian,
            letter_day=long_date(self.letter_of),
            still_right=self.still_right,
        )

    def _next_open(self) -> str:
        """The next day on which somebody can come, as it follows a verb: *tomorrow*, *on Monday*, *soon*."""
        if self.next_open is None:
            return "soon"
        return "tomorrow" if (self.next_open - self.today).days == 1 else f"on {long_date(self.next_open)}"

    def _for_patron(self) -> Liquid:
        return _liquid(
            books=self._books(self.books),
            book=self._first_book(),
            also_out=self._books(self.also_out),
            more=self.more,
            fates=_fates(self.books, alike=_fate_for_patron, named=self._titles),
        )

    def _for_guardian(self) -> Liquid:
        top = [child for child in self.children if child.number == self.number]
        return _liquid(
            children=self._children(),
            names=joined(child.name for child in self.children),
            top_names=joined(child.name for child in top),
            top_count=sum(len(child.books) for child in top),
            other_count=sum(len(child.books) for child in self.children if child not in top),
            other_names=joined(child.name for child in self.children if child not in top),
            others=len(self.children) - len(top),
            more=self.more,
            asks_cost=any(book.cost is not None for book in self.all_books),
            fates=_fates(self.all_books, alike=_fate_for_home, named=self._belongings),
        )

    def _for_contact(self) -> Liquid:
        return _liquid(
            children=self._children(),
            students=len(self.children),
            group=self.group,
            lesson=f"{self.lesson:%A}" if self.lesson else "",
            lesson_day=long_date(self.lesson),
            brought_back=self.brought_back,
        )

    def _for_partner(self) -> Liquid:
        return _liquid(
            books=self._books(self.books),
            book=self._first_book(),
            partner=self.partner,
            fates=_fates(self.books, alike=_fate_for_home, named=self._titles),
        )

    def _books(self, books: Sequence[Book]) -> list[Liquid]:
        """The highest step first: it is the one that the letter opens with."""
        ordered = sorted(books, key=lambda book: -book.number)
        return [book.as_liquid(today=self.today, currency=self.currency) for book in ordered]

    def _first_book(self) -> Liquid:
        return (self.books[0] if self.books else _NO_BOOK).as_liquid(today=self.today, currency=self.currency)

    def _children(self) -> list[Liquid]:
        """The highest step first; the first child with private titles is where a letter explains why."""
        children = sorted(self.children, key=lambda child: -child.number)
        first_private = next((child for child in children if not child.titles), None)
        return [
            child.as_liquid(today=self.today, currency=self.currency) | {"explain_privacy": child is first_private}
            for child in children
        ]

    def _titles(self, books: Sequence[Book]) -> str:
        return joined(book.title for book in books)

    def _belongings(self, books: Sequence[Book]) -> str:
        theirs = [(child, [book for book in child.books if book in books]) for child in self.children]
        return joined(child.belongings(some, today=self.today) for child, some in theirs if some)


_OWN: dict[Audience, Callable[[LetterData], Liquid]] = {
    Audience.PATRON: LetterData._for_patron,
    Audience.GUARDIAN: LetterData._for_guardian,
    Audience.CONTACT: LetterData._for_contact,
    Audience.PARTNER: LetterData._for_partner,
}

_NO_BOOK = Book(title="", due=date(2000, 1, 1))


def _fate_for_patron(book: Book) -> Hashable:
    return book.last_letter, book.next, book.next_home, book.home_told_today, book.home_reads_titles


def _fate_for_home(book: Book) -> Hashable:
    return book.last_letter, book.next


def _fates(
    books: Sequence[Book], *, alike: Callable[[Book], Hashable], named: Callable[[Sequence[Book]], str]
) -> list[Liquid]:
    """What happens next, once for all books that share it; a fate names its books unless all share one.

    The latest step comes first: it is the one that the letter opens with.
    """
    groups: dict[Hashable, list[Book]] = {}
    for book in sorted(books, key=lambda book: -book.number):
        groups.setdefault(alike(book), []).append(book)
    return [
        _liquid(
            names=named(group) if len(groups) > 1 else "",
            count=len(group),
            next=long_date(group[0].next),
            next_home=group[0].next_home,
            home_told_today=group[0].home_told_today,
            home_reads_titles=group[0].home_reads_titles,
            last_letter=group[0].last_letter,
        )
        for group in groups.values()
    ]


def _money(amount: Decimal | None, currency: str) -> str:
    return "" if amount is None else f"{currency}{amount:,.2f}"


def _book_or_books(books: Sequence[Book]) -> str:
    return "book" if len(books) == 1 else "books"


def _by_due_date(books: Sequence[Book], *, today: date) -> str:
    """*book that was due Mon 9 Nov*: names a book whose title must not be told."""
    late = all(book.due < today for book in books)
    verb = ("was" if late else "is") if len(books) == 1 else ("were" if late else "are")
    return f"{_book_or_books(books)} that {verb} due {_due_dates(books, today=today)}"


def _due_dates(books: Iterable[Book], *, today: date) -> str:
    return joined(short_date(day, today=today) for day in sorted({book.due for book in books}))


@lru_cache
def fields(audience: Audience) -> Liquid:
    """Every field that templates of this audience may name, as nested dictionaries with one example in each list."""
    book = _NO_BOOK
    child = Child(name="", books=[book])
    return LetterData(
        audience=audience,
        library=LibraryData(name=""),
        today=date(2000, 1, 1),
        dear="",
        books=[book],
        children=[child],
        also_out=[book],
    ).as_liquid()
