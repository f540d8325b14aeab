"""Everything on this machine, from one command: what ``make run`` does."""

import os
import secrets
import socket
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from library.demo import users
from library.embedded import EmbeddedError, Postgres, Valkey
from library.settings import embedded_address
from library.supervisor import Part, Program, Stop, Supervisor

WORKER_SECONDS = 60.0
"""A check of the gateway claims nothing new after 60 s: it is let finish."""


class Command(BaseCommand):
    help = "Start everything: database, broker, web, workers, scheduler, test mailbox. Stop it with Ctrl-C."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--web", type=int, default=8000, metavar="PORT", help="port of the pages (8000)")
        parser.add_argument("--smtp", type=int, default=1025, metavar="PORT", help="port of the test mailbox (1025)")
        parser.add_argument("--mailbox", type=int, default=8025, metavar="PORT", help="port of its page (8025)")
        parser.add_argument("--connections", type=int, default=1, help="SMTP connections at once (1)")
        parser.add_argument("--without-demo", action="store_true", help="do not fill an empty database with a school")

    def handle(self, *args: Any, **options: Any) -> None:
        self._refuse_ports_in_use(options)
        try:
            with Supervisor(say=self._say) as supervisor:
                self._run(supervisor, options)
        except EmbeddedError as reason:
            raise CommandError(str(reason)) from None
        except Stop:
            self._say("Stopped.")

    def _run(self, supervisor: Supervisor, options: dict[str, Any]) -> None:
        self._say("Starting; the first time takes about half a minute.")
        for part in (*embedded_servers(), test_mailbox(options)):
            supervisor.start(part)
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        call_command("set_up", verbosity=0)
        call_command("boot", verbosity=0)
        how_to_sign_in = self._first_people(options)
        connections.close_all()
        supervisor.start(*workers(options["connections"]))
        supervisor.start(web(options["web"]))
        supervisor.start(beat())
        self._say(
            f"\n  Pages         http://127.0.0.1:{options['web']}/  {how_to_sign_in}"
            f"\n  Test mailbox  http://127.0.0.1:{options['mailbox']}/  every letter lands here; nothing goes out"
            f"\n  Stop          Ctrl-C\n"
        )
        supervisor.watch()

    def _first_people(self, options: dict[str, Any]) -> str:
        """Fill a database that nobody has used, and say how to sign in."""
        if User.objects.exists():
            demo = any(user.check_password(users.PASSWORD) for user in User.objects.filter(username="librarian"))
        elif options["without_demo"]:
            password = secrets.token_urlsafe(12)
            User.objects.create_superuser("admin", password=password)
            return f"sign in as admin, password: {password} (change it)"
        else:
            call_command("load_demo", smtp=options["smtp"], verbosity=0)
            demo = True
        names = ", ".join(users.PEOPLE)
        return f"sign in as {names}; password: {users.PASSWORD} (demonstration)" if demo else "sign in as before"

    def _refuse_ports_in_use(self, options: dict[str, Any]) -> None:
        wanted = [
            (options["web"], "the pages", "manage.py up --web PORT"),
            (options["smtp"], "the test mailbox", "manage.py up --smtp PORT"),
            (options["mailbox"], "the test mailbox's page", "manage.py up --mailbox PORT"),
        ]
        if not os.environ.get("DATABASE_URL"):
            wanted.append((settings.POSTGRES_PORT, "PostgreSQL", "LIBRARY_POSTGRES_PORT=PORT make run"))
        if not os.environ.get("REDIS_URL"):
            wanted.append((settings.VALKEY_PORT, "Valkey", "LIBRARY_VALKEY_PORT=PORT make run"))
        for port, who, instead in wanted:
            if in_use(port):
                raise CommandError(
                    f"Port {port}, which {who} would use, is in use. "
                    f"Stop the program that has it, or choose another: {instead}"
                )

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()


def in_use(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def embedded_servers() -> list[Part]:
    """Those that DATABASE_URL and REDIS_URL do not replace."""
    servers: list[Part] = []
    if not os.environ.get("DATABASE_URL"):
        address = embedded_address(settings.POSTGRES_PORT)
        servers.append(Postgres(folder=settings.VAR_DIR / "postgresql", address=address))
    if not os.environ.get("REDIS_URL"):
        address = embedded_address(settings.VALKEY_PORT)
        servers.append(Valkey(folder=settings.VAR_DIR / "valkey", address=address))
    return servers


def test_mailbox(options: dict[str, Any]) -> Program:
    ports = ["--smtp", str(options["smtp"]), "--page", str(options["mailbox"])]
    return python("test mailbox", "library.test_mailbox", *ports, stop_seconds=3)


def workers(connections: int) -> list[Program]:
    """One for the gateway, with a process per SMTP connection, so that a long scan never holds up the post."""
    return [
        _worker("gateway", "gateway worker", processes=connections),
        _worker("celery", "worker", processes=2),
    ]


def _worker(queue: str, title: str, *, processes: int) -> Program:
    return python(
        title,
        "celery",
        *("--quiet", "--app", "library", "worker", "--queues", queue, "--concurrency", str(processes)),
        *("--hostname", f"{queue}@%h", "--loglevel", "WARNING"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        stop_seconds=WORKER_SECONDS,
    )


def web(port: int) -> Program:
    return python(
        "web",
        "gunicorn",
        *("library.wsgi", "--bind", f"127.0.0.1:{port}"),
        *("--worker-class", "gthread", "--workers", "2", "--threads", "4"),
        *("--log-level", "warning", "--logger-class", "library.logs.WebLogger"),
        *("--graceful-timeout", "8", "--no-control-socket"),
    )


def beat() -> Program:
    return python("scheduler", "celery", "--quiet", "--app", "library", "beat", "--loglevel", "WARNING", "--pidfile=")


def python(title: str, module: str, *arguments: str, stop_seconds: float = 10) -> Program:
    return Program(
        title=title,
        command=[sys.executable, "-m", module, *arguments],
        folder=settings.BASE_DIR,
        stop_seconds=stop_seconds,
    )
