"""A patron's page: what is out, what we say next, and every switch that decides it (product.md, C1, C7, C8)."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from circulation.models import FOREVER, Guardianship, Patron
from library.access import Role
from tests.builders import a_group, a_guardian, a_guardianship, a_loan, a_patron, an_item
from tests.pages.words import words

pytestmark = pytest.mark.django_db


@pytest.fixture
def mia() -> Patron:
    return a_patron(first_name="Mia", last_name="Chen", barcode="P100417", group=a_group(name="7B", max_loans=5))


def test_the_answer_stands_first(librarian: Client, mia: Patron) -> None:
    """Group, card, how many are out, and how late the late one is."""
    today = timezone.localdate()
    a_loan(patron=mia, item=an_item(title="Storm Boy"), due=today - timedelta(days=14))
    a_loan(patron=mia, item=an_item(title="Blueback"), due=today + timedelta(days=9))
    a_loan(patron=mia, due=today - timedelta(days=30), returned=today - timedelta(days=20))

    page = librarian.get(reverse("patron", args=[mia.pk]))

    assert [loan.item.title for loan, _, _ in page.context["loans"]] == ["Storm Boy", "Blueback"]
    assert "7B · P100417 · two loans, one 14 days late." in words(page.content)


def test_a_page_costs_the_same_for_one_loan_and_for_many(librarian: Client, mia: Patron) -> None:
    """A constant number of queries, whatever is out and whoever is at home."""
    today = timezone.localdate()
    for _ in range(2):
        a_guardianship(patron=mia)
    a_loan(patron=mia, due=today)
    _queries(librarian, mia)  # rows that there is one of are made by the first look
    few = _queries(librarian, mia)
    for _ in range(6):
        a_loan(patron=mia, due=today)
        a_guardianship(patron=mia)

    assert _queries(librarian, mia) == few


def test_siblings_are_one_click_away(librarian: Client, mia: Patron) -> None:
    """A guardian's other children, with their groups; never somebody who was erased."""
    father = a_guardian(name="Wei Chen")
    leo = a_patron(first_name="Leo", last_name="Chen", group=a_group(name="5A"))
    for child in (mia, leo, a_patron(erased_at=timezone.now())):
        a_guardianship(patron=child, guardian=father)

    page = librarian.get(reverse("patron", args=[mia.pk]))

    assert page.context["siblings"] == {father.pk: [leo]}


def test_letters_home_are_switched_off_with_a_reason(librarian: Client, mia: Patron) -> None:
    """Stop writing to my ex: here, and only about this child."""
    link = a_guardianship(patron=mia, guardian=a_guardian(name="Wei Chen"))

    page = _post(librarian, "guardianship-letters", link.pk, verb="stop", **{f"home{link.pk}-reason": "Court order"})

    link.refresh_from_db()
    assert (link.library_letters, link.no_letters_until, link.reason) == (False, None, "Court order")
    assert "Nothing about Mia Chen goes to Wei Chen any more." in words(page)


def test_letters_home_may_be_quiet_for_a_while(librarian: Client, mia: Patron) -> None:
    """Until a day: the guardianship stays on and speaks again by itself."""
    until = timezone.localdate() + timedelta(days=30)
    link = a_guardianship(patron=mia)
    fields = {f"home{link.pk}-reason": "In hospital", f"home{link.pk}-until": until.isoformat()}

    _post(librarian, "guardianship-letters", link.pk, verb="stop", **fields)

    link.refresh_from_db()
    assert (link.library_letters, link.no_letters_until) == (True, until)


def test_a_reason_is_asked_for_and_what_was_typed_stays(librarian: Client, mia: Patron) -> None:
    """Whoever looks next must know why; nothing is changed until it is said."""
    link = a_guardianship(patron=mia)
    yesterday = timezone.localdate() - timedelta(days=1)
    fields = {f"home{link.pk}-reason": " ", f"home{link.pk}-until": yesterday.isoformat()}

    page = _post(librarian, "guardianship-letters", link.pk, verb="stop", **fields)

    link.refresh_from_db()
    assert link.library_letters is True
    assert "Say why: whoever looks at this next must know why it is quiet." in words(page)
    assert "Choose a day after today, or leave it empty." in words(page)
    assert f'value="{yesterday.isoformat()}"' in page.decode()


def test_letters_home_go_again(librarian: Client, mia: Patron) -> None:
    """The switch goes both ways; the private reason is forgotten."""
    link = a_guardianship(patron=mia, library_letters=False, reason="Court order")

    _post(librarian, "guardianship-letters", link.pk, verb="allow")

    link.refresh_from_db()
    assert (link.library_letters, link.reason) == (True, "")


