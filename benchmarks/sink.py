"""Postfix's own ``smtp-sink``, near or far: it takes everything, counts, and can keep whom each letter was for."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import beside
from library.embedded import free_port

WHERE = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
SINK = shutil.which("smtp-sink", path=WHERE)
SOURCE = shutil.which("smtp-source", path=WHERE)

COUNTED = re.compile(rb"mesg=(\d+)")
FOR_WHOM = re.compile(rb"^X-Rcpt-Args: <([^>]+)>", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """A running one. ``port`` is where letters go: its own, or that of the line in front of it."""

    port: int
    folder: Path

    @property
    def count(self) -> int:
        """Letters taken so far."""
        path = self.folder / "counters"
        with path.open("rb") as counters:
            counters.seek(max(path.stat().st_size - 200, 0))
            found = COUNTED.findall(counters.read())
        return int(found[-1]) if found else 0

    def recipients(self) -> list[str]:
        """Whom the letters were for, one for each copy that arrived; only where it keeps them."""
        return [found.decode() for found in FOR_WHOM.findall((self.folder / "letters" / "all").read_bytes())]


@contextmanager
def running(folder: Path, *, late: float = 0.0, keeps: bool = False) -> Iterator[Sink]:
    """``late``: seconds by which every reply is held back. ``keeps``: write the letters down, which takes time."""
    assert SINK is not None
    (folder / "letters").mkdir(parents=True)
    port = free_port()
    command = [SINK, "-c", "-m", "64", "-h", "sink.example"]
    if keeps:
        (folder / "letters").chmod(0o777)  # it gives up being root before it writes
        command += ["-D", str(folder / "letters" / "all")]
    if os.geteuid() == 0:
        command += ["-u", "nobody"]
    with (folder / "counters").open("wb") as counters, beside([*command, f"127.0.0.1:{port}", "128"], stdout=counters):
        time.sleep(0.2)
        if not late:
            yield Sink(port=port, folder=folder)
            return
        line = [sys.executable, "-m", "benchmarks.slow_proxy", str(port), str(late * 1000)]
        with beside(line, stdout=subprocess.PIPE) as proxy:
            assert proxy.stdout is not None
            yield Sink(port=int(proxy.stdout.readline()), folder=folder)
