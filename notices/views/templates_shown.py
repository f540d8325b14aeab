"""Templates as their list shows them: a row for each step and kind, a column for each audience."""

from collections.abc import Iterator
from dataclasses import dataclass

from circulation.models import Loan
from notices import templates, wording
from notices.field_help import BLOCKS
from notices.models import Audience, Schedule, Step, Template
from notices.models.template import letter_name

TO = {
    Audience.PATRON: "patrons",
    Audience.GUARDIAN: "parents and carers",
    Audience.CONTACT: "group contacts",
    Audience.PARTNER: "partner libraries",
}
SHORT = {
    Audience.PATRON: "Patrons",
    Audience.GUARDIAN: "Homes",
    Audience.CONTACT: "Contacts",
    Audience.PARTNER: "Libraries",
}
"""For a narrow screen."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One template, or the place of one that is missing or has never been."""

    audience: Audience
    to: str
    short: str
    template: Template | None = None
    is_missing: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    name: str
    number: int | None
    cells: list[Cell]


@dataclass(frozen=True, kw_only=True)
class Service:
    key: str
    name: str
    columns: list[str]
    rows: list[Row]


@dataclass(frozen=True, kw_only=True)
class Block:
    """A finished block, and its words for each audience that has its own."""

    name: str
    help: str
    words: list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class UsedBy:
    """A schedule that says this step: ``when`` in words."""

    schedule: Schedule
    when: str


def heading(template: Template) -> str:
    """*Overdue 2, to parents and carers*."""
    return f"{letter_name(template.kind, template.number or 0)}, to {TO[Audience(template.audience)]}"


def services() -> list[Service]:
    """All templates, and the places of those that a schedule wants and that have no wording."""
    missing = {
        (one.schedule.service, one.number, one.audience) for one in templates.missing(Schedule.objects.in_force())
    }
    rows = list(Template.objects.select_related("current__by"))
    return [_service(service, rows, missing) for service in Loan.Service]


def _service(service: Loan.Service, rows: list[Template], missing: set[tuple[str, int, Audience]]) -> Service:
    theirs = {(row.kind, row.number, row.audience): row for row in rows if row.service == service}
    wanted = {(Template.Kind.STEP, number, audience) for of, number, audience in missing if of == service}
    places = {*theirs, *wanted}
    audiences = [one for one in Audience if any(audience == one for _, _, audience in places)]
    return Service(
        key=service.value,
        name=service.label,
        columns=[f"To {TO[one]}" for one in audiences],
        rows=[
            Row(
                name=letter_name(kind, number or 0),
                number=number,
                cells=[
                    Cell(
                        audience=one,
                        to=TO[one],
                        short=SHORT[one],
                        template=theirs.get((kind, number, one)),
                        is_missing=(kind, number, one) in wanted,
                    )
                    for one in audiences
                ],
            )
            for kind, number in sorted({(kind, number) for kind, number, _ in places}, key=_place)
        ],
    )


def _place(row: tuple[str, int | None]) -> tuple[bool, int, str]:
    """Reminders, then overdue letters, then the other kinds by name."""
    kind, number = row
    return number is None, number or 0, letter_name(kind, number or 0)


def blocks() -> list[Block]:
    return [Block(name=name, help=sentence, words=list(_words_of_block(name))) for name, sentence in BLOCKS.items()]


def _words_of_block(name: str) -> Iterator[tuple[str, str]]:
    """The same words are said once, for all audiences that share them."""
    words = [(audience, wording.block(name, audience)) for audience in Audience]
    for said in dict.fromkeys(said for _, said in words if said):
        yield ", ".join(TO[audience] for audience, own in words if own == said), said


def used_by(template: Template) -> list[UsedBy]:
    """The schedules in force that say this step to this audience."""
    if template.number is None:
        return []
    steps = Step.objects.filter(schedule__active=True, schedule__service=template.service, number=template.number)
    return [
        UsedBy(schedule=step.schedule, when=_when(step.days))
        for step in steps.select_related("schedule").order_by("schedule__name")
        if template.audience in templates.TOLD[Step.Who(step.who)]
    ]


def _when(days: int) -> str:
    if days == 0:
        return "on the due date"
    many = f"{abs(days)} {'day' if abs(days) == 1 else 'days'}"
    return f"{many} late" if days > 0 else f"{many} before"
