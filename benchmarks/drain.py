"""How fast the outbox drains, and how exactly it keeps its pace.

``python -m benchmarks.drain`` sends 2,000 messages to a sink on this machine with the throttle wide open.
``python -m benchmarks.drain --pace`` keeps 10 in 3 minutes with a backlog for 15 minutes, each minute a second long
(``--minute 60`` for real ones), and prints the worst window and the share of the allowance that was used.
"""

import argparse
import multiprocessing
import os
import re
import secrets
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

MESSAGE_ID = re.compile(rb"^Message-ID: (\S+)", re.MULTILINE)
TICK = 5 / 60
"""Of a minute: beat's interval."""


def sink(port: "Connection[int, bytes]", seconds: float) -> None:
    """Take everything; tell the port first and the Message-IDs at the end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port.send(listener.getsockname()[1])
        received: list[bytes] = []
        while True:
            connection, _ = listener.accept()
            with connection:
                if not _talk(connection, received, seconds):
                    break
        port.send(received)


def _talk(connection: socket.socket, received: list[bytes], seconds: float) -> bool:
    """One session; False when it was told to stop."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(b"220 sink\r\n")
    lines = connection.makefile("rb")
    while line := lines.readline():
        verb = line[:4].upper()
        if verb == b"STOP":
            return False
        if verb == b"DATA":
            connection.sendall(b"354 go ahead\r\n")
            text = b"".join(iter(lines.readline, b".\r\n"))
            found = MESSAGE_ID.search(text)
            received.append(found[1] if found else b"")
            time.sleep(seconds)
        connection.sendall(b"250 sink\r\n")
        if verb == b"QUIT":
            return True
    return True


@contextmanager
def receiving(*, seconds: float = 0.0) -> Iterator[tuple[int, list[bytes]]]:
    """A sink in a process of its own: its port, and the Message-IDs that it took, there when it has ended."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=sink, args=(theirs, seconds))
    server.start()
    port, received = ours.recv(), list[bytes]()
    try:
        yield port, received
    finally:
        with socket.create_connection(("127.0.0.1", port)) as stop:
            stop.sendall(b"STOP\r\n")
        received += ours.recv()
        server.join()


@contextmanager
def installation() -> Iterator[None]:
    """A database of its own, thrown away afterwards."""
    from library.embedded import Address, Postgres, free_port, running

    with tempfile.TemporaryDirectory(prefix="library-benchmark-") as folder:
        address = Address(port=free_port(), password=secrets.token_urlsafe(16))
        with running(Postgres(folder=Path(folder) / "postgresql", address=address)):
            os.environ["DATABASE_URL"] = address.database_url
            os.environ["LIBRARY_VAR"] = folder
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "library.settings")
            import django
            from django.core.management import call_command

            django.setup()
            call_command("migrate", verbosity=0)
            yield
            from django.db import connection

            connection.close()


def prepare(*, port: int, messages: int, each_check: int) -> None:
    from smtp_gateway.models import Gateway
    from tests.smtp_gateway.outgoing import a_gateway
    from tests.smtp_gateway.outgoing import messages as queue

    started = time.perf_counter()
    a_gateway(port=port, messages_each_check=each_check)
    queue(messages)
    row("queued", f"{messages} messages", f"{messages / (time.perf_counter() - started):,.0f}/s")
    assert Gateway.the().is_on


def drain(*, port: int, messages: int) -> None:
    from smtp_gateway import delivery

    prepare(port=port, messages=messages, each_check=100_000)
    started = time.perf_counter()
    sent = 0
    while sent < messages:
        sent += delivery.check().sent
    row("sent", f"{sent} messages", f"{sent / (time.perf_counter() - started):,.0f}/s")


def pace(*, port: int, minute: float, minutes: float) -> None:
    from smtp_gateway import delivery
    from smtp_gateway.models import DeliveryAttempt
    from smtp_gateway.pace import Pace

    prepare(port=port, messages=int(minutes * 10 / 3) + 50, each_check=10)
    end = time.monotonic() + minutes * minute
    while time.monotonic() < end:
        delivery.check(pace=Pace(minute=minute))
        time.sleep(TICK * minute)
    begun = [each.timestamp() for each in DeliveryAttempt.objects.order_by("id").values_list("started_at", flat=True)]
    window = 3 * minute
    worst = max(sum(1 for other in begun if start <= other < start + window) for start in begun)
    row("worst window", f"{worst} attempts", "at most 10")
    row("attempts", f"{len(begun)} in {minutes:g} minutes", f"{len(begun) / (minutes / 3 * 10):.1%} of the allowance")


def row(*cells: str) -> None:
    sys.stdout.write("".join(f"{cell:<24}" for cell in cells).rstrip() + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--pace", action="store_true")
    parser.add_argument("--minute", type=float, default=1.0, help="length of a minute in seconds")
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--answer", type=float, default=0.0, help="seconds the server takes to answer a message")
    options = parser.parse_args()
    with receiving(seconds=options.answer) as (port, received), installation():
        if options.pace:
            pace(port=port, minute=options.minute, minutes=options.minutes)
        else:
            drain(port=port, messages=options.messages)
    row("received", f"{len(received)} messages", f"{len(set(received))} different")


if __name__ == "__main__":
    main()
