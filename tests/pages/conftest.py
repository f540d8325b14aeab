"""What tests of pages share: people who sign in, and a library with something of everything."""

from collections.abc import Iterator
from typing import Any

import pytest
from celery.signals import before_task_publish
from django.contrib.auth.models import Group, User
from django.db import connections
from django.test import Client

from library import access
from library.access import Role
from tests.pages.sample import Sample, a_sample


@pytest.fixture(autouse=True)
def no_kept_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """A live server's threads would keep theirs, and the test database could not be removed."""
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)


@pytest.fixture
def people(db: Any) -> dict[Role, User]:
    """One person in each role; the administrator has Django's staff status."""
    access.make_roles()
    made = {}
    for role in Role:
        user = User.objects.create_user(
            role.name.lower(), first_name="Helen", last_name="Marsh", is_staff=role == Role.ADMINISTRATOR
        )
        user.groups.add(Group.objects.get(name=role.label))
        made[role] = user
    return made


@pytest.fixture
def librarian(client: Client, people: dict[Role, User]) -> Client:
    """She is signed in; what else her pages need, a test's own fixtures make."""
    client.force_login(people[Role.LIBRARIAN])
    return client


@pytest.fixture
def administrator(client: Client, people: dict[Role, User]) -> Client:
    """The same person's browser, signed in as administrator."""
    client.force_login(people[Role.ADMINISTRATOR])
    return client


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """The tasks for which a worker was asked; no broker need be there."""
    names: list[str] = []

    def note(sender: str, **_: object) -> None:
        names.append(sender)

    before_task_publish.connect(note)
    yield names
    before_task_publish.disconnect(note)


@pytest.fixture
def sample(db: Any) -> Sample:
    """A library with a message in every state, a run, letters and notices."""
    return a_sample()
