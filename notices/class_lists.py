"""Class lists (product.md, L3): what a group's contact hears before its library lesson, and a slip for each pupil.

Late only, names and numbers; titles where an administrator lets the contact read them. Written and sent as letters by
hand (``letters``): shown first, the ledger left alone, and nobody stands on a list while letters about them are off.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import User
from django.db.models import Count, Q

from circulation.models import Group, Loan
from circulation.models.loans import LoanQuerySet
from notices import letters
from notices.models import Audience, Run, Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """A group whose list can be written. ``students`` have something late."""

    group: Group
    students: int

    @property
    def by_email(self) -> bool:
        return bool(self.group.contact_email)


def classes(*, library_day: int | None, on: date) -> list[Class]:
    """Active groups that come to the library on this weekday (None: all), with how many of their people are late."""
    groups = Group.objects.filter(active=True, is_staff=False).order_by("year_level", "name")
    if library_day is not None:
        groups = groups.filter(library_day=library_day)
    late = _late(on=on).filter(patron__group__in=groups).order_by()
    counts = dict(late.values_list("patron__group").annotate(students=Count("patron", distinct=True)))
    return [Class(group=group, students=counts.get(group.pk, 0)) for group in groups]


def draft(groups: Iterable[Group], *, slips: bool, on: date, by: User | None) -> Run:
    """Write, but do not send, a list for the contact of each group, and with ``slips`` one slip for each student."""
    return letters.draft(
        kind=Template.Kind.CLASS_LIST, audience=Audience.CONTACT, groups=groups, slips=slips, on=on, by=by
    )


def _late(*, on: date) -> LoanQuerySet:
    return (
        Loan.objects.on_loan()
        .overdue(on=on)
        .filter(
            Q(patron__no_letters_until=None) | Q(patron__no_letters_until__lte=on),
            service=Loan.Service.CIRCULATION,
            patron__erased_at=None,
        )
    )
