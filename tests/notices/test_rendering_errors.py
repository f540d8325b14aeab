"""What is wrong with an author's wording is said by line and column of the author's own source."""

import pytest

from notices import rendering
from notices.models import Audience


def complaints(body: str, *, subject: str = "A letter", audience: Audience = Audience.PATRON) -> list[str]:
    return [str(error) for error in rendering.check(subject=subject, body=body, audience=audience)]


def test_good_wording_has_no_errors():
    """Blocks, fields, loops and filters together."""
    body = "Hi {{ dear }}\n\n{{ books }}\n\n{% for book in books %}\n- {{ book.title | upcase }}\n{% endfor %}"

    assert complaints(body) == []


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("Hi {{ deer }}", "Line 1, column 7: There is no field “deer” in this letter. Did you mean “dear”?"),
        (
            "Hi\n\n  {{ book.titel }}",
            "Line 3, column 6: There is no field “book.titel” in this letter. Did you mean “book.title”?",
        ),
        (
            "{% for b in books %}\n{{ b.titel }}{% endfor %}",
            "Line 2, column 4: There is no field “b.titel” in this letter. Did you mean “b.title”?",
        ),
        (
            "{% if librari.name %}x{% endif %}",
            "Line 1, column 7: There is no field “librari.name” in this letter. Did you mean “library.name”?",
        ),
        ("{{ patron.nme }}", "Line 1, column 4: There is no field “patron.nme” in this letter. Did you mean “dear”?"),
        (
            "{{ book.known_as }}",
            "Line 1, column 4: There is no field “book.known_as” in this letter. "
            "The name that a child is known by stands in letters to that child alone, as “dear”.",
        ),
        ("a\r\nb {{ library }}", "Line 2, column 6: “library” is not a word or a number; choose one of its fields."),
        ("{{ dear", "Line 1, column 1: “{{” is not closed: “}}” is missing."),
        ("a {{ dear | }}", "Line 1, column 3: Something is missing after the last sign: a field or a filter."),
        ("a\n{% if dear %}b", "Line 2, column 1: This is not closed: “{% endif %}” is missing."),
        ("{% else %}", "Line 1, column 4: “{% else %}” stands outside of if and case."),
        ("{{ count | plural }}", 'Plural needs two words, as in count | plural: "book", "books".'),
        (
            "- a{% if dear %}\\\n  b{% endif %}",
            "“{% if dear %}” stands in one paragraph or line and its other end in another: give each its own line.",
        ),
        (
            "a {% for b in books %}\n\nb {% endfor %}",
            "“{% for b in books %}” stands in one paragraph or line and its other end in another: "
            "give each its own line.",
        ),
        ("x" * 20_001, "This is longer than 20,000 characters."),
    ],
)
def test_an_error_is_a_sentence_with_its_place(body: str, complaint: str):
    """Unknown fields and syntax errors are refused when wording is saved."""
    assert complaints(body) == [complaint]


def test_errors_of_the_subject_say_so():
    """The subject is one line, so the column is enough."""
    assert complaints("Hi", subject="About {{ tilte }}") == [
        "Subject, column 10: There is no field “tilte” in this letter."
    ]


def test_all_unknown_fields_are_listed_at_once():
    """An author mends a template in one go."""
    errors = rendering.check(subject="{{ a }}", body="{{ b }}\n{{ c.d }}", audience=Audience.PATRON)

    assert [(error.part, error.line, error.column) for error in errors] == [
        ("subject", 1, 4),
        ("body", 1, 4),
        ("body", 2, 4),
    ]


@pytest.mark.parametrize(
    ("field", "knows"),
    [
        ("books", [Audience.PATRON, Audience.PARTNER]),
        ("children", [Audience.GUARDIAN, Audience.CONTACT]),
        ("partner", [Audience.PARTNER]),
        ("dear", list(Audience)),
    ],
)
def test_an_audience_knows_its_own_fields_alone(field: str, knows: list[Audience]):
    """Letters to partner libraries have no field for a reader, letters home none for a patron's own book list."""
    body = "{% if " + field + " %}x{% endif %}"

    assert [audience for audience in Audience if complaints(body, audience=audience) == []] == knows
