"""The desk: lend, renew, take back, undo, and what a loan's status may become."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from circulation import desk
from circulation.models import Loan
from library.models import Library
from tests.builders import a_closed_day, a_group, a_loan, a_partner, a_patron, an_item

pytestmark = pytest.mark.django_db


def test_a_loan_lasts_as_long_as_the_group_may_have_it(today: date, said: list[Any]) -> None:
    """Mia's class has three weeks; the loan is due on the same weekday."""
    mia = a_patron(group=a_group(loan_days=21))

    loan = desk.lend(an_item(), to=mia, on=today)

    assert (loan.lent_on, loan.due_on, loan.due_set_on) == (today, date(2026, 12, 14), today)
    assert (loan.service, loan.status) == (Loan.Service.CIRCULATION, Loan.Status.ON_LOAN)
    assert said == [("lent", {"loan_ids": [loan.pk]})]


def test_a_due_date_on_a_closed_day_becomes_the_next_open_one(today: date) -> None:
    """A fortnight ends on a Monday that is a holiday, and Tuesday is one as well."""
    a_closed_day(day=date(2026, 12, 7), until=date(2026, 12, 8))

    loan = desk.lend(an_item(), to=a_patron(), on=today)

    assert loan.due_on == date(2026, 12, 9)


def test_nothing_is_due_after_the_last_day_of_term(today: date) -> None:
    """Term ends on a Saturday, so the last day on which a book can come back is the Friday."""
    mia = a_patron(group=a_group(last_due_date=date(2026, 12, 5)))

    loan = desk.lend(an_item(), to=mia, on=today)

    assert loan.due_on == date(2026, 12, 4)


def test_after_the_last_day_of_term_nothing_is_lent(today: date) -> None:
    """Somebody has to move the limit, or choose a date by hand."""
    mia = a_patron(group=a_group(name="7B", last_due_date=today - timedelta(days=3)))

    with pytest.raises(desk.DeskError, match=r"^Nothing is lent to 7B after Fri 20 Nov\. Choose a due date by hand\.$"):
        desk.lend(an_item(), to=mia, on=today)


def test_what_is_out_says_who_has_it(today: date) -> None:
    """The second borrower hears to whom it is lent, and until when."""
    zayd = a_patron(group=a_group(name="7B"), first_name="Zayd", last_name="Rahimi")
    holes = an_item(title="Holes")
    a_loan(item=holes, patron=zayd, due=date(2026, 12, 4))

    with pytest.raises(desk.DeskError, match=r"^Holes is on loan to Zayd Rahimi, 7B, until Fri 4 Dec\.$"):
        desk.lend(holes, to=a_patron(), on=today)

    assert Loan.objects.count() == 1


def test_a_group_may_have_only_so_many(today: date) -> None:
    """Two are enough in 7B; a third is refused with the number."""
    mia = a_patron(group=a_group(name="7B", max_loans=2), first_name="Mia", last_name="Chen")
    a_loan(patron=mia, due=today)
    a_loan(patron=mia, due=today)
    a_loan(patron=mia, due=today, returned=today)

    with pytest.raises(desk.DeskError, match=r"^Mia Chen, 7B, has 2 loans already, as many as this group may have\.$"):
        desk.lend(an_item(), to=mia, on=today)


def test_who_left_borrows_nothing(today: date) -> None:
    """Mia left last week."""
    mia = a_patron(group=a_group(name="7B"), first_name="Mia", last_name="Chen", left_on=date(2026, 11, 20))

    with pytest.raises(desk.DeskError, match=r"^Mia Chen, 7B, left on Fri 20 Nov\.$"):
        desk.lend(an_item(), to=mia, on=today)


def test_a_chosen_due_date_must_be_an_open_day_to_come(today: date) -> None:
    """A librarian types a Saturday, and then last week."""
    mia = a_patron()

    with pytest.raises(
        desk.DeskError, match=r"^The library is closed on Sat 5 Dec\. The next open day is Mon 7 Dec\.$"
    ):
        desk.lend(an_item(), to=mia, on=today, due=date(2026, 12, 5))
    with pytest.raises(desk.DeskError, match=r"^Fri 20 Nov has passed\. Choose a later day\.$"):
        desk.lend(an_item(), to=mia, on=today, due=date(2026, 11, 20))


def test_a_due_date_in_another_century_is_a_slip(today: date) -> None:
    """2206 was typed for 2026."""
    with pytest.raises(desk.DeskError, match=r"^Thu 4 Dec 2206 is more than ten years away\. Choose an earlier day\.$"):
        desk.lend(an_item(), to=a_patron(), on=today, due=date(2206, 12, 4))


