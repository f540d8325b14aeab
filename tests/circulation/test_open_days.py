"""The library's calendar: weekdays and closed days, as plain dates."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.calendar import CalendarError, OpenDays
from library.models import Library
from tests.builders import a_closed_day

MONDAY = date(2026, 11, 23)
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
RANGES = st.lists(
    st.tuples(DAYS, st.integers(0, 20)).map(lambda pair: (pair[0], pair[0] + timedelta(days=pair[1]), "closed")),
    max_size=6,
)
CALENDARS = st.builds(
    lambda weekdays, ranges: OpenDays(frozenset(weekdays), tuple(sorted(ranges))),
    st.sets(st.integers(0, 6), min_size=1),
    RANGES,
)


@given(CALENDARS, DAYS, st.integers(1, 30))
def test_the_nth_open_day_and_back_is_where_one_began(days: OpenDays, day: date, count: int) -> None:
    """So many open days on and as many back."""
    start = days.first_open(day)

    found = days.nth(start, count)

    assert days.is_open(found)
    assert days.nth(found, count, backwards=True) == start


@given(CALENDARS, DAYS)
def test_the_first_open_day_is_the_nearest(days: OpenDays, day: date) -> None:
    """Nothing between the day and its first open day is open."""
    found = days.first_open(day)

    between = [day + timedelta(days=ahead) for ahead in range((found - day).days)]
    assert [one for one in between if days.is_open(one)] == []


@given(CALENDARS, DAYS)
def test_after_a_long_closure_three_open_days_settle_in(days: OpenDays, day: date) -> None:
    """The same as counting by hand: open, and at most the third open day since five closed ones in a row."""
    by_hand = days.is_open(day) and _open_days_since_a_long_closure(days, day) <= 3

    assert days.settling_in(day) == by_hand


def test_a_weekend_is_no_long_closure() -> None:
    """Two closed days are every week's rhythm."""
    days = OpenDays(frozenset(range(5)))

    assert [days.settling_in(MONDAY + timedelta(days=ahead)) for ahead in range(5)] == [False] * 5


def test_a_closed_day_has_a_name_and_a_weekend_has_none() -> None:
    """People are told why the library is closed."""
    days = OpenDays(frozenset(range(5)), ((MONDAY, MONDAY, "Cup Day"),))

    assert days.why_closed(MONDAY) == "Cup Day"
    assert days.why_closed(MONDAY - timedelta(days=1)) is None
    assert not days.is_open(MONDAY - timedelta(days=1))


def test_a_library_that_never_opens_is_an_error_and_not_an_endless_search() -> None:
    """Somebody closed the calendar for ten years."""
    days = OpenDays(frozenset(range(5)), ((MONDAY, MONDAY + timedelta(days=3650), "Closed"),))

    with pytest.raises(CalendarError, match=r"^The calendar has no open day for two years\."):
        days.first_open(MONDAY)


@pytest.mark.django_db
def test_the_calendar_is_read_from_the_library_and_its_closed_days() -> None:
    """A school that is open on Saturdays, too, and closed for the holidays."""
    library = Library.the()
    library.open_weekdays = [0, 1, 2, 3, 4, 5]
    library.save()
    a_closed_day(day=date(2026, 12, 19), until=date(2027, 1, 27), name="Summer holidays")

    days = OpenDays.load()

    assert days == OpenDays(
        frozenset({0, 1, 2, 3, 4, 5}), ((date(2026, 12, 19), date(2027, 1, 27), "Summer holidays"),)
    )


def _open_days_since_a_long_closure(days: OpenDays, day: date) -> int:
    """Open days from the last five closed days in a row up to ``day``, counting ``day``."""
    opened = closed = 0
    while closed < 5 and opened <= 3:
        if days.is_open(day):
            opened, closed = opened + 1, 0
        else:
            closed += 1
        day -= timedelta(days=1)
    return opened
