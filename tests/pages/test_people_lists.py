"""The lists of the Patrons area: found, filtered, ticked, and taken away as a file (product.md, C1, C8)."""

import html
import re
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from circulation.models import FOREVER, Group, Loan, Patron
from library.access import Role
from tests.builders import a_group, a_guardian, a_guardianship, a_loan, a_partner, a_patron, an_item
from tests.pages.words import words

pytestmark = pytest.mark.django_db

LISTS = ["patrons", "leavers", "groups", "guardians", "partners"]


@pytest.fixture
def chens() -> tuple[Patron, Patron, Patron]:
    """Mia in 7B, Leo in 5A who left, and Zayd, who is no Chen."""
    seven = a_group(name="7B", year_level=7)
    return (
        a_patron(first_name="Mia", last_name="Chen", barcode="P1", group=seven, email="mia@students.example"),
        a_patron(first_name="Leo", last_name="Chen", barcode="P2", group=a_group(name="5A"), left_on="2026-11-01"),
        a_patron(first_name="Zayd", last_name="Rahimi", barcode="P3", group=seven, email="", auto_send="no"),
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Leo Chen", "Mia Chen", "Zayd Rahimi"]),
        ("?q=chen+m", ["Mia Chen"]),
        ("?q=P3", ["Zayd Rahimi"]),
        ("?q=mia@students.example", ["Mia Chen"]),
        ("?which=here", ["Mia Chen", "Zayd Rahimi"]),
        ("?which=left", ["Leo Chen"]),
        ("?which=no_address", ["Zayd Rahimi"]),
        ("?which=by_hand", ["Zayd Rahimi"]),
        ("?q=chen&which=here", ["Mia Chen"]),
        ("?sort=-name", ["Zayd Rahimi", "Mia Chen", "Leo Chen"]),
        ("?which=nonsense&group=0&after=99999", ["Leo Chen", "Mia Chen", "Zayd Rahimi"]),
    ],
)
def test_patrons_are_found(
    librarian: Client, chens: tuple[Patron, Patron, Patron], query: str, expected: list[str]
) -> None:
    """By words, card, address, and what is to be looked at; erased ones never."""
    a_patron(first_name="Gone", erased_at=timezone.now())

    page = librarian.get(reverse("patrons") + query)

    assert [str(patron) for patron in page.context["list"].things] == expected


def test_a_group_has_as_many_rows_as_its_number_says(librarian: Client, chens: tuple[Patron, Patron, Patron]) -> None:
    """Every number is a link to the list behind it."""
    groups = {str(one): one for one in librarian.get(reverse("groups")).context["list"].things}

    rows = librarian.get(f"{reverse('patrons')}?group={groups['7B'].pk}&which=here").context["list"].rows

    assert groups["7B"].members == len(rows) == 2


def test_silence_that_has_ended_is_no_silence(librarian: Client, chens: tuple[Patron, Patron, Patron]) -> None:
    """No letters until today means: letters again, today."""
    mia, _, zayd = chens
    today = timezone.localdate()
    Patron.objects.filter(pk=mia.pk).update(no_letters_until=today)
    Patron.objects.filter(pk=zayd.pk).update(no_letters_until=today + timedelta(days=1))

    page = librarian.get(reverse("patrons") + "?which=no_letters")

    assert page.context["list"].things == [zayd]


def test_leavers_with_loans_are_a_list(librarian: Client, chens: tuple[Patron, Patron, Patron]) -> None:
    """Who left and still has something; whoever brought all back, or is still here, is not on it."""
    mia, leo, _ = chens
    today = timezone.localdate()
    a_loan(patron=mia, due=today)
    a_loan(patron=leo, due=today - timedelta(days=3))
    done = a_patron(left_on=today)
    a_loan(patron=done, due=today, returned=today)

    page = librarian.get(reverse("leavers"))

    assert [(one, one.out, one.late) for one in page.context["list"].things] == [(leo, 1, 1)]
    assert "1 person left and still has something." in words(page.content)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_for_few_and_for_many(librarian: Client, name: str) -> None:
    """A constant number of queries."""
    _some_of_everything()
    librarian.get(reverse(name))
    few = _queries(librarian, name)
    for _ in range(5):
        _some_of_everything()

    assert _queries(librarian, name) == few


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_a_file_too(librarian: Client, name: str) -> None:
    """A heading and a row for each."""
    _some_of_everything()

    lines = b"".join(librarian.get(reverse(name) + "?as=csv")).decode("utf-8-sig").splitlines()

    assert len(lines) == 1 + len(librarian.get(reverse(name)).context["list"].rows)


@pytest.mark.parametrize("name", LISTS)
def test_a_desk_helper_sees_no_list(client: Client, people: dict[Role, User], name: str) -> None:
    """Names with addresses are for librarians."""
    client.force_login(people[Role.DESK_HELPER])

    assert client.get(reverse(name)).status_code == 403


@pytest.mark.parametrize(("verb", "expected"), [("auto-yes", "yes"), ("auto-no", "no"), ("auto-group", "group")])
def test_letters_by_themselves_for_the_ticked(
    librarian: Client, chens: tuple[Patron, Patron, Patron], verb: str, expected: str
) -> None:
    """At once, for exactly those."""
    mia, leo, zayd = chens

    _do(librarian, verb, mia, leo)

    assert [Patron.objects.get(pk=one.pk).auto_send for one in (mia, leo, zayd)] == [expected, expected, "no"]


