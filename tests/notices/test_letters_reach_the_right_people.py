"""Who gets a letter, by email or on paper, and with whom it is shared: one letter per person and run."""

from datetime import date, timedelta

import pytest

from circulation.models import Loan
from notices import scan
from notices.models import Letter, Step
from tests.builders import a_group, a_guardian, a_guardianship, a_loan, a_partner, a_patron
from tests.notices.builders import a_schedule

pytestmark = pytest.mark.django_db

Who, How = Step.Who, Step.How


def late(today: date, days: int = 7) -> date:
    return today - timedelta(days=days)


def letters() -> list[tuple[str, str, str, int]]:
    """(audience, channel, address, number of loans) of every letter."""
    return sorted((letter.audience, letter.channel, letter.to, letter.lines.count()) for letter in Letter.objects.all())


def test_three_books_are_one_letter(today: date) -> None:
    """All of a person's loans of one service stand in one letter, whatever their steps."""
    a_schedule(1, 7)
    mia = a_patron(email="mia@students.example")
    for days in (2, 7, 9):
        a_loan(due=late(today, days), patron=mia)

    scan.run(on=today)

    assert letters() == [("patron", "email", "mia@students.example", 3)]
    assert Letter.objects.get().number == 2


def test_a_guardian_of_three_gets_one_letter(today: date) -> None:
    """Siblings share their mother, and the letter."""
    a_schedule(7, who=Who.GUARDIANS)
    mother = a_guardian(email="okafor@home.example")
    for child in [a_patron(guardians=[mother]) for _ in range(3)]:
        a_loan(due=late(today), patron=child)

    scan.run(on=today)

    assert letters() == [("guardian", "email", "okafor@home.example", 3)]


def test_two_guardians_at_one_address_share_a_letter(today: date) -> None:
    """With both names; the address counts whatever its capitals."""
    a_schedule(7, who=Who.GUARDIANS)
    mother, father = a_guardian(email="us@home.example"), a_guardian(email="Us@home.example")
    a_loan(due=late(today), patron=a_patron(guardians=[mother, father]))

    scan.run(on=today)

    [letter] = Letter.objects.all()
    assert (letter.guardian, letter.also_guardian, letter.to) == (mother, father, "us@home.example")


def test_one_address_but_other_children_are_letters_apart(today: date) -> None:
    """Her own child is not told of in a letter to him, though they share a mailbox."""
    a_schedule(7, who=Who.GUARDIANS)
    mother, partner = a_guardian(email="us@home.example"), a_guardian(email="us@home.example")
    theirs, hers = a_patron(guardians=[mother, partner]), a_patron(guardians=[mother])
    a_loan(due=late(today), patron=theirs)
    a_loan(due=late(today), patron=hers)

    scan.run(on=today)

    told = {(letter.guardian, letter.also_guardian): letter for letter in Letter.objects.all()}
    assert set(told) == {(mother, partner), (mother, None)}
    assert [notice.loan.patron for notice in told[mother, partner].notices.all()] == [theirs]


def test_two_addresses_are_two_letters(today: date) -> None:
    """Nobody sees another's address."""
    a_schedule(7, who=Who.GUARDIANS)
    mother, father = a_guardian(email="her@home.example"), a_guardian(email="his@home.example")
    a_loan(due=late(today), patron=a_patron(guardians=[mother, father]))

    scan.run(on=today)

    assert letters() == [("guardian", "email", "her@home.example", 1), ("guardian", "email", "his@home.example", 1)]


def test_a_guardian_switched_off_hears_nothing(today: date) -> None:
    """*Library letters: no* for one of two; the other is told."""
    a_schedule(7, who=Who.GUARDIANS)
    tom = a_patron(guardians=[a_guardian(email="her@home.example")])
    a_guardianship(patron=tom, guardian=a_guardian(email="ex@home.example"), library_letters=False)
    a_guardianship(patron=tom, guardian=a_guardian(email="later@home.example"), no_letters_until=date.max)
    a_loan(due=late(today), patron=tom)

    scan.run(on=today)

    assert letters() == [("guardian", "email", "her@home.example", 1)]


