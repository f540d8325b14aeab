"""Every shipped template keeps the rules of wording.md, with every sample that it may have to write."""

import re
from collections.abc import Callable

import pytest

from circulation.models import Loan
from notices import advice, defaults, rendering
from notices.advice import NEVER, grade, prose
from notices.defaults import DefaultTemplate
from notices.letter_data import LetterData
from notices.models import Audience, Template

from .letter_samples import BANKSIA, badly_nested, letter, samples, words_of_html, words_of_text

TEMPLATES = defaults.load()

MUST = {
    "what to do": r"[Pp]lease|Could you",
    "a book, or how many, and when it was due": r"due \w{3} \d{1,2} \w{3}|\d books?, due",
    "reply": r"[Rr]epl(y|ies)|library@banksia\.example",
    "phone": re.escape(BANKSIA.phone),
    "desk hours": re.escape(BANKSIA.hours),
    "lost? tell us": r"[Ll]ost",
    "back already?": r"[Bb]ack already|went back|[Rr]eturned already",
}
FOR_HOMES = {
    "not for you?": r"Not for you\? Please tell us",
    "help in your language": re.escape(BANKSIA.interpreter),
}
ABOUT_BOOKS = {Template.Kind.STEP, Template.Kind.LEAVING, Template.Kind.TERM_ENDS, Template.Kind.RECALL}
TO_READERS = {Template.Kind.ALL_CLEAR, Template.Kind.CORRECTION, Template.Kind.DIRECT}
BEFORE_PARTING = {Template.Kind.LEAVING, Template.Kind.TERM_ENDS}
OTHER_KINDS = {
    (Loan.Service(service), kind, Audience(audience))
    for service, audience, kinds in (
        ("circulation", "patron", TO_READERS | BEFORE_PARTING | {Template.Kind.SLIP, Template.Kind.STAFF_LIST}),
        ("circulation", "guardian", TO_READERS | BEFORE_PARTING),
        ("circulation", "contact", TO_READERS - {Template.Kind.DIRECT} | BEFORE_PARTING | {Template.Kind.CLASS_LIST}),
        ("ill_borrowing", "patron", TO_READERS | BEFORE_PARTING | {Template.Kind.RECALL}),
        ("ill_lending", "partner", TO_READERS | {Template.Kind.RECALL}),
    )
    for kind in kinds
}
LONGEST = {Audience.PATRON: 120, Audience.GUARDIAN: 150, Audience.CONTACT: 120, Audience.PARTNER: 120}


def name(template: DefaultTemplate) -> str:
    return f"{template.service}-{template.number or template.kind}-{template.audience}"


def letters(suits: Callable[[DefaultTemplate, LetterData], bool] = lambda template, data: True) -> pytest.MarkDecorator:
    """One case for each shipped template and each of its samples that suits."""
    cases = [
        pytest.param(template, data, id=f"{name(template)}-{index}")
        for template in TEMPLATES
        for index, data in enumerate(samples(template))
        if suits(template, data)
    ]
    return pytest.mark.parametrize(("template", "data"), cases)


every_letter = letters()
every_letter_on_paper = letters(lambda template, data: data.on_paper)
every_letter_that_asks_for_books = letters(
    lambda template, data: template.kind in ABOUT_BOOKS and template.audience in (Audience.PATRON, Audience.GUARDIAN)
)


def test_every_step_and_kind_has_its_wording():
    """Schedules and templates meet by number: a step without wording would fail its letters."""
    kinds = {
        (one.service, one.number if one.kind == Template.Kind.STEP else one.kind, one.audience) for one in TEMPLATES
    }

    circulation, patron = Loan.Service.CIRCULATION, Audience.PATRON
    steps = {
        (circulation, number, audience) for number in (-2, -1, 1, 2, 3, 4) for audience in (patron, Audience.GUARDIAN)
    }
    steps |= {(circulation, number, Audience.CONTACT) for number in (-2, -1, 1, 2, 3, 4)}
    steps |= {(Loan.Service.ILL_BORROWING, number, patron) for number in (-1, 1, 2, 3)}
    steps |= {(Loan.Service.ILL_LENDING, number, Audience.PARTNER) for number in (-1, 1, 2, 3)}

    assert steps <= kinds
    assert kinds - steps == OTHER_KINDS


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_it_names_no_unknown_field(template: DefaultTemplate):
    """What an author would be refused is not shipped either."""
    errors = rendering.check(subject=template.subject, body=template.body, audience=template.audience)

    assert [str(error) for error in errors] == []


