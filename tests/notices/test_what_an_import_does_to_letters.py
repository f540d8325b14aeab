"""The preview of an import says what becomes of letters that wait; applied, that is what becomes of them."""

from datetime import date, timedelta

import pytest
from django.db import connections

from circulation.imports import apply as imports
from circulation.models import Group, Loan, Patron
from notices import compose, scan
from notices.models import Letter
from tests.builders import a_group, a_loan, a_patron, an_item
from tests.circulation.conftest import NOON
from tests.notices.builders import a_gateway_with_an_address, a_schedule, wording

TODAY = date(2026, 11, 23)
PEOPLE = "barcode,last_name,first_name,group,email,guardian_name,guardian_email\n"
LOANS = "barcode,title,patron_barcode,due\n"


@pytest.fixture
def seven_b(db: None) -> Group:
    a_gateway_with_an_address()
    wording(1)
    a_schedule(1)
    return a_group(name="7B")


def a_child(barcode: str, group: Group, books: int = 1, **fields: object) -> Patron:
    """With books that were due yesterday, and a letter about them that waits."""
    fields = {"last_name": "Chen", "first_name": barcode, "email": f"{barcode}@s.example".lower(), **fields}
    child = a_patron(barcode=barcode, group=group, **fields)
    for number in range(books):
        a_loan(due=TODAY - timedelta(days=1), patron=child, item=an_item(barcode=f"{barcode}-{number}", title="Holes"))
    return child


def told() -> None:
    scan.run(on=TODAY)
    compose.write_planned(on=TODAY)


def seen(kind: str, content: str) -> list[str]:
    """What the page says of letters."""
    return imports.preview(imports.a_file(content.encode(), kind=kind, name="list.csv"), on=TODAY, at=NOON).plan.letters


def apply(kind: str, content: str) -> list[str]:
    """What is kept about letters once it is done."""
    return imports.apply(imports.a_file(content.encode(), kind=kind, name="list.csv"), on=TODAY, at=NOON).letters


def fates() -> dict[str, tuple[str, str, int]]:
    """Of each child's letter: state, channel, revision."""
    rows = Letter.objects.order_by("pk").values_list("patron__barcode", "state", "channel", "revision")
    return {barcode: (state, channel, revision) for barcode, state, channel, revision in rows}


def test_books_that_came_back(seven_b: Group) -> None:
    """All of P1's, one of P2's, none of P3's."""
    for barcode, books in (("P1", 1), ("P2", 2), ("P3", 1)):
        a_child(barcode, seven_b, books)
    told()
    content = LOANS + "P2-0,Holes,P2,2026-11-22\nP3-0,Holes,P3,2026-11-22\n"

    said = seen("loans", content)

    assert said == ["1 letter that waits will be taken back.", "1 letter that waits will be written again."]
    assert set(fates().values()) == {("queued", "email", 0)}

    assert apply("loans", content) == ["1 letter that waited was taken back.", "1 letter that waited is written again."]
    assert fates() == {"P1": ("taken_back", "email", 0), "P2": ("planned", "email", 1), "P3": ("queued", "email", 0)}


def test_addresses_that_change_and_go(seven_b: Group) -> None:
    """One moves, one gets paper, and one who has nothing out is nobody's letter."""
    for barcode, books in (("P1", 1), ("P2", 1), ("P3", 0), ("P4", 1)):
        a_child(barcode, seven_b, books)
    told()
    content = (
        PEOPLE + "P1,Chen,P1,7B,new@s.example,,\nP2,Chen,P2,7B,,,\nP3,Chen,P3,7B,,,\nP4,Chen,P4,7B,p4@s.example,,\n"
    )

    said = seen("patrons", content)
    apply("patrons", content)

    assert said == [
        "1 address changed: what waits is written again.",
        "2 addresses gone; 1 of them has something out and gets paper (0 can be told at home).",
        "1 letter that waits will go on paper instead.",
        "1 letter that waits will be written again.",
    ]
    assert fates() == {"P1": ("planned", "email", 1), "P2": ("planned", "paper", 1), "P4": ("queued", "email", 0)}


def test_another_group_is_another_letter(seven_b: Group) -> None:
    """It names the class, so it is written again; nobody loses it."""
    a_child("P1", seven_b)
    told()

    said = seen("patrons", PEOPLE + "P1,Chen,P1,8C,p1@s.example,,\n")

    assert said == ["1 letter that waits will be written again."]
    assert (Group.objects.count(), fates()) == (1, {"P1": ("queued", "email", 0)})


def test_new_people_and_new_loans_touch_nothing(seven_b: Group) -> None:
    a_child("P1", seven_b)
    told()

    people = seen("patrons", PEOPLE + "P1,Chen,P1,7B,p1@s.example,,\nP9,Lee,Tom,7B,,Ada Lee,ada@home.example\n")
    loans = seen("loans", LOANS + "P1-0,Holes,P1,2026-11-22\nX9,Blueback,P1,2026-12-01\n")

    assert (people, loans) == (["Nothing that waits is touched."], ["Nothing that waits is touched."])


@pytest.mark.django_db(transaction=True)
def test_the_desk_goes_first(seven_b: Group) -> None:
    """A loan is being returned at the desk just now: the preview does not wait for it, and says so."""
    a_child("P1", seven_b)
    told()
    other = connections.create_connection("default")
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT id FROM circulation_loan FOR UPDATE")

            said = seen("loans", LOANS + "P1-0,Holes,P1,2026-12-07\n")
    finally:
        other.rollback()
        other.close()

    assert said == ["The desk is changing the same rows, so what becomes of letters is not counted. Look once more."]
    assert Loan.objects.get().due_on == TODAY - timedelta(days=1)


def test_who_would_be_moved_to_unmatched(seven_b: Group) -> None:
    """Nobody has ticked it yet; the page says beforehand what the tick would do besides."""
    a_child("P1", seven_b)
    a_child("P2", seven_b)
    told()
    file = imports.a_file((PEOPLE + "P1,Chen,P1,7B,p1@s.example,,\n").encode(), kind="patrons", name="list.csv")

    plan = imports.preview(file, on=TODAY, at=NOON).plan

    assert (plan.unlisted, plan.letters) == (1, ["Nothing that waits is touched."])
    assert plan.letters_if_moved == ["1 letter that waits will be written again."]
    assert (Group.objects.count(), fates()["P2"]) == (1, ("queued", "email", 0))


@pytest.mark.django_db(transaction=True)
def test_nobody_is_unmatched_where_the_desk_goes_first(seven_b: Group) -> None:
    """Nobody decided to move P2; that the trial gave way to the desk decides nothing."""
    a_child("P1", seven_b)
    a_child("P2", seven_b)
    file = imports.a_file((PEOPLE + "P1,Chen,P1,7B,p1@s.example,,\n").encode(), kind="patrons", name="list.csv")
    other = connections.create_connection("default")
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT id FROM circulation_patron WHERE barcode = 'P2' FOR UPDATE")

            plan = imports.preview(file, on=TODAY, at=NOON).plan
    finally:
        other.rollback()
        other.close()

    assert plan.letters[0].startswith("The desk is changing the same rows")
    assert (plan.unlisted, plan.unmatched) == (1, 0)
