"""The clock's run: when it is due, why a day stays quiet, and one run a day however many clocks ask."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone

from notices import held, ready, scan
from notices.models import Letter, Notice, Run, RunSettings
from tests.builders import a_closed_day, a_group, a_loan, a_patron
from tests.notices.builders import a_gateway_with_an_address, a_schedule, morning_of

ROOT = Path(__file__).resolve().parents[2]


def switched_on(**fields: object) -> RunSettings:
    settings = RunSettings.the()
    for name, value in ({"enabled": True} | fields).items():
        setattr(settings, name, value)
    settings.save()
    return settings


@pytest.mark.django_db
def test_it_runs_when_its_time_has_come_and_only_once(today: date) -> None:
    """6:29, 6:30, and a minute later."""
    switched_on()
    a_schedule(1)
    a_loan(due=today - timedelta(days=1))

    runs = [scan.run_if_due(at=morning_of(today, time(6, minute))) for minute in (29, 30, 31)]

    assert [run is not None for run in runs] == [False, True, False]
    assert Notice.objects.count() == 1


@pytest.mark.django_db
def test_it_is_off_until_a_person_switches_it_on(today: date) -> None:
    """A fresh installation writes to nobody."""
    a_schedule(1)
    a_loan(due=today - timedelta(days=1))

    run = scan.run_if_due(at=morning_of(today))

    assert run is None


@pytest.mark.django_db
def test_a_copy_of_the_database_writes_to_nobody(today: date) -> None:
    """It was restored elsewhere: the original may be writing at this moment."""
    switched_on()
    a_schedule(1)
    a_loan(due=today - timedelta(days=1))
    a_gateway_with_an_address(identity="0" * 64)

    run = scan.run_if_due(at=morning_of(today))

    assert run is None
    assert Notice.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (date(2026, 11, 21), "The daily run is not made on Saturdays."),
        (date(2026, 11, 24), "The library is closed: Curriculum day."),
        (
            date(2026, 12, 3),
            "The library has just opened again after five closed days or more: three quiet days for returns.",
        ),
        (date(2026, 12, 7), None),
    ],
)
def test_a_quiet_day_says_why(day: date, reason: str | None) -> None:
    """The row of the day is written all the same, so that nobody wonders whether the machine was on."""
    switched_on()
    a_closed_day(day=date(2026, 11, 24), name="Curriculum day")
    a_closed_day(day=date(2026, 11, 25), until=date(2026, 11, 30), name="Camp")

    run = scan.run_if_due(at=morning_of(day))

    assert run is not None
    assert (run.state, run.reason) == ((Run.State.QUIET, reason) if reason else (Run.State.DONE, ""))


@pytest.mark.parametrize(("hour", "first"), [(6, 23), (7, 24)])
@pytest.mark.django_db
def test_switched_on_after_todays_time_means_tomorrow(hour: int, first: int, today: date) -> None:
    """At seven, the run of 6:30 is tomorrow's; at six, it is today's."""
    settings = RunSettings.the()
    settings.enabled = True

    ready.settings_changed(settings, local=morning_of(today, time(hour)))

    assert settings.first_day == date(2026, 11, first)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("zone", "spring", "autumn"),
    [
        ("Australia/Melbourne", date(2026, 10, 4), date(2026, 4, 5)),
        ("America/New_York", date(2026, 3, 8), date(2026, 11, 1)),
        ("Australia/Lord_Howe", date(2026, 10, 4), date(2026, 4, 5)),
    ],
)
@pytest.mark.parametrize("at", [time(1, 45), time(2, 15), time(6, 30)])
def test_one_run_a_day_when_the_clocks_change(zone: str, spring: date, autumn: date, at: time) -> None:
    """Lord Howe's clocks move by half an hour. A look every quarter of an hour: one run on the day, at its time or at
    the next that exists, whether the hour is left out or comes twice."""
    switched_on(at=at, weekdays=list(range(7)), on_closed_days=True)

    with timezone.override(ZoneInfo(zone)):
        for day in (spring, autumn):
            midnight = datetime.combine(day, time(0), tzinfo=ZoneInfo(zone)).astimezone(UTC)
            looks = [midnight + timedelta(minutes=15 * step) for step in range(92)]
            runs = [run for look in looks if (run := scan.run_if_due(at=look))]

            assert [run.day for run in runs] == [day]
            started = timezone.localtime(runs[0].started_at).time()
            assert at <= started <= (datetime.combine(day, at) + timedelta(hours=1)).time()


@pytest.mark.django_db
def test_the_first_run_of_a_schedule_is_held(today: date) -> None:
    """Its letters are planned and wait for a person; the second run's go."""
    switched_on()
    a_schedule(1)
    a_loan(due=today - timedelta(days=1))
    first = scan.run_if_due(at=morning_of(today))
    a_loan(due=today)
    second = scan.run_if_due(at=morning_of(today + timedelta(days=1)))

    assert first is not None
    assert second is not None
    assert (first.is_held, first.reason.startswith("It is the first run of the schedule")) == (True, True)
    assert second.is_held is False


