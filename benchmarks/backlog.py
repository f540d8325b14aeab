"""How the gateway and its pages bear 100,000 waiting messages.

``python -m benchmarks.backlog`` fills a database of its own (beside what waits lie 200,000 that were sent), and prints
Markdown: how long it takes to reserve a block, to open the outbox and Home, what memory the worker has while 20,000
messages go to a sink on this machine, and the plans of the queries that must not read what is finished.
"""

import argparse
import multiprocessing
import re
import statistics
import sys
import time
import uuid
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.drain import installation, receiving

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from django.test import Client

PAGES = {
    "Outbox": "/outbox/",
    "Outbox, waiting": "/outbox/?tab=waiting",
    "Outbox, sent": "/outbox/?tab=sent",
    "Outbox, all": "/outbox/?tab=all",
    "Home": "/",
}
AT_ONCE = 1000
#: Sent over the last months, each as it stands after one attempt.
SENT = """
    WITH sent AS (
        INSERT INTO smtp_gateway_outboundmessage
               (kind, priority, "to", to_name, subject, content, size, message_id, dedup_key, state, stage, reason,
                created_at, finished_at, sent_at, attempts, crashes, times_uncertain, suspicious, last_code,
                last_enhanced, last_words)
        SELECT 'notice', 30, 'earlier' || n || '@families.example', '', 'A library book to bring back', %(content)s,
               length(%(content)s), '', 'earlier:' || n, 'sent', '', '', at, at, at, 1, 0, 0, false, 250, '2.0.0', 'ok'
          FROM (SELECT n, now() - interval '1 day' - n * interval '30 seconds' AS at FROM generate_series(1, %(count)s) n)
        RETURNING id, sent_at)
    INSERT INTO smtp_gateway_deliveryattempt
           (message_id, number, slot, started_at, finished_at, outcome, stage, code, enhanced, words, sentence)
    SELECT id, 1, 1, sent_at, sent_at, 'sent', 'dot', 250, '2.0.0', 'ok', '' FROM sent
"""


def fill(*, waiting: int, sent: int) -> None:
    from django.db import connection

    from smtp_gateway import outbox
    from tests.smtp_gateway.outgoing import finished

    with connection.cursor() as cursor:
        cursor.execute(SENT, {"content": finished("earlier").content, "count": sent})
    for first in range(0, waiting, AT_ONCE):
        outbox.queue_many([finished(f"reader{number}") for number in range(first, min(first + AT_ONCE, waiting))])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def reserving(times: int) -> list[float]:
    """Seconds for each block; what was reserved is given back at the end, with the lease."""
    from smtp_gateway import ledger, leases
    from smtp_gateway.pace import REAL

    spent = []
    with leases.taken(connections=1, seconds=600) as lease:
        assert lease is not None
        for _ in range(times):
            started = time.perf_counter()
            reserved = ledger.reserve(lease, pace=REAL)
            spent.append(time.perf_counter() - started)
            assert reserved == ledger.BLOCK
    return spent


def a_librarian() -> "Client":
    from django.contrib.auth.models import Group, User
    from django.test import Client

    from library import access

    access.make_roles()
    helen = User.objects.create_user("helen")
    helen.groups.add(Group.objects.get(name=access.Role.LIBRARIAN.label))
    client = Client(headers={"Host": "localhost"})
    client.force_login(helen)
    return client


