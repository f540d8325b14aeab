"""One, two and four worker containers over one PostgreSQL and one Redis, and one of them cut off from the network.

``python -m benchmarks.containers`` needs a Docker engine, ``docker compose`` or ``docker-compose``, and the images of
docker-compose.yml: ``docker compose build`` makes ours; where no registry of images can be reached, so does
``benchmarks/stand_in_images.sh``. It starts the services of that file under a project name of its own, publishes no
port, and removes everything again. Writes the section *Containers* of RESULTS.md, in about six minutes; no part of
``make bench``, because it needs an engine.

What happened is told by a mail server in the same network (``benchmarks.witness``), by Message-ID; what the program
believes is asked of its database. A statement that does not hold is printed as such, and the exit code is 1.
"""

import os
import subprocess
import sys
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeVar

from benchmarks import results

ROOT = Path(__file__).resolve().parent.parent
PROJECT = "library-benchmark"
HAND, WITNESS, BOOK = f"{PROJECT}-hand", f"{PROJECT}-witness", "/tmp/book"
ENVIRONMENT = {
    "SECRET_KEY": "a key for an hour, and for letters that nobody reads",
    "POSTGRES_PASSWORD": "library",
    "LIBRARY_TIME_ZONE": "UTC",
}

SCALES = (1, 2, 4)
LOANS = 40_000
PACE = 60
"""Messages a minute while the throttle is watched."""
PHASES = (12, 62, 58)
"""Seconds with one, two and four containers: the batch of each minute goes out under another number of them."""
TO_SEND, CUT_AT, ALONE = 8_000, 2_000, 500
PATIENCE = 180


Figures = TypeVar("Figures")


class TooLateError(Exception):
    """Something that had to happen did not."""


# The containers -------------------------------------------------------------------------------------------------------


def run(*command: str) -> str:
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **ENVIRONMENT}, check=False, text=True, capture_output=True
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def compose(*words: str) -> str:
    return run(*_compose(), "--project-name", PROJECT, *words)


@cache
def _compose() -> list[str]:
    """The plugin of today's Docker, or the program of its own that Debian has."""
    for command in (["docker", "compose"], ["docker-compose"]):
        try:
            if not subprocess.run([*command, "version"], check=False, capture_output=True).returncode:
                return command
        except FileNotFoundError:
            continue
    sys.exit("Docker and its compose are needed: on Debian and Ubuntu, apt install docker.io docker-compose.")


@contextmanager
def stack() -> Iterator[None]:
    """Database, broker and the one-shot service; a hand that does as it is told inside; a witness. No worker yet."""
    _clear()
    try:
        compose("up", "--detach", "db", "redis")
        compose("run", "--rm", "ready")
        for name, command in ((HAND, ["sleep", "3600"]), (WITNESS, ["python", "-m", "benchmarks.witness", BOOK])):
            mounted = f"{ROOT / 'benchmarks'}:/app/benchmarks:ro"
            compose("run", "--detach", "--no-deps", "--name", name, "--volume", mounted, "beat", *command)
        yield
    finally:
        _clear()


def _clear() -> None:
    subprocess.run(["docker", "rm", "--force", HAND, WITNESS], check=False, capture_output=True)
    compose("down", "--volumes", "--timeout", "2")


def hand(verb: str, *words: object) -> str:
    return run("docker", "exec", HAND, "python", "-m", "benchmarks.inside", verb, *map(str, words))


def scale(*, gateway: int = 0, worker: int = 0) -> None:
    """So many containers of each, and two beats, ready to work."""
    for service, number in (("gateway", gateway), ("worker", worker), ("beat", 2)):
        compose("up", "--detach", "--no-deps", "--no-recreate", "--scale", f"{service}={number}", service)
    hand("wait", gateway + worker)


def gateways() -> list[str]:
    """Ids of their containers, as long as the names with which they greet."""
    return [line[:12] for line in compose("ps", "--quiet", "gateway").split()]


@cache
def _database() -> str:
    return compose("ps", "--quiet", "db").strip()


def sql(statement: str) -> list[list[str]]:
    password = f"PGPASSWORD={ENVIRONMENT['POSTGRES_PASSWORD']}"
    words = [
        "psql",
        "--host=127.0.0.1",
        "--username=library",
        "--quiet",
        "--no-align",
        "--tuples-only",
        "-F",
        "\t",
        "-c",
    ]
    return [
        line.split("\t") for line in run("docker", "exec", "-e", password, _database(), *words, statement).splitlines()
    ]


def figure(statement: str) -> float:
    return float(sql(statement)[0][0] or 0)


