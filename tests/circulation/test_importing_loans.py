"""Another system's open loans, night after night, as the full truth of what is out."""

from datetime import date
from typing import Any

import pytest

from circulation.imports import apply as imports
from circulation.models import ImportFile, Item, Loan
from tests.builders import a_loan, a_partner, a_patron, an_item
from tests.circulation.conftest import bring_in, figures, refusal_of, sample

pytestmark = pytest.mark.django_db

MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 25)
HEADER = "barcode,title,author,itemcallnumber,cardnumber,issuedate,date_due,renewals\n"
HOLES = "3001,Holes,Louis Sachar,813.54 SAC,P1,2026-11-09 10:53:00,2026-11-23 23:59:00,0\n"
BLUEBACK = "3002,Blueback,Tim Winton,A823.3 WIN,P1,2026-11-09 10:53:00,2026-11-23 23:59:00,0\n"


@pytest.fixture(autouse=True)
def mia() -> Any:
    return a_patron(barcode="P1", first_name="Mia", last_name="Chen")


def reasons(refusal: imports.ImportRefused) -> list[str]:
    assert refusal.plan is not None
    return [str(one) for one in refusal.plan.refused]


def test_two_nights_of_koha() -> None:
    """700 loans; the next day 112 are back and 30 have another date."""
    bring_in("patrons", sample("koha-patrons.csv"))
    bring_in("items", sample("koha-items.csv"))

    first = bring_in("loans", sample("koha-open-loans-2026-11-23.csv"), on=MONDAY)
    second = bring_in("loans", sample("koha-open-loans-2026-11-24.csv"), on=TUESDAY)
    again = bring_in("loans", sample("koha-open-loans-2026-11-24.csv"), on=WEDNESDAY)

    assert (figures(first), first.returned) == ((700, 700, 0, 0, 0), 0)
    assert (figures(second), second.returned) == ((588, 0, 30, 558, 0), 112)
    assert (figures(again), again.returned) == ((588, 0, 0, 588, 0), 0)
    assert Loan.objects.open().count() == 588
    assert Loan.objects.filter(returned_on=TUESDAY).count() == 112
    assert Loan.objects.open().filter(due_set_on=TUESDAY).count() == 30


def test_a_new_loan_appears_with_an_item_made_from_its_title(mia: Any, said: list[Any]) -> None:
    """The due date was set on the day of lending, because nobody renewed."""
    plan = bring_in("loans", HEADER + HOLES, on=MONDAY)

    loan = Loan.objects.get()
    assert (loan.item.title, loan.item.author, loan.item.call_number) == ("Holes", "Louis Sachar", "813.54 SAC")
    assert (loan.patron, loan.lent_on, loan.due_on, loan.due_set_on) == (
        mia,
        date(2026, 11, 9),
        MONDAY,
        date(2026, 11, 9),
    )
    assert (loan.service, loan.from_file) == (Loan.Service.CIRCULATION, True)
    assert plan.notes == ["1 item will be made from the title columns."]
    assert said == [("lent", {"loan_ids": [loan.pk]})]


def test_a_loan_that_was_renewed_before_we_saw_it_has_its_date_since_today() -> None:
    """Nobody told us when it was renewed."""
    bring_in("loans", HEADER + HOLES.replace(",0\n", ",2\n"), on=MONDAY)

    loan = Loan.objects.get()
    assert (loan.due_set_on, loan.renewals) == (MONDAY, 2)


def test_a_later_due_date_is_a_renewal(said: list[Any]) -> None:
    """The same loan, a new date set today; who renews has it in hand."""
    bring_in("loans", HEADER + HOLES, on=MONDAY)
    Loan.objects.update(status=Loan.Status.SAYS_BACK, shelf_checks_left=2)
    said.clear()

    bring_in("loans", HEADER + HOLES.replace("2026-11-23 23", "2026-12-07 23").replace(",0\n", ",1\n"), on=TUESDAY)

    loan = Loan.objects.get()
    assert (loan.due_on, loan.due_set_on, loan.renewals) == (date(2026, 12, 7), TUESDAY, 1)
    assert (loan.status, loan.shelf_checks_left) == (Loan.Status.ON_LOAN, 0)
    assert said == [("renewed", {"loan_ids": [loan.pk]})]


def test_a_renewed_loan_that_is_billed_stays_billed() -> None:
    """Only a person takes that back."""
    bring_in("loans", HEADER + HOLES, on=MONDAY)
    Loan.objects.update(status=Loan.Status.BILLED)

    bring_in("loans", HEADER + HOLES.replace("2026-11-23 23", "2026-12-07 23"), on=TUESDAY)

    assert Loan.objects.get().status == Loan.Status.BILLED


