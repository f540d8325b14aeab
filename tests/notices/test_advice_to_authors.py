"""What could be better about a letter is said in sentences, and keeps nobody from saving it."""

import pytest

from notices import advice
from notices.rendering import Written

from .letter_samples import e2, e5, written


def on(body: str, *, subject: str = "A library book") -> list[str]:
    data = e2()
    return advice.on(written(body, data, subject=subject), about=data)


def test_good_wording_gets_no_advice():
    """Short sentences, a plain subject."""
    assert on("Hi {{ dear }},\n\nPlease bring this book back tomorrow.\n\n{{ books }}\n\n{{ foot }}") == []


@pytest.mark.parametrize(
    ("subject", "sentence"),
    [
        ("", "The subject is empty. Say the job in a few words: “A library book to bring back”."),
        (
            "A library book that you really should bring back soon",
            "The subject has 53 characters; a phone shows about 50.",
        ),
        (
            "{{ dear }}, a book",
            "The subject names a person or a title. Others may see it in a list: say it in the letter.",
        ),
        (
            "{{ book.title }}",
            "The subject names a person or a title. Others may see it in a list: say it in the letter.",
        ),
        ("You could pay $5", "The subject speaks of money. Say it in the letter."),
        ("A BOOK", "The subject shouts. Leave out capitals and exclamation marks."),
        ("A book!", "The subject shouts. Leave out capitals and exclamation marks."),
    ],
)
def test_subjects(subject: str, sentence: str):
    """What stands in an inbox for others to see."""
    assert on("Hi.", subject=subject) == [sentence]


def test_words_that_make_people_stay_away():
    """Each once, whatever its capitals."""
    assert on("Hi.\n\nThis is your FINAL warning. It is final.") == [
        "“final” makes people stay away or leaves somebody out. Say what helps instead.",
        "“warning” makes people stay away or leaves somebody out. Say what helps instead.",
    ]


def test_long_and_hard_sentences():
    """Length and reading age are measured without lists and greeting."""
    sentence = "Notwithstanding considerable institutional difficulties, " * 6 + "respond."

    assert on(f"Hi,\n\n{sentence}") == [
        "Its sentences have 25 words on average; 15 are easy to read.".replace("25", str(len(sentence.split()))),
        f"It reads well from about age {advice.reading_age([sentence])}; aim for 11. Shorter words and sentences help.",
    ]


def test_a_long_letter():
    """A parent reads it on a phone."""
    data = e5()
    letter = written("Hi.\n\n" + "Please look for it at home. " * 30, data)

    assert advice.on(letter, about=data) == ["It has 180 words without its lists; 150 fit on a phone."]


def test_a_large_letter():
    """Mail programs cut off what is too large."""
    letter = Written(subject="A book", text="Hi.\n\nPlease come.\n", html="x" * 90_000)

    assert advice.on(letter, about=e2()) == ["It has 90 kB; some mail programs cut a letter off at 102 kB."]
