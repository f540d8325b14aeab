"""Markdown becomes plain text that reads well and HTML that says the same."""

import pytest

from .letter_samples import BANKSIA, BARE, e2, e5, the_hobbit, to_patron, words_of_html, words_of_text, written


def test_paragraphs_lists_and_headings_in_text():
    """Lists are indented and close together; everything else has a blank line between."""
    body = (
        "One\nline.\n\n## Head\n- a\\\n  small\n- b.\\\n  small\n\n1. first\n2. *second*\n- c\n\n"
        "Last\\\nline **bold**\n\n---\n\nFoot"
    )

    letter = written(body, e2())

    assert letter.text == (
        "One line.\n\nHead\n   a · small\n   b. small\n\n   1. first\n   2. second\n\n   c\n\nLast\nline bold\n\nFoot\n"
    )
    assert words_of_html(letter.html) == words_of_text(letter.text)


def test_a_list_goes_on_through_a_loop():
    """Tags on lines of their own stand between list items and make no gap."""
    body = "Books:\n\n{% for book in books %}\n{% if book.author %}\n- {{ book.title }}\n{% endif %}\n{% endfor %}\nBye"

    letter = written(body, to_patron("Tom", the_hobbit(), the_hobbit(author=""), the_hobbit(title="Holes")))

    assert letter.text == "Books:\n\n   The Hobbit\n   Holes\n\nBye\n"


def test_an_empty_sentence_leaves_no_gap():
    """A policy sentence that a library does not say is gone, with its blanks and its paragraph."""
    body = "Before. {{ library.no_fees }} After.\n\n{{ library.interpreter }}\n\nEnd {{ library.same_book }}"

    full, bare = (written(body, to_patron("Tom", the_hobbit(), library=library)) for library in (BANKSIA, BARE))

    assert full.text == (
        "Before. There are no late fees. After.\n\nHelp in your language: 131 450.\n\n"
        "End The same book, new or used, is fine too.\n"
    )
    assert bare.text == "Before. After.\n\nEnd\n"
    assert bare.html.count("<p") == 2


@pytest.mark.parametrize("field", ["no_fees", "interpreter", "phone"])
def test_an_author_asks_for_a_field_by_its_name(field: str):
    """Empty counts as no: nobody has to know about empty strings."""
    body = f"{{% if library.{field} %}}yes{{% else %}}no{{% endif %}}"
    bare = to_patron("Tom", the_hobbit(), library=BARE)

    assert written(body, e2()).text == "yes\n"
    assert written(body, bare).text == ("yes\n" if field == "phone" else "no\n")


def test_a_subject_is_one_line_without_doubled_blanks():
    """Whatever the fields hold."""
    letter = written("x", to_patron("Tom\n", the_hobbit()), subject=" Hi  {{ dear }} {{ library.no_fees }}\n")

    assert letter.subject == "Hi Tom There are no late fees."


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Μαρία", "Ο Μικρός Πρίγκιπας"),
        ("美玲", "西遊記・上"),
        ("ليلى", "كليلة ودمنة"),
        ("Nguyễn Thị Ánh", "Dế Mèn phiêu lưu ký"),
        ("Оксана", "Лісова пісня"),
        ("มาลี", "ข้างหลังภาพ"),
        ("Ngaio", "Te Pō me te Rā — kōrero"),
        ("می‌نا", "شازده کوچولو"),
        ("𠮷田", "📚 & <Ö>"),
    ],
)
def test_every_script_arrives_as_it_is(name: str, title: str):
    """Names keep their joiners, accents and rare characters in both forms."""
    letter = written("Hi {{ dear }}\n\n{{ books }}", to_patron(name, the_hobbit(title=title)), subject="{{ dear }}")

    assert letter.subject == name
    assert letter.text.startswith(f"Hi {name}\n\n   {title}, by J. R. R. Tolkien · ")
    assert words_of_html(letter.html) == words_of_text(letter.text)


def test_an_author_may_write_windows_line_ends_and_tabs():
    """Browsers send them."""
    letter = written("Hi\r\n\r\n-\ta\r\n-\tb", e5())

    assert letter.text == "Hi\n\n   a\n   b\n"