def test_no_guardian_on_file_means_the_patron(today: date) -> None:
    """So it is for staff, and for an adult who said that nobody writes home."""
    a_schedule(7, who=Who.GUARDIANS)
    a_loan(due=late(today), patron=a_patron(email="alone@students.example"))
    a_loan(due=late(today), patron=a_patron(email="staff@school.example", group=a_group(is_staff=True)))
    adult = a_patron(email="adult@students.example", may_write_home=False, guardians=[a_guardian()])
    a_loan(due=late(today), patron=adult)

    scan.run(on=today)

    assert [to for _, _, to, _ in letters()] == [
        "adult@students.example",
        "alone@students.example",
        "staff@school.example",
    ]


def test_both_are_told_in_letters_of_their_own(today: date) -> None:
    """Child and home at one step: one notice, two letters."""
    a_schedule(14, who=Who.BOTH)
    tom = a_patron(email="tom@students.example", guardians=[a_guardian(email="home@home.example")])
    a_loan(due=late(today, 14), patron=tom)

    run = scan.run(on=today)

    assert letters() == [("guardian", "email", "home@home.example", 1), ("patron", "email", "tom@students.example", 1)]
    assert (run.email, run.letters) == (1, 2)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (How.EMAIL_OR_PAPER, [("patron", "paper", "", 1)]),
        (How.EMAIL_OR_GUARDIANS, [("guardian", "email", "home@home.example", 1)]),
        (How.EMAIL_ONLY, []),
        (How.PAPER, [("patron", "paper", "", 1)]),
    ],
)
def test_what_follows_without_an_address(how: Step.How, expected: list[object], today: date) -> None:
    """The step says: paper, the guardians, or nobody."""
    a_schedule(7, how=how)
    a_loan(due=late(today), patron=a_patron(email="", guardians=[a_guardian(email="home@home.example")]))

    scan.run(on=today)

    assert letters() == expected


def test_who_prefers_paper_gets_paper(today: date) -> None:
    """An address on file does not matter then."""
    a_schedule(7)
    a_loan(due=late(today), patron=a_patron(prefers_paper=True))

    scan.run(on=today)

    assert letters() == [("patron", "paper", "", 1)]


def test_a_class_is_told_through_its_contact(today: date) -> None:
    """One letter to the homeroom teacher for all children of the class."""
    a_schedule(7, who=Who.CONTACT)
    seven = a_group(contact_email="lee@school.example")
    for _ in range(2):
        a_loan(due=late(today), patron=a_patron(group=seven))

    scan.run(on=today)

    assert letters() == [("contact", "email", "lee@school.example", 2)]


def test_partner_libraries_are_told_per_loan_or_together(today: date) -> None:
    """ILLiad writes a letter for each transaction; a schedule may say so."""
    schedule = a_schedule(1, who=Who.PARTNER, service=Loan.Service.ILL_LENDING, letter_per_loan=True)
    karri = a_partner(email="ill@karri.example")
    for _ in range(2):
        a_loan(due=late(today, 1), partner=karri)

    scan.run(on=today)
    schedule.letter_per_loan = False
    schedule.save()
    for _ in range(2):
        a_loan(due=late(today, 1), partner=karri)
    scan.run(on=today)

    assert letters() == [("partner", "email", "ill@karri.example", count) for count in (1, 1, 2)]


def test_a_partner_without_any_address_is_counted(today: date) -> None:
    """Neither email nor a place to post to."""
    a_schedule(1, who=Who.PARTNER, service=Loan.Service.ILL_LENDING)
    a_loan(due=late(today, 1), partner=a_partner(email="", address=""))

    run = scan.run(on=today)

    assert (run.no_address, letters()) == (1, [])


def test_reminders_stand_apart_from_overdue_letters_to_a_home(today: date) -> None:
    """One child's book is due on Thursday, the other's was due last week."""
    a_schedule(-3, 7, who=Who.GUARDIANS)
    mother = a_guardian(email="home@home.example")
    a_loan(due=late(today, -3), patron=a_patron(guardians=[mother]))
    a_loan(due=late(today), patron=a_patron(guardians=[mother]))

    scan.run(on=today)

    assert sorted(Letter.objects.values_list("number", flat=True)) == [-1, 1]
