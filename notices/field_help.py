"""The fields and blocks that an author can click into a letter: what each says, and an example.

Follows ``letter_data`` (a test holds the two together) and adds nothing to it: what an audience may not read is not
listed here, because it is not there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from library.models import Library
from notices import samples
from notices.letter_data import LibraryData, Liquid, fields
from notices.models import Audience, Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """``insert`` is what a click writes."""

    name: str
    help: str
    insert: str
    example: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldGroup:
    """``hint`` says where these fields stand, if they cannot stand anywhere."""

    heading: str
    fields: list[Field]
    hint: str = ""
    around: Field | None = None
    """What a click writes around fields that stand in a list."""


BLOCKS: Final = {
    "books": "The list of books, with author and due date.",
    "children": "A part for each child with their books, or only how many where titles are private.",
    "what_to_do": "Where to look, and what to do when the book is lost. The words follow the step.",
    "next_step": "What happens next, with its date, or that this is the last letter.",
    "foot": "The library’s name, opening hours and telephone, below a thin line.",
}

LETTER: Final = {
    "dear": "The name after Dear or Hi.",
    "count": "How many books the letter is about.",
    "due": "The due date in short, where all books share it.",
    "due_day": "The due date in full, where all books share it.",
    "due_weekday": "The weekday of the due date, where all books share it.",
    "act_by": "An open day by which to answer.",
    "next_open": "The next day on which somebody can come.",
    "next": "The day of the next letter, where all books share it.",
    "last_letter": "Whether this is the last letter about every book. For asking with if.",
    "number": "The highest step: 2 for Overdue 2, −1 for a reminder.",
    "mixed": "Whether the books are at different steps. For asking with if.",
    "today": "The day of the letter.",
    "weekday": "The weekday of the letter.",
    "on_paper": "Whether the letter is printed. For asking with if.",
    "librarian": "The first name of the librarian who writes (Direct email).",
    "letter_day": "The day of the letter that was a mistake (Correction).",
    "still_right": "How many books of that letter it was right about (Correction).",
    "more": "How many books a short message leaves out (Direct email).",
    "names": "The children’s names.",
    "top_names": "The names of the children whose books are at the highest step.",
    "top_count": "How many books these children have.",
    "other_names": "The names of the other children.",
    "other_count": "How many books the other children have.",
    "others": "How many other children there are.",
    "asks_cost": "Whether the letter asks for money for any book. For asking with if.",
    "students": "How many students are on the list.",
    "group": "The name of the group.",
    "lesson": "The weekday of the group’s next library lesson.",
    "lesson_day": "The day of the group’s next library lesson.",
    "brought_back": "How many students of the group brought books back in the last week.",
    "partner": "The name of the partner library.",
}

BOOK: Final = {
    "title": "The title.",
    "author": "The author.",
    "due": "The due date in short.",
    "due_day": "The due date in full.",
    "due_weekday": "The weekday of the due date.",
    "borrowed": "The day on which it was lent.",
    "late": "Whether it is late. For asking with if.",
    "call_number": "Where it stands on the shelf.",
    "barcode": "The item’s barcode.",
    "our_reference": "Our reference number of an interlibrary loan.",
    "their_reference": "Their reference number of an interlibrary loan.",
    "lender": "The library that lent it to us.",
    "number": "The book’s own step.",
    "cost": "What replacing it costs, where the step speaks of money.",
}

CHILD: Final = {
    "name": "The child’s name as this reader knows it.",
    "group": "The child’s class.",
    "label": "The name with the class.",
    "count": "How many books the child has.",
    "due": "The due dates of the child’s books.",
    "late": "Whether any of them is late. For asking with if.",
    "titles": "Whether this reader may read the titles. For asking with if.",
    "number": "The highest step of the child’s books.",
    "last_letter": "Whether this is the last letter about one of them. For asking with if.",
    "cost": "What replacing them costs, where the step speaks of money.",
    "cost_of": "Which of the books that is.",
    "cost_count": "How many books that is.",
    "explain_privacy": "Whether to say here why titles are private: at the first such child. For asking with if.",
}

FATE: Final = {
    "names": "Which books this is about, where not all share it.",
    "count": "How many books share it.",
    "next": "The day of the next letter about them.",
    "next_home": "Whether the family is asked next. For asking with if.",
    "home_told_today": "Whether the family was asked today. For asking with if.",
    "home_reads_titles": "Whether the family may read the titles. For asking with if.",
    "last_letter": "Whether this is the last letter about them. For asking with if.",
}

LIBRARY: Final = {
    "name": "The library’s name.",
    "address": "The postal address.",
    "return_address": "Where partner libraries return loans to.",
    "phone": "The telephone number.",
    "hours": "The opening hours.",
    "reply_to": "The address that answers go to.",
    "no_fees": "The sentence that there are no late fees.",
    "still_borrow": "The sentence that borrowing goes on.",
    "same_book": "The sentence that the same book is accepted.",
    "refund": "The sentence that money is paid back when a book is found.",
    "cost_contact": "Whom to ask about the cost.",
    "interpreter": "The sentence about help in other languages.",
}

_ASKED: Final = "For asking with if."
"""Ends the help of a field that is yes or no."""


def groups(template: Template, *, on: date) -> list[FieldGroup]:
    """Everything that a letter of this template can say, in the order in which authors look for it."""
    audience = Audience(template.audience)
    known = fields(audience)
    values = _example(template, on=on)
    found = [FieldGroup(heading="Finished blocks", fields=list(_blocks(known)))]
    found.append(FieldGroup(heading="This letter", fields=list(_fields(LETTER, known, values))))
    if "children" in known:
        child, shown = known["children"][0], (values["children"] or [{}])[0]
        found.append(
            FieldGroup(
                heading="Each child",
                hint="Between for child in children and endfor.",
                around=_loop("child", "children"),
                fields=list(_fields(CHILD, child, shown, before="child.")),
            )
        )
        found.append(
            FieldGroup(
                heading="Each book of a child",
                hint="Between for book in child.books and endfor. Empty where titles are private.",
                around=_loop("book", "child.books"),
                fields=list(_fields(BOOK, child["books"][0], (shown.get("books") or [{}])[0], before="book.")),
            )
        )
    else:
        found.append(
            FieldGroup(
                heading="Each book",
                hint="Between for book in books and endfor; elsewhere they speak of the first book.",
                around=_loop("book", "books"),
                fields=list(_fields(BOOK, known["book"], values["book"], before="book.")),
            )
        )
    if "fates" in known:
        fate = (values["fates"] or [{}])[0]
        found.append(
            FieldGroup(
                heading="What happens next",
                hint="Between for fate in fates and endfor.",
                around=_loop("fate", "fates"),
                fields=list(_fields(FATE, known["fates"][0], fate, before="fate.")),
            )
        )
    found.append(
        FieldGroup(
            heading="The library", fields=list(_fields(LIBRARY, known["library"], values["library"], before="library."))
        )
    )
    return found


def _example(template: Template, *, on: date) -> Liquid:
    """Values of the first sample, from this library."""
    return samples.letter(template, key="", library=LibraryData.of(Library.the()), on=on).as_liquid()


def _blocks(known: Liquid) -> Iterator[Field]:
    for name, sentence in BLOCKS.items():
        if name in known or name not in ("books", "children"):
            yield Field(name=name, help=sentence, insert=f"{{{{ {name} }}}}")


def _fields(helps: dict[str, str], known: Liquid, values: Liquid, *, before: str = "") -> Iterator[Field]:
    for name, sentence in helps.items():
        if name in known:
            full = f"{before}{name}"
            insert = f"{{% if {full} %}}{{% endif %}}" if sentence.endswith(_ASKED) else f"{{{{ {full} }}}}"
            yield Field(name=full, help=sentence, insert=insert, example=_said(values.get(name)))


def _loop(one: str, many: str) -> Field:
    return Field(
        name=f"for {one} in {many}",
        help="Repeats what stands between.",
        insert=f"{{% for {one} in {many} %}}\n{{% endfor %}}",
    )


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
