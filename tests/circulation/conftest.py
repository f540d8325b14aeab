"""What the tests of circulation share: the sample files, and an ear for its signals."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from circulation.imports import apply as imports
from circulation.imports.plan import Options, Plan
from circulation.models import ImportFile
from circulation.signals import loans_changed, people_changed

SAMPLES = Path(__file__).parent.parent / "samples"
NOON = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Australia/Melbourne"))


@pytest.fixture
def noon() -> datetime:
    return NOON


@pytest.fixture
def said() -> Iterator[list[tuple[str, dict[str, list[int]]]]]:
    """What circulation said, in order: (cause, the ids)."""
    heard: list[tuple[str, dict[str, list[int]]]] = []

    def listen(*, cause: str, **ids: Any) -> None:
        heard.append((str(cause), {name: value for name, value in ids.items() if name.endswith("_ids")}))

    loans_changed.connect(listen)
    people_changed.connect(listen)
    yield heard
    loans_changed.disconnect(listen)
    people_changed.disconnect(listen)


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def bring_in(kind: str, content: bytes | str, *, on: date | None = None, **options: Any) -> Plan:
    """Apply a file, as a page or a command would."""
    content = content.encode() if isinstance(content, str) else content
    file = imports.a_file(content, kind=kind, name="list.csv")
    return imports.apply(file, on=on or NOON.date(), at=NOON, options=Options(**options))


def refusal_of(kind: str, content: bytes | str, **options: Any) -> imports.ImportRefused:
    """Why a file is refused."""
    with pytest.raises(imports.ImportRefused) as refused:
        bring_in(kind, content, **options)
    return refused.value


def figures(plan: Plan | ImportFile) -> tuple[int, int, int, int, int]:
    """rows, added, changed, unchanged, refused."""
    return plan.rows, plan.added, plan.changed, plan.unchanged, len(plan.refused)
