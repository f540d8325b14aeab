"""A whole installation for journeys: pages, workers, beat, PostgreSQL and Valkey, as ``make run`` starts them.

Without the demonstration library: a journey brings what it needs. Real clocks, real processes, nothing patched.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

from library import secrets
from library.embedded import Address, free_port

PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS, STOP_SECONDS = 120, 90


class System:
    """Everything in a folder and on ports of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.web, self.smtp, self.mailbox, self.postgres, valkey = (free_port() for _ in range(5))
        self.url = f"http://127.0.0.1:{self.web}"
        self.environment = {name: value for name, value in os.environ.items() if not name.endswith("_URL")} | {
            "LIBRARY_VAR": str(folder),
            "LIBRARY_POSTGRES_PORT": str(self.postgres),
            "LIBRARY_VALKEY_PORT": str(valkey),
        }
        self.password = ""

    def start(self, *, demo: bool = False) -> None:
        """Returns when the pages answer; a first start without the demonstration says the password of ``admin``."""
        options = [] if demo else ["--without-demo"]
        ports = ["--web", str(self.web), "--smtp", str(self.smtp), "--mailbox", str(self.mailbox)]
        self._log = (self.folder.parent / "up.log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", "up", *options, *ports],
            cwd=PROJECT,
            env=self.environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert eventually(lambda: self._answers() or self._process.poll() is not None, seconds=START_SECONDS), (
            self.said()
        )
        assert self._process.poll() is None, self.said()
        if found := re.search(r"sign in as admin, password: (\S+)", self.said()):
            self.password = found[1]

    def stop(self) -> None:
        """As Ctrl-C does: everything ends, in order."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(STOP_SECONDS)
        self._log.close()

    def command(self, *arguments: str, given: bytes = b"") -> str:
        """``manage.py`` with these arguments and this on its standard input; what it answers."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=PROJECT, env=self.environment, input=given, capture_output=True, check=True, timeout=60
        )
        return done.stdout.decode()

    @property
    def database_url(self) -> str:
        """For a journey that brings people and loans of its own."""
        password = secrets.kept_in(self.folder / "servers-password")
        return Address(port=self.postgres, password=password).database_url

    def said(self) -> str:
        return (self.folder.parent / "up.log").read_text()

    def _answers(self) -> bool:
        with suppress(OSError, HTTPException), urlopen(f"{self.url}/health/live/", timeout=5) as answer:
            return bool(answer.status == 200)
        return False


def eventually(condition: Callable[[], bool], *, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.2)
    return False