@pytest.mark.parametrize(("days", "expected"), [(14, 14), (None, None)])
def test_silence_about_a_patron(librarian: Client, mia: Patron, days: int | None, expected: int | None) -> None:
    """Until a day or for ever, with a reason; and letters again."""
    today = timezone.localdate()
    until = (today + timedelta(days=days)).isoformat() if days else ""

    _post(librarian, "patron-no-letters", mia.pk, verb="stop", reason="A hard week", until=until)

    mia.refresh_from_db()
    wanted = today + timedelta(days=expected) if expected else FOREVER
    assert (mia.no_letters_until, mia.no_letters_reason) == (wanted, "A hard week")

    _post(librarian, "patron-no-letters", mia.pk, verb="allow")

    mia.refresh_from_db()
    assert (mia.no_letters_until, mia.no_letters_reason) == (None, "")


def test_the_switches_of_a_patron(librarian: Client, mia: Patron) -> None:
    """By themselves, paper, home: one form."""
    _post(librarian, "patron-switches", mia.pk, auto_send="no", prefers_paper="on")

    mia.refresh_from_db()
    assert (mia.auto_send, mia.prefers_paper, mia.may_write_home) == ("no", True, False)


def test_marking_as_left_asks_what_is_still_out(librarian: Client, mia: Patron) -> None:
    """The page names it, offers nothing automatic, and changes nothing by being looked at."""
    today = timezone.localdate()
    a_loan(patron=mia, item=an_item(title="Storm Boy"), due=today)
    address = reverse("patron-left", args=[mia.pk])

    asked = librarian.get(address)
    before = Patron.objects.get(pk=mia.pk).left_on
    done = _post(librarian, "patron-left", mia.pk, verb="left")

    mia.refresh_from_db()
    assert "1 loan is still out." in words(asked.content)
    assert "Storm Boy" in words(asked.content)
    assert (before, mia.left_on) == (None, today)
    assert mia.loans.open().count() == 1
    assert "1 loan still out, and letters about them go on." in words(done)


def test_somebody_comes_back(librarian: Client, mia: Patron) -> None:
    """Left by mistake, or home from a year abroad."""
    Patron.objects.filter(pk=mia.pk).update(left_on=date(2026, 1, 30))

    _post(librarian, "patron-left", mia.pk, verb="back")

    mia.refresh_from_db()
    assert mia.left_on is None


def test_an_erased_patron_has_an_empty_page(librarian: Client, mia: Patron) -> None:
    """Old links lead to a sentence; nothing can be changed there."""
    Patron.objects.filter(pk=mia.pk).update(erased_at=timezone.now(), first_name="", last_name="")

    page = librarian.get(reverse("patron", args=[mia.pk]))
    edit = librarian.get(reverse("patron-edit", args=[mia.pk]))

    assert "An erased patron" in words(page.content)
    assert edit.status_code == 404


@pytest.mark.parametrize("name", ["patron", "patron-edit", "patron-left", "guardianship-add"])
def test_a_desk_helper_sees_no_patron(client: Client, people: dict[Role, User], mia: Patron, name: str) -> None:
    """No addresses, guardians and history for whoever helps at the desk."""
    client.force_login(people[Role.DESK_HELPER])

    assert client.get(reverse(name, args=[mia.pk])).status_code == 403


def test_a_private_reason_stands_on_the_page_and_in_no_file(librarian: Client, mia: Patron) -> None:
    """A list is exported and lies about; the page does not."""
    a_guardianship(patron=mia, library_letters=False, reason="Court order")
    Patron.objects.filter(pk=mia.pk).update(no_letters_until=FOREVER, no_letters_reason="A hard week")

    page = librarian.get(reverse("patron", args=[mia.pk])).content.decode()
    patrons = b"".join(librarian.get(reverse("patrons") + "?as=csv"))
    guardians = b"".join(librarian.get(reverse("guardians") + "?as=csv"))

    assert ("Court order" in page, "A hard week" in page) == (True, True)
    assert b"Mia Chen" in patrons
    assert b"Mia Chen" in guardians
    assert [word for word in (b"Court", b"hard week") if word in patrons + guardians] == []


def test_links_of_erased_children_are_no_longer_switched(librarian: Client, mia: Patron) -> None:
    """A guardianship of somebody who was erased does not exist for the pages."""
    link: Guardianship = a_guardianship(patron=mia)
    Patron.objects.filter(pk=mia.pk).update(erased_at=timezone.now())

    answer = librarian.post(reverse("guardianship-letters", args=[link.pk]), {"verb": "allow"})

    assert answer.status_code == 404


def _post(client: Client, name: str, pk: int, **fields: str) -> bytes:
    return client.post(reverse(name, args=[pk]), fields, follow=True).content


def _queries(client: Client, patron: Patron) -> int:
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("patron", args=[patron.pk]))
    return len(queries)
