"""Where contenders for the outbox meet: one PostgreSQL, one Valkey, and the same rows to begin with, each time."""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2

from benchmarks import sink
from benchmarks.processes import Program
from library.embedded import Address, Postgres, Valkey, free_port

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """Somebody who sends; its programs are in ``benchmarks.contenders``."""

    name: str
    queue: str = ""
    """Whose rows it begins with; none: it has no queue."""
    connections: int = 1
    copies: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)
    ends_by_itself: bool = True

    @property
    def is_ours(self) -> bool:
        return self.queue == "ours"

    @property
    def is_a_limit(self) -> bool:
        return not self.queue


class Arena:
    """The servers that all share, and a way to begin from the same state again and again."""

    def __init__(self, folder: Path, *, python: str) -> None:
        self.folder = folder
        self.database = Postgres(
            folder=folder / "postgresql", address=Address(port=free_port(), password=secrets.token_urlsafe(16))
        )
        self.broker = Valkey(
            folder=folder / "valkey", address=Address(port=free_port(), password=secrets.token_urlsafe(16))
        )
        self._python = python
        self._filled: set[str] = set()
        self._sinks = 0

    @contextmanager
    def sink(self, *, late: float = 0.0, keeps: bool = False) -> Iterator[sink.Sink]:
        self._sinks += 1
        with sink.running(self.folder / f"sink-{self._sinks}", late=late, keeps=keeps) as running_sink:
            yield running_sink

    def begin(self, contender: Contender, *, letters: int) -> None:
        """Fresh rows, as vacuumed and analysed as a database at rest; a broker that holds only what belongs to them."""
        if not contender.queue:
            return
        template = f"{contender.queue}_{letters}"
        if template not in self._filled or contender.queue == "celery":
            self._say(f"DROP DATABASE IF EXISTS {template}", f"CREATE DATABASE {template}")
            self._fill(contender, letters, template)
            self._filled.add(template)
        self._say(
            "DROP DATABASE IF EXISTS race", f"CREATE DATABASE race TEMPLATE {template} STRATEGY file_copy", "CHECKPOINT"
        )

    def _fill(self, contender: Contender, letters: int, database: str) -> None:
        command = self._command(contender, "fill")
        environment = self._environment(contender, letters=letters, port=1, database=database)
        subprocess.run(command, env={**os.environ, **environment}, check=True)
        self._say("VACUUM ANALYZE", database=database)

    def programs(self, contender: Contender, *, letters: int, port: int, **more: str) -> list[Program]:
        environment = {**self._environment(contender, letters=letters, port=port, database="race"), **more}
        command = self._command(contender, "send")
        return [Program(command=command, environment=environment) for _ in range(contender.copies)]

    def _command(self, contender: Contender, what: str) -> list[str]:
        if contender.is_ours:
            return [sys.executable, "-m", "benchmarks.contenders.ours", what]
        if contender.is_a_limit:
            return [sys.executable, "-m", "benchmarks.contenders.smtp_loop"]
        return [self._python, "-m", "benchmarks.contenders.peers", what, contender.queue]

    def _environment(self, contender: Contender, *, letters: int, port: int, database: str) -> dict[str, str]:
        return {
            "DATABASE_URL": self._url(database),
            "REDIS_URL": self.broker.address.redis_url,
            "DJANGO_SETTINGS_MODULE": "library.settings" if contender.is_ours else "",
            "LIBRARY_VAR": str(self.folder / "var"),
            "LOCK": str(self.folder / "lock"),
            "SINK_PORT": str(port),
            "MESSAGES": str(letters),
            "CONNECTIONS": str(contender.connections),
            **contender.environment,
        }

    def _url(self, database: str) -> str:
        return f"{self.database.address.database_url.rpartition('/')[0]}/{database}"

    @contextmanager
    def _session(self, database: str) -> "Iterator[psycopg2.extensions.cursor]":
        session = psycopg2.connect(self._url(database))
        session.autocommit = True
        with closing(session), session.cursor() as cursor:
            yield cursor

    def _say(self, *statements: str, database: str = "postgres") -> None:
        with self._session(database) as cursor:
            for statement in statements:
                cursor.execute(statement)

    def count(self, table: str, *, where: str) -> int:
        """Rows after a race."""
        with self._session("race") as cursor:
            cursor.execute(f"SELECT count(*) FROM {table} WHERE {where}")
            return int(cursor.fetchall()[0][0])

    def unlock(self) -> None:
        """Lock files that somebody left who was cut off."""
        for left in self.folder.glob("lock*"):
            left.unlink()


def peers_python() -> str:
    """The interpreter of an environment of the peers' own; made on first use."""
    wanted = HERE / "requirements-peers.txt"
    folder = HERE.parent / "var" / "benchmark-peers"
    stamp = folder / wanted.name
    if not stamp.exists() or stamp.read_text() != wanted.read_text():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        options = ["-qq", "--disable-pip-version-check", "--no-input"]
        python = [str(folder / "bin" / "python"), "-m"]
        subprocess.run([*python, "pip", "install", *options, "-r", str(wanted)], check=True)
        stamp.write_text(wanted.read_text())
    return str(folder / "bin" / "python")
