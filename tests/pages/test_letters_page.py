"""Letters by hand on their page: choose, look, send; what the buttons say, and what is told afterwards."""

from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from circulation.models import Group
from library.access import Role
from notices import standing
from notices.models import Letter, Run
from smtp_gateway.models import OutboundMessage
from tests.builders import a_group, a_loan, a_patron, an_item
from tests.notices.builders import a_gateway_with_an_address


@pytest.fixture
def test_group(db: None) -> Group:
    """Mia by email, Tom on paper, Ruby not at all."""
    standing.set_up()
    a_gateway_with_an_address()
    group = a_group(name="TEST")
    late = timezone.localdate() - timedelta(days=5)
    mia = a_patron(group=group, first_name="Mia", last_name="Chen", email="mia@students.example")
    tom = a_patron(group=group, first_name="Tom", last_name="Lee", email="")
    ruby = a_patron(group=group, first_name="Ruby", last_name="Novak", no_letters_until=late + timedelta(days=365))
    for patron, title in ((mia, "Holes"), (tom, "Blueback"), (ruby, "Storm Boy")):
        a_loan(due=late, patron=patron, item=an_item(title=title))
    return group


def shown(client: Client, group: Group) -> tuple[Run, str]:
    """*Show letters* for Overdue first to the patrons of this group: the run and the page."""
    asked = {"which": "1", "audience": "patron", "groups": [group.pk], "days_late": "1"}
    answer = client.post("/letters/show/", asked, follow=True)
    return Run.objects.latest("pk"), unescape(answer.content.decode())


def pressed(client: Client, run: Run, *, how: str, letters: list[int]) -> str:
    answer = client.post(f"/letters/{run.pk}/send/", {"how": how, "letter": letters}, follow=True)
    return unescape(answer.content.decode())


def all_of(run: Run) -> list[int]:
    return list(run.letters_of.values_list("pk", flat=True))


def test_who_gets_what_and_who_stays_out(librarian: Client, test_group: Group) -> None:
    """Two letters with their addresses and their way, one loan with its reason, and a button with the numbers."""
    _, page = shown(librarian, test_group)

    for words in (
        "2\u00a0letters about 2\u00a0loans",
        "1 by email",
        "1 on paper",
        "no email address",
        "<bdi>Mia Chen</bdi>, TEST",
    ):
        assert words in page
    assert "1\u00a0loan stays out" in page
    assert "<bdi>Ruby Novak, TEST</bdi>" in page
    assert "Letters to this reader are off." in page
    assert "Email 1, print 1" in page
    assert OutboundMessage.objects.count() == 0


def test_a_letter_can_be_read_before_it_goes(librarian: Client, test_group: Group) -> None:
    """As text on the page, as HTML in a frame of its own with a policy of its own."""
    run, _ = shown(librarian, test_group)
    letter = run.letters_of.get(patron__first_name="Mia")

    text = librarian.get(f"/letters/{run.pk}/?letter={letter.pk}&as=text").content.decode()
    html = librarian.get(f"/letters/letter/{letter.pk}/as-read/")

    assert "Hi Mia," in text
    assert "Hi Mia," in html.content.decode()
    assert html["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert html["X-Frame-Options"] == "SAMEORIGIN"


def test_a_draft_is_no_letter_of_anybodys_history(librarian: Client, test_group: Group) -> None:
    """It is read on the page of its run; under the address of letters that were written there is nothing yet."""
    run, _ = shown(librarian, test_group)

    answer = librarian.get(f"/letters/letter/{run.letters_of.earliest('pk').pk}/")

    assert answer.status_code == 404


def test_email_and_print(librarian: Client, test_group: Group) -> None:
    run, _ = shown(librarian, test_group)

    page = pressed(librarian, run, how="both", letters=all_of(run))

    assert "1 letter put into the outbox. 1 letter put into the print queue." in page
    assert sorted(run.letters_of.values_list("channel", "state")) == [("email", "queued"), ("paper", "to_print")]


def test_email_alone_sends_no_paper(librarian: Client, test_group: Group) -> None:
    """Tom's letter was ticked, but *Email 1* is what was pressed."""
    run, _ = shown(librarian, test_group)

    page = pressed(librarian, run, how="email", letters=all_of(run))

    assert "1 letter put into the outbox." in page
    assert list(run.letters_of.values_list("channel", "state")) == [("email", "queued")]


def test_pressed_twice_says_so(librarian: Client, test_group: Group) -> None:
    run, _ = shown(librarian, test_group)
    letters = all_of(run)
    pressed(librarian, run, how="both", letters=letters)

    page = pressed(librarian, run, how="both", letters=letters)

    assert "These letters were sent before; nothing was sent again." in page
    assert OutboundMessage.objects.count() == 1


def test_nothing_ticked_sends_nothing(librarian: Client, test_group: Group) -> None:
    run, _ = shown(librarian, test_group)

    page = pressed(librarian, run, how="both", letters=[])

    assert "Nothing was ticked, so nothing was sent." in page
    assert run.letters_of.drafts().count() == 2


def test_letters_of_another_run_are_not_sent_with_it(librarian: Client, test_group: Group) -> None:
    """Only what this page showed."""
    run, _ = shown(librarian, test_group)
    other, _ = shown(librarian, test_group)

    pressed(librarian, run, how="both", letters=all_of(other))

    assert OutboundMessage.objects.count() == 0
    assert Letter.objects.drafts().count() == 4


def test_who_was_written_to_lately_is_shown_and_not_ticked(librarian: Client, test_group: Group) -> None:
    mia = test_group.patrons.get(first_name="Mia")
    Letter.objects.create(
        patron=mia,
        day=timezone.localdate(),
        service="circulation",
        audience="patron",
        channel="paper",
        number=-1,
        state=Letter.State.PRINTED,
    )

    run, page = shown(librarian, test_group)

    letter = run.letters_of.get(patron=mia)
    assert "Who was written to in the last three days is not ticked." in page
    assert f'value="{letter.pk}" data-how="email"  ' in page
    assert f'value="{run.letters_of.exclude(patron=mia).get().pk}" data-how="print" checked' in page


def test_groups_must_be_chosen(librarian: Client, test_group: Group) -> None:
    """The sentence stands under the field, and nothing was written."""
    answer = librarian.post("/letters/show/", {"which": "1", "audience": "patron", "days_late": "1"})

    assert answer.status_code == 422
    assert "Tick at least one group." in answer.content.decode()
    assert Run.objects.count() == 0


def test_a_helper_cannot_send(client: Client, people: dict[Role, User], test_group: Group) -> None:
    client.force_login(people[Role.LIBRARIAN])
    run, _ = shown(client, test_group)
    letters = all_of(run)
    client.force_login(people[Role.DESK_HELPER])

    answer = client.post(f"/letters/{run.pk}/send/", {"how": "both", "letter": letters})

    assert answer.status_code == 403
    assert OutboundMessage.objects.count() == 0
