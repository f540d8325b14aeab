"""The wording that comes with the program: one file for each template, read as it would be typed.

``<service>/<key>.<audience>.md`` holds a subject line, an empty line and the body in Markdown with Liquid. The key is
``reminder_1`` (step −1), ``overdue_2`` (step 2) or another kind of letter, such as ``correction``. ``blocks/`` holds
the finished blocks that the bodies name. The wording follows ``wording.md``; the tests hold every file to it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from circulation.models import Loan
from notices.models.template import Audience, Template

_HERE = Path(__file__).parent
_STEP = re.compile(r"(?P<sort>reminder|overdue)_(?P<number>\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultTemplate:
    """A template's fixed name and its first wording. ``number`` is the step, None for the other kinds."""

    service: Loan.Service
    kind: Template.Kind
    number: int | None
    audience: Audience
    subject: str
    body: str


def load() -> list[DefaultTemplate]:
    """All of them, by service and key."""
    return list(_all())


@cache
def _all() -> tuple[DefaultTemplate, ...]:
    return tuple(_read())


def _read() -> Iterator[DefaultTemplate]:
    for service in Loan.Service:
        for path in sorted((_HERE / service).glob("*.md")):
            key, audience, _ = path.name.split(".")
            kind, number = _meaning(key)
            subject, body = path.read_text(encoding="utf-8").split("\n\n", 1)
            yield DefaultTemplate(
                service=service,
                kind=kind,
                number=number,
                audience=Audience(audience),
                subject=subject.removeprefix("Subject: "),
                body=body,
            )


def _meaning(key: str) -> tuple[Template.Kind, int | None]:
    if step := _STEP.fullmatch(key):
        number = int(step["number"])
        return Template.Kind.STEP, -number if step["sort"] == "reminder" else number
    return Template.Kind(key), None