def until(true: Callable[[], bool], *, what: str, every: float = 1.0) -> float:
    """When it became true. Raises TooLateError."""
    late = time.time() + PATIENCE
    while not true():
        if time.time() > late:
            raise TooLateError(what)
        time.sleep(every)
    return time.time()


# What happened, and what the program believes -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Copy:
    """A letter that the witness took."""

    at: float
    sender: str
    message_id: str


@dataclass
class Witnessed:
    """What arrived since this was made."""

    _skipped: int = field(default_factory=lambda: len(_book()))

    @property
    def copies(self) -> list[Copy]:
        found = []
        for line in _book()[self._skipped :]:
            at, sender, message_id = line.split()
            found.append(Copy(float(at), sender, message_id))
        return sorted(found, key=lambda copy: copy.at)

    @property
    def count(self) -> int:
        return int(run("docker", "exec", WITNESS, "wc", "-l", BOOK).split()[0]) - self._skipped


def _book() -> list[str]:
    return run("docker", "exec", WITNESS, "sh", "-c", f"cat {BOOK}").splitlines()


@dataclass(frozen=True, kw_only=True)
class Truth:
    """The outbox beside what arrived: letters, not attempts."""

    letters: int
    arrived: int
    twice: int
    lost: int
    unfinished: int
    in_doubt: int
    silent: int
    """Arrived more than once without having been marked *maybe sent*."""

    @property
    def is_clean(self) -> bool:
        return not (self.twice or self.lost or self.silent or self.unfinished)

    @property
    def sentence(self) -> str:
        return (
            f"{self.letters:,} letters: {self.arrived:,} arrived, {self.twice} of them twice, {self.lost} lost, "
            f"{self.in_doubt} in doubt and marked *maybe sent*"
        )


def truth(copies: Sequence[Copy]) -> Truth:
    rows = sql("SELECT message_id, state, times_uncertain FROM smtp_gateway_outboundmessage")
    arrived = Counter(copy.message_id for copy in copies)
    marked = {message_id for message_id, _, times in rows if int(times)}
    return Truth(
        letters=len(rows),
        arrived=len(arrived),
        twice=sum(1 for count in arrived.values() if count > 1),
        lost=sum(1 for message_id, state, _ in rows if state == "sent" and not arrived[message_id]),
        unfinished=sum(1 for _, state, _ in rows if state not in {"sent", "uncertain"}),
        in_doubt=len(marked),
        silent=sum(1 for message_id, count in arrived.items() if count > 1 and message_id not in marked),
    )


def most_in_a_minute(moments: Sequence[float]) -> int:
    """In any sixty seconds, wherever they begin."""
    ordered = sorted(moments)
    return max((number + 1 - bisect_left(ordered, at - 60 + 1e-6) for number, at in enumerate(ordered)), default=0)


# The gateway's settings -----------------------------------------------------------------------------------------------

FORGET = """
    DELETE FROM notices_line WHERE letter_id IN
        (SELECT id FROM notices_letter WHERE run_id IN (SELECT id FROM notices_run WHERE day = current_date));
    DELETE FROM notices_letter WHERE run_id IN (SELECT id FROM notices_run WHERE day = current_date);
    DELETE FROM notices_notice WHERE run_id IN (SELECT id FROM notices_run WHERE day = current_date);
    DELETE FROM notices_run WHERE day = current_date;
    DELETE FROM smtp_gateway_dailylog;
    DELETE FROM smtp_gateway_gatewayevent;
    DELETE FROM smtp_gateway_deliveryattempt;
    DELETE FROM smtp_gateway_outboundmessage"""
"""Today has not happened yet."""

OFF = """
    UPDATE notices_runsettings SET enabled = false;
    UPDATE smtp_gateway_gateway SET state = 'stopped', stop_cause = 'person'"""


def begin_again() -> None:
    sql(OFF)
    sql(FORGET)


def turn_on(*, messages: int, connections: int) -> None:
    sql(
        f"UPDATE smtp_gateway_gateway SET state = 'on', stop_cause = '', host = '{WITNESS}', port = 1025,"
        f" security = 'none', from_address = 'library@banksia.example', daily_log_at = '23:59',"
        f" minutes_between_checks = 1, messages_each_check = {messages}, connections = {connections}"
    )


def on_the_way() -> float:
    return figure("SELECT count(*) FROM smtp_gateway_outboundmessage WHERE state IN ('waiting', 'sending')")


# What is measured -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Morning:
    """The daily run and its post, by so many containers of each kind."""

    containers: int
    ticks: int
    runs: int
    letters: int
    writing: float
    sending: float
    senders: int
    truth: Truth


