"""What notices say elsewhere: Home's needs, the daily log and ``/health/``. Numbers, no names."""

from datetime import date, time, timedelta

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.test import RequestFactory

from circulation.models import ImportFile
from library.slots import Finding, LogLine
from notices import compose, on_other_pages, scan
from notices.models import Letter, RunSettings
from tests.builders import a_loan, a_patron
from tests.notices.builders import a_gateway_with_an_address, a_schedule, morning_of, wording

pytestmark = pytest.mark.django_db

YESTERDAY_EVENING, THIS_EVENING = time(17), time(17)


@pytest.fixture
def _enabled() -> None:
    settings = RunSettings.the()
    settings.enabled = True
    settings.save()


@pytest.fixture
def request_of_an_administrator(rf: RequestFactory, admin_user: User) -> HttpRequest:
    request = rf.get("/")
    request.user = admin_user
    return request


def told(today: date, *, email: str = "mia@students.example", numbers: tuple[int, ...] = (1,)) -> None:
    a_gateway_with_an_address()
    a_schedule(1)
    wording(*numbers)
    a_loan(due=today - timedelta(days=1), patron=a_patron(email=email))
    scan.run(on=today)
    compose.write_planned(on=today)


def test_home_speaks_of_letters_for_the_printer(today: date, request_of_an_administrator: HttpRequest) -> None:
    """One sentence, one reason, one button."""
    told(today, email="")

    [need] = on_other_pages.needs_hands(request_of_an_administrator, today)

    assert (need.sentence, need.action) == ("1 letter waits for the printer.", "Print 1")


def test_home_says_why_a_letter_could_not_be_written(today: date, request_of_an_administrator: HttpRequest) -> None:
    """The reason stands beside it."""
    told(today, numbers=())

    [need] = on_other_pages.needs(request_of_an_administrator, today)

    assert need.sentence == "1 letter could not be written."
    assert need.reason == Letter.objects.get().why
    assert need.url == f"/runs/{Letter.objects.get().run_id}/?tab=failed"


def test_the_daily_log_tells_of_the_run_without_names(today: date) -> None:
    """The figures of the run, and what waits for a person."""
    told(today, email="")
    run = Letter.objects.get().run
    assert run is not None
    run.started_at = morning_of(today)
    run.save()

    lines = on_other_pages.log_lines(
        morning_of(today - timedelta(days=1), YESTERDAY_EVENING), morning_of(today, time(17))
    )

    assert lines == [
        LogLine(
            sentence="Run by hand of Mon 23 Nov, 06:30, looked at 1 loan: 0 told by email, 1 on paper, 0 need none."
        ),
        LogLine(sentence="1 letter on paper not printed yet.", attention=True),
    ]


@pytest.mark.usefixtures("_enabled")
def test_health_misses_the_daily_run_after_a_quarter_of_an_hour(today: date) -> None:
    """At 6:40 all is well; at 6:46 it is late; when it was made, all is well again."""
    early = on_other_pages.health(morning_of(today, time(6, 40)))
    late = on_other_pages.health(morning_of(today, time(6, 46)))
    scan.run_if_due(at=morning_of(today, time(6, 47)))
    made = on_other_pages.health(morning_of(today, time(6, 48)))

    assert [finding.code for finding in late] == ["daily-run-late"]
    assert late[0].since == morning_of(today)
    assert (early, made) == ([], [])


@pytest.mark.usefixtures("_enabled")
def test_the_run_waits_for_the_loans_file_and_goes_when_it_came(today: date) -> None:
    """Loans come from another system; its newest file is two days old, then a new one is applied."""
    a_schedule(1)
    a_loan(due=today - timedelta(days=1), from_file=True)
    file = ImportFile.objects.create(
        kind="loans",
        state="applied",
        name="loans.csv",
        content=b"",
        sha256="",
        applied_at=morning_of(today - timedelta(days=2)),
    )

    waits = scan.run_if_due(at=morning_of(today))
    findings = on_other_pages.health(morning_of(today))
    file.applied_at = morning_of(today, time(6, 20))
    file.save()
    goes = scan.run_if_due(at=morning_of(today, time(7)))

    assert waits is None
    assert [finding.sentence for finding in findings] == [
        "The daily run waits: the file of open loans did not come for 30 hours."
    ]
    assert goes is not None
    assert goes.email == 1


def test_a_run_that_is_off_is_not_ill(today: date) -> None:
    """Nobody switched it on; there is nothing to miss."""
    findings: list[Finding] = on_other_pages.health(morning_of(today, time(9)))

    assert findings == []
