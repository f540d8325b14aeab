"""G9: a database that was dumped and restored beside the first sends nothing and says why; the first goes on.

A real dump, taken while a worker stands in the middle of a message: with leases, rows in its hands, and a daily run
that is due.
"""

import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import time, timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from library.embedded import Address, Postgres
from notices import scan
from notices.models import Run, RunSettings
from smtp_gateway import delivery, lifecycle
from smtp_gateway.models import Gateway, OutboundMessage
from tests.builders import a_loan
from tests.faults import gentle, oracle
from tests.faults.conftest import database_url
from tests.faults.installation import connecting_to
from tests.faults.nursery import Nursery, Worker, eventually
from tests.faults.sink import Sink
from tests.notices.builders import a_schedule
from tests.smtp_gateway.outgoing import a_message, messages, states

pytestmark = pytest.mark.django_db(transaction=True)

WHY = "This database is a copy of another installation's, or was moved. The gateway stays quiet until you confirm."
#: Its lease must not run out while we dump.
MINUTES = gentle.TIMEOUTS.scaled(100)
UNTIL_KILLED = 600
COPY = f"restored_{os.getpid()}"


@pytest.fixture
def frozen(gateway: Gateway, nursery: Nursery) -> Worker:
    """The original: its worker has sent one of five and stands before the text of the second; a sixth is unsure."""
    settings = RunSettings.the()
    settings.enabled, settings.at, settings.weekdays, settings.on_closed_days = True, time(0), list(range(7)), True
    settings.save()
    a_schedule(1)
    a_loan(due=timezone.localdate() - timedelta(days=1))
    messages(5)
    worker = nursery.fork(
        pace=gentle.PACE, timeouts=MINUTES, freezes="after the commit that lets the text go", until=UNTIL_KILLED
    )
    eventually(lambda: worker.is_frozen, what="it is frozen")
    a_message("unsure")
    OutboundMessage.objects.filter(dedup_key="unsure").update(state="uncertain", times_uncertain=1)
    return worker


@pytest.fixture
def copy(frozen: Worker, tmp_path: Path) -> Iterator[str]:
    """Dumped from the original and restored into the same cluster; its address."""
    original, dump = database_url(), tmp_path / "library.dump"
    address = original.rpartition("/")[0] + f"/{COPY}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {COPY}")
    try:
        _run("pg_dump", "--format=custom", f"--file={dump}", original)
        _run("pg_restore", "--exit-on-error", f"--dbname={address}", str(dump))
        yield address
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {COPY} WITH (FORCE)")


def test_the_copy_sends_nothing_and_says_why(copy: str, frozen: Worker, sink: Sink) -> None:
    """Every worker that comes finds it stopped; what was on its way is held; the daily run is off."""
    before = (sink.connections, len(sink.received))

    with connecting_to(copy):
        for _ in range(3):
            delivery.check(pace=gentle.PACE, timeouts=gentle.TIMEOUTS)
        found, status = states(), lifecycle.status()
        run = scan.run_if_due(at=timezone.now())

    assert (sink.connections, len(sink.received)) == before
    assert found == {"reader0": "sent", **dict.fromkeys(["reader1", "reader2", "reader3", "reader4", "unsure"], "held")}
    assert (status.state, status.sentence) == ("stopped", WHY)
    assert run is None


@pytest.mark.parametrize("mode", ["manual", "auto"])
def test_the_copy_stays_quiet_when_it_boots(mode: str, copy: str, frozen: Worker, sink: Sink) -> None:
    """Its start mode came with it."""
    before = sink.connections

    with connecting_to(copy):
        Gateway.objects.update(start_mode=mode)
        lifecycle.boot()
        status = lifecycle.status()

    assert (status.state, status.sentence) == ("stopped", WHY)
    assert sink.connections == before


def test_the_original_goes_on(copy: str, frozen: Worker, sink: Sink) -> None:
    """Its worker wakes and sends what it had in its hands; nobody gets a letter twice; its daily run is made."""
    with connecting_to(copy):
        delivery.check(pace=gentle.PACE, timeouts=gentle.TIMEOUTS)

    frozen.signal(signal.SIGCONT)
    eventually(lambda: not OutboundMessage.objects.on_the_way().exists(), what="all are sent")
    run = scan.run_if_due(at=timezone.now())

    assert set(states().values()) == {"sent"}
    findings = oracle.findings(sink.copies)
    assert findings.is_clean, findings
    assert max(sink.copies.values()) == 1
    assert (run is not None, Run.objects.count(), Gateway.the().is_on) == (True, 1, True)


def test_one_click_makes_the_copy_the_one(copy: str, frozen: Worker, client: Client) -> None:
    """What waited waits again, what the original may have sent is *maybe sent*, and it starts when somebody says so."""
    with connecting_to(copy):
        delivery.check(pace=gentle.PACE, timeouts=gentle.TIMEOUTS)
        client.force_login(User.objects.create_superuser("ana"))
        client.post("/gateway/send-from-here/")
        released, stopped = states(), lifecycle.status()
        run = scan.run_if_due(at=timezone.now())

    assert released == {
        "reader0": "sent",
        "reader1": "uncertain",
        "reader2": "waiting",
        "reader3": "waiting",
        "reader4": "waiting",
        "unsure": "uncertain",
    }
    assert (stopped.state, stopped.by_a_person) == ("stopped", True)
    assert run is not None


def _run(program: str, *arguments: str) -> None:
    path = Postgres(folder=Path(), address=Address(port=0, password="")).programs / program
    environment = {"PATH": os.defpath, "LC_ALL": "C"}
    done = subprocess.run([path, *arguments], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
