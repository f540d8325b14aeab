"""A machine that loses its network says nothing: both ends of a database session ask after each other (R3, R4).

PostgreSQL gives a dead machine's locks free only when it notices, and left alone that takes hours; with them go the
gateway's slots. ``benchmarks.containers`` cuts a real container off.
"""

import socket

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db

SILENT = {"tcp_keepalives_idle": "20", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "4"}


def test_the_server_notices_a_dead_worker_within_a_minute() -> None:
    """Both where the line is silent and where an answer of the server's is not taken."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE starts_with(name, 'tcp_')")
        settings = dict(cursor.fetchall())

    assert settings == {**SILENT, "tcp_user_timeout": "60000"}


def test_a_worker_notices_a_dead_server_within_a_minute() -> None:
    """The kernel's own words about the line."""
    connection.ensure_connection()
    with socket.socket(fileno=socket.dup(connection.connection.fileno())) as line:
        found = {
            option: line.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)
        }

    assert found == {
        socket.TCP_KEEPIDLE: 20,
        socket.TCP_KEEPINTVL: 10,
        socket.TCP_KEEPCNT: 4,
        socket.TCP_USER_TIMEOUT: 60_000,
    }
