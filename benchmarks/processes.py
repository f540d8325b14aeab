"""Start programs that are measured, and know what they cost: CPU seconds and memory, children included.

Reads /proc, as only Linux has it. Memory is what is resident, so pages that processes share count in each of them.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from library.embedded import leashed

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
EVERY = 0.1


@dataclass(kw_only=True)
class Program:
    """One that says *ready*, waits for a line, works, and ends. It leads a group of its own, so that all of it dies."""

    command: Sequence[str]
    environment: Mapping[str, str]
    cpu: float = 0.0
    process: subprocess.Popen[bytes] = field(init=False)
    _before: float = field(default=0.0, init=False)

    def start(self, command: Sequence[str] = ()) -> None:
        self.process = subprocess.Popen(
            command or self.command,
            env={**os.environ, **self.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    def get_ready(self) -> None:
        """Raises RuntimeError when it cannot. What this cost is not on its bill; it dies with us."""
        self.start(leashed([*self.command], end_with=signal.SIGKILL))
        assert self.process.stdout is not None
        if self.process.stdout.readline() != b"ready\n":
            self.stop(signal.SIGKILL)
            raise RuntimeError(f"{' '.join(self.command)} did not get ready")
        self._before = cpu_seconds(self.process.pid)

    def go(self) -> None:
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.write(b"go\n")
            self.process.stdin.flush()

    def has_ended(self) -> bool:
        """Keeps what it cost: the kernel tells once."""
        if self.process.returncode is None:
            pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            if pid:
                self.process.returncode = os.waitstatus_to_exitcode(status)
                self.cpu = usage.ru_utime + usage.ru_stime - self._before
        return self.process.returncode is not None

    def stop(self, with_signal: signal.Signals = signal.SIGTERM, *, seconds: float = 20) -> None:
        """The whole group by SIGKILL; else its leader is asked, who knows how to end the others."""
        with suppress(ProcessLookupError):
            if with_signal is signal.SIGKILL:
                os.killpg(self.process.pid, with_signal)
            elif not self.has_ended():
                self.process.send_signal(with_signal)
        until = time.monotonic() + seconds
        while not self.has_ended():
            if time.monotonic() > until:
                os.killpg(self.process.pid, signal.SIGKILL)
            time.sleep(0.01)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()


class Memory:
    """The most that some processes and their children had resident while they were watched."""

    def __init__(self, roots: Sequence[int]) -> None:
        self.each = self.together = 0.0
        self._roots = roots
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._over.set()
        self._watcher.join()

    def _watch(self) -> None:
        self._look()
        while not self._over.wait(EVERY):
            self._look()

    def _look(self) -> None:
        sizes = [_megabytes(pid) for root in self._roots for pid in family(root)]
        self.each = max(self.each, *sizes, 0.0)
        self.together = max(self.together, sum(sizes))


def family(root: int) -> Iterator[int]:
    """A process and all that descend from it."""
    yield root
    with suppress(OSError):
        for thread in Path(f"/proc/{root}/task").iterdir():
            for child in (thread / "children").read_text().split():
                yield from family(int(child))


def cpu_seconds(root: int) -> float:
    """Of a process, of its living children, and of those that it has buried."""
    spent = 0.0
    for pid in family(root):
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            spent += sum(map(int, fields[11:15])) / TICKS
    return spent


def _megabytes(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 2**20
    except OSError:
        return 0.0


@contextmanager
def beside(command: Sequence[str], **more: object) -> Iterator[subprocess.Popen[bytes]]:
    """A helper that runs meanwhile and is ended afterwards."""
    process = subprocess.Popen(command, **more)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
