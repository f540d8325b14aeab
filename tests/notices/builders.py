"""Schedules and wording for tests of notices, in words; the people and things come from ``tests.builders``."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from circulation.models import Collection, Group, Loan
from notices import scan
from notices.models import Audience, Notice, Run, Schedule, Step, Template, TemplateVersion
from smtp_gateway.models import Gateway

_numbers = count(1)


def a_schedule(
    *days: int,
    groups: Iterable[Group] = (),
    collections: Iterable[Collection] = (),
    who: Step.Who = Step.Who.PATRON,
    how: Step.How = Step.How.EMAIL_OR_PAPER,
    repeat_days: int | None = None,
    repeat_times: int | None = None,
    **fields: Any,
) -> Schedule:
    """A schedule with a step for each of ``days`` from the due date; the last one repeats if asked to."""
    fields.setdefault("name", f"Schedule {next(_numbers)}")
    schedule = Schedule.objects.create(**fields)
    schedule.groups.set(groups)
    schedule.collections.set(collections)
    for number, offset in _numbered(sorted(days)):
        last = offset == max(days)
        Step.objects.create(
            schedule=schedule,
            number=number,
            days=offset,
            who=who,
            how=how,
            repeat_days=repeat_days if last else None,
            repeat_times=repeat_times if last else None,
        )
    return schedule


def a_notice(*, loan: Loan, number: int, said: date, **fields: Any) -> Notice:
    """The loan was told this step for its present due date."""
    step = Step.objects.filter(number=number).first()
    return Notice.objects.create(loan=loan, due_on=loan.due_on, number=number, said_on=said, step=step, **fields)


def wording(
    *numbers: int,
    service: str = Loan.Service.CIRCULATION,
    audiences: Sequence[str] = Audience.values,
    subject: str = "Library book",
    body: str = "Dear {{ dear }}, this is step {{ number }} about {{ count }}.",
) -> None:
    """Short wording for these steps and audiences."""
    for number in numbers:
        for audience in audiences:
            template = Template.objects.create(
                service=service, number=number, audience=audience, name=f"{service} {number} {audience}"
            )
            template.current = TemplateVersion.objects.create(template=template, number=1, subject=subject, body=body)
            template.save()


def a_gateway_with_an_address(**fields: Any) -> Gateway:
    """Letters can be written: the gateway knows whom its mail is from."""
    gateway = Gateway.the()
    for name, value in ({"from_address": "library@school.example", "from_name": "School Library"} | fields).items():
        setattr(gateway, name, value)
    gateway.save()
    return gateway


def morning_of(day: date, at: time = time(6, 30)) -> datetime:
    """The library's wall clock on that day."""
    return timezone.make_aware(datetime.combine(day, at))


def on_day(today: date, days: int) -> date:
    """So many days after ``today``; before it, where negative."""
    return today + timedelta(days=days)


def told(loan: Loan) -> list[tuple[int, int]]:
    """Number and occurrence of what somebody heard about the loan, whatever its due date."""
    notices = Notice.objects.told().filter(loan=loan).order_by("number", "occurrence")
    return list(notices.values_list("number", "occurrence"))


def by_the_clock(on: date) -> Run:
    """The day's run, as the clock makes it, with no day quiet."""
    run = scan._by_the_clock(on=on, at=morning_of(on), quiet=None)
    assert run is not None
    return run


def _numbered(days: Sequence[int]) -> list[tuple[int, int]]:
    """Reminders count down to −1, overdue steps up from 1."""
    reminders = [offset for offset in days if offset <= 0]
    overdue = [offset for offset in days if offset > 0]
    return [(place - len(reminders), offset) for place, offset in enumerate(reminders)] + list(enumerate(overdue, 1))
