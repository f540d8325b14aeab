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
from collections.abc import Callable, Sequence
from itertools import pairwise
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
    """How PostgreSQL does what is asked most often."""
    from django.http import QueryDict
    from django.utils import timezone

    from smtp_gateway import ledger, throttle
    from smtp_gateway.models import OutboundMessage
    from smtp_gateway.views.listing import Listing

    waiting = Listing.asked(QueryDict("tab=waiting"), today=timezone.localdate())
    parameters = {"token": "0" * 32, "slot": 1, "count": ledger.BLOCK}
    return {
        "Reserve a block": _plan(ledger.RESERVE, parameters),
        "Is anything due?": _plan(throttle.DUE, {"limit": 10}),
        "Outbox: how many in each state": _plan(*_numbers().query.sql_with_params()),
        "Outbox: a page of what waits": waiting.rows("waiting").order_by("-id")[:51].explain(costs=False),
        "Outbox: the last one sent": OutboundMessage.objects.in_state("sent").newest_first()[:1].explain(costs=False),
    }
