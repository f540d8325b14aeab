"""Closed days on their page: single days, ranges, the library's week, and loans that fall into them."""

from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from circulation.models import ClosedDays
from library.models import Library
from tests.builders import a_closed_day, a_loan

CUP_DAY = date(2026, 11, 3)


def kept() -> list[tuple[date, date, str]]:
    return list(ClosedDays.objects.values_list("first", "last", "name"))


def test_a_single_day_needs_no_last_day(administrator: Client) -> None:
    administrator.post("/closed-days/add/", {"first": "2026-11-03", "name": "Cup Day"})

    assert kept() == [(CUP_DAY, CUP_DAY, "Cup Day")]


def test_the_year_shows_closed_days_in_words(administrator: Client) -> None:
    """Not by colour alone: a screen reader hears it, and the name stands under the month."""
    a_closed_day(day=CUP_DAY, name="Cup Day")

    page = unescape(administrator.get("/closed-days/?year=2026").content.decode())

    assert '<td class="is-closed">3<span class="visually-hidden"> closed: Cup Day</span></td>' in page
    assert '<td class="is-weekly">1<span class="visually-hidden"> closed: closed every week</span></td>' in page


def test_what_is_due_on_new_closed_days_is_counted(administrator: Client) -> None:
    """Nothing is moved; the number leads to the list of these loans."""
    day = timezone.localdate() + timedelta(days=10)
    loan = a_loan(due=day)

    answer = administrator.post(
        "/closed-days/add/", {"first": f"{day}", "last": f"{day + timedelta(days=3)}", "name": "Holidays"}, follow=True
    )

    page = unescape(answer.content.decode())
    assert "1 loan is due on these days. Due dates stay as they are; letters wait for open days." in page
    assert f'href="/loans/?due_from={day}&due_until={day + timedelta(days=3)}"' in page
    loan.refresh_from_db()
    assert loan.due_on == day


def test_changed_and_removed(administrator: Client) -> None:
    closed = a_closed_day(day=CUP_DAY, name="Cup Day")

    administrator.post(
        f"/closed-days/{closed.pk}/", {"first": "2026-11-02", "last": "2026-11-03", "name": "Cup weekend"}
    )
    assert kept() == [(date(2026, 11, 2), CUP_DAY, "Cup weekend")]

    administrator.post(f"/closed-days/{closed.pk}/remove/")
    assert kept() == []


def test_the_librarys_week(administrator: Client) -> None:
    administrator.post("/closed-days/week/", {"open_weekdays": ["5", "0"]})

    assert Library.the().open_weekdays == [0, 5]


@pytest.mark.parametrize(
    ("address", "fields", "sentence"),
    [
        ("add/", {"first": "", "name": "x"}, "Say from which day."),
        ("add/", {"first": "soon", "name": "x"}, "This is not a date. Write it as 2026-12-04, or choose a day."),
        ("add/", {"first": "2026-11-03"}, "Say why it is closed"),
        (
            "add/",
            {"first": "2026-11-03", "last": "2026-11-01", "name": "x"},
            "The last day comes before the first one.",
        ),
        ("add/", {"first": "2026-11-03", "last": "2029-11-01", "name": "x"}, "That is longer than a year."),
        ("add/", {"first": "0001-01-01", "name": "x"}, "Write a year between 2000 and 2100."),
        ("week/", {}, "Tick at least one weekday"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    administrator: Client, address: str, fields: dict[str, Any], sentence: str
) -> None:
    answer = administrator.post(f"/closed-days/{address}", fields)

    assert answer.status_code == 422
    assert sentence in unescape(answer.content.decode())
    assert kept() == []


@pytest.mark.parametrize("year", ["", "0000", "9999", "20266", "٢٠٢٦", "-1"])
def test_no_year_is_too_strange(administrator: Client, year: str) -> None:
    assert administrator.get("/closed-days/", {"year": year}).status_code == 200