@every_letter
def test_subjects_say_the_job_in_fifty_characters(template: DefaultTemplate, data: LetterData):
    """No name, title, money or alarm stands in an inbox for others to see; partners get their references."""
    subject = letter(template, data).subject

    assert 5 <= len(subject) <= 50
    assert "!" not in subject
    assert [word for word in subject.split() if word.isupper() and word not in ("ILL", "A")] == [
        word for word in subject.split() if re.search(r"\d", word) and word.isupper()
    ]
    names = {book.title for book in data.all_books} | {child.name for child in data.children} | {data.dear, "$"}
    assert [name for name in names if name in subject] == []


@every_letter
def test_a_child_of_eleven_can_read_it(template: DefaultTemplate, data: LetterData):
    """Flesch–Kincaid grade 6.5 at most and sentences of 15 words on average, lists and foot left out."""
    sentences = prose(letter(template, data).text)

    assert grade(sentences) <= 6.5
    assert sum(len(sentence.split()) for sentence in sentences) / len(sentences) <= 15


@every_letter
def test_the_editor_has_no_advice_about_it(template: DefaultTemplate, data: LetterData):
    """An author who begins with the default wording begins with a clean page."""
    assert advice.on(letter(template, data), about=data) == []


@every_letter
def test_it_is_short(template: DefaultTemplate, data: LetterData):
    """A screen of a phone: what is read before the foot, lists left out."""
    words = " ".join(prose(letter(template, data).text)).split()

    assert len(words) <= LONGEST[template.audience]


@every_letter
def test_it_never_threatens(template: DefaultTemplate, data: LetterData):
    """The words of reminders that make people stay away."""
    written = letter(template, data)

    assert NEVER.findall(written.subject + "\n" + written.text) == []
    assert "http" not in written.text


@every_letter_that_asks_for_books
def test_it_has_what_every_letter_must_have(template: DefaultTemplate, data: LetterData):
    """Borrowers and homes always find what to do, which books, whom to ask, and the way out."""
    must = MUST | (FOR_HOMES if template.audience == Audience.GUARDIAN else {})
    if (template.number or 1) < 0:
        must = {what: words for what, words in must.items() if what != "lost? tell us"}
    if data.library is not BANKSIA:
        must = {what: words for what, words in must.items() if words != re.escape(BANKSIA.interpreter)}

    text = letter(template, data).text

    assert [what for what, words in must.items() if not re.search(words, text, re.IGNORECASE)] == []
    assert BANKSIA.name in text


@every_letter
def test_text_and_html_have_the_same_words(template: DefaultTemplate, data: LetterData):
    """Whoever reads the text part reads the same letter."""
    written = letter(template, data)

    assert words_of_html(written.html) == words_of_text(written.text)


@every_letter
def test_every_element_is_closed(template: DefaultTemplate, data: LetterData):
    """Also where a loop or a condition left something out."""
    html = letter(template, data).html

    assert badly_nested(html) == []


@every_letter
def test_nothing_leaves_a_gap(template: DefaultTemplate, data: LetterData):
    """Sentences that only some libraries say vanish without a trace where they are empty."""
    written = letter(template, data)

    assert re.findall(r"\S  |\n{3}|^ *$\n ?\n| [.,]|\(\)|\.\.|^ · | ·$|: *\n\n\Z", written.text, re.MULTILINE) == []
    assert re.findall(r"<(p|h2|li|span)\b[^>]*>\s*</\1>|None|nil", written.html) == []


@every_letter_on_paper
def test_paper_does_not_speak_of_email(template: DefaultTemplate, data: LetterData):
    """A printed letter cannot be replied to by pressing a button."""
    text = letter(template, data).text

    assert "this email" not in text


@every_letter
def test_what_an_audience_may_not_read_is_nowhere(template: DefaultTemplate, data: LetterData):
    """Private titles and authors are in neither form of the letter, nor in what its template could reach."""
    private = [book for child in data.children if not child.titles for book in child.books]

    everything = str(letter(template, data)) + str(data.as_liquid())

    told = {book.title for child in data.children if child.titles for book in child.books}
    assert [book.title for book in private if book.title in everything and book.title not in told] == []
