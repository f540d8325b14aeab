"""Unsaved wording is tried in a child process: the same words as composing's, and no harm when it runs away."""

import time
from dataclasses import replace
from datetime import date

import pytest

from notices import defaults, samples, trial
from notices.defaults import DefaultTemplate
from notices.language import TemplateError
from notices.letter_data import LetterData, LibraryData
from notices.models import Audience, Template

from .letter_samples import BANKSIA, e2, e5, letter, the_hobbit, to_patron

TODAY = date(2026, 11, 23)


def tried(body: str, data: LetterData, *, subject: str = "A letter") -> tuple[str, str, str]:
    (written,) = trial.letters(subject=subject, body=body, audience=data.audience, about=[data])
    return written


def row(default: DefaultTemplate) -> Template:
    return Template(
        service=default.service, kind=default.kind, number=default.number, audience=default.audience, name="unsaved"
    )


@pytest.mark.parametrize("audience", Audience)
def test_what_is_tried_is_what_is_sent_to_the_byte(audience: Audience):
    """Every shipped template of an audience with every sample: the child renders with the code that sends."""
    for default in defaults.load():
        if default.audience != audience:
            continue
        about = samples.every(row(default), library=BANKSIA, on=TODAY)

        shown = trial.letters(subject=default.subject, body=default.body, audience=audience, about=about)

        assert shown == [letter(default, data) for data in about]


def test_a_sample_says_both_with_and_without_titles():
    """An author sees what a home reads that may not know the titles."""
    home = Template(service="circulation", kind=Template.Kind.STEP, number=2, audience=Audience.GUARDIAN)
    told, private = (
        samples.letter(home, key=key, library=LibraryData(name="Banksia"), on=TODAY) for key in ("told", "private")
    )

    body = "{{ children }}"

    assert "Rowan of Rin" in tried(body, told)[1]
    assert "Rowan of Rin" not in "".join(tried(body, private))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            "{% for i in (1..2) %}{% for j in (1..1000) %}"
            + ("{{ dear" + " | upcase" * 53 + " }}") * 39
            + "{% endfor %}{% endfor %}",
            trial.TOO_LONG,
        ),
        (
            "{% for i in (1..1000) %}{% for j in (1..1000) %}{% endfor %}{% endfor %}",
            "Its loops go round more than 2,000 times. Take loops out of other loops.",
        ),
        ("{% for i in (1..1000) %}" + "much " * 3000 + "{% endfor %}", "The letter is longer than 100 kB."),
        ("{{ (1..100000000) | join }}", "A range may count to 1,000 at most, and only between written numbers."),
    ],
)
def test_wording_that_runs_away_is_stopped(body: str, sentence: str):
    """Two seconds of the processor and not more; the page that asked lives on and says why."""
    before = time.process_time()

    with pytest.raises(TemplateError) as refusal:
        tried(body, replace(e2(), dear=""))

    assert refusal.value.sentence == sentence
    assert time.process_time() - before < 1


def test_ten_megabytes_are_stopped_by_the_child():
    """A title of ten megabytes is too long for a letter, and the child says so."""
    with pytest.raises(TemplateError, match="The letter is longer than 100 kB"):
        tried("{{ books }}", to_patron("Tom", the_hobbit(title="x" * 10_000_000)))


def test_more_memory_than_a_letter_may_take_is_stopped():
    """The child has 256 MB: what needs more ends there, and this process never has it."""
    with pytest.raises(TemplateError) as refusal:
        tried("{{ books }}", to_patron("Tom", the_hobbit(title="x" * 150_000_000)))

    assert refusal.value.sentence == trial.TOO_LARGE


def test_what_is_wrong_is_found_before_anything_is_rendered():
    """All places at once, in the author's own lines."""
    errors = trial.errors(subject="{{ tilte }}", body="Hi\n{{ child.nmae }}", audience=Audience.GUARDIAN, about=[e5()])

    assert list(map(str, errors)) == [
        "Subject, column 4: There is no field “tilte” in this letter.",
        "Line 2, column 4: There is no field “child.nmae” in this letter. "
        "It stands between “{% for child in children %}” and “{% endfor %}”.",
    ]
