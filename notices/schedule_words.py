"""What a schedule says, in a sentence: "Patron: 3 days before, 1 and 3 days late. Home: 14 days late."

Presentation only; rows in, words out.
"""

from collections.abc import Iterable, Sequence

from notices.models import Schedule, Step

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
READERS = {
    Step.Who.PATRON: ("Patron",),
    Step.Who.GUARDIANS: ("Home",),
    Step.Who.BOTH: ("Patron", "Home"),
    Step.Who.CONTACT: ("Group’s contact",),
    Step.Who.PARTNER: ("Partner library",),
}


def listed(words: Sequence[str]) -> str:
    """``1``, ``1 and 3``, ``1, 3 and 7``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def days_late(days: int) -> str:
    """``3 days before``, ``on the due date``, ``1 day late``."""
    if days == 0:
        return "on the due date"
    size = "1 day" if abs(days) == 1 else f"{abs(days)} days"
    return f"{size} {'late' if days > 0 else 'before'}"


def in_a_sentence(schedule: Schedule) -> str:
    """What is said to whom on which days; ``steps`` should be prefetched."""
    if schedule.no_letters:
        return "No letters."
    return said([(step.who, step.days) for step in schedule.steps.all()], stop_after=schedule.stop_after)


def said(steps: Iterable[tuple[str, int]], *, stop_after: int) -> str:
    """The same for steps as (who, days)."""
    by_reader: dict[str, list[int]] = {}
    for who, days in sorted(steps, key=lambda step: step[1]):
        for reader in READERS[Step.Who(who)]:
            by_reader.setdefault(reader, []).append(days)
    if not by_reader:
        return "It has no step yet, so it says nothing."
    parts = [f"{reader}: {_days(days)}." for reader, days in by_reader.items()]
    return " ".join([*parts, f"Silence after {stop_after} days."])


def covers(schedule: Schedule) -> str:
    """Which loans fall under it; groups and collections should be prefetched."""
    if schedule.service != "circulation":
        return "Every loan of this service"
    groups = [str(group) for group in schedule.groups.all()]
    collections = [str(one) for one in schedule.collections.all()]
    parts = [_some(groups, "groups") if groups else "Every group"]
    if collections:
        parts.append(f"only {_some(collections, 'collections')}")
    return ", ".join(parts)


def weekdays(days: Iterable[int]) -> str:
    return listed([WEEKDAYS[day] for day in sorted(days)])


def _some(names: list[str], many: str) -> str:
    return listed(sorted(names)) if len(names) <= 4 else f"{len(names)} {many}"


def _days(days: list[int]) -> str:
    """Those before, the day itself, those after: each kind said once."""
    before = [str(-day) for day in sorted(set(days)) if day < 0]
    late = [str(day) for day in sorted(set(days)) if day > 0]
    said = []
    if before:
        said.append(f"{listed(before)} {'day' if before == ['1'] else 'days'} before")
    if 0 in days:
        said.append("on the due date")
    if late:
        said.append(f"{listed(late)} {'day' if late == ['1'] else 'days'} late")
    return ", ".join(said)
