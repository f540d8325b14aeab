"""Workers to be killed: one process has Django loaded and forks a worker for each line that it reads.

As Celery's prefork pool does it, so that a hundred killed workers cost a hundred forks and not a hundred imports. A
worker ticks: it calls ``delivery.check``, drops connections that have gone bad, and sleeps for a moment.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
PR_SET_PDEATHSIG = 1


class Worker:
    """A forked worker, by its process id."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def signal(self, number: signal.Signals) -> None:
        if self.is_alive:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL; returns when the process is gone."""
        self.signal(signal.SIGKILL)
        self.wait(10)

    def wait(self, seconds: float) -> None:
        eventually(lambda: not self.is_alive, seconds=seconds, what="the worker ends")

    @property
    def is_frozen(self) -> bool:
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(self.pid)], capture_output=True, text=True, check=False)
        return state.stdout.startswith("T")

    @property
    def is_alive(self) -> bool:
        """The nursery ignores SIGCHLD, so that the kernel buries its children at once."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True


class Nursery:
    """``with Nursery(database_url) as nursery: nursery.fork(pace=…, timeouts=…)``; it leaves nobody behind."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self.workers: list[Worker] = []

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": self._database_url, "DJANGO_SETTINGS_MODULE": "library.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            worker.signal(signal.SIGKILL)
        with self._process:  # closes its input, which it takes as its end
            pass

    def fork(self, *, pace: Any, timeouts: Any, until: float = 0, tick: float = 0.02, **points: str) -> Worker:
        """``until``: tick for so many seconds; 0 is a single check. ``dies`` or ``freezes``: at that killpoint."""
        wishes = {"pace": asdict(pace), "timeouts": asdict(timeouts), "until": until, "tick": tick, "points": points}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(wishes), file=self._process.stdin, flush=True)
        worker = Worker(int(self._process.stdout.readline()))
        self.workers.append(worker)
        return worker

    @property
    def living(self) -> list[Worker]:
        return [worker for worker in self.workers if worker.is_alive]


def eventually(condition: Callable[[], object], *, seconds: float = 20, what: str = "") -> None:
    """Wait until it is so, or fail."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"not within {seconds:g} s: {what or condition}"
        time.sleep(0.005)


def main() -> None:
    import django

    django.setup()
    from django.db import connections

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        connections.close_all()
        pid = os.fork()
        if pid == 0:
            _work(**json.loads(line))
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def _work(*, pace: dict[str, Any], timeouts: dict[str, Any], until: float, tick: float, points: dict[str, str]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    from django.db import Error, close_old_connections

    from smtp_gateway import delivery
    from smtp_gateway.conversation import Timeouts
    from smtp_gateway.pace import Pace
    from tests.faults import killpoints

    for how, point in points.items():
        killpoints.arm(point, {"dies": signal.SIGKILL, "freezes": signal.SIGSTOP}[how])
    own_pace, own_timeouts = Pace(**pace), Timeouts(**timeouts)
    end = time.monotonic() + until
    try:
        while True:
            with suppress(Error):  # as in Celery: the task has failed, the worker lives, the next tick comes
                delivery.check(pace=own_pace, timeouts=own_timeouts)
            close_old_connections()
            if time.monotonic() >= end:
                break
            time.sleep(tick)
    except BaseException:
        traceback.print_exc()  # nobody else would tell
    os._exit(0)


if __name__ == "__main__":
    main()
