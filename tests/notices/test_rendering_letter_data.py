"""What templates see: dates in words, each book's own fate, and nothing that its reader may not know."""

from datetime import date

import pytest

from notices.letter_data import Child, joined, long_date, one_line, short_date
from notices.models import Audience

from .letter_samples import (
    TODAY,
    blueback,
    letter,
    nevermoor,
    november,
    storm_boy,
    the_book_thief,
    the_default,
    the_hobbit,
    tides,
    to_contact,
    to_home,
    to_partner,
    to_patron,
    written,
)


def test_dates_are_words():
    """Monday 9 November in sentences, Mon 9 Nov in lists, with the year where it could be mistaken."""
    assert long_date(november(9)) == "Monday 9 November"
    assert short_date(november(9), today=TODAY) == "Mon 9 Nov"
    assert short_date(date(2025, 11, 10), today=TODAY) == "Mon 10 Nov 2025"
    assert (long_date(None), short_date(None, today=TODAY)) == ("", "")


def test_names_and_addresses_stand_in_a_sentence():
    """Joined as one would say them."""
    assert [joined(names) for names in ([], ["Asha"], ["Asha", "Tom"], ["Asha", "Tom", "Ruby"])] == [
        "",
        "Asha",
        "Asha and Tom",
        "Asha, Tom and Ruby",
    ]
    assert one_line("1 Wattle Road,\r\n\n Therry VIC 3019 ") == "1 Wattle Road, Therry VIC 3019"


@pytest.mark.parametrize(
    ("next_open", "words"), [(november(24), "tomorrow"), (november(30), "on Monday 30 November"), (None, "soon")]
)
def test_tomorrow_is_said_only_where_somebody_is_there(next_open: date | None, words: str):
    """Every day that a letter asks for is an open one."""
    data = to_patron("Tom", the_hobbit(), next_open=next_open)

    assert letter(the_default(1, Audience.PATRON), data).text.split("\n\n")[1] == (
        f"Please bring this book back {words}, or tell us that you need it for longer."
    )


def test_books_that_share_a_fate_share_a_sentence():
    """The rule is said once, without titles, where it holds for all."""
    data = to_patron("Tom", the_hobbit(next_home=True), blueback(number=1, next=november(30), next_home=True))

    assert written("{{ next_step }}", data).text == (
        "If they are still out on Monday 30 November, we will ask your family to help. "
        "We will not tell them the titles.\n"
    )


def test_a_consequence_names_its_book_where_fates_differ():
    """One letter holds several steps; nobody may think that the last letter is about every book in it."""
    data = to_patron("Tom", the_hobbit(), the_book_thief(home_told_today=True), nevermoor())

    assert written("{{ next_step }}", data).text == (
        "Today we also asked your family to help you look for The Book Thief. We did not tell them the title.\n\n"
        "This is our last letter to you about The Book Thief. If it turns up later, bring it in. We will be glad.\n\n"
        "If The Hobbit is still out on Monday 30 November, we will write to you again.\n"
    )


def test_a_private_book_is_named_by_its_due_date():
    """A home that may not read titles still learns which of two books the last letter is about."""
    tom = Child(name="Tom", books=[the_book_thief(), the_hobbit()])

    letter = written("{{ next_step }}", to_home("Ms Okafor", tom))

    assert letter.text == (
        "This is our last letter about Tom’s book that was due Mon 26 Oct. "
        "Our next letter about Tom’s book that was due Mon 16 Nov would be on Monday 30 November.\n"
    )


@pytest.mark.parametrize("data", [to_home, to_contact], ids=["home", "contact"])
def test_private_titles_are_not_in_the_data(data):
    """Not hidden by the template: not there. Tom's sister's titles may be told, so there is something to mix up."""
    book = the_hobbit(barcode="30001", call_number="F TOL", our_reference="B-1", their_reference="X-2", lender="Karri")

    letter = data(
        "Ms Okafor",
        Child(name="Tom", books=[book]),
        Child(name="Asha", titles=True, books=[storm_boy()]),
    )

    everything = str(letter.as_liquid())
    secrets = ["The Hobbit", "Tolkien", "30001", "F TOL", "B-1", "X-2", "Karri"]
    assert [secret for secret in secrets if secret in everything] == []
    assert "Storm Boy" in everything


def test_a_template_that_prints_private_titles_prints_nothing():
    """An author's own loop gets no further than ours."""
    body = "{% for child in children %}{{ child.name }}: {{ child.books[0].title }} {% endfor %}"

    letter = written(body, to_home("Ms Okafor", Child(name="Tom", books=[the_hobbit()])))

    assert letter.text == "Tom:\n"


def test_a_partner_library_hears_of_no_reader():
    """What a partner's template can reach holds no child and no patron's list."""
    data = to_partner(tides()).as_liquid()

    assert sorted(data.keys() & {"children", "names", "also_out", "group", "students"}) == []


def test_the_step_that_opens_the_letter_comes_first():
    """Highest step first, in lists of books and of children."""
    patron = to_patron("Tom", nevermoor(), the_hobbit(), the_book_thief()).as_liquid()
    home = to_home("Ms Okafor", Child(name="Asha", books=[the_hobbit()]), Child(name="Ruby", books=[the_book_thief()]))

    assert [book["title"] for book in patron["books"]] == ["The Book Thief", "The Hobbit", "Nevermoor"]
    assert [child["name"] for child in home.as_liquid()["children"]] == ["Ruby", "Asha"]
