"""A mother of three: one letter, a section for each child, and what happens to it while it waits (product.md, N5, N6).

Whole letters, in the words in which they go.
"""

from datetime import date

import pytest

from circulation import desk, people
from circulation.models import Guardian, Guardianship, Loan, Patron
from library.models import Library
from notices import compose, held, letters, paper, presets, standing
from notices.models import Audience, Letter, Run, Template
from smtp_gateway.models import OutboundMessage
from tests.builders import a_group, a_guardian, a_guardianship, a_loan, a_patron, an_item
from tests.notices.builders import a_gateway_with_an_address, a_notice, by_the_clock, morning_of, on_day
from tests.notices.test_letters_are_written import text_of

pytestmark = pytest.mark.django_db

State = OutboundMessage.State


@pytest.fixture(autouse=True)
def _school() -> None:
    a_gateway_with_an_address()
    standing.set_up()
    Library.objects.update_or_create(
        pk=1,
        defaults={
            "name": "Banksia College Library",
            "phone": "03 5550 1234",
            "opening_hours": "open 8:15 to 4:00 on school days",
            "same_book_sentence": "The same book, new or used, is fine too.",
            "cost_contact": "Mrs Hall at the office, 03 5550 1200",
            "interpreter_sentence": "Help in your language: 131 450.",
        },
    )


@pytest.fixture
def mother() -> Guardian:
    return a_guardian(name="Ngozi Okafor", salutation="Ms Okafor", email="n.okafor@mail.example")


@pytest.fixture
def loans(today: date, mother: Guardian) -> dict[str, Loan]:
    """Ruby is at the third step, Tom at the second, Asha at the first. Only of Asha's books may a home read."""
    juniors = a_group(name="5B", auto_send=True)
    seniors = [a_group(name=name, auto_send=True, home_reads_titles=False) for name in ("8C", "10A")]
    schedule = presets.load("primary_school", groups=[juniors, *seniors])
    schedule.goes_by_itself = True
    schedule.save()
    found = {}
    for name, group, late, title, author, told in (
        ("Asha", juniors, 7, "Storm Boy", "Colin Thiele", 0),
        ("Tom", seniors[0], 14, "The Hobbit", "J. R. R. Tolkien", 1),
        ("Ruby", seniors[1], 28, "The Book Thief", "Markus Zusak", 2),
    ):
        child = a_patron(first_name=name, last_name="Okafor", group=group, guardians=[mother])
        item = an_item(title=title, author=author, replacement_cost="24.95")
        loan = found[name] = a_loan(due=on_day(today, -late), patron=child, item=item)
        for number in range(1, told + 1):
            a_notice(loan=loan, number=number, said=on_day(today, -21 if number == 1 else -14))
    return found


def the_daily_run(on: date) -> Run:
    run = by_the_clock(on)
    compose.write_planned(on=on)
    return run


def waiting() -> list[str]:
    """The texts that wait in the outbox."""
    rows = OutboundMessage.objects.filter(state=State.WAITING).order_by("pk")
    return [f"{text_of(one)}\n" for one in rows]


def test_a_book_that_comes_back_at_noon(today: date, loans: dict[str, Loan]) -> None:
    """The letter of the morning, and the one that goes in its place when Tom has brought his book."""
    the_daily_run(today)
    before = waiting()

    desk.take_back(loans["Tom"].item, on=today, at=morning_of(today))
    compose.write_planned(on=today)

    assert before == [IN_THE_MORNING]
    assert waiting() == [AFTER_NOON]
    assert [one.reason for one in OutboundMessage.objects.filter(state=State.CANCELLED)] == [
        "Returned, before it was sent."
    ]


def test_a_guardianship_set_to_no_at_five_past_eight(today: date, mother: Guardian, loans: dict[str, Loan]) -> None:
    """Letters to her wait, are held for a person and lie in the print queue; then letters about Ruby are off for her.

    She still hears of Asha and Tom; Ruby's father, at another address, still hears of Ruby.
    """
    ruby = loans["Ruby"].patron
    father = a_guardian(name="Ben Adler", salutation="Mr Adler", email="ben@mail.example")
    a_guardianship(patron=ruby, guardian=father)
    run = the_daily_run_is_held(today)
    by_hand(Template.Kind.TERM_ENDS, loans, on=today)
    by_hand(Template.Kind.STEP, loans, on=today, number=1, extra=True, on_paper=True)
    before = to_whom_about_whom()

    people.change_guardianship(Guardianship.objects.get(patron=ruby, guardian=mother), library_letters=False)
    held.let_go(run, by=None, on=today)
    compose.write_planned(on=today)
    paper.prepare(None, on=today, at=morning_of(today), by=None)

    three = ["Asha", "Ruby", "Tom"]
    assert before == [
        ("held", "Ngozi Okafor", three),
        ("held", "Ben Adler", ["Ruby"]),
        ("queued", "Ngozi Okafor", three),
        ("queued", "Ben Adler", ["Ruby"]),
        ("to_print", "Ngozi Okafor", three),
        ("to_print", "Ben Adler", ["Ruby"]),
    ]
    assert to_whom_about_whom() == [
        ("queued", "Ngozi Okafor", ["Asha", "Tom"]),
        ("queued", "Ben Adler", ["Ruby"]),
        ("queued", "Ngozi Okafor", ["Asha", "Tom"]),
        ("queued", "Ben Adler", ["Ruby"]),
        ("to_print", "Ngozi Okafor", ["Asha", "Tom"]),
        ("to_print", "Ben Adler", ["Ruby"]),
    ]
    for_her = [text for text in [*waiting(), *on_paper()] if text.startswith("Dear Ms Okafor")]
    assert [("Ruby" in text, "Asha" in text) for text in for_her] == [(False, True)] * 3


