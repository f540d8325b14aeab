"""What a person reads beside a guardian is what the daily run will do (product.md, C1, N6)."""

from datetime import date, timedelta

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from circulation.models import FOREVER, Guardianship
from circulation.views import people_words
from notices.wanted import CARER_MAY_BE_TOLD

TODAY = date(2026, 11, 23)
AROUND = st.integers(-3, 3).map(lambda days: TODAY + timedelta(days=days))


@pytest.mark.django_db
@given(letters=st.booleans(), until=st.none() | AROUND | st.just(FOREVER), on=AROUND)
def test_the_switch_on_the_page_is_the_condition_of_the_run(letters: bool, until: date | None, on: date) -> None:
    """On whatever day, before, on and after the one until which it is quiet."""
    link = Guardianship(pk=1, library_letters=letters, no_letters_until=until)

    shown = people_words.home(link, on=on)

    assert shown.is_on == _told(letters, until, on)
    assert shown.is_on == (shown.state == "Library letters: yes")


def _told(letters: bool, until: date | None, on: date) -> bool:
    rows = (
        "(SELECT %(letters)s AS library_letters, %(until)s::date AS no_letters_until) AS link,"
        " (SELECT NULL::timestamptz AS erased_at) AS carer"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {CARER_MAY_BE_TOLD} FROM {rows}", {"letters": letters, "until": until, "on": on})
        return bool(cursor.fetchone()[0])
