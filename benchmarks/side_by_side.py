"""Who empties an outbox how fast, side by side: ours, what others use, and two limits without any queue.

``python -m benchmarks.side_by_side`` sends 2,000 and 20,000 letters (text 1.2 kB, HTML 3 kB) to Postfix's
``smtp-sink``, next door and 20 ms away, and cuts each sender off in the middle. All share one PostgreSQL, whose rows
are analysed before each race. Writes the section *Drain* of RESULTS.md and its plot.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import plot, results, sink
from benchmarks.arena import Arena, Contender, peers_python
from benchmarks.processes import Memory, Program, cpu_seconds
from library.embedded import running

LATE = 0.02
PLOT = Path(__file__).with_name("drain.svg")
QUIET = 8.0
"""Seconds without a letter after which somebody who never ends by itself has nothing more to send."""


OURS = [
    Contender(name=f"ours, {count} slot{'s' * (count > 1)}", queue="ours", connections=count, copies=count)
    for count in (1, 2, 4)
]
SMTPLIB = Contender(name="smtplib in a loop")
LIMITS = [
    Contender(name="smtp-source, 1 session"),
    Contender(name="smtp-source, 10 sessions", connections=10),
    SMTPLIB,
]
TUNED = Contender(
    name="django-post-office, tuned",
    queue="post_office",
    connections=20,
    environment={"BATCH": "2000", "PROCESSES": "2", "THREADS": "10"},
)
PEERS = [
    Contender(name="django-post-office", queue="post_office", connections=5),
    TUNED,
    Contender(name="Celery, a task a letter", queue="celery", connections=2, ends_by_itself=False),
    Contender(name="django-mailer", queue="mailer"),
]
FEW = 300
SLOW_FAR_AWAY = {"Celery, a task a letter", "django-mailer", "smtp-source, 1 session", "smtplib in a loop"}
"""Who sends fewer than 15 letters a second when every reply is late: 2,000 would take each of them minutes."""

FAR_AWAY = f"""\
Where {FEW} arrived, {FEW} were queued: who waits for several replies a letter on one connection sends at the same rate
however many there are, and 2,000 take up to five minutes. 20,000 were sent by two only, for the same reason.
""".splitlines()

WHAT_BOUNDS_IT = """\
### What bounds it

Ours writes one commit for each letter, before its text goes out; that is why a cut leaves at most one letter in doubt
on each connection, and none without a mark. The commit changes three rows and no index (with room beside each row all
such updates are HOT); outcomes and attempts are written fifty at once. Of PostgreSQL's processor, in a quiet moment:
0.11 ms for the commit (0.05 is the floor for one row of one column, 0.03 the disk), 0.025 for reserving, 0.045 for
settling. django-post-office writes once for a whole batch, and is why a cut repeats the batch. Twice its rate would
leave 0.4 ms of two cores for a letter, Python and SMTP included: a commit for each leaves no room for that.

What the profile said, and what was done: a third of PostgreSQL's work was indexes that an update of the state had to
write; now how far a letter has come stands in a column that no index knows. A condition that implied a partial index
made PostgreSQL scan what is being sent, full of dead rows, instead of using the key. Django's cursor around the one
commit took 0.02 ms, remembered verdicts and domains save another 0.02, and a text and its dot share a packet.

Tried, and not worth it: contents out of line (they are 660 bytes after compression); a journal table without an index
(as quick as the marks, and a second truth); marks in the connection's row (0.025 ms less, but a letter could be taken
back after its address was said); no mark of what the server took (0.02 ms less, but a cut would forget what it said);
one UPDATE instead of three for the settled, the sent-out and the begun letter; fewer check constraints.
""".splitlines()
"""Profiled with real-time priority, 3,000 letters; measure again when ``smtp_gateway.ledger`` changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """One contender, once."""

    contender: Contender
    letters: int
    seconds: float
    cpu: float
    database_cpu: float
    each: float
    together: float
    arrived: int

    @property
    def rate(self) -> float:
        return self.arrived / self.seconds


def race(arena: Arena, contender: Contender, *, letters: int, late: float = 0.0) -> Race:
    arena.begin(contender, letters=letters)
    arena.unlock()
    with arena.sink(late=late) as server:
        if contender.name.startswith("smtp-source"):
            return _limit(contender, server, letters=letters)
        programs = arena.programs(contender, letters=letters, port=server.port)
        for program in programs:
            program.get_ready()
        assert arena.database.process is not None
        before = cpu_seconds(arena.database.process.pid)
        with Memory([program.process.pid for program in programs]) as memory:
            began = time.perf_counter()
            for program in programs:
                program.go()
            _until_over(contender, programs, server, letters=letters)
            seconds = time.perf_counter() - began
        for program in programs:
            program.stop()
        return Race(
            contender=contender,
            letters=letters,
            seconds=seconds,
            cpu=sum(program.cpu for program in programs),
            database_cpu=cpu_seconds(arena.database.process.pid) - before,
            each=memory.each,
            together=memory.together,
            arrived=server.count,
        )