def opening(client: "Client", address: str, *, times: int) -> tuple[list[float], int]:
    """Seconds for each time that the page is opened, and the number of its queries."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    spent = []
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    for _ in range(times):
        started = time.perf_counter()
        answer = client.get(address)
        spent.append(time.perf_counter() - started)
        assert answer.status_code == 200, answer
    return spent, len(queries)


def worker(progress: "Connection[int, int]", messages: int) -> None:
    """A process that checks until so many are sent, and says how many after each check."""
    import django

    django.setup()
    from smtp_gateway import delivery

    sent = 0
    while sent < messages:
        sent += delivery.check().sent
        progress.send(sent)


def draining(*, messages: int, each_check: int = 500) -> list[tuple[int, int]]:
    """Sent so far and the worker's resident memory in KiB, after each check of ``each_check`` messages."""
    from smtp_gateway.models import DeliveryAttempt, Gateway

    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=worker, args=(theirs, messages))
    seen: list[tuple[int, int]] = []
    Gateway.objects.update(messages_each_check=each_check)
    process.start()
    while not seen or seen[-1][0] < messages:
        sent = ours.recv()
        seen.append((sent, _resident(process.pid or 0)))
        Gateway.objects.update(messages_each_check=sent + each_check)
    process.join()
    assert DeliveryAttempt.objects.filter(outcome="begun").count() == 0
    return seen


def _resident(pid: int) -> int:
    found = re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="ascii"), re.MULTILINE)
    return int(found[1]) if found else 0


def plans() -> dict[str, str]:
    """How PostgreSQL does what is asked most often; nothing of it stays."""
    from django.db import transaction
    from django.http import QueryDict
    from django.utils import timezone

    from smtp_gateway import ledger, leases, throttle
    from smtp_gateway.models import Gateway
    from smtp_gateway.pace import REAL
    from smtp_gateway.views.listing import Listing
    from tests.smtp_gateway.plans import explained

    listing = Listing.asked(QueryDict("tab=waiting"), today=timezone.localdate())
    lease = leases.Lease(token=uuid.uuid4(), slot=1, length=timedelta(minutes=5))
    with transaction.atomic(), explained() as found:
        ledger.reserve(lease, pace=REAL)
        throttle.room(Gateway.the())
        listing.page()
        listing.tabs()
        transaction.set_rollback(True)
    names = ["The budget", "Reserve a block", "Is anything due?", "A page of what waits", "How many in each state"]
    names += ["How many today", "How many sent today", "How many cancelled today"]
    return {name: plan.text for name, plan in zip(names, found, strict=True)}


def measure(*, port: int, waiting: int, sent: int, drained: int, times: int) -> None:
    from tests.smtp_gateway.outgoing import a_gateway

    a_gateway(port=port, messages_each_check=waiting, minutes_between_checks=60)
    fill(waiting=waiting, sent=sent)
    say(f"{waiting:,} messages wait, {sent:,} were sent.")
    say("| | p50 | p95 | queries |", "|---|---:|---:|---:|")
    say(_row("Reserve a block of 50", reserving(times), 2))
    client = a_librarian()
    for name, address in PAGES.items():
        spent, queries = opening(client, address, times=times)
        say(_row(name, spent, queries))
    found = plans()
    say("", *memory(draining(messages=drained)))
    for name, plan in found.items():
        say("", f"**{name}**", "```", plan, "```")


def memory(seen: Sequence[tuple[int, int]]) -> list[str]:
    """The worker's memory at the start, in the middle and at the end of the drain."""
    points = {"after the first check": seen[0], "in the middle": seen[len(seen) // 2], "at the end": seen[-1]}
    return ["| worker's memory | sent | resident |", "|---|---:|---:|"] + [
        f"| {when} | {sent:,} | {resident / 1024:.1f} MiB |" for when, (sent, resident) in points.items()
    ]


def _row(name: str, spent: Sequence[float], queries: int) -> str:
    p95 = statistics.quantiles(spent, n=20)[-1]
    return f"| {name} | {statistics.median(spent) * 1000:.1f} ms | {p95 * 1000:.1f} ms | {queries} |"


def say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--sent", type=int, default=200_000)
    parser.add_argument("--drained", type=int, default=20_000)
    parser.add_argument("--times", type=int, default=100)
    options = parser.parse_args()
    with receiving() as (port, received), installation():
        from django.core.management import call_command

        call_command("collectstatic", verbosity=0, interactive=False)
        measure(port=port, **vars(options))
    say("", f"The sink received {len(received):,} messages, {len(set(received)):,} of them different.")


if __name__ == "__main__":
    main()