def test_a_missing_loan_came_back_and_comes_again_with_its_history(said: list[Any]) -> None:
    """One night the export forgot Blueback; the next night it is the old loan."""
    bring_in("loans", HEADER + HOLES + BLUEBACK, on=MONDAY)
    blueback = Loan.objects.get(item__barcode="3002")
    said.clear()

    gone = bring_in("loans", HEADER + HOLES, on=TUESDAY)
    blueback.refresh_from_db()
    returned_on = blueback.returned_on
    back = bring_in("loans", HEADER + HOLES + BLUEBACK, on=WEDNESDAY)

    blueback.refresh_from_db()
    assert (gone.returned, returned_on) == (1, TUESDAY)
    assert (figures(back), blueback.returned_on, blueback.returned_at) == ((2, 0, 1, 1, 0), None, None)
    assert Loan.objects.count() == 2
    assert said == [("returned", {"loan_ids": [blueback.pk]}), ("return_undone", {"loan_ids": [blueback.pk]})]


def test_another_due_date_after_a_return_is_another_loan() -> None:
    """Mia gave Blueback back and borrowed it anew."""
    bring_in("loans", HEADER + HOLES + BLUEBACK, on=MONDAY)
    bring_in("loans", HEADER + HOLES, on=TUESDAY)

    bring_in("loans", HEADER + HOLES + BLUEBACK.replace("2026-11-23 23", "2026-12-08 23"), on=WEDNESDAY)

    assert list(Loan.objects.filter(item__barcode="3002").order_by("pk").values_list("returned_on", "due_on")) == [
        (TUESDAY, MONDAY),
        (None, date(2026, 12, 8)),
    ]


def test_a_thing_that_changed_hands_between_two_files_is_two_loans(mia: Any, said: list[Any]) -> None:
    """Mia's is over, Tom's begins."""
    tom = a_patron(barcode="P2")
    bring_in("loans", HEADER + HOLES + BLUEBACK, on=MONDAY)
    mias = Loan.objects.get(item__barcode="3001")
    said.clear()

    plan = bring_in("loans", HEADER + HOLES.replace("P1", "P2") + BLUEBACK, on=TUESDAY)

    mias.refresh_from_db()
    toms = Loan.objects.open().get(item__barcode="3001")
    assert (figures(plan), plan.returned) == ((2, 1, 0, 1, 0), 1)
    assert (mias.returned_on, toms.patron) == (TUESDAY, tom)
    assert said == [("returned", {"loan_ids": [mias.pk]}), ("lent", {"loan_ids": [toms.pk]})]


def test_a_file_that_broke_off_is_refused_with_its_figures() -> None:
    """Applying it would return 610 of 700 loans, and letters about them would stop."""
    bring_in("patrons", sample("koha-patrons.csv"))
    bring_in("loans", sample("koha-open-loans-2026-11-23.csv"), on=MONDAY)

    refusal = refusal_of("loans", sample("damaged-loans-truncated.csv"), on=TUESDAY)
    one_less = refusal_of("loans", sample("damaged-loans-truncated.csv"), on=TUESDAY, allow_returns=609)

    assert str(refusal) == str(one_less)
    assert str(refusal) == (
        "This file would return 610 of 700 open loans, more than half. If that is right, say the number."
    )
    assert Loan.objects.open().count() == 700
    assert ImportFile.objects.filter(state="refused").count() == 2


def test_more_than_half_may_come_back_when_a_person_says_how_many() -> None:
    """The last day of term."""
    bring_in("loans", HEADER + HOLES + BLUEBACK, on=MONDAY)
    a_loan(due=MONDAY)

    plan = bring_in("loans", HEADER + HOLES, on=TUESDAY, allow_returns=2)

    assert (plan.returned, Loan.objects.open().count()) == (2, 1)