def _limit(contender: Contender, server: sink.Sink, *, letters: int) -> Race:
    """Postfix's own load generator, which keeps its connections."""
    assert sink.SOURCE is not None
    command = [sink.SOURCE, "-d", "-s", str(contender.connections), "-m", str(letters), "-l", "4900"]
    command += ["-f", "library@banksia.example", "-t", "reader@families.example", f"127.0.0.1:{server.port}"]
    program = Program(command=command, environment={})
    began = time.perf_counter()
    program.start()
    with Memory([program.process.pid]) as memory:
        while not program.has_ended():
            time.sleep(0.001)
        seconds = time.perf_counter() - began
    return Race(
        contender=contender, letters=letters, seconds=seconds, cpu=program.cpu, database_cpu=0.0,
        each=memory.each, together=memory.together, arrived=server.count,
    )  # fmt: skip


def _until_over(contender: Contender, programs: Sequence[Program], server: sink.Sink, *, letters: int) -> None:
    """All have ended; or, where one never does, all letters arrived, or none did for a while."""
    count, changed = server.count, time.monotonic()
    while _running(programs):
        if not contender.ends_by_itself:
            now = server.count
            if now >= letters:
                return
            count, changed = (now, time.monotonic()) if now != count else (count, changed)
            if time.monotonic() - changed > QUIET:
                return
        time.sleep(0.005)


def _running(programs: Sequence[Program]) -> bool:
    """Asks every one: each keeps its bill when it has ended."""
    ended = [program.has_ended() for program in programs]
    return not all(ended)


def cut_off(arena: Arena, contender: Contender, *, letters: int) -> tuple[int, int, str]:
    """All its processes get SIGKILL when half is out, and it is started again: how many came twice, how many never.

    Ours waits 30 minutes before it tries again what it calls *maybe sent*; here a minute of the second start is short.
    """
    arena.begin(contender, letters=letters)
    arena.unlock()
    with arena.sink(keeps=True) as server:
        programs = arena.programs(contender, letters=letters, port=server.port)
        for program in programs:
            program.get_ready()
        for program in programs:
            program.go()
        while server.count < letters / 2 and _running(programs):
            time.sleep(0.001)
        for program in programs:
            program.stop(signal.SIGKILL)
        count = server.count
        _again(arena, contender, server, letters=letters)
        said = ""
        if contender.queue == "mailer" and server.count == count:
            said = "sent nothing until its lock file was removed"
            arena.unlock()
            _again(arena, contender, server, letters=letters)
        copies = Counter(server.recipients())
    twice = sum(copies.values()) - len(copies)
    if contender.is_ours:
        marked = arena.count("smtp_gateway_outboundmessage", where="times_uncertain > 0")
        said = "each was marked *maybe sent* first" if marked >= twice else "some without a mark"
    return twice, letters - len(copies), said


def _again(arena: Arena, contender: Contender, server: sink.Sink, *, letters: int) -> None:
    programs = arena.programs(contender, letters=letters, port=server.port, MINUTE="0.1")
    for program in programs:
        program.get_ready()
    for program in programs:
        program.go()
    _until_over(contender, programs, server, letters=letters + 1)
    for program in programs:
        program.stop()


def table(races: Sequence[Race]) -> list[str]:
    """The best of each contender's races, the limits last."""
    peers = [each.rate for each in races if not each.contender.is_ours and not each.contender.is_a_limit]
    best_peer = max(peers, default=0.0)
    rows = [
        (
            each.contender.name,
            each.contender.connections,
            f"{each.rate:,.0f}",
            f"{each.rate / each.contender.connections:,.0f}",
            f"{each.rate / best_peer:.1f}" if best_peer else "",
            f"{each.cpu:.1f}",
            f"{each.database_cpu:.1f}" if each.contender.queue else "",
            f"{each.each:.0f}",
            f"{each.together:.0f}",
            f"{each.arrived:,}",
        )
        for each in races
    ]
    head = (
        "", "connections", "letters/s", "a connection", "× best peer", "CPU s", "PostgreSQL CPU s", "MB a process",
        "MB in all", "arrived",
    )  # fmt: skip
    return results.table(head, rows)


def best(races: Sequence[Race]) -> list[Race]:
    """The quickest race of each contender, in the order in which they first ran."""
    names = dict.fromkeys(each.contender.name for each in races)
    return [max((each for each in races if each.contender.name == name), key=lambda each: each.rate) for name in names]


def measure(arena: Arena, contenders: Sequence[Contender], *, letters: int, late: float, rounds: int) -> list[Race]:
    races = []
    for _ in range(rounds):
        for contender in contenders:
            done = race(arena, contender, letters=letters, late=late)
            say(f"{contender.name:<28}{letters:>8,}{done.rate:>10,.0f}/s{done.cpu:>8.1f} s{done.each:>6.0f} MB")
            races.append(done)
    return best(races)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def cut_off_table(arena: Arena, contenders: Sequence[Contender], *, letters: int, times: int) -> list[str]:
    rows = []
    for contender in contenders:
        found = [cut_off(arena, contender, letters=letters) for _ in range(times)]
        say(f"{contender.name:<28}{letters:>8,}  twice, never, word: {found}")
        twice, never, words = zip(*found, strict=True)
        rows.append((contender.name, _from_to(twice), _from_to(never), ", ".join(dict.fromkeys(filter(None, words)))))
    return results.table(("", "came twice", "never came", ""), rows)


