"""Step numbers follow the days until something was said under them; then they stay, and what cannot be is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notices import steps
from notices.numbering import NumberError, Place, numbered


def test_numbers_go_outwards_from_the_due_date() -> None:
    """Reminders −1, −2; overdue 1, 2, 3; in whatever order they were typed."""
    places = [Place(days=14), Place(days=-3), Place(days=7), Place(days=0), Place(days=28)]

    assert numbered(places) == [2, -2, 1, -1, 3]


def test_what_was_never_said_is_numbered_anew() -> None:
    """A step between two that nobody heard yet."""
    places = [Place(days=7, number=1), Place(days=14, number=2), Place(days=10)]

    assert numbered(places) == [1, 3, 2]


def test_what_was_said_keeps_its_number() -> None:
    """Overdue 1 is gone; overdue 2 is still overdue 2, and a new one fits before it."""
    places = [Place(days=14, number=2, said=True), Place(days=7), Place(days=28)]

    assert numbered(places) == [2, 1, 3]


def test_no_room_between_two_that_were_said() -> None:
    """The sentence says what to do instead."""
    places = [Place(days=7, number=1, said=True), Place(days=14, number=2, said=True), Place(days=10)]

    with pytest.raises(NumberError) as refusal:
        numbered(places)

    assert refusal.value.place == 2
    assert str(refusal.value) == (
        "No number is left before Overdue 2, which was said and keeps its own. "
        "Change the days of Overdue 2 instead, and add its present day as a new step."
    )


def test_two_that_were_said_do_not_change_places() -> None:
    """Overdue 1 is moved behind overdue 2."""
    places = [Place(days=21, number=1, said=True), Place(days=14, number=2, said=True)]

    with pytest.raises(NumberError) as refusal:
        numbered(places)

    assert str(refusal.value) == (
        "Overdue 1 (21 days late) would change places with Overdue 2 (14 days late). "
        "Both were said, so they keep their numbers, and numbers rise with the days."
    )


def test_a_reminder_that_was_said_does_not_become_an_overdue_step() -> None:
    """Its template and its place in history are a reminder's."""
    with pytest.raises(NumberError) as refusal:
        numbered([Place(days=3, number=-1, said=True)])

    assert str(refusal.value) == (
        "Reminder was said before the due date and stays on that side of it. Remove it, and add a new step."
    )


@given(
    st.lists(
        st.tuples(st.integers(-30, 60), st.one_of(st.none(), st.integers(-4, 6).filter(bool)), st.booleans()),
        max_size=8,
        unique_by=lambda one: one[1] if one[1] is not None else object(),
    )
)
def test_whatever_gets_numbers_is_in_order(typed: list[tuple[int, int | None, bool]]) -> None:
    """Numbers are given once, fit their side of the due date, rise with the days, and what was said keeps its own."""
    places = [Place(days=days, number=number, said=said and number is not None) for days, number, said in typed]

    try:
        found = numbered(places)
    except NumberError:
        return

    assert len(set(found)) == len(places)
    assert all((number > 0) == (place.days > 0) for number, place in zip(found, places, strict=True))
    assert steps.disorder([(number, place.days) for number, place in zip(found, places, strict=True)]) == []
    assert [n for n, place in zip(found, places, strict=True) if place.said] == [p.number for p in places if p.said]
