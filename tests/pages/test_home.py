"""Home: the answer first, and numbers that lead to their rows (product.md, H1)."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from library import today
from library.access import Role
from library.models import Library
from notices import presets
from notices.models import Letter, Notice, Run, RunSettings
from smtp_gateway.models import Gateway, OutboundMessage
from tests.builders import a_group, a_loan, a_patron
from tests.pages.sample import Sample

State = OutboundMessage.State
PARTS = ("letters", "by_email", "on_paper", "taken_back")


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


def test_letters_that_were_taken_back_are_named(sample: Sample) -> None:
    """They were written all the same; the book came back before its letter left."""
    Letter.objects.on_paper().update(state=Letter.State.TAKEN_BACK)

    written = today.written(on=sample.run.day)

    assert (written.by_email, written.on_paper, written.taken_back) == (1, 1, 1)


def test_each_number_has_as_many_rows(librarian: Client, sample: Sample) -> None:
    """Letters, by email, on paper and taken back: each leads to the run's own list of them."""
    Letter.objects.on_paper().update(state=Letter.State.TAKEN_BACK)
    page = librarian.get("/").context

    rows = {part: len(librarian.get(page["to"][part]).context["list"].rows) for part in PARTS}

    assert rows == {part: getattr(page["written"], part) for part in PARTS}


def test_two_runs_of_a_day_lead_to_the_list_of_runs(librarian: Client, sample: Sample) -> None:
    """Their letters stand in no one list."""
    now = timezone.now()
    Run.objects.create(day=sample.run.day, started_at=now, finished_at=now)

    assert {librarian.get("/").context["to"][part] for part in PARTS} == {f"/runs/?day={sample.run.day}"}


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
    """Whoever sees it."""
    for role in (Role.LIBRARIAN, Role.ADMINISTRATOR):
        client.force_login(people[role])
        page = client.get("/").context
        links = [*page["to"].values(), *(need.url for need in page["needs"])]

        assert {url: client.get(url).status_code for url in links} == dict.fromkeys(links, 200)


def test_the_first_morning_ends_when_letters_go_by_themselves(librarian: Client) -> None:
    """A test and a rehearsal are advice; everything else is needed before the daily run makes sense."""
    a_patron(group=a_group(auto_send=True))
    library, gateway, settings = Library.the(), Gateway.the(), RunSettings.the()
    library.name, library.address, library.reply_to = "Banksia", "1 Wattle Road", "library@banksia.example"
    library.save()
    presets.load("secondary_school")
    gateway.state, gateway.stop_cause = Gateway.State.ON, ""
    gateway.save()
    before = [task.page for task in today.checklist() if not task.done]

    settings.enabled = True
    settings.save()

    assert before == ["gateway", "letters", "daily-run"]
    assert today.checklist() == []


def test_the_first_morning_leads_to_pages_that_are_there(client: Client, people: dict[Role, User]) -> None:
    """Each thing that is missing has a button to the page on which it is done."""
    client.force_login(people[Role.ADMINISTRATOR])
    tasks = client.get("/").context["checklist"]

    answers = {task.page: client.get(task.url).status_code for task in tasks if not task.done}

    assert answers == dict.fromkeys(
        ["library-details", "import", "schedules", "groups", "gateway", "letters", "daily-run"], 200
    )
