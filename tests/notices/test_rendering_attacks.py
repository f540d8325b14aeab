"""Neither a value nor an author's template gets out of the letter."""

import time

import pytest
from django.utils.safestring import mark_safe

from notices import rendering
from notices.models import Audience
from notices.rendering import TemplateError

from .letter_samples import e2, nevermoor, the_default, the_hobbit, to_patron, words_of_text, written

EVIL = [
    "{{ library.name }}",
    "{% for i in (1..9) %}x{% endfor %}",
    "<script>alert(1)</script>",
    "<b>bold</b> & <!-- gone",
    "*stars* _lines_ `code` [link](http://evil.example) ![x](http://evil.example/x.png)",
    "# heading",
    "- item",
    '"><img src=x onerror=alert(1)>',
    "\ue0000\ue001",
    "--- --> ]]>",
]


@pytest.mark.parametrize("title", EVIL)
def test_a_title_is_only_ever_words(title: str):
    """Titles come from other systems: what looks like Liquid, HTML or Markdown is printed as it is."""
    letter = written("Hi {{ dear }}\n\n{{ books }}", to_patron("Tom", the_hobbit(title=title)))

    assert f"   {' '.join(title.split())}, by J. R. R. Tolkien" in letter.text
    assert "<script" not in letter.html
    assert "<img" not in letter.html
    assert "<b>" not in letter.html
    assert "evil.example" not in letter.html.replace("http://evil.example", "", title.count("http://evil.example"))


def test_a_value_that_calls_itself_safe_html_is_escaped_all_the_same():
    """Django marks strings as safe; a letter takes nobody's word for it."""
    letter = written("{{ dear }}", to_patron(mark_safe("<b>Tom</b>"), the_hobbit()))

    assert letter.text == "<b>Tom</b>\n"
    assert "&lt;b&gt;Tom&lt;/b&gt;" in letter.html


def test_line_breaks_and_control_characters_in_a_title_are_blanks():
    """A title cannot begin a line of its own, a header, or a list."""
    book = the_hobbit(title="The\r\nHobbit\x00\x1b[31m\u2028Bcc: a@b.example\x01\x85")

    letter = written("{{ books }}", to_patron("Tom", book), subject="{{ book.title }}\r\nBcc: {{ dear }}")

    assert letter.subject == "The Hobbit [31m Bcc: a@b.example Bcc: Tom"
    assert letter.text.startswith("   The Hobbit [31m Bcc: a@b.example, by J. R. R. Tolkien · borrowed")
    assert [character for character in letter.html if ord(character) < 32 and character != "\n"] == []


def test_marks_that_turn_the_reading_direction_are_taken_out():
    """A title could otherwise make the rest of its line read backwards."""
    letter = written("{{ book.title }} end", to_patron("Tom", the_hobbit(title="\u202eevil\u2066")))

    assert letter.text == "evil end\n"


def test_a_literal_in_a_template_is_no_html_either():
    """Authors write Markdown; HTML has no way in, not even through Liquid's quotes."""
    letter = written("<b>x</b> {{ '<script>' }} \\{ {{ 'a' | default: '<i>' }}", e2())

    assert letter.text == "<b>x</b> <script> { a\n"
    assert "<script" not in letter.html
    assert "<b>" not in letter.html


@pytest.mark.parametrize(
    "template",
    [
        "{{ book.__class__ }}",
        "{{ dear.__class__.__mro__ }}",
        "{{ books.append }}",
        "{{ library.save }}",
        "{{ settings.SECRET_KEY }}",
        "{{ now }}",
        "{{ self }}",
        "{{ book['__class__'] }}",
        "{{ book[dear] }}",
    ],
)
def test_a_template_reaches_nothing_but_its_data(template: str):
    """Refused when it is saved, and refused again if it got past."""
    errors = rendering.check(subject="", body=template, audience=Audience.PATRON)

    assert len(errors) == 1
    with pytest.raises(TemplateError):
        written(template, to_patron("__class__", the_hobbit()))


@pytest.mark.parametrize("name", ["assign", "capture", "include", "render", "increment", "cycle", "tablerow", "raw"])
def test_tags_that_letters_do_not_need_are_unknown(name: str):
    """A short list: if, unless, case, for, comment."""
    with pytest.raises(TemplateError, match=f"Letters know no tag “{name}”"):
        rendering.compiled(subject="", body=f"{{% {name} x %}}{{% end{name} %}}", audience=Audience.PATRON)


@pytest.mark.parametrize(
    "body",
    [
        "{{ (1..100000000) | join }}",
        "{{ (1..100000000) | size }}",
        "{% for i in (1..100000000) %}x{% endfor %}",
        "{% for i in (1..count) %}x{% endfor %}",
        "{% if (1..100000000) contains 5 %}x{% endif %}",
    ],
)
def test_a_long_range_is_refused_before_it_counts(body: str):
    """Liquid's own limits let a range of a hundred million take three gigabytes."""
    with pytest.raises(TemplateError, match="A range may count to 1,000"):
        rendering.compiled(subject="", body=body, audience=Audience.PATRON)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("{% for i in (1..1000) %}{% for j in (1..1000) %}x{% endfor %}{% endfor %}", "go round more than 2,000 times"),
        ("{% for i in (1..1000) %}" + "much " * 100 + "{% endfor %}", "longer than 100 kB"),
        ("{{" * 10_000, "is not closed"),
        ("{{" * 250 + " " * 19_000, "is not closed"),
        ("{% if" + " " * 19_000 + "%}", "is not closed"),
        ("{{ books }}" * 501, "more than 500 fields and tags"),
        ("{% if true %}" * 40 + "x" + "{% endif %}" * 40, "Too many tags stand inside one another"),
    ],
)
def test_a_template_cannot_run_away(body: str, sentence: str):
    """Loops in loops and walls of words stop early."""
    before = time.monotonic()

    with pytest.raises(TemplateError, match=sentence):
        written(body, e2())

    assert time.monotonic() - before < 2


def test_ten_megabytes_of_title_fail_one_letter_quickly():
    """A broken import must not become ten megabytes of mail."""
    before = time.monotonic()

    with pytest.raises(TemplateError, match="The letter is longer than 100 kB"):
        written("{{ books }}", to_patron("Tom", the_hobbit(title="x" * 10_000_000)))

    assert time.monotonic() - before < 2


@pytest.mark.parametrize("name", ["append", "join", "split", "replace", "times", "safe", "date", "map"])
def test_filters_that_can_grow_or_unescape_are_refused(name: str):
    """Each allowed filter makes at most as much as it was given."""
    errors = rendering.check(subject="", body="Hi\n{{ dear | " + name + ": 'x' }}", audience=Audience.PATRON)

    assert [str(error) for error in errors] == [f"Line 2, column 11: Letters know no filter “{name}”."]


def test_two_hundred_books_fit_into_a_letter():
    """The limits are for accidents, not for a teacher who borrowed a class set."""
    books = [the_hobbit(title=f"A longer title than most, volume {number}") for number in range(200)]
    template = the_default(2, Audience.PATRON)

    letter = written(template.body, to_patron("Mr Lee", *books, nevermoor()))

    assert len(letter.html.encode()) < 100_000
    assert words_of_text(letter.text).count("volume") == 400
