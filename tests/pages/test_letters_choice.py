"""Choosing letters by hand (product.md, L1): every kind, whose loans, and what cannot be asked is refused in words."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from circulation.models import ClosedDays, Group, Loan, Patron
from library.access import Role
from library.models import Library
from notices import standing
from notices.models import Letter, Run
from smtp_gateway.models import OutboundMessage
from tests.builders import a_group, a_loan, a_partner, a_patron, an_item
from tests.notices.builders import a_gateway_with_an_address

pytestmark = pytest.mark.django_db


@pytest.fixture
def today() -> date:
    """The wall's: views read it."""
    return timezone.localdate()


@pytest.fixture
def group(today: date) -> Group:
    a_gateway_with_an_address(test_to="me@library.example")
    standing.set_up()
    made = a_group(name="7B")
    a_loan(due=today + timedelta(days=5), patron=a_patron(group=made))
    return made


def open_all_week() -> None:
    library = Library.the()
    library.open_weekdays = list(range(7))
    library.save()


def shown(client: Client, **asked: object) -> str:
    fields = {"which": "term_ends", "audience": "patron", "days_late": "0"} | asked
    return str(client.post(reverse("letters-show"), fields, follow=True).content.decode())


def test_term_ends_on_the_day_that_was_chosen(librarian: Client, group: Group, today: date) -> None:
    """The letter that is shown names it, and so does the field beside it."""
    open_all_week()
    day = today + timedelta(days=20)

    page = shown(librarian, groups=[group.pk], bring_by=day.isoformat())

    assert f"back by {day:%A} {day.day} {day:%B}" in Letter.objects.get().text
    assert f'name="bring_by" value="{day}"' in page


def test_term_ends_before_the_holidays_unless_somebody_says_otherwise(
    librarian: Client, group: Group, today: date
) -> None:
    """The calendar knows when the library closes for longer; four closed days are no holidays."""
    open_all_week()
    for first, days in ((10, 4), (30, 5)):
        start = today + timedelta(days=first)
        ClosedDays.objects.create(first=start, last=start + timedelta(days=days - 1), name="Closed")

    page = librarian.get(reverse("letters")).text

    assert f'name="bring_by" value="{today + timedelta(days=29)}"' in page


@pytest.mark.parametrize(
    ("ahead", "sentence"),
    [
        (0, "is not a day of the year to come. Choose the last day of term."),
        (400, "is not a day of the year to come. Choose the last day of term."),
        (3, "the library is closed: Sports day. Choose a day on which it is open."),
    ],
)
def test_a_day_on_which_nobody_can_bring_a_book_is_refused(
    librarian: Client, group: Group, today: date, ahead: int, sentence: str
) -> None:
    open_all_week()
    ClosedDays.objects.create(first=today + timedelta(days=3), last=today + timedelta(days=3), name="Sports day")

    page = shown(librarian, groups=[group.pk], bring_by=(today + timedelta(days=ahead)).isoformat())

    assert (sentence in page, Letter.objects.count()) == (True, 0)


def test_every_kind_with_wording_is_offered(librarian: Client, group: Group) -> None:
    page = librarian.get(reverse("letters")).content.decode()

    names = ("Overdue, first", "Overdue, second", "Overdue, third", "Term ends", "Leaving", "All clear", "Staff list")
    assert [f">{name}</option>" in page for name in names] == [True] * len(names)
    assert "ILL lending" not in page


def test_everything_out_of_a_group(librarian: Client, group: Group) -> None:
    page = shown(librarian, groups=[group.pk])

    assert "1\u00a0letter about 1\u00a0loan" in page
    assert "1 loan, due" in page
    assert "This letter does not count" in page


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({}, "Tick at least one group."),
        ({"which": "1", "groups": True}, "An overdue letter is about late loans: choose how late."),
        ({"which": "staff_list", "audience": "guardian", "groups": True}, "There is no wording of this letter for"),
    ],
)
def test_what_cannot_be_asked(librarian: Client, group: Group, asked: dict[str, object], sentence: str) -> None:
    if asked.get("groups"):
        asked = asked | {"groups": [group.pk]}

    page = shown(librarian, **asked)

    assert sentence in page
    assert Run.objects.count() == 0


def test_a_link_names_patrons_by_number_and_the_page_by_name(librarian: Client, group: Group) -> None:
    """As the list of leavers and a patron's page do."""
    patron = group.patrons.get()

    page = librarian.get(reverse("letters"), {"which": "leaving", "patron": patron.pk}).content.decode()
    drafts = shown(librarian, which="leaving", patrons=[patron.pk])

    assert f"<bdi>{patron.full_name}, 7B</bdi>" in page
    assert '<option value="leaving" selected>' in page
    assert "1\u00a0letter about 1\u00a0loan" in drafts


def test_leavers_with_loans_have_a_letter_of_their_own(librarian: Client, group: Group, today: date) -> None:
    """Ticked in their list (product.md, C8)."""
    patron = group.patrons.get()
    Patron.objects.filter(pk=patron.pk).update(left_on=today)
    offered = librarian.get(reverse("leavers")).content.decode()

    page = librarian.post(reverse("letters-leaving"), {"id": [patron.pk]}, follow=True).content.decode()

    assert "Write the Leaving letter" in offered
    assert "1\u00a0letter about 1\u00a0loan" in page
    assert Letter.objects.get().subject == "Library books before you go"


def test_partner_libraries_need_no_group(librarian: Client, group: Group, today: date) -> None:
    a_loan(due=today - timedelta(days=3), partner=a_partner())

    page = shown(librarian, which="ill_lending-1", days_late="1")

    assert "1\u00a0letter about 1\u00a0loan" in page


def test_print_alone_leads_to_the_print_queue(librarian: Client, group: Group) -> None:
    shown(librarian, groups=[group.pk], on_paper="on")
    letter = Letter.objects.get()

    response = librarian.post(
        reverse("letters-send", args=[letter.run_id]), {"letter": [letter.pk], "how": "print"}, follow=True
    )

    assert response.redirect_chain[-1][0] == reverse("print-queue")
    assert OutboundMessage.objects.count() == 0


def test_rehearse_sends_to_the_address_for_tests_and_keeps_the_drafts(librarian: Client, group: Group) -> None:
    shown(librarian, groups=[group.pk])
    run = Run.objects.get()

    page = librarian.post(reverse("letters-rehearse", args=[run.pk]), follow=True).content.decode()

    assert "1 rehearsal put into the outbox, to the address for tests." in page
    assert [message.to for message in OutboundMessage.objects.all()] == ["me@library.example"]
    assert run.letters_of.get().state == Letter.State.DRAFT


def test_the_desk_offers_the_all_clear_letter_to_librarians(
    librarian: Client, people: dict[Role, User], group: Group, today: date
) -> None:
    """A helper is told to tell the office, and sees no letters."""
    offered = []
    for role in (Role.LIBRARIAN, Role.DESK_HELPER):
        librarian.force_login(people[role])
        item = an_item(barcode=f"30041{role}")
        a_loan(due=today - timedelta(days=40), patron=group.patrons.get(), item=item, status=Loan.Status.BILLED)

        page = librarian.post(reverse("desk-scan"), {"do": "return", "scan": item.barcode}).content.decode()

        offered.append(["tell the office" in page, "Write the All clear letter" in page])
    assert offered == [[True, True], [True, False]]
