"""How the gateway bears 100,000 waiting messages; its pages are measured in ``pages``.

``python -m benchmarks.backlog`` fills a database of its own (beside what waits lie 200,000 that were sent), and prints
Markdown: how long it takes to reserve a block, what memory the worker has while 20,000 messages go to a sink on this
machine, and the plans of the queries that must not read what is finished.
"""

import argparse
import multiprocessing
import re
import statistics
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from benchmarks.drain import installation, receiving

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
          FROM (SELECT n, now() - interval '1 day' - n * interval '30 seconds' AS at
                  FROM generate_series(1, %(count)s) n) past
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


def reserving(times: int) -> tuple[list[float], int]:
    """Seconds for each block, and its queries; what was reserved is given back at the end, with the lease."""
    from smtp_gateway import leases, ledger
    from smtp_gateway.pace import REAL

    with leases.taken(connections=1, seconds=600) as lease:
        assert lease is not None
        return timed(lambda: ledger.reserve(lease, pace=REAL), expected=ledger.BLOCK, times=times)


def timed(ask: Callable[[], int], *, expected: int, times: int) -> tuple[list[float], int]:
    """Seconds for each time that it is asked, and the number of its queries."""
    from django.db import connection

    queries: list[str] = []

    def note(execute: Callable[..., object], sql: str, *rest: object) -> object:
        queries.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        assert ask() == expected
    spent = []
    for _ in range(times):
        started = time.perf_counter()
        answer = ask()
        spent.append(time.perf_counter() - started)
        assert answer == expected
    return spent, len(queries)


def worker(messages: int) -> None:
    """A process that checks until so many are sent."""
    import django

    django.setup()
    from smtp_gateway import delivery

    sent = 0
    while sent < messages:
        sent += delivery.check().sent


def draining(*, messages: int) -> list[tuple[int, int]]:
    """Sent so far and the worker's resident memory in KiB, a few times a second while it sends so many."""
    from smtp_gateway.models import Gateway, OutboundMessage

    Gateway.objects.update(messages_each_check=messages)
    before = OutboundMessage.objects.waiting().count()
    process = multiprocessing.get_context("spawn").Process(target=worker, args=(messages,))
    process.start()
    seen: list[tuple[int, int]] = []
    while process.is_alive():
        sent = before - OutboundMessage.objects.waiting().count()
        resident = _resident(process.pid or 0)
        if sent and resident:
            seen.append((sent, resident))
        time.sleep(0.2)
    process.join()
    return seen


def _resident(pid: int) -> int:
    """0 for a process that has just ended."""
    found = re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="ascii"), re.MULTILINE)
    return int(found[1]) if found else 0


def plans() -> dict[str, str]:
    """How PostgreSQL does what is asked most often; nothing of it stays."""
    from django.db import transaction
    from django.http import QueryDict
    from django.utils import timezone

    from smtp_gateway import leases, ledger, throttle
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
    names += ["How many sent today", "How many cancelled today"]
    return {name: plan.text for name, plan in zip(names, found, strict=True)}


def measure(*, port: int, waiting: int, sent: int, drained: int, times: int) -> None:
    from tests.smtp_gateway.outgoing import a_gateway

    a_gateway(port=port, messages_each_check=waiting, minutes_between_checks=60)
    fill(waiting=waiting, sent=sent)
    say(f"{waiting:,} messages wait, {sent:,} were sent.")
    say("| | p50 | p95 | queries |", "|---|---:|---:|---:|")
    say(_row("Reserve a block of 50", *reserving(times)))
    found = plans()
    say("", *memory(draining(messages=drained)))
    for name, plan in found.items():
        say("", f"**{name}**", "```", plan, "```")


def memory(seen: Sequence[tuple[int, int]]) -> list[str]:
    """The worker's memory at the start, in the middle and at the end of the drain."""
    points = {"at the start": seen[0], "in the middle": seen[len(seen) // 2], "at the end": seen[-1]}
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
        measure(port=port, **vars(options))
    say("", f"The sink received {len(received):,} messages, {len(set(received)):,} of them different.")


if __name__ == "__main__":
    main()
