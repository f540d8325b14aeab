"""Runs on their pages: counts that add up, held letters read, let go or dropped, and what could not be written."""

from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from notices import compose, scan, standing
from notices.models import Letter, Run, Template
from smtp_gateway.models import OutboundMessage
from tests.builders import a_group, a_loan, a_patron, an_item
from tests.notices.builders import a_gateway_with_an_address, a_schedule, by_the_clock


@pytest.fixture
def held(db: None) -> Run:
    """The first run of a schedule: Mia by email, Tom on paper, Ruby not yet at a step."""
    standing.set_up()
    a_gateway_with_an_address()
    today, group = timezone.localdate(), a_group(name="7B")
    a_schedule(7, name="Year 7")
    for name, email, days in (("Mia", "mia@students.example", 8), ("Tom", "", 8), ("Ruby", "", 2)):
        patron = a_patron(group=group, first_name=name, last_name="Chen", email=email)
        a_loan(due=today - timedelta(days=days), patron=patron, item=an_item(title="Storm Boy"))
    run = by_the_clock(today)
    compose.write_planned(on=today)
    return run


def page_of(client: Client, run: Run, query: str = "") -> str:
    return unescape(client.get(f"/runs/{run.pk}/{query}").content.decode())


def test_a_run_says_what_became_of_each_loan(librarian: Client, held: Run) -> None:
    """Every outcome stands there with its number, and together they are the loans that were looked at."""
    answer = librarian.get(f"/runs/{held.pk}/")

    counted = answer.context["outcomes"]
    assert sum(one.number for one in counted) == held.looked_at == 3
    assert {one.sentence: one.number for one in counted if one.number} == {
        "Told by email": 1,
        "Told on paper": 1,
        "Have not reached their next step": 1,
    }
    assert "It is the first run of the schedule Year 7." in unescape(answer.content.decode())


def test_the_numbers_lead_to_as_many_letters(librarian: Client, held: Run) -> None:
    answer = librarian.get(f"/runs/{held.pk}/?tab=paper")

    assert [row.label for row in answer.context["list"].rows] == [str(held.letters_of.on_paper().get().recipient)]


def test_a_held_letter_is_read_as_it_will_be(librarian: Client, held: Run) -> None:
    """Its page has the words, and leads to the next one."""
    first, second = held.letters_of.order_by("pk")

    page = unescape(librarian.get(f"/runs/letter/{first.pk}/?as=text").content.decode())

    assert first.text.splitlines()[0] in page
    assert "1 of 2" in page
    assert f'href="/runs/letter/{second.pk}/"' in page


def test_let_them_go(librarian: Client, held: Run) -> None:
    """The button has their number; afterwards they are written for today and on their way."""
    assert "Let them go 2" in page_of(librarian, held)

    answer = librarian.post(f"/runs/{held.pk}/let-go/", follow=True)
    compose.write_planned(on=timezone.localdate())

    assert "2 letters on the way: written for today, within a minute." in unescape(answer.content.decode())
    assert sorted(held.letters_of.values_list("state", flat=True)) == ["queued", "to_print"]
    assert OutboundMessage.objects.count() == 1
    assert "by Helen Marsh" in page_of(librarian, held)


def test_let_go_twice_sends_once(librarian: Client, held: Run) -> None:
    librarian.post(f"/runs/{held.pk}/let-go/")
    compose.write_planned(on=timezone.localdate())

    answer = librarian.post(f"/runs/{held.pk}/let-go/", follow=True)
    compose.write_planned(on=timezone.localdate())

    assert "Nothing of this run was held any more; nothing was changed." in unescape(answer.content.decode())
    assert OutboundMessage.objects.count() == 1


def test_dropping_asks_first_and_names_the_number(librarian: Client, held: Run) -> None:
    asked = unescape(librarian.post(f"/runs/{held.pk}/drop/").content.decode())

    assert "Drop 2\u00a0letters?" in asked
    assert held.letters_of.held().count() == 2

    answer = librarian.post(f"/runs/{held.pk}/drop/", {"sure": "1"}, follow=True)

    assert "2 letters dropped. Nobody hears them." in unescape(answer.content.decode())
    assert set(held.letters_of.values_list("state", flat=True)) == {"dropped"}


def test_what_could_not_be_written_is_written_again(librarian: Client, held: Run) -> None:
    """The reason stands there; once the wording is mended, one click writes it."""
    Letter.objects.filter(run=held, channel="email").update(state=Letter.State.FAILED, why="There is no wording.")

    page = page_of(librarian, held, "?tab=failed")
    librarian.post(f"/runs/{held.pk}/write-again/")

    assert "There is no wording." in page
    assert "Write 1 again" in page or held.is_held
    assert held.letters_of.get(channel="email").state == Letter.State.PLANNED
    assert Template.objects.exists()


def test_home_leads_to_the_held_run(librarian: Client, held: Run) -> None:
    page = librarian.get("/").content.decode()

    assert f'href="/runs/{held.pk}/"' in page


def test_a_quiet_day_says_why(librarian: Client, db: None) -> None:
    now = timezone.now()
    run = Run.objects.create(
        day=timezone.localdate(),
        by_clock=True,
        started_at=now,
        finished_at=now,
        state=Run.State.QUIET,
        reason="The library is closed: Cup Day.",
    )

    assert "It wrote nothing. The library is closed: Cup Day." in page_of(librarian, run)
    assert "Quiet day" in unescape(librarian.get("/runs/").content.decode())


def test_letters_by_hand_have_a_page_of_their_own(librarian: Client, db: None) -> None:
    run = Run.objects.create(
        day=timezone.localdate(), started_at=timezone.now(), state=Run.State.SENT, choice={"left_out": []}
    )

    assert librarian.get(f"/runs/{run.pk}/")["Location"] == f"/letters/{run.pk}/"
    assert librarian.post(f"/runs/{run.pk}/let-go/").status_code == 404


def test_a_run_by_hand_is_never_held(librarian: Client, db: None) -> None:
    """Who starts it has the list before them; nothing can be let go."""
    run = scan.run(on=timezone.localdate())

    assert "Let them go" not in page_of(librarian, run)