def the_daily_run_is_held(on: date) -> Run:
    """Larger than usual, say."""
    run = by_the_clock(on)
    run.held_at, run.reason = morning_of(on), "It wrote many letters."
    run.save()
    compose.write_planned(on=on)
    return run


def by_hand(kind: Template.Kind, loans: dict[str, Loan], *, on: date, number: int = 0, **asked: object) -> None:
    children: list[Patron] = [loan.patron for loan in loans.values() if loan.patron]
    run = letters.draft(
        number,
        kind=kind,
        audience=Audience.GUARDIAN,
        patrons=children,
        days_late=None,
        on=on,
        by=None,
        **asked,  # type: ignore[arg-type]
    )
    letters.send(run, run.letters_of.values_list("pk", flat=True), on=on, by=None)


def to_whom_about_whom() -> list[tuple[str, str, list[str]]]:
    """State, reader and children of every letter."""
    return [
        (letter.state, str(letter.recipient), sorted(about(letter)))
        for letter in Letter.objects.order_by("pk").select_related("guardian")
    ]


def about(letter: Letter) -> set[str]:
    lines = letter.lines.filter(taken_out_at=None).select_related("notice__loan__patron")
    return {line.notice.loan.patron.first_name for line in lines if line.notice.loan.patron}


def on_paper() -> list[str]:
    return list(Letter.objects.to_print().order_by("pk").values_list("text", flat=True))


IN_THE_MORNING = """\
Dear Ms Okafor,

Please reply or phone us about Ruby’s book by Friday 4 December. Asha and Tom have books to look for, too.

Ruby (10A), 1 book
   Was due Mon 26 Oct. Ruby knows which one. We keep older students’ reading private.
   If it cannot be found, we ask for $24.95 to replace it. The same book, new or used, is fine too.
   If the cost is a problem, talk to Mrs Hall at the office, 03 5550 1200. It stays private.

Tom (8C), 1 book
   Was due Mon 9 Nov. Tom knows which one.
   Please look for it soon. There is nothing to pay.

Asha (5B), 1 book
   Storm Boy, by Colin Thiele · borrowed Mon 2 Nov · was due Mon 16 Nov
   Any school day is fine. There is nothing to pay.

Lost? Tell us. Do you think Ruby gave it back? Tell us, and we will look again before anything else happens.

This is our last letter about Ruby’s book. Our next letter about Tom’s book would be on Monday 7 December. Our next \
letter about Asha’s book would be on Monday 30 November.

Books just went back? Thank you, and please forget this letter.

Not for you? Please tell us and delete this email. Help in your language: 131 450.

Banksia College Library · open 8:15 to 4:00 on school days · reply to this email or phone 03 5550 1234
"""

AFTER_NOON = """\
Dear Ms Okafor,

Please reply or phone us about Ruby’s book by Friday 4 December. Asha has a book to look for, too.

Ruby (10A), 1 book
   Was due Mon 26 Oct. Ruby knows which one. We keep older students’ reading private.
   If it cannot be found, we ask for $24.95 to replace it. The same book, new or used, is fine too.
   If the cost is a problem, talk to Mrs Hall at the office, 03 5550 1200. It stays private.

Asha (5B), 1 book
   Storm Boy, by Colin Thiele · borrowed Mon 2 Nov · was due Mon 16 Nov
   Any school day is fine. There is nothing to pay.

Lost? Tell us. Do you think Ruby gave it back? Tell us, and we will look again before anything else happens.

This is our last letter about Ruby’s book. Our next letter about Asha’s book would be on Monday 30 November.

Books just went back? Thank you, and please forget this letter.

Not for you? Please tell us and delete this email. Help in your language: 131 450.

Banksia College Library · open 8:15 to 4:00 on school days · reply to this email or phone 03 5550 1234
"""
