"""Keeps several programs running, and leaves none behind.

They start in the order given and stop in the opposite one; what was started together is stopped together. One that
ends by itself is started again, with growing pauses. What the programs are and what they are for is the business of
``manage.py up``.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from types import FrameType
from typing import Protocol

from library.embedded import EmbeddedError, leashed

LONGEST_PAUSE = 60.0
SETTLED = 60.0
"""Seconds after which a program that ends is news again, not a repetition."""


class Stop(BaseException):
    """Somebody pressed Ctrl-C, or the machine asked us to end: no error, and no ``except Exception`` may keep it."""


class Part(Protocol):
    """What can be supervised: a program here, a server of ``library.embedded``."""

    @property
    def title(self) -> str: ...

    @property
    def process(self) -> subprocess.Popen[bytes] | None: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


@dataclass(kw_only=True)
class Program:
    """A command in a session of its own, so that a signal to our group reaches us alone and we keep the order."""

    title: str
    command: list[str]
    folder: Path
    stop_seconds: float = 10.0
    """How long it may finish what it is doing after SIGTERM, before SIGKILL."""
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            leashed(self.command),
            cwd=self.folder,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # what matters is said on standard error; Celery chats on the other
            start_new_session=True,
        )

    def stop(self) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(self.stop_seconds)
        with contextlib.suppress(ProcessLookupError):  # it, or children that it forgot
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@dataclass
class _Restart:
    """When a part may start again, and how patient we have become."""

    pause: float = 1.0
    due: float | None = None
    started: float = 0.0


class Supervisor:
    """``with Supervisor(say=print) as supervisor:`` stops everything that it started, whatever happens inside."""

    def __init__(self, *, say: Callable[[str], None], longest_pause: float = LONGEST_PAUSE) -> None:
        self._say = say
        self._longest_pause = longest_pause
        self._running: list[list[tuple[Part, _Restart]]] = []

    def __enter__(self) -> "Supervisor":
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _raise_stop)
        return self

    def __exit__(self, *error: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # the second Ctrl-C must not interrupt the first
        while self._running:
            together = self._running.pop()
            with ThreadPoolExecutor(max_workers=len(together)) as threads:
                list(threads.map(lambda pair: pair[0].stop(), together))

    def start(self, *together: Part) -> None:
        """Start these, and keep them running from now on. Raises EmbeddedError for a server that does not come."""
        self._running.append([(part, _Restart(started=time.monotonic())) for part in together])
        for part in together:
            part.start()

    def watch(self, *, step: float = 0.3) -> None:
        """Restart what ends, until ``Stop`` is raised by a signal."""
        while True:
            for part, restart in chain.from_iterable(self._running):
                self._look_after(part, restart)
            time.sleep(step)

    def _look_after(self, part: Part, restart: _Restart) -> None:
        now = time.monotonic()
        if restart.due is None and part.process is not None and part.process.poll() is None:
            return
        if restart.due is None:
            if now - restart.started > SETTLED:
                restart.pause = 1.0
            code = part.process.returncode if part.process is not None else None
            self._say(f"{part.title} ended ({_reason(code)}); it starts again in {restart.pause:.0f} s.")
            part.stop()
            restart.due, restart.pause = now + restart.pause, min(restart.pause * 2, self._longest_pause)
        elif now >= restart.due:
            restart.due, restart.started = None, now
            with contextlib.suppress(EmbeddedError):  # it has ended again: the next look says so
                part.start()


def _reason(code: int | None) -> str:
    if code is None:
        return "it could not be started"
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def _raise_stop(number: int, frame: FrameType | None) -> None:
    raise Stop(signal.Signals(number).name)
