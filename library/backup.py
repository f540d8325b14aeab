"""A copy of the whole database in one file, and such a file back into an empty database.

PostgreSQL's own programs do the work; those of the embedded server, or the machine's where it is not installed. The
file holds everything about everybody: it is readable by its owner only. The secret key is not in it (docs).
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg2
from django.conf import settings
from django.db import connection

from library.embedded import EmbeddedError, Postgres, running
from library.settings import embedded_address


class BackupError(Exception):
    """Why there is no copy, or why it was not put back, as a sentence."""


def save(file: Path) -> int:
    """Write the database to ``file``, whole or not at all; its size in bytes.

    Raises BackupError when the file is there already, or with what PostgreSQL said.
    """
    if file.exists():
        raise BackupError(f"{file} is there already, and a copy is never written over another. Choose another name.")
    draft = file.with_name(f".{file.name}.unfinished")
    try:
        with _database():
            draft.touch(mode=0o600)
            _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={draft}")
        draft.rename(file)
    except OSError as error:
        raise BackupError(f"{file} cannot be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)
    return file.stat().st_size


def put_back(file: Path) -> None:
    """Read ``file`` into the database of this installation, in one transaction.

    Raises BackupError when the database holds anything already, or with what PostgreSQL said.
    """
    if not file.is_file():
        raise BackupError(f"There is no file {file}.")
    with _database():
        _refuse_what_is_not_empty()
        database = connection.settings_dict["NAME"]
        options = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
        _run("pg_restore", *options, f"--dbname={database}", str(file))


@contextlib.contextmanager
def _database() -> Iterator[None]:
    """The database answers: it is somebody's server, or ours runs already, or ours is started for this."""
    if os.environ.get("DATABASE_URL") or _answers():
        yield
        return
    try:
        with running(_our_server()):
            yield
            connection.close()
    except EmbeddedError as error:
        raise BackupError(str(error)) from error


def _answers() -> bool:
    try:
        psycopg2.connect(settings.DATABASE_URL, connect_timeout=2).close()
    except psycopg2.OperationalError:
        return False
    return True


def _refuse_what_is_not_empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        (tables,) = cursor.fetchone()
    connection.close()
    if tables:
        raise BackupError(
            "This installation's database is not empty, and nothing is ever put over it. "
            "Name a new folder with LIBRARY_VAR, or a new database with DATABASE_URL, then restore."
        )


def _run(program: str, *arguments: str) -> None:
    """The password goes by the environment: everybody may read a command line."""
    known = connection.settings_dict
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    environment = os.environ | {name: str(known[key]) for name, key in names.items() if known[key]}
    done = subprocess.run([_program(program), *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        words = (done.stderr.strip().splitlines() or ["without a word"])[0]
        raise BackupError(f"{program} could not do it: {words}")


def _our_server() -> Postgres:
    return Postgres(folder=settings.VAR_DIR / "postgresql", address=embedded_address(settings.POSTGRES_PORT))


def _program(name: str) -> str:
    with contextlib.suppress(EmbeddedError):
        ours = _our_server().programs / name
        if ours.exists():
            return str(ours)
    found = shutil.which(name)
    if found is None:
        raise BackupError(f"{name} is not on this machine. Install PostgreSQL's client programs.")
    return found
