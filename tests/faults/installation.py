"""PostgreSQL, Valkey, workers and beat of a test's own, to be stopped hard and started again.

The programs are those of ``manage.py up``, word for word; what the supervisor would do for them is not done here, so
that a test sees whether they come back by themselves.
"""

import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from django.core.management import call_command
from django.db import connection, connections

from library import standing
from library.embedded import Address, Postgres, Server, Valkey, free_port
from library.management.commands import up
from library.settings import database
from library.supervisor import Program

#: A commit must outlive a hard stop; only the machine's own death may cost one here.
IN_NO_HURRY = {"fsync": "off", "max_connections": "60"}


class Installation:
    """``with Installation() as own:``; inside, Django's connections of this process go to its database."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="library-faults-"))
        self.postgres = Postgres(folder=self.folder / "postgresql", address=_address(), settings=IN_NO_HURRY)
        self.valkey = Valkey(folder=self.folder / "valkey", address=_address())
        self.programs: list[Program] = []

    def __enter__(self) -> Self:
        self.postgres.start()
        self.valkey.start()
        self._elsewhere = connecting_to(self.postgres.address.database_url)
        self._elsewhere.__enter__()
        call_command("migrate", verbosity=0)
        standing.set_up()
        return self

    def __exit__(self, *error: object) -> None:
        self.kill_programs()
        self._elsewhere.__exit__(None, None, None)
        self.valkey.stop()
        self.postgres.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, *programs: Program) -> None:
        for program in programs:
            program.environment = {
                "DATABASE_URL": self.postgres.address.database_url,
                "REDIS_URL": self.valkey.address.redis_url,
                "DJANGO_SETTINGS_MODULE": "library.settings",
                "LIBRARY_VAR": os.environ["LIBRARY_VAR"],
            }
            program.start()
            self.programs.append(program)

    def start_everything(self) -> None:
        self.start(*up.workers(1), up.beat())

    def kill_programs(self) -> None:
        while self.programs:
            program = self.programs.pop()
            program.stop_seconds = 0.5
            program.stop()

    @property
    def pids(self) -> list[int]:
        """Those of the programs that still run: a program that ended and was not started again is missing."""
        return [each.process.pid for each in self.programs if each.process and each.process.poll() is None]

    def stop_hard(self, server: Server) -> None:
        """PostgreSQL: an immediate shutdown, no checkpoint, sessions cut off. Valkey: SIGKILL, and all forgotten."""
        assert server.process is not None
        server.process.send_signal(signal.SIGQUIT if server is self.postgres else signal.SIGKILL)
        server.process.wait(30)
        server.process = None

    def start_again(self, server: Server) -> None:
        server.start()
        connection.close()  # this thread's, which has not heard of it yet

    def forget(self) -> None:
        """Leave nothing of a test to the next one."""
        call_command("flush", verbosity=0, interactive=False)
        standing.set_up()


@contextmanager
def connecting_to(url: str) -> Iterator[None]:
    """Django's default database, in all threads of this process, is the one at ``url``."""
    settings = connections.settings["default"]
    before = dict(settings)
    connections.close_all()
    settings.update(database(url))
    try:
        yield
    finally:
        connections.close_all()
        settings.update(before)


def _address() -> Address:
    return Address(port=free_port(), password=secrets.token_urlsafe(16))