def test_a_calendar_without_an_open_day_is_a_sentence(today: date) -> None:
    """Somebody closed every weekday."""
    Library.the()
    Library.objects.update(open_weekdays=[])

    with pytest.raises(desk.DeskError, match=r"^The calendar has no open day for two years\."):
        desk.lend(an_item(), to=a_patron(), on=today)


def test_our_item_goes_to_a_partner_library_as_ill_lending(today: date) -> None:
    """A loan to a library has no usual length, so a date is asked for."""
    karri, book = a_partner(), an_item()

    with pytest.raises(desk.DeskError, match=r"^Say until when: a loan to another library has no usual length\.$"):
        desk.lend(book, to=karri, on=today)
    loan = desk.lend(book, to=karri, on=today, due=date(2026, 12, 21), their_reference="KU-7731")

    assert (loan.service, loan.patron, loan.partner) == (Loan.Service.ILL_LENDING, None, karri)
    assert loan.their_reference == "KU-7731"


def test_an_item_of_theirs_is_due_from_the_reader_before_the_lender_wants_it(today: date) -> None:
    """Five days for the post, and the day before a weekend rather than after it."""
    book = an_item(owner=a_partner(post_days=5))

    loan = desk.lend(book, to=a_patron(), on=today, due_to_lender=date(2026, 12, 18))

    assert (loan.service, loan.due_on) == (Loan.Service.ILL_BORROWING, date(2026, 12, 11))


def test_an_item_of_theirs_is_not_lent_on_to_another_library(today: date) -> None:
    """It is not ours to lend."""
    book = an_item(title="A History of Salt", owner=a_partner(name="Karri University Library"))

    with pytest.raises(desk.DeskError, match=r"^A History of Salt belongs to Karri University Library\."):
        desk.lend(book, to=a_partner(), on=today, due=date(2026, 12, 21))


def test_a_renewal_moves_the_due_date_and_the_day_it_was_set(today: date, said: list[Any]) -> None:
    """The steps start anew from the new date."""
    loan = a_loan(due=today, patron=a_patron(group=a_group(loan_days=14)))

    renewed = desk.renew(loan, on=today)

    assert (renewed.due_on, renewed.due_set_on, renewed.renewals) == (date(2026, 12, 7), today, 1)
    assert said == [("renewed", {"loan_ids": [loan.pk]})]


def test_renewals_are_counted(today: date) -> None:
    """Twice is what the group allows."""
    loan = a_loan(
        due=today, item=an_item(title="Holes"), patron=a_patron(group=a_group(name="7B", max_renewals=2)), renewals=2
    )

    with pytest.raises(desk.DeskError, match=r"^Holes was renewed 2 times, as often as 7B may\.$"):
        desk.renew(loan, on=today)


def test_a_renewal_that_gives_no_more_time_is_refused(today: date) -> None:
    """The end of term stands in the way."""
    group = a_group(last_due_date=date(2026, 12, 4))
    loan = a_loan(due=date(2026, 12, 4), item=an_item(title="Holes"), patron=a_patron(group=group))

    with pytest.raises(desk.DeskError, match=r"^Holes is due Fri 4 Dec, and it cannot be had for longer than that\.$"):
        desk.renew(loan, on=today)


def test_who_renews_what_is_said_to_be_back_has_it_after_all(today: date) -> None:
    """The loan is on loan again, and no shelf is searched."""
    loan = a_loan(due=today, status=Loan.Status.SAYS_BACK, shelf_checks_left=3)

    renewed = desk.renew(loan, on=today)

    assert (renewed.status, renewed.shelf_checks_left) == (Loan.Status.ON_LOAN, 0)


def test_what_is_billed_is_not_renewed(today: date) -> None:
    """The office is waiting for an answer about it."""
    loan = a_loan(due=today, item=an_item(title="Holes"), status=Loan.Status.BILLED)

    with pytest.raises(desk.DeskError, match=r"^Holes cannot be renewed: its status is billed\.$"):
        desk.renew(loan, on=today)


def test_returning_needs_only_the_item(today: date, noon: datetime, said: list[Any]) -> None:
    """One scan, and the loan is closed with its day and its moment."""
    loan = a_loan(due=today)

    back = desk.take_back(loan.item, on=today, at=noon)

    assert (back.pk, back.returned_on, back.returned_at) == (loan.pk, today, noon)
    assert said == [("returned", {"loan_ids": [loan.pk]})]


def test_a_billed_book_that_comes_back_is_still_called_billed(today: date, noon: datetime) -> None:
    """So the desk can say: tell the office."""
    loan = a_loan(due=today, status=Loan.Status.BILLED)

    back = desk.take_back(loan, on=today, at=noon)

    assert (back.status, back.is_open) == (Loan.Status.BILLED, False)


