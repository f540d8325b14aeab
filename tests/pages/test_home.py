"""Home: the answer first, and numbers that lead to their rows (product.md, H1)."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from library import today
from library.access import Role
from notices.models import Letter, Notice, Run, RunSettings
from smtp_gateway.models import Gateway, OutboundMessage
from tests.builders import a_loan
from tests.pages.sample import Sample

State = OutboundMessage.State


@pytest.fixture
def librarian(client: Client, people: dict[Role, User]) -> Client:
    client.force_login(people[Role.LIBRARIAN])
    return client


def _words(client: Client) -> str:
    return " ".join(client.get("/").content.decode().replace("\u00a0", " ").split())


def test_an_empty_library_is_told_what_to_do_first(librarian: Client) -> None:
    """The first morning: nothing is on file, and no number pretends otherwise."""
    words = _words(librarian)

    assert "Before the first letter" in words
    assert "The daily run is switched off: no letters are written by themselves." in words
    assert "No letter has gone out in the last thirty days." in words


def test_the_run_of_today_is_one_sentence(librarian: Client, sample: Sample) -> None:
    """How many letters, about how many loans, what still waits, and what needs somebody."""
    page = librarian.get("/")

    written = page.context["written"]
    assert (written.letters, written.notices, written.run.looked_at, written.left_in_peace) == (2, 2, 5, 3)
    assert "Three things need you." in _words(librarian)


def test_a_second_run_adds_to_the_first(sample: Sample) -> None:
    """A run by hand after the daily one finds two loans already told; nothing is counted twice."""
    now = timezone.now()
    Run.objects.create(day=sample.run.day, started_at=now, finished_at=now, looked_at=5, already_told=4, email=1)

    written = today.written(on=sample.run.day)

    assert (written.run and written.run.looked_at, written.notices, written.left_in_peace) == (5, 3, 2)


def test_letters_that_were_taken_back_are_not_counted(sample: Sample) -> None:
    """The book came back before its letter left."""
    Letter.objects.on_paper().update(state=Letter.State.TAKEN_BACK)

    written = today.written(on=sample.run.day)

    assert (written.by_email, written.on_paper) == (1, 0)


def test_a_loan_stands_at_the_highest_step_of_its_due_date(sample: Sample) -> None:
    """What was said before a renewal does not count, nor does what was taken back or undone."""
    day = sample.run.day
    loan = a_loan(due=day - timedelta(days=3))
    Notice.objects.create(loan=loan, due_on=loan.due_on - timedelta(days=14), number=3, said_on=day)
    Notice.objects.create(loan=loan, due_on=loan.due_on, number=3, said_on=day, undone_at=timezone.now())
    Notice.objects.create(loan=loan, due_on=loan.due_on, number=-1, said_on=day)
    Notice.objects.create(loan=loan, due_on=loan.due_on, number=1, said_on=day)

    assert [(step.name, step.loans) for step in today.by_step()] == [("Overdue 1", 1), ("Overdue 2", 1)]


def test_the_chart_and_its_table_say_the_same(sample: Sample) -> None:
    """One sent, one on paper, one that could not be sent, all today."""
    chart = today.thirty_days(until=sample.run.day)

    assert len(chart.days) == today.DAYS_SHOWN
    assert (chart.sent, chart.paper, chart.bad) == (1, 1, 1)
    assert [series["values"][-1] for series in chart.json["series"]] == [1, 1, 1]
    assert [one.day for one in chart.with_letters] == [sample.run.day]


def test_what_comes_next_skips_days_without_a_run(sample: Sample) -> None:
    """After Friday's run comes Monday's."""
    settings = RunSettings.the()
    settings.enabled = True
    settings.save()
    friday = sample.run.day + timedelta(days=(4 - sample.run.day.weekday()) % 7)

    assert today.ahead(of=friday, ran_today=True).run_on == friday + timedelta(days=3)
    assert today.ahead(of=friday, ran_today=False).run_on == friday


def test_a_stopped_gateway_is_a_banner_on_every_page(librarian: Client, sample: Sample) -> None:
    """No mail leaves: the sentence, and what to do."""
    gateway = Gateway.the()
    gateway.state, gateway.stop_cause = Gateway.State.STOPPED, Gateway.StopCause.PERSON
    gateway.save()

    pages = [librarian.get(address).content.decode() for address in ("/", "/outbox/", "/loans/", "/password/")]

    assert [page.count('class="banner"') for page in pages] == [1, 1, 1, 1]
    assert all("The gateway is stopped since" in page for page in pages)


def test_every_number_leads_to_a_page_that_this_person_may_open(
    client: Client, people: dict[Role, User], sample: Sample
) -> None:
    """A librarian is not sent into Django admin; an administrator finds the rows there."""
    for role in (Role.LIBRARIAN, Role.ADMINISTRATOR):
        client.force_login(people[role])
        links = {**client.get("/").context["to"]}
        answers = {name: client.get(url).status_code for name, url in links.items() if url}

        assert set(answers.values()) == {200}, answers