def test_rows_that_cannot_be_loans_are_refused() -> None:
    """Each with its line and the reason; nothing is applied."""
    rows = [
        HOLES,
        HOLES.replace("3001", ""),
        HOLES.replace("3001", "3003").replace("P1", ""),
        HOLES.replace("3001", "3004").replace("P1", "P9"),
        HOLES.replace("3001", "3005").replace("2026-11-23 23:59:00", "2026-11"),
        HOLES.replace("3001", "3006").replace("2026-11-23 23:59:00", ""),
        HOLES.replace("3001", "3007").replace("2026-11-23 23:59:00", "2206-11-23"),
        HOLES.replace("3001", "3008").replace("2026-11-23 23:59:00", "2026-11-08"),
        HOLES.replace("3001", "3009").replace("Holes", ""),
        HOLES.replace("3001", "3010").replace(",0\n", ",many\n"),
        BLUEBACK,
        BLUEBACK,
    ]

    refusal = refusal_of("loans", HEADER + "".join(rows))

    assert reasons(refusal) == [
        "Line 3, barcode: There is no barcode of an item.",
        "Line 4, cardnumber: There is no card of a borrower.",
        "Line 5, cardnumber: No patron has the card P9. Import patrons first.",
        "Line 6, date_due: “2026-11” is not a date. Write the due date as 2026-07-26.",
        "Line 7, date_due: There is no due date.",
        "Line 8, date_due: “2206-11-23” is not a likely due date: it lies before 1990 or after 2099.",
        "Line 9, date_due: It was due before it was lent.",
        "Line 10, barcode: No item has the barcode 3009, and this row has no title to make one from.",
        "Line 11, renewals: “many” is not a number of renewals.",
        "Line 12, barcode: Line 13 has the same item. One thing cannot be on loan twice.",
        "Line 13, barcode: Line 12 has the same item. One thing cannot be on loan twice.",
    ]
    assert (Loan.objects.count(), Item.objects.count()) == (0, 0)


@pytest.mark.parametrize("written", ["2026-11-23", "2026-11-23T23:59:00+11:00", "2026-11-23T12:59:00Z", "23/11/2026"])
def test_a_due_date_is_a_day_of_the_library(written: str) -> None:
    """With a time, with a zone, or day first."""
    bring_in("loans", HEADER + HOLES.replace("2026-11-23 23:59:00", written), on=MONDAY)

    assert Loan.objects.get().due_on == MONDAY


def test_a_loan_whose_row_was_refused_is_left_alone() -> None:
    """Blueback's row is damaged tonight; that is no reason to believe that it came back."""
    bring_in("loans", HEADER + HOLES + BLUEBACK, on=MONDAY)

    plan = bring_in(
        "loans", HEADER + HOLES + BLUEBACK.replace("2026-11-23 23", "nonsense"), on=TUESDAY, skip_refused=True
    )

    assert (plan.returned, Loan.objects.open().count()) == (0, 2)


def test_a_row_that_names_no_item_stops_all_returns() -> None:
    """It could be Blueback's."""
    bring_in("loans", HEADER + HOLES + BLUEBACK, on=MONDAY)

    plan = bring_in("loans", HEADER + HOLES + BLUEBACK.replace("3002", ""), on=TUESDAY, skip_refused=True)

    assert (plan.returned, Loan.objects.open().count()) == (0, 2)
    assert plan.notes == ["Some refused rows do not say which item they mean, so nothing is returned by this file."]


def test_interlibrary_loans_are_left_alone() -> None:
    """The other system knows nothing of them, so their absence says nothing."""
    a_loan(due=MONDAY, partner=a_partner())
    a_loan(due=MONDAY, service="ill_borrowing")

    plan = bring_in("loans", HEADER + HOLES, on=MONDAY)

    assert (plan.added, plan.returned, Loan.objects.open().count()) == (1, 0, 3)


def test_an_item_that_is_out_as_an_interlibrary_loan_is_refused() -> None:
    """Two systems say two things about one book; a person looks."""
    a_loan(due=MONDAY, partner=a_partner(), item=an_item(barcode="3001", title="Holes"))

    assert reasons(refusal_of("loans", HEADER + HOLES)) == [
        "Line 2, barcode: 3001 is out as an interlibrary loan, which such a file does not change."
    ]


def test_an_erased_patron_borrows_nothing_by_file(mia: Any, noon: Any) -> None:
    """What was erased does not come back through a list."""
    mia.erased_at = noon
    mia.save()

    assert reasons(refusal_of("loans", HEADER + HOLES)) == [
        "Line 2, cardnumber: No patron has the card P1. Import patrons first."
    ]


def test_every_applied_file_is_kept_with_its_counts() -> None:
    """When it was applied tells the daily run whether last night's file came."""
    bring_in("loans", HEADER + HOLES + BLUEBACK, on=MONDAY)
    bring_in("loans", HEADER + HOLES, on=TUESDAY)

    counts = (
        ImportFile.objects.of_loans().applied().order_by("pk").values_list("rows", "added", "unchanged", "returned")
    )
    assert list(counts) == [(2, 2, 0, 0), (1, 0, 1, 1)]