def test_moving_asks_where_to(librarian: Client, chens: tuple[Patron, Patron, Patron]) -> None:
    """A page with the names; nothing moves before a group is chosen."""
    mia, _, zayd = chens
    group = a_group(name="8B")

    asked = _do(librarian, "move", mia, zayd)
    unsure = _do(librarian, "move", mia, zayd, sure="1")
    before = Group.objects.get(pk=mia.group_id).patrons.count()
    done = _do(librarian, "move", mia, zayd, sure="1", group=str(group.pk))

    assert "Move 2 patrons to another group?" in words(asked)
    assert "Choose a group." in words(unsure)
    assert (before, group.patrons.count()) == (2, 2)
    assert "2 patrons moved to 8B." in words(done)


def test_marking_as_left_names_what_is_still_out(librarian: Client, chens: tuple[Patron, Patron, Patron]) -> None:
    """Who left already stays as they were; numbers are of the others."""
    mia, leo, zayd = chens
    today = timezone.localdate()
    for patron in (mia, mia, leo):
        a_loan(patron=patron, due=today)

    asked = _do(librarian, "left", mia, leo, zayd)
    _do(librarian, "left", mia, leo, zayd, sure="1")

    assert "Mark 2 patrons as left?" in words(asked)
    assert "2 loans still out, with 1 of them: letters go on." in words(asked)
    assert [str(Patron.objects.get(pk=one.pk).left_on) for one in chens] == [str(today), "2026-11-01", str(today)]


def test_silence_for_the_ticked_asks_for_a_reason(librarian: Client, chens: tuple[Patron, Patron, Patron]) -> None:
    """For ever, because no day was given."""
    mia, _, zayd = chens

    unsure = _do(librarian, "quiet", mia, sure="1")
    _do(librarian, "quiet", mia, sure="1", reason="Camp")

    mia.refresh_from_db()
    zayd.refresh_from_db()
    assert "Say why: whoever looks at this next must know why it is quiet." in words(unsure)
    assert (mia.no_letters_until, mia.no_letters_reason, zayd.no_letters_until) == (FOREVER, "Camp", None)


def test_a_verb_that_is_none_and_nothing_ticked(librarian: Client, chens: tuple[Patron, Patron, Patron]) -> None:
    """An address from elsewhere changes nothing."""
    nothing = librarian.post(reverse("patrons-do"), {"verb": "auto-yes", "id": "x"}, follow=True)

    assert librarian.post(reverse("patrons-do"), {"verb": "erase", "id": "1"}).status_code == 400
    assert "Nothing was ticked, so nothing was changed." in words(nothing.content)


def test_groups_decide_in_one_go(librarian: Client) -> None:
    """The first-run checklist: schedules and switches per group."""
    one, other = a_group(auto_send=False), a_group(auto_send=False)

    librarian.post(reverse("groups-do"), {"verb": "auto-yes", "id": [one.pk]})

    assert [Group.objects.get(pk=each.pk).auto_send for each in (one, other)] == [True, False]


def test_the_end_of_term_for_the_ticked_groups(librarian: Client) -> None:
    """A page asks for the day; what is due later keeps its date and is counted."""
    one, other = a_group(name="7A"), a_group(name="7B", last_due_date=date(2020, 1, 1))
    today = timezone.localdate()
    a_loan(patron=a_patron(group=one), due=today + timedelta(days=3))
    ticked = {"verb": "last-due", "id": [one.pk]}

    asks = librarian.post(reverse("groups-do"), ticked).content
    done = librarian.post(reverse("groups-do"), ticked | {"sure": "1", "day": today.isoformat()}, follow=True).content

    assert "Set the last due date of 1 group?" in words(asks)
    assert "in 1 group. 1 loan due later keeps its date." in words(done)
    assert [Group.objects.get(pk=each.pk).last_due_date for each in (one, other)] == [today, date(2020, 1, 1)]


def test_nothing_ticked_among_groups_changes_nothing(librarian: Client) -> None:
    """And says so."""
    a_group(name="7A")

    page = librarian.post(reverse("groups-do"), {"verb": "auto-yes"}, follow=True).content

    assert "Nothing was ticked, so nothing was changed." in words(page)


def test_the_numbers_of_a_partner_library_lead_to_as_many_rows(librarian: Client) -> None:
    """Ours that are there, theirs that are here; another library's stand in neither list."""
    karri = a_partner(name="Karri University")
    today = timezone.localdate()
    for _ in range(3):
        a_loan(due=today, partner=karri)
    for _ in range(2):
        a_loan(due=today, item=an_item(owner=karri), service=Loan.Service.ILL_BORROWING)
    a_loan(due=today, partner=a_partner(name="Otway"))

    page = librarian.get(reverse("partner", args=[karri.pk])).content.decode()
    addresses = [html.unescape(one) for one in re.findall(r'href="([^"]*tab=(?:lending|borrowing)[^"]*)"', page)]
    rows = [len(librarian.get(address).context["list"].rows) for address in addresses]

    assert "3 things of ours are there; 2 things of theirs are here." in words(page.encode())
    assert rows == [3, 2]


def _do(client: Client, verb: str, *patrons: Patron, **fields: str) -> bytes:
    ids = [patron.pk for patron in patrons]
    return client.post(reverse("patrons-do"), {"verb": verb, "id": ids, **fields}, follow=True).content


def _some_of_everything() -> None:
    today = timezone.localdate()
    leaver = a_patron(left_on=today, no_letters_until=FOREVER)
    a_loan(patron=leaver, due=today - timedelta(days=3))
    a_guardianship(patron=leaver, guardian=a_guardian(prefers_paper=True))
    a_loan(partner=a_partner(), due=today)


def _queries(client: Client, name: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse(name))
    return len(queries)