def morning(containers: int) -> Morning:
    """Everybody is told at the same moment that it may be time; then the post goes."""
    begin_again()
    scale(gateway=containers, worker=containers)
    ticks = containers * 8
    sql("UPDATE notices_runsettings SET enabled = true")
    hand("ticks", "notices.scan_if_due", ticks)
    today = "FROM notices_run WHERE by_clock AND day = current_date"
    until(lambda: figure(f"SELECT count(*) {today} AND finished_at IS NOT NULL") > 0, what="a daily run")
    until(
        lambda: not figure("SELECT count(*) FROM notices_letter WHERE state = 'planned'"),
        what="all letters are written",
    )
    seen = Witnessed()
    turn_on(messages=100_000, connections=containers)
    hand("ticks", "smtp_gateway.check", containers)
    until(lambda: not on_the_way(), what="all letters are sent")
    copies = seen.copies
    return Morning(
        containers=containers,
        ticks=ticks,
        runs=int(figure(f"SELECT count(*) {today}")),
        letters=len(copies),
        writing=figure(
            "SELECT extract(epoch FROM max(written_at) - min(started_at)) FROM notices_letter letter"
            " JOIN notices_run run ON run.id = run_id WHERE by_clock AND run.day = current_date"
        ),
        sending=copies[-1].at - copies[0].at,
        senders=len({copy.sender for copy in copies}),
        truth=truth(copies),
    )


@dataclass(frozen=True, kw_only=True)
class Throttled:
    """What arrived while the number of containers changed."""

    arrived: list[tuple[int, int, int]]
    """Containers, letters, how many of the containers sent them."""
    at_the_witness: int
    begun: int
    """The most attempts begun in any minute, by the database's clock."""
    minutes: float


def throttle() -> Throttled:
    begin_again()
    hand("letters", PACE * 5)
    scale(gateway=SCALES[0])
    seen, phases = Witnessed(), []
    turn_on(messages=PACE, connections=SCALES[-1])
    run("docker", "exec", "--detach", HAND, "python", "-m", "benchmarks.inside", "clock", "smtp_gateway.check", "150")
    began = time.time()
    for containers, until_then in zip(SCALES, _ends(began), strict=True):
        if containers != SCALES[0]:
            scale(gateway=containers)
        time.sleep(max(until_then - time.time(), 0))
        phases.append(time.time())
    sql(OFF)
    copies = seen.copies
    attempts = sql("SELECT extract(epoch FROM started_at) FROM smtp_gateway_deliveryattempt")
    arrived = []
    for containers, first, last in zip(SCALES, [began, *phases], [*phases[:-1], time.time()], strict=False):
        these = [copy for copy in copies if first <= copy.at < last]
        arrived.append((containers, len(these), len({copy.sender for copy in these})))
    return Throttled(
        arrived=arrived,
        at_the_witness=most_in_a_minute([copy.at for copy in copies]),
        begun=most_in_a_minute([float(at) for (at,) in attempts]),
        minutes=(phases[-1] - began) / 60,
    )


