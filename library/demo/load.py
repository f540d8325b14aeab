"""Make the demonstration library on an empty database, and set it going.

Everything is one transaction: the school is there whole, its first letters waiting, or not at all. Refuses a database
that holds patrons. Sends nothing: the letters leave with the gateway's next check.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from django.db import transaction

from circulation.models import Group, Guardian, Item, Loan, PartnerLibrary, Patron
from library import standing
from library.demo import ledger, people, post, school, things, users
from library.demo.interlibrary import Exchange
from library.demo.lending import Lending
from library.demo.moments import Moments
from notices import compose, presets, scan
from notices.models import RunSettings, Schedule

SEED = "Wattle Grove College"


class DemoError(Exception):
    """The demonstration library cannot be made here; the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What there is now, for the person who asked."""

    patrons: int
    guardians: int
    items: int
    loans: int
    partners: int
    told_before: int
    letters: int


def load(*, on: date) -> Made:
    """The school as it stands on ``on``, its run by hand, and the gateway on. Raises DemoError."""
    with transaction.atomic():
        standing.set_up()
        _refuse_if_in_use()
        told_before = make(on=on)
        users.let_in()
        post.open_test_mailbox()
        run = scan.run(on=on)
        compose.write_planned()
        post.start()
    return Made(
        patrons=Patron.objects.count(),
        guardians=Guardian.objects.count(),
        items=Item.objects.count(),
        loans=Loan.objects.count(),
        partners=PartnerLibrary.objects.count(),
        told_before=told_before,
        letters=run.letters,
    )


def make(*, on: date) -> int:
    """The rows alone, nobody told yet today. Returns how many notices the ledger holds from past weeks.

    The same ``on`` makes the same rows: each part draws from a generator of its own, so that a change of one leaves
    the others as they were.
    """
    school.open_library()
    open_days = school.close_for_holidays(on=on)
    folk = people.enrol(on=on, rng=_chance("people"))
    shelves = things.shelve(rng=_chance("things"))
    pupils, staff, borrowing, lending = (
        Moments(schedule, on=on, open_days=open_days) for schedule in _schedules(folk.groups[school.STAFF])
    )
    desk = Lending(
        folk=folk,
        shelves=shelves,
        pupils=pupils,
        staff=staff,
        open_days=open_days,
        on=on,
        rng=_chance("lending"),
    )
    exchange = Exchange(
        folk=folk,
        shelves=shelves,
        borrowing=borrowing,
        lending=lending,
        open_days=open_days,
        on=on,
        rng=_chance("interlibrary"),
    )
    RunSettings.objects.filter(pk=RunSettings.the().pk).update(enabled=True, first_day=on + timedelta(days=1))
    loans = [*desk.lend_everything(), *exchange.exchange()]
    by_service = {
        Loan.Service.ILL_BORROWING: borrowing.schedule,
        Loan.Service.ILL_LENDING: lending.schedule,
    }
    return ledger.remember(
        [(loan, by_service.get(Loan.Service(loan.service)) or _circulation(loan, pupils, staff)) for loan in loans],
        on=on,
        open_days=open_days,
    )


def _schedules(staff: Group) -> list[Schedule]:
    """The presets in use. Staff's counts open days: else no Monday would find anybody at BiblioTECH's *+1*."""
    bibliotech = presets.load("bibliotech", groups=[staff])
    bibliotech.count = Schedule.Count.OPEN
    schedules = [
        presets.load("secondary_school"),
        bibliotech,
        presets.load("illiad_borrowing"),
        presets.load("illiad_lending"),
    ]
    for schedule in schedules:
        schedule.goes_by_itself = True
        schedule.save(update_fields=["count", "goes_by_itself"])
    return schedules


def _circulation(loan: Loan, pupils: Moments, staff: Moments) -> Schedule:
    assert loan.patron is not None  # circulation lends to patrons
    return staff.schedule if loan.patron.group.is_staff else pupils.schedule


def _chance(part: str) -> Random:
    return Random(f"{SEED}: {part}")


def _refuse_if_in_use() -> None:
    if (number := Patron.objects.count()) > 0:
        raise DemoError(
            f"This database holds {number:,} patrons already. The demonstration library is made on an empty one only."
        )