def test_what_is_not_out_cannot_come_back(today: date, noon: datetime, said: list[Any]) -> None:
    """A book from the shelf was scanned; and one that was returned this morning."""
    loan = a_loan(due=today, returned=today, item=an_item(title="Holes"))

    with pytest.raises(desk.DeskError, match=r"^Holes is not on loan\.$"):
        desk.take_back(loan.item, on=today, at=noon)
    with pytest.raises(desk.DeskError, match=r"^Holes came back on Mon 23 Nov\.$"):
        desk.take_back(loan, on=today, at=noon)

    assert said == []


def test_a_return_is_undone_for_a_minute(today: date, noon: datetime, said: list[Any]) -> None:
    """It was the wrong book of two alike."""
    loan = desk.take_back(a_loan(due=today), on=today, at=noon)

    opened = desk.undo_return(loan, at=noon + timedelta(seconds=60))

    assert (opened.returned_on, opened.returned_at) == (None, None)
    assert [cause for cause, _ in said] == ["returned", "return_undone"]


def test_after_a_minute_a_return_stands(today: date, noon: datetime) -> None:
    """The next child has gone by then."""
    loan = desk.take_back(a_loan(due=today, item=an_item(title="Holes")), on=today, at=noon)

    with pytest.raises(
        desk.DeskError, match=r"^Holes was taken back more than a minute ago\. Lend it again instead\.$"
    ):
        desk.undo_return(loan, at=noon + timedelta(seconds=61))


def test_a_return_is_not_undone_once_the_book_went_out_again(today: date, noon: datetime) -> None:
    """Somebody else has it already."""
    mia = a_patron(group=a_group(name="7B"), first_name="Mia", last_name="Chen")
    loan = desk.take_back(a_loan(due=today, item=an_item(title="Holes")), on=today, at=noon)
    desk.lend(loan.item, to=mia, on=today)

    with pytest.raises(desk.DeskError, match=r"^Holes is on loan to Mia Chen, 7B, until Mon 7 Dec\.$"):
        desk.undo_return(loan, at=noon)


def test_no_letters_needs_a_reason(today: date, said: list[Any]) -> None:
    """Whoever comes next must know why it is quiet."""
    loan = a_loan(due=today)

    with pytest.raises(desk.DeskError, match=r"^No letters needs a reason"):
        desk.set_status(loan, Loan.Status.NO_LETTERS, on=today, reason="  ")
    quiet = desk.set_status(loan, Loan.Status.NO_LETTERS, on=today, reason="A death in the family")

    assert (quiet.status, quiet.status_reason) == (Loan.Status.NO_LETTERS, "A death in the family")
    assert said == [("status", {"loan_ids": [loan.pk]})]


def test_an_extension_is_quiet_until_a_day(today: date) -> None:
    """And on loan again means: quiet no longer."""
    loan = a_loan(due=today, service="ill_borrowing")

    with pytest.raises(desk.DeskError, match=r"^Say until when it stays quiet"):
        desk.set_status(loan, Loan.Status.EXTENSION_ASKED, on=today)
    with pytest.raises(desk.DeskError, match=r"^Mon 23 Nov is not a later day than today\. Choose one\.$"):
        desk.set_status(loan, Loan.Status.EXTENSION_ASKED, on=today, quiet_until=today)
    asked = desk.set_status(loan, Loan.Status.EXTENSION_ASKED, on=today, quiet_until=date(2026, 12, 7))
    resumed = desk.set_status(loan, Loan.Status.ON_LOAN, on=today)

    assert asked.quiet_until == date(2026, 12, 7)
    assert (resumed.status, resumed.quiet_until) == (Loan.Status.ON_LOAN, None)


def test_what_is_said_to_be_back_is_looked_for_three_times(today: date) -> None:
    """Then a person decides."""
    loan = desk.says_it_is_back(a_loan(due=today), on=today)

    assert (loan.status, loan.shelf_checks_left) == (Loan.Status.SAYS_BACK, 3)


def test_a_returned_loan_has_no_other_status(today: date) -> None:
    """It is over."""
    loan = a_loan(due=today, returned=today, item=an_item(title="Holes"))

    with pytest.raises(desk.DeskError, match=r"^Holes came back on Mon 23 Nov\.$"):
        desk.set_status(loan, Loan.Status.LOST, on=today)


def test_a_librarian_may_choose_any_other_due_date(today: date, said: list[Any]) -> None:
    """Earlier or later, whatever the group's rules say."""
    loan = a_loan(due=date(2026, 12, 7))

    moved = desk.change_due(loan, to=date(2026, 11, 25), on=today)

    assert (moved.due_on, moved.due_set_on, moved.renewals) == (date(2026, 11, 25), today, 0)
    assert said == [("renewed", {"loan_ids": [loan.pk]})]
