"""Letters to two entries that become one: history goes along, nobody hears anything twice (circulation.merging)."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from circulation import merging
from circulation.models import Guardian, Loan, Patron
from notices import compose, scan, standing
from notices.models import Letter, Step
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
    """The other child's letter, which only the second entry gets, is not lost."""
    first, second = a_guardian(email="first@home.example"), a_guardian(email="second@home.example")
    for guardian in (first, second):
        a_guardianship(patron=child, guardian=guardian)
    written(today)

    merging.merge(second, into=first)
    compose.write_planned(on=today)

    assert sorted(letters()) == sorted(
        [(first.pk, "first@home.example", State.QUEUED), (first.pk, "second@home.example", State.TAKEN_BACK)]
    )


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
    first, second = a_guardian(), a_guardian()
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
