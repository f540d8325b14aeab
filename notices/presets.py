"""Ready-made schedules, one click each (product.md, N1). Loading one again puts its steps back and repeats nothing.

BiblioTECH's figures are those of its manual ("Auto-Overdue Emails"), ILLiad's those of its overdue keys; the school
ones are ours.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from circulation.models import Group, Loan
from notices.models import Schedule, Step
from notices.schedule_words import said

Service, Who, How = Loan.Service, Step.Who, Step.How


@dataclass(frozen=True, kw_only=True)
class Rung:
    number: int
    days: int
    who: Step.Who = Who.PATRON
    how: Step.How = How.EMAIL_OR_PAPER
    repeat_days: int | None = None
    ready_to_bill: bool = False


@dataclass(frozen=True, kw_only=True)
class Preset:
    name: str
    service: Loan.Service = Service.CIRCULATION
    rungs: tuple[Rung, ...]
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """What it says, before it is loaded."""
        stop_after = self.fields.get("stop_after", Schedule._meta.get_field("stop_after").default)
        return said([(rung.who, rung.days) for rung in self.rungs], stop_after=stop_after)


PRESETS = {
    "bibliotech": Preset(
        name="BiblioTECH",
        rungs=(Rung(number=-1, days=-3), Rung(number=1, days=1), Rung(number=2, days=3)),
        fields={"stop_after": 14},
    ),
    "illiad_borrowing": Preset(
        name="ILLiad borrowing",
        service=Service.ILL_BORROWING,
        rungs=(Rung(number=1, days=2), Rung(number=2, days=5), Rung(number=3, days=14, repeat_days=7)),
        fields={"stop_after": 365, "letter_per_loan": True},
    ),
    "illiad_lending": Preset(
        name="ILLiad lending",
        service=Service.ILL_LENDING,
        rungs=tuple(Rung(number=n, days=days, who=Who.PARTNER) for n, days in ((1, 1), (2, 7), (3, 14))),
        fields={"stop_after": 365, "letter_per_loan": True},
    ),
    "primary_school": Preset(
        name="Primary school",
        rungs=(
            Rung(number=1, days=7, who=Who.GUARDIANS),
            Rung(number=2, days=14, who=Who.GUARDIANS),
            Rung(number=3, days=28, who=Who.GUARDIANS, ready_to_bill=True),
        ),
        fields={"climb": True, "days_between": 3},
    ),
    "secondary_school": Preset(
        name="Secondary school",
        rungs=(
            Rung(number=-1, days=-3, how=How.EMAIL_ONLY),
            Rung(number=1, days=7),
            Rung(number=2, days=14, who=Who.BOTH),
            Rung(number=3, days=28, who=Who.BOTH, ready_to_bill=True),
        ),
        fields={"climb": True, "days_between": 3},
    ),
}


def load(key: str, *, groups: Iterable[Group] = ()) -> Schedule:
    """Make the schedule of this preset, or put it back as it came. Raises KeyError for a name that is none.

    A step keeps its number and its row, so the ledger knows what was said under it; a step that the preset does not
    have goes. ``groups`` are added to those that the schedule already covers.
    """
    preset = PRESETS[key]
    with transaction.atomic():
        schedule, _ = Schedule.objects.update_or_create(
            preset=key, defaults={"name": preset.name, "service": preset.service, "active": True, **preset.fields}
        )
        schedule.groups.add(*groups)
        schedule.steps.exclude(number__in=[rung.number for rung in preset.rungs]).delete()
        for rung in preset.rungs:
            Step.objects.update_or_create(
                schedule=schedule,
                number=rung.number,
                defaults={
                    "days": rung.days,
                    "who": rung.who,
                    "how": rung.how,
                    "repeat_days": rung.repeat_days,
                    "repeat_times": None,
                    "home_reads_titles": True,
                    "ready_to_bill": rung.ready_to_bill,
                },
            )
    return Schedule.objects.prefetch_related("steps").get(pk=schedule.pk)
