"""``manage.py up`` where it cannot start: a sentence, and nothing is left running."""

import socket

import pytest
from django.core.management import CommandError, call_command


def test_a_port_in_use_is_a_sentence():
    """Another program, or a second ``make run``, has the port of the pages."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(CommandError) as refusal:
            call_command("up", "--web", str(port))

    assert str(refusal.value) == (
        f"Port {port}, which the pages would use, is in use. "
        "Stop the program that has it, or choose another: manage.py up --web PORT"
    )
