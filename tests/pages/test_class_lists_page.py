"""Class lists on their page: choose the classes of a day, look at each list as it goes, send."""

from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from circulation.models import Group
from notices import standing
from notices.models import Letter, Run
from smtp_gateway.models import OutboundMessage
from tests.builders import a_group, a_loan, a_patron, an_item
from tests.notices.builders import a_gateway_with_an_address


@pytest.fixture
def class_8c(db: None) -> Group:
    """Library is today; Tom has something late. 8D has library today, too, and nothing late."""
    standing.set_up()
    a_gateway_with_an_address()
    today = timezone.localdate()
    day = {"library_day": today.weekday(), "year_level": 8}
    group = a_group(name="8C", contact_name="Mr Lee", contact_email="lee@school.example", **day)
    a_group(name="8D", **day)
    a_group(name="9A", year_level=9, library_day=(today.weekday() + 1) % 7)
    tom = a_patron(group=group, first_name="Tom", last_name="Okafor")
    a_loan(due=today - timedelta(days=3), patron=tom, item=an_item(title="The Hobbit"))
    return group


def page(client: Client, address: str) -> str:
    return unescape(client.get(address).content.decode()).replace("\u00a0", " ")


def test_the_classes_of_today(librarian: Client, class_8c: Group) -> None:
    """Those with something late are ticked; the others cannot be."""
    shown = page(librarian, "/letters/class-lists/")

    assert f'value="{class_8c.pk}" aria-label="Tick 8C" checked' in shown
    assert 'aria-label="Tick 8D" disabled' in shown
    assert "9A" not in shown
    assert "9A" in page(librarian, "/letters/class-lists/?day=every")


def test_look_and_send(librarian: Client, class_8c: Group) -> None:
    """The list by email and the slip for the printer, both read before; the list names no title."""
    looked = librarian.post("/letters/class-lists/show/", {"id": [class_8c.pk], "slips": "1"}, follow=True)
    run = Run.objects.get()
    shown = unescape(looked.content.decode())
    assert looked.redirect_chain == [(f"/letters/{run.pk}/", 302)]
    assert "Email 1, print 1" in shown
    assert OutboundMessage.objects.count() == 0
    contact = run.letters_of.get(audience="contact")
    read = page(librarian, f"/letters/{run.pk}/?letter={contact.pk}&as=text")
    assert ("Tom O., 1 book" in read, "Please do not read this list out or pin it up." in read) == (True, True)
    assert "The Hobbit" not in read

    ids = list(run.letters_of.values_list("pk", flat=True))
    told = librarian.post(f"/letters/{run.pk}/send/", {"how": "both", "letter": ids}, follow=True)

    assert "1 letter put into the outbox. 1 letter put into the print queue." in told.content.decode()
    assert sorted(Letter.objects.values_list("kind", "state")) == [("class_list", "queued"), ("slip", "to_print")]
    assert "1 slip" in page(librarian, "/print-queue/")


def test_without_slips(librarian: Client, class_8c: Group) -> None:
    librarian.post("/letters/class-lists/show/", {"id": [class_8c.pk]})

    assert list(Letter.objects.values_list("kind", flat=True)) == ["class_list"]


def test_nothing_ticked_writes_nothing(librarian: Client, class_8c: Group) -> None:
    told = librarian.post("/letters/class-lists/show/", {"id": ["x"]}, follow=True)

    assert "Nothing was ticked, so no list was written." in told.content.decode()
    assert Run.objects.count() == 0


def test_a_slip_goes_with_its_list_whenever_the_student_was_written_to(librarian: Client, class_8c: Group) -> None:
    """Twice on one day: nobody's slip is left out because of the first."""
    for _ in range(2):
        looked = librarian.post("/letters/class-lists/show/", {"id": [class_8c.pk], "slips": "1"}, follow=True)
        run = Run.objects.latest("pk")
        assert "Email 1, print 1" in looked.content.decode()
        ids = list(run.letters_of.values_list("pk", flat=True))
        librarian.post(f"/letters/{run.pk}/send/", {"how": "both", "letter": ids})

    assert Letter.objects.filter(kind="slip", state="to_print").count() == 2
