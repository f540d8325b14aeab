"""Interlibrary loans: two due dates, an extension, a recall, and things of theirs on our file (product.md, C4)."""

from datetime import date

import pytest
from django.utils import timezone

from circulation import desk, interlibrary
from circulation.models import Item, Loan, PartnerLibrary, Patron
from tests.builders import a_group, a_partner, a_patron, an_item

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 11, 23)
Status = Loan.Status


@pytest.fixture
def karri() -> PartnerLibrary:
    return a_partner(name="Karri University Library", post_days=5)


@pytest.fixture
def mia() -> Patron:
    return a_patron(first_name="Mia", last_name="Chen", group=a_group(name="7B"))


def _borrowed(lender: PartnerLibrary, reader: Patron, *, due: date, **fields: str) -> Loan:
    return interlibrary.borrow(
        lender=lender,
        reader=reader,
        due_to_lender=due,
        on=MONDAY,
        at=timezone.now(),
        **{"title": "The Hobbit", "barcode": "ILL-17"} | fields,
    )


def test_the_readers_day_is_earlier_by_the_days_for_the_post(karri: PartnerLibrary, mia: Patron) -> None:
    """And falls on an open day: five days before a Thursday is a Saturday, so Friday."""
    loan = _borrowed(karri, mia, due=date(2026, 12, 17), our_reference="ILL-17", their_reference="K/998")

    assert (loan.service, loan.due_to_lender, loan.due_on) == (
        Loan.Service.ILL_BORROWING,
        date(2026, 12, 17),
        date(2026, 12, 11),
    )
    assert (loan.item.owner, loan.our_reference, loan.their_reference) == (karri, "ILL-17", "K/998")


def test_a_thing_that_came_before_is_lent_again(karri: PartnerLibrary, mia: Patron) -> None:
    """The same volume with the same number is the same item."""
    first = _borrowed(karri, mia, due=date(2026, 12, 17))
    desk.take_back(first, on=MONDAY, at=timezone.now())

    second = _borrowed(karri, mia, due=date(2026, 12, 18))

    assert second.item == first.item
    assert Item.objects.count() == 1


def test_a_number_that_is_somebody_elses_is_refused(karri: PartnerLibrary, mia: Patron) -> None:
    """Or a book of ours would go away in the post."""
    an_item(barcode="ILL-17", title="Holes")

    with pytest.raises(desk.DeskError) as refusal:
        _borrowed(karri, mia, due=date(2026, 12, 17))

    assert str(refusal.value) == "ILL-17 is Holes, which belongs to this library. Give this one another number."
    assert list(Loan.objects.all()) == []


def test_what_would_have_to_leave_before_today_is_refused(karri: PartnerLibrary, mia: Patron) -> None:
    """Nothing is put on file either."""
    with pytest.raises(desk.DeskError) as refusal:
        _borrowed(karri, mia, due=date(2026, 11, 25))

    assert str(refusal.value) == (
        "Karri University Library wants it back on Wed 25 Nov, and the post takes 5 days: the reader’s day, "
        "Fri 20 Nov, has passed. Agree on a later one."
    )
    assert list(Item.objects.all()) == []


def test_an_extension_that_is_granted_moves_both_dates(karri: PartnerLibrary, mia: Patron) -> None:
    """And makes it *on loan* again, so that letters go on from the new date."""
    loan = _borrowed(karri, mia, due=date(2026, 12, 17))
    desk.set_status(loan, Status.EXTENSION_ASKED, on=MONDAY, quiet_until=date(2026, 12, 14))

    loan = desk.agree(loan, on=MONDAY, due_to_lender=date(2027, 1, 14))

    assert (loan.status, loan.quiet_until, loan.due_to_lender, loan.due_on, loan.due_set_on) == (
        Status.ON_LOAN,
        None,
        date(2027, 1, 14),
        date(2027, 1, 8),
        MONDAY,
    )


def test_a_recall_wants_it_on_the_next_open_day_when_the_post_is_late_already(
    karri: PartnerLibrary, mia: Patron
) -> None:
    """The lender's date stands as they said it."""
    loan = _borrowed(karri, mia, due=date(2026, 12, 17))

    loan = desk.agree(loan, on=MONDAY, due_to_lender=date(2026, 11, 26), recalled=True)

    assert (loan.status, loan.due_to_lender, loan.due_on) == (Status.RECALLED, date(2026, 11, 26), date(2026, 11, 24))


def test_what_we_lent_is_recalled_to_a_day(karri: PartnerLibrary) -> None:
    """Their date is our date: there is no reader of ours."""
    loan = desk.lend(an_item(), to=karri, on=MONDAY, due=date(2026, 12, 21))

    loan = desk.agree(loan, on=MONDAY, due=date(2026, 12, 7), recalled=True)

    assert (loan.status, loan.due_on, loan.due_to_lender) == (Status.RECALLED, date(2026, 12, 7), None)
