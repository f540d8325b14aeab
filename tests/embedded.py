"""One PostgreSQL and one Valkey for the whole test run, started before Django reads its settings.

A pytest plugin (``-p tests.embedded`` in pyproject.toml), because pytest-django reads the settings before any
conftest.py. With xdist the controller starts the servers and the workers, its children, find them in the environment.
DATABASE_URL and REDIS_URL, when set, are used as they are.
"""

import atexit
import os
import secrets
import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from library.embedded import IN_A_HURRY, Address, EmbeddedError, Postgres, Valkey, free_port, running

SERVERS = ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Runs before pytest-django's hook of this name, which imports the settings."""
    os.environ.setdefault("SECRET_KEY", "tests only, never a secret: 0123456789abcdefghijklmnopqrstuvwxyz")
    if "LIBRARY_VAR" not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="library-tests-"))
        SERVERS.callback(shutil.rmtree, folder, ignore_errors=True)
        os.environ["LIBRARY_VAR"] = str(folder)
    if "DATABASE_URL" not in os.environ:
        _start(Path(os.environ["LIBRARY_VAR"]))


atexit.register(SERVERS.close)  # not a hook: a run that fails while it is being set up has servers too


def _start(folder: Path) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # else a run that is told to end leaves its folder
    try:
        postgres, valkey = _servers(folder / "first")
    except EmbeddedError:  # somebody else took a port that was free a moment ago
        postgres, valkey = _servers(folder / "second")
    os.environ["DATABASE_URL"] = postgres.address.database_url
    os.environ["REDIS_URL"] = valkey.address.redis_url


def _servers(folder: Path) -> tuple[Postgres, Valkey]:
    settings = {**IN_A_HURRY, "max_connections": "200"}
    postgres = Postgres(folder=folder / "postgresql", address=_address(), settings=settings)
    valkey = Valkey(folder=folder / "valkey", address=_address())
    SERVERS.enter_context(running(postgres, valkey))
    return postgres, valkey


def _address() -> Address:
    return Address(port=free_port(), password=secrets.token_urlsafe(16))
