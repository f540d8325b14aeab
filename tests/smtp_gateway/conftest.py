"""What the gateway's tests share: a server that does as it is told, and a gateway that speaks to it."""

from collections.abc import Iterator

import pytest

from smtp_gateway.models import Gateway
from tests.smtp_gateway.outgoing import a_gateway
from tests.smtp_gateway.scripted import ScriptedServer


@pytest.fixture
def pipelining() -> bool:
    """Whether the server offers it; ``both_ways`` in a test module runs everything with and without."""
    return True


@pytest.fixture
def server(pipelining: bool) -> Iterator[ScriptedServer]:
    with ScriptedServer() as scripted:
        if not pipelining:
            scripted.extensions.remove("PIPELINING")
        yield scripted


@pytest.fixture
def gateway(server: ScriptedServer, transactional_db: None) -> Gateway:
    """On, without pauses, ten messages each check."""
    return a_gateway(port=server.port)


@pytest.fixture
def gateway_row(db: None) -> Gateway:
    """A gateway with settings, for tests that send nothing."""
    return a_gateway(port=25)
