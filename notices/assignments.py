"""Which schedule a loan falls under: the most particular one wins (product.md, N1)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from circulation.models import Collection, Group, Loan
from notices.models import Schedule

ANY = 0
"""Stands for *no collection* and, outside Circulation, for *no group* in the pairs below: no row has this id."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Loans of this service, group and collection (ids, or ANY) fall under ``schedule``."""

    service: str
    group: int
    collection: int
    schedule: Schedule


def assignments(schedules: list[Schedule], *, among: Iterable[tuple[int, int]] | None = None) -> Iterator[Assignment]:
    """One for each service, and within Circulation for each group and collection that some schedule covers.

    ``among``: pairs of a group and a collection; without it, all there are.
    """
    for service in (Loan.Service.ILL_BORROWING, Loan.Service.ILL_LENDING):
        for schedule in schedules:
            if schedule.service == service:
                yield Assignment(service, ANY, ANY, schedule)
                break
    circulation = [_Reach.of(schedule) for schedule in schedules if schedule.service == Loan.Service.CIRCULATION]
    for group, collection in _every_pair() if among is None else among:
        fitting = [reach for reach in circulation if reach.holds(group, collection)]
        if fitting:
            winner = max(fitting, key=lambda reach: (reach.particularity, -reach.schedule.pk))
            yield Assignment(Loan.Service.CIRCULATION, group, collection, winner.schedule)


def _every_pair() -> Iterator[tuple[int, int]]:
    collections = [ANY, *Collection.objects.values_list("pk", flat=True)]
    return product(Group.objects.values_list("pk", flat=True), collections)


@dataclass(frozen=True, slots=True)
class _Reach:
    schedule: Schedule
    groups: frozenset[int]
    collections: frozenset[int]

    @classmethod
    def of(cls, schedule: Schedule) -> "_Reach":
        return cls(
            schedule,
            frozenset(group.pk for group in schedule.groups.all()),
            frozenset(collection.pk for collection in schedule.collections.all()),
        )

    @property
    def particularity(self) -> tuple[bool, bool]:
        return bool(self.groups), bool(self.collections)

    def holds(self, group: int, collection: int) -> bool:
        return (not self.groups or group in self.groups) and (not self.collections or collection in self.collections)
