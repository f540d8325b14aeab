"""Promises that the database keeps, whoever tries to break them."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from circulation import desk
from circulation.models import ImportFile, Item, Loan, Patron
from circulation.signals import loans_changed, people_changed
from tests.builders import a_group, a_loan, a_partner, a_patron, an_item
from tests.circulation.conftest import bring_in, sample


@pytest.mark.django_db
def test_an_item_has_one_open_loan(today: date) -> None:
    """A second open loan of the atlas cannot even be written past the desk."""
    atlas = an_item()
    a_loan(item=atlas, due=today)

    with pytest.raises(IntegrityError, match="loan_one_open_per_item"), transaction.atomic():
        a_loan(item=atlas, due=today)

    assert Loan.objects.open().filter(item=atlas).count() == 1


@pytest.mark.django_db
def test_an_item_that_came_back_can_go_out_again(today: date) -> None:
    """Returned loans do not stand in the way."""
    atlas = an_item()
    a_loan(item=atlas, due=today, returned=today)

    again = a_loan(item=atlas, due=today)

    assert list(Loan.objects.open()) == [again]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("service", "to_patron", "to_partner"),
    [
        ("circulation", False, True),
        ("ill_borrowing", False, True),
        ("ill_lending", True, False),
        ("circulation", True, True),
        ("circulation", False, False),
    ],
)
def test_a_borrower_fits_the_service(today: date, service: str, to_patron: bool, to_partner: bool) -> None:
    """Lending goes to a partner library, everything else to a patron; nobody and both at once are nobody."""
    patron, partner = (a_patron() if to_patron else None), (a_partner() if to_partner else None)

    with pytest.raises(IntegrityError, match="loan_borrower_fits_service"), transaction.atomic():
        Loan.objects.create(
            item=an_item(),
            service=service,
            patron=patron,
            partner=partner,
            lent_on=today,
            due_on=today,
            due_set_on=today,
        )

    assert Loan.objects.count() == 0


@pytest.mark.django_db
def test_nothing_comes_back_before_it_went_out(today: date) -> None:
    """A return dated before the lending is a mistake."""
    with pytest.raises(IntegrityError, match="loan_returned_after_lent"), transaction.atomic():
        a_loan(due=today, lent=today, returned=today - timedelta(days=1))


@pytest.mark.django_db(transaction=True)
def test_many_desks_lend_one_item_and_one_of_them_wins(today: date) -> None:
    """Eight desks scan the atlas at once, ten times over; seven are told to whom it went."""
    group, atlas = a_group(), an_item(title="Atlas")
    patrons = [a_patron(group=group, first_name="Mia", last_name="Chen") for _ in range(8)]

    with ThreadPoolExecutor(len(patrons)) as desks:
        for _ in range(10):
            answers = list(desks.map(lambda patron: _lend(atlas, patron, today), patrons))

            assert sorted(answers) == [f"Atlas is on loan to Mia Chen, {group}, until Mon 7 Dec."] * 7 + ["lent"]
            desk.take_back(atlas, on=today, at=datetime.fromisoformat("2026-11-23T12:00+11:00"))


@pytest.mark.django_db(transaction=True)
def test_many_desks_lend_to_one_patron_and_keep_to_the_limit(today: date) -> None:
    """Mia may have two things; eight desks that count at once must not give her three."""
    mia = a_patron(group=a_group(name="7B", max_loans=2), first_name="Mia", last_name="Chen")
    items = [an_item() for _ in range(8)]

    with ThreadPoolExecutor(len(items)) as desks:
        answers = list(desks.map(lambda item: _lend(item, mia, today), items))

    assert sorted(answers) == ["Mia Chen, 7B, has 2 loans already, as many as this group may have."] * 6 + ["lent"] * 2


def _lend(item: Item, patron: Patron, on: date) -> str:
    """What one desk is told, on a connection of its own."""
    try:
        desk.lend(item, to=patron, on=on)
    except desk.DeskError as refusal:
        return str(refusal)
    finally:
        connection.close()
    return "lent"


@pytest.mark.django_db(transaction=True)
def test_one_file_imported_by_several_at_once_is_imported_once(today: date) -> None:
    """Two librarians press the button, and the nightly job runs: one of them adds, the others find it done."""
    with ThreadPoolExecutor(4) as doors:
        added = list(doors.map(lambda _: _import_patrons(today), range(4)))

    assert sorted(added) == [0, 0, 0, 600]
    assert Patron.objects.count() == 600


def _import_patrons(on: date) -> int:
    try:
        return bring_in("patrons", sample("koha-patrons.csv"), on=on).added
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_an_import_that_breaks_off_has_done_nothing(today: date, said: list[object]) -> None:
    """Whoever listens at the very end fails: no patron, no group, no file is left behind."""
    people_changed.connect(_fail)
    loans_changed.connect(_fail)
    a_patron(barcode="P100365")
    content = "".join(sample("koha-open-loans-2026-11-23.csv").decode().splitlines(keepends=True)[:2])
    try:
        with pytest.raises(RuntimeError, match="pulled the plug"):
            bring_in("loans", content, on=today)
    finally:
        people_changed.disconnect(_fail)
        loans_changed.disconnect(_fail)

    assert (Loan.objects.count(), Item.objects.count(), ImportFile.objects.count()) == (0, 0, 0)


def _fail(**_: object) -> None:
    raise RuntimeError("pulled the plug")


@pytest.mark.django_db(transaction=True)
def test_desks_and_an_import_take_turns(today: date, noon: datetime) -> None:
    """Four desks take back and lend while a nightly file comes in again and again: nobody is stopped by a deadlock."""
    bring_in("patrons", sample("koha-patrons.csv"), on=today)
    nightly = sample("koha-open-loans-2026-11-23.csv")
    bring_in("loans", nightly, on=today)
    loans = list(Loan.objects.order_by("pk")[:4])

    with ThreadPoolExecutor(len(loans) + 1) as people:
        desks = [people.submit(_take_back_and_lend, loan, today, noon) for loan in loans]
        imports = people.submit(_import_loans, nightly, today)
        turns = [desk_at_work.result() for desk_at_work in desks]

    assert turns == [10] * 4
    assert imports.result() == 3
    assert Loan.objects.open().count() == 700


def _take_back_and_lend(loan: Loan, on: date, at: datetime) -> int:
    """How often it went without anything but a refusal in words."""
    try:
        for _ in range(10):
            with suppress(desk.DeskError):
                desk.take_back(loan.item, on=on, at=at)
            with suppress(desk.DeskError):
                desk.lend(loan.item, to=loan.borrower, on=on)
    finally:
        connection.close()
    return 10


def _import_loans(content: bytes, on: date) -> int:
    try:
        for _ in range(3):
            bring_in("loans", content, on=on)
    finally:
        connection.close()
    return 3
