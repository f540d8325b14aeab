"""The desk as a page: who sees what, what survives a reload, and what an answer is made of (product.md, C2 and S1)."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from circulation.models import Loan, Patron
from library.access import Role
from tests.builders import a_group, a_guardian, a_loan, a_patron, an_item

pytestmark = pytest.mark.django_db


@pytest.fixture
def mia() -> Patron:
    return a_patron(
        first_name="Mia",
        last_name="Chen",
        known_as="Mimi",
        barcode="P100417",
        email="mia.chen@students.example",
        address="12 Banksia Street",
        group=a_group(name="7B", max_loans=5, contact_email="okoye@school.example"),
        guardians=[a_guardian(name="Wei Lim", email="wei@home.example")],
    )


@pytest.fixture
def helper(client: Client, people: dict[Role, User]) -> Client:
    client.force_login(people[Role.DESK_HELPER])
    return client


def scan(client: Client, text: str, *, do: str = "lend", patron: object = "", **headers: Any) -> Any:
    return client.post("/desk/scan/", {"do": do, "patron": patron, "scan": text}, **headers)


def test_a_helper_sees_no_address_guardian_or_history(helper: Client, mia: Patron) -> None:
    """Mia's loans and nothing else about her; the one that came back is history."""
    today = timezone.localdate()
    a_loan(item=an_item(title="Storm Boy"), patron=mia, due=today - timedelta(days=1))
    a_loan(item=an_item(title="Holes"), patron=mia, due=today, returned=today)

    page = scan(helper, "P100417").content.decode()

    assert [word for word in ("Mia Chen", "7B", "1 of 5", "Storm Boy", "1 day late") if word not in page] == []
    private = ("students.example", "Banksia", "Wei", "home.example", "Okoye", "school.example", "Mimi", "Holes")
    assert [word for word in private if word in page] == []


def test_a_helper_finds_nobody_by_address(helper: Client, mia: Patron) -> None:
    """The sentence repeats what was typed and tells nothing."""
    page = scan(helper, "mia.chen@students.example")

    assert page.context["sitting"].patron is None
    assert page.context["sitting"].told[0].heading == "Not found."


def test_a_helper_chooses_no_date(helper: Client, mia: Patron) -> None:
    """The form was made by hand; the group's own date counts."""
    today = timezone.localdate()
    chosen = today + timedelta(days=100)

    helper.post("/desk/do/", {"verb": "lend", "item": an_item().pk, "patron": mia.pk, "due": chosen.isoformat()})

    assert Loan.objects.get().due_on < chosen


def test_the_address_says_mode_and_patron(helper: Client, mia: Patron) -> None:
    """A reload shows the same desk; so does the link from the patron's page."""
    answer = scan(helper, "P100417", do="renew")

    again = helper.get(answer["HX-Replace-Url"])

    assert answer["HX-Replace-Url"] == f"/desk/?do=renew&patron={mia.pk}"
    assert (again.context["sitting"].patron, again.context["sitting"].mode) == (mia, "renew")


@pytest.mark.parametrize("query", ["?patron=x", "?patron=999999", "?patron=" + "9" * 400, "?do=burn", "?patron=-1"])
def test_an_address_that_makes_no_sense_is_an_empty_desk(helper: Client, query: str) -> None:
    """Somebody changed it by hand, or the patron was removed."""
    page = helper.get(f"/desk/{query}")

    assert page.status_code == 200
    assert (page.context["sitting"].patron, page.context["sitting"].mode) == (None, "lend")


def test_an_erased_patron_is_nobody(helper: Client, mia: Patron) -> None:
    """A tab was left open."""
    Patron.objects.filter(pk=mia.pk).update(erased_at=timezone.now())

    page = helper.get(f"/desk/?patron={mia.pk}")

    assert page.context["sitting"].patron is None


def test_what_just_happened_survives_a_reload(helper: Client, mia: Patron) -> None:
    """It is kept in the session of the person who did it."""
    an_item(title="Blueback", barcode="303")
    scan(helper, "303", patron=mia.pk)

    page = helper.get("/desk/").content.decode()

    assert 'Lent <span class="title">Blueback</span> to Mia Chen' in page
    assert 'value="undo"' in page


def test_the_script_gets_the_part_that_changed_and_others_the_page(helper: Client, mia: Patron) -> None:
    """Without a script everything works, page by page."""
    part = scan(helper, "P100417", headers={"HX-Request": "true"}).content.decode()
    page = scan(helper, "P100417").content.decode()

    assert ("<html" in part, 'id="desk"' in part, 'id="scan-field"' in part) == (False, True, False)
    assert ("<html" in page, 'id="desk"' in page, 'id="scan-field"' in page) == (True, True, True)


def test_a_refusal_is_an_alert_with_its_deed(helper: Client, mia: Patron) -> None:
    """In words, with the title as a title, and a form that mends it."""
    zayd = a_patron(first_name="Zayd", last_name="Rahimi", group=mia.group)
    loan = a_loan(item=an_item(title="Holes", barcode="301"), patron=zayd, due=timezone.localdate())

    page = scan(helper, "301", patron=mia.pk).content.decode()
    helper.post("/desk/do/", {"verb": "hand-over", "loan": loan.pk, "patron": mia.pk, "do": "lend"})

    alert = page[page.index('<div class="note note-warn" role="alert">') :].split("</form>")[0]
    assert '<strong>Not lent.</strong> <span class="title">Holes</span> is on loan to Zayd Rahimi, 7B, until ' in alert
    assert "Return it and lend it to Mia" in alert
    assert [one.patron for one in Loan.objects.open()] == [mia]


def test_a_name_becomes_no_code(helper: Client, mia: Patron) -> None:
    """Names, titles and what was typed are text wherever they stand."""
    evil = "<img src=x onerror=alert(1)>"
    mia.first_name = evil
    mia.save()
    an_item(title=evil, barcode="303")
    scan(helper, "303", patron=mia.pk)

    page = scan(helper, evil, patron=mia.pk).content.decode()

    assert "<img src=x" not in page
    assert page.count("&lt;img src=x") >= 3


@pytest.mark.parametrize("verb", ["lend", "return", "renew", "hand-over", "undo"])
def test_a_button_about_nothing_changes_nothing(helper: Client, mia: Patron, verb: str) -> None:
    """The row went between showing and pressing."""
    answer = helper.post("/desk/do/", {"verb": verb, "loan": "999", "item": "999", "number": "9", "patron": mia.pk})

    assert answer.status_code == 200
    assert Loan.objects.count() == 0


def test_a_verb_that_does_not_exist_is_refused(helper: Client) -> None:
    """And asking with GET changes nothing."""
    assert helper.post("/desk/do/", {"verb": "burn"}).status_code == 400
    assert helper.get("/desk/do/").status_code == 405
    assert helper.get("/desk/scan/").status_code == 405


def test_a_scan_costs_the_same_however_much_is_on_loan(helper: Client, mia: Patron) -> None:
    """One loan or 25, one line in the list or a dozen: the queries are as many."""
    mia.group.max_loans = None
    mia.group.save()
    numbers = [an_item(barcode=f"8{number:03}").barcode for number in range(26)]
    queries = []

    for number in numbers:
        with CaptureQueriesContext(connection) as asked:
            scan(helper, number, patron=mia.pk, headers={"HX-Request": "true"})
        queries.append(len(asked))

    assert set(queries[1:]) == {queries[-1]}
