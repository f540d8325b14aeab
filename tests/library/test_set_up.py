"""The rows that every installation has."""

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django_celery_beat.models import PeriodicTask

pytestmark = pytest.mark.django_db

TICKS = [
    ("Daily log", "smtp_gateway.daily_log_if_due", "every 30 seconds", "celery", 60),
    ("Daily overdue scan", "notices.scan_if_due", "every 30 seconds", "celery", 60),
    ("Forget old borrowers", "circulation.forget", "every 3600 seconds", "celery", 7200),
    ("Send the next batch", "smtp_gateway.check", "every 5 seconds", "gateway", 10),
]


def ticks():
    return [
        (tick.name, tick.task, str(tick.interval), tick.queue, tick.expire_seconds)
        for tick in PeriodicTask.objects.order_by("name")
    ]


def test_the_clock_has_four_ticks(capsys):
    """Beat says "look at the clock"; nothing else is scheduled."""
    call_command("set_up")

    assert ticks() == TICKS
    assert capsys.readouterr().out == "Everything that stands in the database from the start is there.\n"


def test_it_may_run_again(capsys):
    """With each start of the installation, and after each update."""
    call_command("set_up")
    PeriodicTask.objects.filter(name="Daily log").update(enabled=False, queue="elsewhere")

    call_command("set_up")

    assert ticks() == TICKS
    assert list(PeriodicTask.objects.filter(enabled=False)) == []


def test_there_is_a_group_for_each_role():
    """Desk helpers lend and return; librarians do the daily work; administrators the rest."""
    call_command("set_up", verbosity=0)

    names = list(Group.objects.order_by("name").values_list("name", flat=True))

    assert names == ["Administrator", "Desk helper", "Librarian"]
