"""Letters to two entries that become one: history goes along, nobody hears anything twice (circulation.merging)."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from circulation import merging
from circulation.models import Guardian, Loan, Patron
from notices import compose, one_guardian, scan, standing
from notices import letters as by_hand
from notices.models import Audience, Letter, Line, Notice, Step
from smtp_gateway.models import OutboundMessage
from tests.builders import a_group, a_guardian, a_guardianship, a_loan, a_patron
from tests.notices.builders import a_gateway_with_an_address, a_schedule
from tests.notices.test_letters_are_written import text_of

pytestmark = pytest.mark.django_db

State = Letter.State


@pytest.fixture
def child(today: date) -> Patron:
    """One book, yesterday due; what is said of it goes home."""
    a_gateway_with_an_address()
    standing.set_up()
    a_schedule(1, who=Step.Who.GUARDIANS)
    return _a_child(today)


def _a_child(today: date) -> Patron:
    made = a_patron(group=a_group(auto_send=True))
    a_loan(due=today - timedelta(days=1), patron=made)
    return made


def written(today: date) -> None:
    scan.run(on=today)
    compose.write_planned(on=today)


def letters() -> list[tuple[int | None, str, str]]:
    """To whom, where, and how far it is."""
    return list(Letter.objects.order_by("pk").values_list("guardian", "to", "state"))


def test_a_letter_that_waits_goes_to_the_entry_that_stays(child: Patron, today: date) -> None:
    first, second = a_guardian(email="first@home.example"), a_guardian(email="second@home.example")
    a_guardianship(patron=child, guardian=second)
    written(today)

    changed = merging.merge(second, into=first)
    compose.write_planned(on=today)

    assert changed.letters == 1
    assert letters() == [(first.pk, "first@home.example", State.QUEUED)]
    waiting = OutboundMessage.objects.exclude(state=OutboundMessage.State.CANCELLED)
    assert [message.to for message in waiting] == ["first@home.example"]


def test_what_both_entries_would_hear_is_heard_once(child: Patron, today: date) -> None:
    first, second = a_guardian(email="first@home.example"), a_guardian(email="second@home.example")
    for guardian in (first, second):
        a_guardianship(patron=child, guardian=guardian)
    written(today)

    merging.merge(second, into=first)
    compose.write_planned(on=today)

    assert sorted(letters()) == sorted(
        [(first.pk, "first@home.example", State.QUEUED), (first.pk, "first@home.example", State.TAKEN_BACK)]
    )


def test_a_letter_about_two_children_goes_on_without_the_one_heard_of(child: Patron, today: date) -> None:
    """The first entry hears of one child itself; of the brother only the second was told, and still is."""
    first, second = a_guardian(email="first@home.example"), a_guardian(email="second@home.example")
    brother = a_patron(group=child.group)
    a_loan(due=today - timedelta(days=1), patron=brother)
    for guardian, patron in ((first, child), (second, child), (second, brother)):
        a_guardianship(patron=patron, guardian=guardian)
    written(today)

    merging.merge(second, into=first)
    compose.write_planned(on=today)

    assert letters() == [(first.pk, "first@home.example", State.QUEUED)] * 2
    said = Line.objects.filter(taken_out_at=None).order_by("letter").values_list("letter__to", "notice__loan__patron")
    assert sorted(said) == sorted([("first@home.example", child.pk), ("first@home.example", brother.pk)])
    assert Notice.objects.exclude(taken_back_at=None).count() == 0


def test_drafts_on_paper_to_both_are_one_that_can_be_sent(child: Patron, today: date) -> None:
    """Neither has an address; both were shown to a person, who presses *Print* after the merge."""
    first, second = (a_guardian(name="Kim Lee", email="") for _ in range(2))
    for guardian in (first, second):
        a_guardianship(patron=child, guardian=guardian)
    run = by_hand.draft(1, audience=Audience.GUARDIAN, patrons=[child], on=today, by=None)

    merging.merge(second, into=first)
    sent = by_hand.send(run, list(run.letters_of.values_list("pk", flat=True)), on=today, by=None)

    assert (sent.on_paper, letters()) == (1, [(first.pk, "", State.TO_PRINT)])


def test_a_withdrawn_draft_says_why(child: Patron, today: date) -> None:
    first, second = (a_guardian(name="Kim Lee", email="") for _ in range(2))
    for guardian in (first, second):
        a_guardianship(patron=child, guardian=guardian)
    by_hand.draft(1, audience=Audience.GUARDIAN, patrons=[child], on=today, by=None)

    merging.merge(second, into=first)

    assert sorted(Letter.objects.values_list("state", "why")) == [
        (State.DRAFT, ""),
        (State.DRAFT, one_guardian.SHOW_AGAIN),
    ]


@pytest.mark.parametrize("failed", [{0, 1}, {0}, {1}])
def test_what_could_not_be_written_is_not_said_twice_later(child: Patron, today: date, failed: set[int]) -> None:
    """Of two letters about one child some failed; after the merge somebody has them written again."""
    first, second = a_guardian(email="first@home.example"), a_guardian(email="second@home.example")
    for guardian in (first, second):
        a_guardianship(patron=child, guardian=guardian)
    written(today)
    guardians = [first.pk, second.pk]
    Letter.objects.filter(guardian__in=[guardians[which] for which in failed]).update(
        state=State.FAILED, message=None, why="No wording."
    )

    merging.merge(second, into=first)
    compose.write_again(Letter.objects.values_list("pk", flat=True))
    compose.write_planned(on=today)

    assert sorted(state for _, _, state in letters()) == [State.QUEUED, State.TAKEN_BACK]
    assert Letter.objects.get(state=State.TAKEN_BACK).why == one_guardian.WHY


def test_a_letter_in_both_names_is_one_persons(child: Patron, today: date) -> None:
    """They shared an address, so they shared the letter."""
    first = a_guardian(name="Ngozi Okafor", email="home@mail.example")
    second = a_guardian(name="N. Okafor", email="home@mail.example")
    for guardian in (first, second):
        a_guardianship(patron=child, guardian=guardian)
    written(today)

    merging.merge(second, into=first)
    compose.write_planned(on=today)

    (letter,) = Letter.objects.all()
    assert (letter.guardian, letter.also_guardian, letter.state) == (first, None, State.QUEUED)
    assert letter.message is not None
    assert "Dear Ngozi Okafor," in text_of(letter.message)


def test_a_child_about_whom_nothing_goes_home_is_not_told_of(child: Patron, today: date) -> None:
    """The first entry says no, the second did not know of it: what waits is taken back."""
    first, second = a_guardian(name="Kim Lee"), a_guardian(name="Kim Lee")
    a_guardianship(patron=child, guardian=first, library_letters=False, reason="Court order")
    a_guardianship(patron=child, guardian=second)
    written(today)

    merging.merge(second, into=first)

    assert [(state, guardian) for guardian, _, state in letters()] == [(State.TAKEN_BACK, first.pk)]


def test_what_was_sent_stays_in_the_history(child: Patron, today: date) -> None:
    first, second = a_guardian(), a_guardian(email="second@home.example")
    a_guardianship(patron=child, guardian=second)
    written(today)
    OutboundMessage.objects.update(state=OutboundMessage.State.SENT, sent_at=timezone.now())

    merging.merge(second, into=first)
    written(today + timedelta(days=1))

    assert letters() == [(first.pk, "second@home.example", State.QUEUED)]
    assert (Guardian.objects.count(), Loan.objects.count()) == (1, 1)