@pytest.mark.django_db
def test_dropped_letters_are_not_said_again(today: date) -> None:
    """A person looked and said no: nobody hears it, today or tomorrow."""
    switched_on()
    a_schedule(1, 30)
    a_loan(due=today - timedelta(days=1))
    run = scan.run_if_due(at=morning_of(today))
    assert run is not None

    dropped = held.drop(run, by=None)
    tomorrow = scan.run(on=today + timedelta(days=1))

    assert dropped == 1
    assert Letter.objects.get().state == Letter.State.DROPPED
    assert (tomorrow.letters, tomorrow.already_told) == (0, 1)


@pytest.mark.django_db(transaction=True)
def test_four_processes_at_once_make_one_run(today: date) -> None:
    """Four workers find the same morning: one run, each loan told once."""
    switched_on()
    a_schedule(1)
    group = a_group()
    for _ in range(50):
        a_loan(due=today - timedelta(days=1), patron=a_patron(group=group))

    results = at_once(4, f"scan.run_if_due(at=datetime.fromisoformat({morning_of(today).isoformat()!r}))")

    assert results == [0, 0, 0, 0]
    assert Run.objects.count() == 1
    assert Notice.objects.count() == Letter.objects.count() == 50


@pytest.mark.django_db(transaction=True)
def test_four_runs_by_hand_at_once_tell_each_loan_once(today: date) -> None:
    """Four librarians press the button together."""
    a_schedule(1)
    group = a_group()
    for _ in range(50):
        a_loan(due=today - timedelta(days=1), patron=a_patron(group=group))

    at_once(4, f"scan.run(on=date.fromisoformat({today.isoformat()!r}))")

    assert sorted(Run.objects.values_list("letters", flat=True)) == [0, 0, 0, 50]
    assert Notice.objects.count() == 50


def at_once(processes: int, verb: str) -> list[int]:
    """Run ``verb`` in so many processes on this test's database, starting together; their exit codes."""
    script = (
        "import django; django.setup()\n"
        "import sys\n"
        "from datetime import date, datetime\n"
        "from notices import scan\n"
        "from django.db import connection\n"
        "connection.ensure_connection()\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        f"{verb}\n"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "library.settings", "DATABASE_URL": database_url()}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    for process in running:
        process.stdout.readline()  # type: ignore[union-attr]
    for process in running:
        process.stdin.write("go\n")  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]
    for process in running:
        process.communicate(timeout=60)
    return [process.returncode for process in running]


def database_url() -> str:
    """This test's own database, which pytest-django has renamed."""
    parts = connection.settings_dict
    return f"postgresql://{parts['USER']}:{parts['PASSWORD']}@{parts['HOST']}:{parts['PORT']}/{parts['NAME']}"