def _ends(began: float) -> list[float]:
    return [began + sum(PHASES[: number + 1]) for number in range(len(PHASES))]


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Of two containers one lost the network. Seconds count from the cut, and after the return from there."""

    arrived_before: int
    others_done: float
    noticed: float
    back: float
    alone: int
    truth: Truth


def cut() -> Cut:
    """In the middle of the post one of two loses the network, comes back when that was noticed, and sends alone."""
    begin_again()
    hand("letters", TO_SEND)
    scale(gateway=2)
    lost, other = gateways()
    seen = Witnessed()
    turn_on(messages=100_000, connections=2)
    hand("ticks", "smtp_gateway.check", 2)
    until(lambda: seen.count >= CUT_AT, what="a quarter is sent", every=0.2)
    run("docker", "network", "disconnect", f"{PROJECT}_default", lost)
    began, before = time.time(), seen.count
    recovered = "FROM smtp_gateway_gatewayevent WHERE action = 'recovered'"
    until(lambda: figure(f"SELECT count(*) {recovered}") > 0, what="the loss is noticed")
    run("docker", "network", "connect", f"{PROJECT}_default", lost)
    returned = time.time()
    hand("wait", 2)
    back = time.time() - returned
    others_done = max(copy.at for copy in seen.copies if copy.at < began + 60) - began
    run("docker", "stop", other)
    stopped = time.time()
    hand("letters", TO_SEND + ALONE)
    until(lambda: not on_the_way(), what="the container that returned sends alone")
    copies = seen.copies
    return Cut(
        arrived_before=before,
        others_done=others_done,
        noticed=figure(f"SELECT extract(epoch FROM max(at)) {recovered}") - began,
        back=back,
        alone=sum(1 for copy in copies if copy.at > stopped),
        truth=truth(copies),
    )


# What is said ---------------------------------------------------------------------------------------------------------


def statements(mornings: Sequence[Morning], held: Throttled, lost: Cut) -> dict[str, bool]:
    """What has to hold, and whether it did."""
    one_run = all(each.runs == 1 for each in mornings)
    the_same = len({each.letters for each in mornings}) == 1
    all_clear = all(each.truth.is_clean and not each.truth.in_doubt for each in mornings)
    never_more = max(held.begun, held.at_the_witness) <= PACE
    survived = lost.truth.is_clean and lost.truth.in_doubt <= 1
    return {
        "Whatever number of workers was told at once, by ticks and by two beats, there was one daily run.": one_run,
        "Each morning wrote as many letters; each arrived once, none was lost or in doubt.": the_same and all_clear,
        f"In no minute more than {PACE} letters were begun, or arrived, with one, two or four containers.": never_more,
        "Cut off: nothing was lost, nothing came twice, and at most the letter on the wire is in doubt.": survived,
        "The container that was cut off found its way back by itself.": lost.alone >= ALONE,
    }


def report(mornings: Sequence[Morning], held: Throttled, lost: Cut) -> list[str]:
    engine, database = (
        run("docker", "version", "--format", "{{.Server.Version}}").strip(),
        sql("SHOW server_version")[0][0],
    )
    broker = compose("exec", "-T", "redis", "redis-server", "--version").split()[2].removeprefix("v=")
    true = statements(mornings, held, lost)
    return [
        f"The services of docker-compose.yml: Docker {engine}, PostgreSQL {database}, Redis {broker}.",
        "",
        "### A morning",
        "",
        f"{LOANS:,} loans, a tenth of them due. All ticks of the daily run come at the same moment; then the post",
        "goes, as fast as it can, with one connection for each container. Letters are counted by the mail server.",
        "",
        *morning_table(mornings),
        "",
        *BOUND,
        "",
        f"### The throttle: {PACE} a minute, while four ticks come every second",
        "",
        *results.table(("containers", "letters that arrived", "containers that sent them"), held.arrived),
        "",
        f"Most in any minute: {held.begun} begun by the database's clock, {held.at_the_witness} arrived.",
        "",
        "### One of two containers loses its network, and gets it back",
        "",
        f"{lost.arrived_before:,} of {TO_SEND:,} letters had arrived; the other container sent the rest in"
        f" {lost.others_done:.0f} s.",
        f"{lost.noticed:.0f} s after the cut PostgreSQL had given up the lost session, and what was in hand was put",
        f"right. The network came back; {lost.back:.0f} s later the container answered. The other was stopped, and the",
        f"last {lost.alone:,} letters went out by the one that had been lost.",
        f"{lost.truth.sentence}.",
        "",
        *CUT_OFF,
        "",
        *(f"- {'Yes' if holds else '**No**'}: {what}" for what, holds in true.items()),
    ]


def morning_table(mornings: Sequence[Morning]) -> list[str]:
    head = ("containers of a kind", "ticks", "daily runs", "letters", "written/s", "sent/s", "sent by", "twice", "lost")
    rows = [
        (
            each.containers,
            each.ticks,
            each.runs,
            f"{each.letters:,}",
            f"{each.letters / each.writing:,.0f}",
            f"{each.letters / each.sending:,.0f}",
            each.senders,
            each.truth.twice,
            each.truth.lost,
        )
        for each in mornings
    ]
    return results.table(head, rows)


BOUND = """\
All containers share this machine's cores with PostgreSQL, Redis and the mail server: beyond the cores more of them
bring no more letters, only somebody who goes on when one is lost.
""".splitlines()

CUT_OFF = """\
That a loss is noticed within a minute is set with each database session, at both ends (`DATABASES` in
`library/settings.py`). Before it was, the lost container's slot, and up to fifty letters that it had reserved, stayed
with it for the whole lease of 41 minutes: the kernel asks after a silent machine only after two hours, and waits a
quarter of an hour for an answer that is under way.
""".splitlines()


def main() -> int:
    with stack():
        hand("morning", LOANS)
        mornings = [said(morning(containers)) for containers in SCALES]
        held = said(throttle())
        lost = said(cut())
        lines = report(mornings, held, lost)
    results.write("Containers", lines)
    sys.stdout.write("\n".join([*lines, ""]))
    return 0 if all(statements(mornings, held, lost).values()) else 1


def said(figures: Figures) -> Figures:
    """On the screen at once, for somebody who waits."""
    sys.stdout.write(f"{figures}\n")
    sys.stdout.flush()
    return figures


if __name__ == "__main__":
    sys.exit(main())
