"""How fast a day's loans are found and its letters written, beside one SQL statement and beside a plain loop.

``python -m benchmarks.scan`` fills a database (``day_of_letters``), and gives each contender a fresh copy of it and a
process of its own, one after the other. Beside the seconds stands the processor time of client and server together,
which other work on the machine disturbs less.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from benchmarks import day_of_letters, plot
from benchmarks.day_of_letters import Size
from benchmarks.drain import installation, row
from benchmarks.limits import SCAN_LIMIT, WHOLE_LIMIT, WRITTEN_OUT
from benchmarks.results import table, write

TODAY = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 1, tzinfo=UTC)
WORKERS = 2
LOOPED = 5_000
"""So many loans are enough for the loop: it does the same for each."""
SIZES = (10_000, 100_000, 1_000_000, 3_000_000)
QUICK = (20_000,)
WHOLE = 1_000_000
"""Of more loans only how the costs grow is measured."""
PART = 20.0
"""Seconds of composing are enough there: it does the same for each letter."""


@dataclass(kw_only=True)
class Measured:
    """One contender: what it did, in how many seconds, with how much processor time and memory."""

    seconds: float
    processor: float
    megabytes: int = 0
    done: int = 0
    figures: dict[str, int]


STORY = """\
What the profile said, and what was done:

- *Who is told* took more than ten minutes for 100,000 loans with families: with nested loops switched off, the join
  inside `EXISTS` (has this patron a home?) read all guardians for each patron. As a subquery of its own: half a second.
- Intermediate results of a million loans were written to disk and read again: `work_mem` for this transaction alone.
- A day on which nothing is said made its tables of people and analysed the ledger; now it stops after judging. And
  whatever was said was summed up, for each loan: now a step that was said and is not repeated settles its loan, and
  only the others are. That took a third off such a day.