def _from_to(figures: Sequence[int]) -> str:
    return f"{min(figures):,}" if min(figures) == max(figures) else f"{min(figures):,} to {max(figures):,}"


def draw(races: Sequence[Race]) -> None:
    kinds = {True: "ours", False: "peer"}
    values = [
        (each.contender.name, each.rate, "limit" if each.contender.is_a_limit else kinds[each.contender.is_ours])
        for each in races
        if each.contender.name == SMTPLIB.name or not each.contender.is_a_limit
    ]
    title = f"{races[0].letters:,} letters to a server next door, letters a second"
    plot.bars(PLOT, title=title, unit="/s", values=values)


def quick(arena: Arena) -> list[str]:
    """Everybody once, next door; and the two that matter, far away."""
    near = measure(arena, [*OURS, *PEERS, *LIMITS], letters=500, late=0, rounds=1)
    far = measure(arena, [OURS[0], SMTPLIB], letters=50, late=LATE, rounds=1)
    return ["500 letters, next door.", "", *table(near), "", "50 letters, every reply 20 ms late.", "", *table(far)]


def whole(arena: Arena) -> list[str]:
    lines = []
    for letters, rounds in ((2_000, 2), (20_000, 1)):
        near = measure(arena, [*OURS, *PEERS, *LIMITS], letters=letters, late=0, rounds=rounds)
        lines += [f"### {letters:,} letters, next door", "", *table(near), ""]
    draw(near)
    lines += [f"![Letters a second]({PLOT.name})", ""]
    everybody = [*OURS, *PEERS, *LIMITS]
    few = [each for each in everybody if each.name in SLOW_FAR_AWAY]
    far = measure(arena, [each for each in everybody if each not in few], letters=2_000, late=LATE, rounds=1)
    far += measure(arena, few, letters=FEW, late=LATE, rounds=1)
    lines += ["### 2,000 letters, every reply 20 ms late", "", *table(far), "", *FAR_AWAY, ""]
    many = measure(arena, [OURS[-1], TUNED], letters=20_000, late=LATE, rounds=1)
    lines += ["### 20,000 letters, every reply 20 ms late", "", *table(many), ""]
    lines += ["### Cut off by SIGKILL when half of 2,000 were out, and started again", ""]
    lines += [*cut_off_table(arena, [*OURS, *PEERS], letters=2_000, times=2), ""]
    return [*lines, *aims(near, far), "", *WHAT_BOUNDS_IT]


def aims(near: Sequence[Race], far: Sequence[Race]) -> list[str]:
    """What was aimed at, and what these races show; by rates of the same run."""
    ours = [each for each in near if each.contender.is_ours]
    peers = [each for each in near if not each.contender.is_ours and not each.contender.is_a_limit]
    best, peer = max(ours, key=lambda each: each.rate), max(peers, key=lambda each: each.rate)
    late = {each.contender.name: each.rate / each.contender.connections for each in far}
    alone = late[OURS[0].name]
    others = ", ".join(f"{best.rate / each.rate:.1f} × {each.contender.name}" for each in peers if each is not peer)
    return [
        "### Aims",
        "",
        f"- *Twice the best peer*, {best.letters:,} letters: {best.contender.name}, {best.rate / peer.rate:.2f} × "
        f"{peer.contender.name} with {peer.contender.connections} connections; {others}.",
        f"- *Memory flat, under 120 MB*: {max(each.each for each in ours):.0f} MB a process at most.",
        "- *With 20 ms, three times a smtplib connection*: "
        f"{alone:.0f} a second against {late[SMTPLIB.name]:.0f}, each on one connection, "
        f"{alone / late[SMTPLIB.name]:.1f} times.",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="500 letters, once, and 50 far away")
    parser.add_argument("--only", help="print the races of contenders whose name has this; writes no results")
    parser.add_argument("--letters", type=int, default=2000, help="with --only")
    parser.add_argument("--late", type=float, default=0.0, help="with --only: seconds")
    parser.add_argument("--cut-off", action="store_true", help="with --only: by SIGKILL")
    options = parser.parse_args()
    if sink.SINK is None or sink.SOURCE is None:
        sys.exit("smtp-sink and smtp-source are needed: on Debian and Ubuntu, apt install postfix.")
    with tempfile.TemporaryDirectory(prefix="library-benchmark-") as name:
        Path(name).chmod(0o755)  # smtp-sink gives up being root before it writes
        arena = Arena(Path(name), python=peers_python())
        with running(arena.database, arena.broker):
            if options.only is None:
                results.write("Drain", quick(arena) if options.quick else whole(arena), quick=options.quick)
                return
            chosen = [each for each in [*OURS, *PEERS, *LIMITS] if options.only in each.name]
            if options.cut_off:
                cut_off_table(arena, chosen, letters=options.letters, times=1)
            else:
                measure(arena, chosen, letters=options.letters, late=options.late, rounds=2)


if __name__ == "__main__":
    main()
