"""The list of loans by each of its headings: its pages together are all its loans once, in the heading's order.

The list finds the loans of patrons and those of partner libraries apart; the order of reference is one sort of all.
"""

from datetime import date, timedelta

import pytest
from django.http import QueryDict
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from circulation.models import Loan
from circulation.views.loan_listing import Asked, everything
from library import lists
from library.lists import Page
from tests.builders import a_group, a_loan, a_partner, a_patron, an_item

DAY = date(2026, 11, 23)
ORDERS = {
    "item": ("item__title",),
    "borrower": ("last", "first"),
    "group": ("group_name", "last", "first"),
    "due": ("due_on",),
}
NAMES = st.sampled_from(["Chen", "Lee", "de Vries", "Ærø"])
LOANS = st.lists(
    st.tuples(
        st.booleans(),  # lent to a partner library
        NAMES,
        st.sampled_from(["", "Mia", "Chen"]),
        st.sampled_from(["7A", "7B", "Lee"]),
        st.sampled_from(["Holes", "Blueback", ""]),
        st.integers(-2, 1),
        st.sampled_from([Loan.Status.ON_LOAN, Loan.Status.ON_LOAN, Loan.Status.LOST]),
    ),
    max_size=9,
)


class Walk(TestCase):
    """Borrowers, classes, libraries, titles and days of any order, many of them the same."""

    @given(
        LOANS,
        st.sampled_from(sorted(ORDERS)),
        st.booleans(),
        st.sampled_from(["", "late=late", "tab=lost", "q=chen"]),
        st.integers(1, 4),
    )
    def test_pages_together_are_the_whole_list(
        self, loans: list[tuple[bool, str, str, str, str, int, str]], sort: str, down: bool, more: str, size: int
    ) -> None:
        """Somebody pages to the end and back again."""
        for loan in loans:
            _lend(*loan)
        asked = f"sort={'-' if down else ''}{sort}&{more}"
        whole = list(_asked(asked).rows().order_by(*[f"-{one}" if down else one for one in (*ORDERS[sort], "pk")]))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lists, "PAGE", size)
            forwards, last = _walk(asked, "next")
            backwards, _ = _walk(asked, "previous", start=last)

        assert forwards == whole
        assert backwards == whole


def _lend(lent_away: bool, last: str, first: str, group: str, title: str, days: int, status: str) -> None:
    item, due = an_item(title=title), DAY + timedelta(days=days)
    if lent_away:
        a_loan(item=item, due=due, status=status, partner=a_partner(name=last))
    else:
        patron = a_patron(last_name=last, first_name=first, group=a_group(name=group))
        a_loan(item=item, due=due, status=status, patron=patron)


def _asked(query: str) -> Asked:
    return Asked.by(QueryDict(query), on=DAY)


def _page(query: str) -> Page[Loan]:
    asked = _asked(query)
    request = RequestFactory().get(f"/loans/?{query}")
    return asked.listing.page(request, asked.rows(), among=everything(), empty=asked.empty(), filter=asked.filter)


def _walk(query: str, way: str, *, start: Page[Loan] | None = None) -> tuple[list[Loan], Page[Loan]]:
    """Every row on the way, in the order of the list, and the last page."""
    page = start or _page(query)
    found = page.things
    while (key := getattr(page, way)) is not None:
        page = _page(f"{query}&{'after' if way == 'next' else 'before'}={key}")
        found = found + page.things if way == "next" else page.things + found
    return found, page
