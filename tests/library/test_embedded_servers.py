"""PostgreSQL and Valkey as children: they come, they keep what they were given, they go."""

import signal
import socket
import stat
import subprocess
import sys
from contextlib import closing

import psycopg2
import pytest
import redis

from library.embedded import IN_A_HURRY, Address, EmbeddedError, Postgres, Valkey, free_port, running
from tests.library.processes import PROJECT, eventually, sessions_alive


@pytest.fixture
def postgres(tmp_path):
    """One that is not running yet."""
    return Postgres(folder=tmp_path / "postgresql", address=an_address(), settings=IN_A_HURRY)


@pytest.fixture
def valkey(tmp_path):
    return Valkey(folder=tmp_path / "valkey", address=an_address())


def an_address():
    return Address(port=free_port(), password="p@ss:word/")


def test_postgresql_keeps_what_it_was_given_over_a_restart(postgres):
    """What is in the database on Friday is there on Monday."""
    with running(postgres), closing(psycopg2.connect(postgres.address.database_url)) as connection, connection:
        connection.cursor().execute("CREATE TABLE kept AS SELECT 'atlas' AS title")

    with running(postgres), closing(psycopg2.connect(postgres.address.database_url)) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT title FROM kept")
        rows = cursor.fetchall()

    assert rows == [("atlas",)]


def test_postgresql_lets_nobody_in_without_the_password(postgres):
    """Other people may have accounts on this machine."""
    with running(postgres), pytest.raises(psycopg2.OperationalError) as refusal:
        psycopg2.connect(
            host="127.0.0.1", port=postgres.address.port, user="library", password="guess", dbname="library"
        )

    assert "password authentication failed" in str(refusal.value)


def test_its_log_carries_no_rows(postgres):
    """A refused row is somebody's address; PostgreSQL would print it as DETAIL."""
    with running(postgres), closing(psycopg2.connect(postgres.address.database_url)) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE people (email text UNIQUE)")
        cursor.execute("INSERT INTO people VALUES ('mia@example.org')")
        with pytest.raises(psycopg2.IntegrityError):
            cursor.execute("INSERT INTO people VALUES ('mia@example.org')")
    log = postgres.log_path.read_text()

    assert "duplicate key value" in log
    assert "mia@example.org" not in log


def test_it_works_in_a_folder_that_only_its_owner_may_enter(tmp_path):
    """A project cloned under /root or into ``mktemp -d``, its programs too; PostgreSQL itself refuses to be root."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = Postgres(folder=closed / "postgresql", address=an_address(), settings=IN_A_HURRY)

    with running(server), closing(psycopg2.connect(server.address.database_url)) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT current_database(), current_user")
        row = cursor.fetchone()

    assert row == ("library", "library")
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_valkey_refuses_to_forget_when_it_is_full(valkey):
    """A broker that evicts loses tasks without a word."""
    with running(valkey), closing(redis.Redis.from_url(valkey.address.redis_url)) as client:
        policy = client.config_get("maxmemory-policy")

    assert policy == {"maxmemory-policy": "noeviction"}


def test_a_port_in_use_is_a_sentence(valkey):
    """Its own last words, and no traceback."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", valkey.address.port))
        other.listen()

        with pytest.raises(EmbeddedError) as reason:
            valkey.start()

    assert str(reason.value).startswith("Valkey ended at once: ")


def test_after_stop_no_process_is_left(postgres, valkey):
    """Not even one of PostgreSQL's own children."""
    with running(postgres, valkey):
        sessions = {postgres.process.pid, valkey.process.pid}
        during = sessions_alive() & sessions

    assert during == sessions
    assert sessions_alive() & sessions == set()


def test_they_end_when_their_parent_is_killed(tmp_path):
    """SIGKILL gives a parent no time to stop anybody."""
    parent = subprocess.Popen(
        [sys.executable, "-c", KILLED_PARENT, str(tmp_path)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    with parent.stdout:
        sessions = {int(word) for word in parent.stdout.readline().split()}
    before = sessions_alive() & sessions

    parent.send_signal(signal.SIGKILL)
    parent.wait()

    assert len(before) == 2
    assert eventually(lambda: sessions_alive() & sessions == set())


KILLED_PARENT = """
import sys, time
from pathlib import Path
from library.embedded import Address, Postgres, Valkey, free_port
folder = Path(sys.argv[1])
def a_server(kind):
    return kind(folder=folder / kind.title, address=Address(port=free_port(), password="x"))
servers = [a_server(Postgres), a_server(Valkey)]
for server in servers:
    server.start()
print(*(server.process.pid for server in servers), flush=True)
time.sleep(60)
"""