- Foreign keys, checked at COMMIT, are two fifths of the scan. The one statement beside it pays the same, and they stay.
- Of a letter's 1.4 ms in Python, a quarter was a regular expression that looked for long lines at every place of the
  message, a fifth was Liquid's walk through its tree, a fifteenth models that were made only to be inserted, and
  0.05 ms the secret key, read from its file each time. Now lines are split and measured, the plain part of Liquid is
  Python functions (258 µs became 49; a property test holds them to Liquid's own output), messages go in by one
  statement, and the key is read once.
- Of what was left in Python, a quarter was one more such expression: it looked for elements that came out empty at
  every place of the HTML (297 µs). Whatever it finds begins with `<`, and written down like that it takes 4.

What did not help: other joins for judging (with merge joins and sorts switched off it took as long); Liquid's own
extension points (a quicker scope, context and buffer: 258 µs became 251); lz4 for the messages, which this server was
not built with; asking first whether a text holds control characters at all."""


# --- What a contender does, in a process of its own ------------------------------------------------------------------


def fill() -> tuple[int, dict[str, int]]:
    day_of_letters.fill(Size(loans=int(os.environ["LOANS"])), on=TODAY)
    return 0, {}


def scan() -> tuple[int, dict[str, int]]:
    from notices import scan
    from notices.models import Outcome

    run = scan.run_if_due(at=AT)
    assert run is not None
    return run.letters, {outcome.value: getattr(run, outcome.value) for outcome in Outcome if getattr(run, outcome)}


def again() -> tuple[int, dict[str, int]]:
    """The same day once more, by hand: it looks at every loan, and all was said."""
    from notices import scan

    run = scan.run(on=TODAY)
    return run.letters, {"looked_at": run.looked_at}


def compose() -> tuple[int, dict[str, int]]:
    from notices import compose
    from notices.models import Letter

    done = compose.write_planned(on=TODAY, seconds=float(os.environ["SECONDS"]))
    return done, {"left": Letter.objects.to_write().count()}


def scan_limit() -> tuple[int, dict[str, int]]:
    return _counted(SCAN_LIMIT, {"on": TODAY})


def whole_limit() -> tuple[int, dict[str, int]]:
    return _counted(WHOLE_LIMIT, {"on": TODAY, "content": os.environ["CONTENT"]})


def _counted(statement: str, values: dict[str, Any]) -> tuple[int, dict[str, int]]:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL jit = off; SET LOCAL work_mem = '96MB'")
        cursor.execute(statement, values)
        counts = dict(cursor.fetchall())
    return counts.pop("letters"), counts


def loop() -> tuple[int, dict[str, int]]:
    """What most people would write: loans one by one, in one transaction. The letters' rows, without their words."""
    from django.db import transaction

    from circulation.models import Loan
    from notices.models import Letter, Line, Notice, Run, Step
    from notices.models.run import Outcome

    steps = {
        (group.pk, step.days): step
        for step in Step.objects.select_related("schedule").prefetch_related("schedule__groups")
        for group in step.schedule.groups.all()
    }
    letters, counts = 0, {Outcome.EMAIL.value: 0, Outcome.NOT_YET.value: 0, Outcome.ALREADY_TOLD.value: 0}
    with transaction.atomic():
        run = Run.objects.create(day=TODAY, started_at=AT)
        for loan in Loan.objects.open().on_loan().select_related("patron__group", "item").order_by("pk")[:LOOPED]:
            assert loan.patron is not None
            step = steps.get((loan.patron.group_id, (TODAY - loan.due_on).days))
            if step is None:
                counts[Outcome.NOT_YET] += 1
                continue
            if Notice.objects.filter(loan=loan, due_on=loan.due_on, number=step.number).exists():
                counts[Outcome.ALREADY_TOLD] += 1
                continue
            notice = Notice.objects.create(
                loan=loan, due_on=loan.due_on, number=step.number, step=step, run=run, said_on=TODAY
            )
            common = {"run": run, "service": loan.service, "number": step.number, "day": TODAY, "channel": "email"}
            links = loan.patron.guardianships.select_related("guardian") if step.who == Step.Who.GUARDIANS else ()
            readers: list[dict[str, Any]] = [
                {"audience": "guardian", "guardian": link.guardian, "to": link.guardian.email} for link in links
            ] or [{"audience": "patron", "patron": loan.patron, "to": loan.patron.email or "desk@banksia.example"}]
            for reader in readers:
                Line.objects.create(letter=Letter.objects.create(**common, **reader), notice=notice)
                letters += 1
            counts[Outcome.EMAIL] += 1
    return letters, counts


CONTENDERS: dict[str, Callable[[], tuple[int, dict[str, int]]]] = {
    each.__name__: each for each in (fill, scan, again, compose, scan_limit, whole_limit, loop)
}


def be(name: str) -> None:
    """One contender, as JSON for the process that asked. It begins when that process says so."""
    import django

    django.setup()
    from django.db import connection

    connection.ensure_connection()
    server = connection.connection.info.backend_pid
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    began, processor, of_server = time.perf_counter(), time.process_time(), _processor(server)
    done, figures = CONTENDERS[name]()
    found = {
        "seconds": time.perf_counter() - began,
        "processor": time.process_time() - processor + _processor(server) - of_server,
        "megabytes": _most_memory(),
        "done": done,
        "figures": figures,
    }
    sys.stdout.write(json.dumps(found) + "\n")


def _processor(pid: int) -> float:
    """Seconds that the server's process for this session has worked."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _most_memory() -> int:
    """Megabytes, of this program alone: what getrusage says begins with the size of whoever started it."""
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) // 1024


# --- The arena ------------------------------------------------------------------------------------------------------


def measured(
    name: str, *, url: str, times: int = 1, content: str = "", seconds: float = float("inf"), loans: int = 0
) -> Measured:
    """Let it run in ``times`` processes at once; composing may be told to stop after some seconds."""
    environment = {**os.environ, "DATABASE_URL": url, "CONTENT": content, "SECONDS": str(seconds), "LOANS": str(loans)}
    command = [sys.executable, "-m", "benchmarks.scan", "--be", name]
    children = [
        subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(times)
    ]
    for child in children:
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin
        child.stdin.write("go\n")
        child.stdin.flush()
    found = [json.loads(child.communicate()[0]) for child in children]
    return Measured(
        seconds=max(one["seconds"] for one in found),
        processor=sum(one["processor"] for one in found),
        megabytes=max(one["megabytes"] for one in found),
        done=sum(one["done"] for one in found),
        figures=found[-1]["figures"],
    )


@contextmanager
def copy(url: str, *, name: str = "copied") -> Iterator[str]:
    """A fresh copy of a database, written to disk before anybody is measured on it."""
    import psycopg2

    parts = urlsplit(url)
    server = psycopg2.connect(urlunsplit(parts._replace(path="/postgres")))
    server.autocommit = True
    with server.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {parts.path[1:]} STRATEGY file_copy")
        cursor.execute("CHECKPOINT")
        try:
            yield urlunsplit(parts._replace(path=f"/{name}"))
        finally:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
    server.close()


def a_letter(url: str) -> str:
    """A message as it was written, with the reader's name and the title left open, for ``format()``."""
    import psycopg2

    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(WRITTEN_OUT)
        content, name, title = cursor.fetchone()
    connection.close()
    words = bytes(content).decode().replace("%", "%%").replace(name, "%1$s").replace(title, "%2$s")
    return re.sub(r"Message-ID: \S+", "Message-ID: <%3$s@banksia.example>", words)


def compare(url: str, *, loans: int, seconds: float) -> dict[str, Measured]:
    """Every contender on a library of this size, in databases of the server at ``url``. Composing stops after so many
    seconds."""
    with copy(url, name="filled") as filled:
        size = Size(loans=loans)
        fill = measured("fill", url=filled, loans=loans)
        row(f"{loans:,} loans", f"{size.today:,} at a step", f"filled in {fill.seconds:.0f} s")
        return contest(filled, size=size, seconds=seconds)


def contest(filled: str, *, size: Size, seconds: float) -> dict[str, Measured]:
    """The plain loop, and the same day again, up to WHOLE loans."""
    found: dict[str, Measured] = {}
    whole = size.loans <= WHOLE
    with copy(filled) as here:
        found["scan"] = measured("scan", url=here)
        if whole:
            found["again"] = measured("again", url=here)
        part = seconds if whole else min(seconds, PART)
        found["compose"] = measured("compose", url=here, times=WORKERS, seconds=part)
        content = a_letter(here)
    with copy(filled) as here:
        found["scan_limit"] = measured("scan_limit", url=here)
    with copy(filled) as here:
        found["whole_limit"] = measured("whole_limit", url=here, content=content)
    if whole:
        with copy(filled) as here:
            found["loop"] = measured("loop", url=here)
        _scale(found["loop"], by=size.today / found["loop"].figures["email"])
    _scale(found["compose"], by=found["scan"].done / found["compose"].done)
    for name, one in found.items():
        row(
            f"  {name}",
            f"{one.seconds:.2f} s",
            f"processor {one.processor:.2f} s",
            f"{one.megabytes} MB",
            f"{one.done:,} {one.figures}",
        )
    return found


def _scale(one: Measured, *, by: float) -> None:
    """As if it had done all: each letter costs what the others did."""
    one.seconds *= by
    one.processor *= by


def lines(found: dict[str, Measured], *, loans: int) -> list[str]:
    """The table of one size."""
    scan, limit, whole, both = found["scan"], found["scan_limit"], found["whole_limit"], _together(found)
    names = {
        "Scan": (scan, limit),
        "One `INSERT … SELECT` of the same rows, with counts": (limit, limit),
        f"A loop over loans (Django ORM, one transaction; {LOOPED:,} measured)": (found.get("loop"), limit),
        "The same day again: every loan looked at, nothing to say": (found.get("again"), None),
        f"Composing, {WORKERS} workers": (found["compose"], None),
        "Scan and compose": (both, whole),
        "One `INSERT … SELECT` of the same rows and messages, by `format()`": (whole, whole),
    }
    rows = [
        [
            name,
            f"{one.seconds:.2f} s",
            f"{one.processor:.2f} s",
            f"{one.seconds / to.seconds:.1f} ×" if to else "",
            f"{one.processor / to.processor:.1f} ×" if to else "",
            f"{one.megabytes} MB",
        ]
        for name, (one, to) in names.items()
        if one
    ]
    written, letters = found["compose"], scan.done
    part = "" if written.done == letters else f" Measured with the first {written.done:,}; the table counts all."
    return [
        f"{loans:,} loans, {Size(loans=loans).today:,} at a step today, {scan.done:,} letters; "
        f"{sum(scan.figures.values()):,} loans looked at, {scan.figures['already_told']:,} told before.",
        "",
        *table(["", "time", "processor", "to its limit", "by processor", "memory of a process"], rows),
        "",
        f"Composing: {letters / written.seconds:,.0f} letters a second on {WORKERS} workers; "
        f"{written.processor / letters * 1e6:.0f} µs of processor time for each, the server's included.{part}",
    ]


def _together(found: dict[str, Measured]) -> Measured:
    first, second = found["scan"], found["compose"]
    return Measured(
        seconds=first.seconds + second.seconds,
        processor=first.processor + second.processor,
        megabytes=max(first.megabytes, second.megabytes),
        done=second.done,
        figures={},
    )


def growth(all_found: dict[int, dict[str, Measured]]) -> list[str]:
    """Microseconds of processor time for each loan at a step, from size to size."""
    names = {"scan": "scan", "compose": "compose", "scan_limit": "SQL of the scan", "whole_limit": "SQL of the letters"}
    plot.curves(
        Path(__file__).with_name("scan.svg"),
        title="Seconds of processor time, as the library grows",
        across="loans, a tenth of them at a step",
        lines={
            shown: [(loans, found[name].processor) for loans, found in all_found.items()]
            for name, shown in names.items()
        },
    )
    rows = [
        [f"{loans:,}", *(f"{found[name].processor / Size(loans=loans).today * 1e6:.0f} µs" for name in names)]
        for loans, found in sorted(all_found.items())
    ]
    parts = [
        f"Of {loans:,} loans the first {found['compose'].done:,} of {found['scan'].done:,} letters were composed."
        for loans, found in sorted(all_found.items())
        if found["compose"].done < found["scan"].done
    ]
    return [
        "![Seconds of processor time, as the library grows](scan.svg)",
        "",
        "Processor time for each loan at a step, as the library grows:",
        "",
        *table(["loans", *names.values()], rows),
        "",
        *parts,
    ]


def keep(found: dict[int, dict[str, Measured]], *, quick: bool) -> None:
    """The largest library that all contenders met as a table; how it grows as another, and drawn."""
    largest = max((loans for loans, each in found.items() if "loop" in each), default=max(found))
    more = growth(found) if len(found) > 1 else []
    write(
        "Scan and compose",
        [*lines(found[largest], loans=largest), "", *more, "", *([] if quick else [STORY])],
        quick=quick,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one small library, in half a minute")
    parser.add_argument("--loans", type=int, nargs="*", help="sizes to measure")
    parser.add_argument("--be", choices=list(CONTENDERS), help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="compose for so long only")
    options = parser.parse_args()
    if options.be:
        be(options.be)
        return
    sizes = options.loans or (QUICK if options.quick else SIZES)
    with installation():
        from django.db import connection

        connection.close()  # a database that somebody uses cannot be copied
        url = os.environ["DATABASE_URL"]
        found = {loans: compare(url, loans=loans, seconds=options.seconds) for loans in sizes}
    keep(found, quick=options.quick)


if __name__ == "__main__":
    main()
