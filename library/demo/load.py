"""Make the demonstration library on an empty database, and set it going.

Everything is one transaction: the school is there whole, its first letters waiting, or not at all. Refuses a database
that holds patrons or knows a mail server. Sends nothing: the letters leave with the gateway's next check.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from django.db import transaction

from circulation.calendar import OpenDays
from circulation.models import Group, Guardian, Item, Loan, PartnerLibrary, Patron
from library import standing
from library.demo import history, ledger, people, post, school, things, users
from library.demo.interlibrary import Exchange
from library.demo.lending import Lending
from library.demo.moments import Moments, Timetable
from notices import compose, presets, scan
from notices.models import RunSettings, Schedule
from smtp_gateway.models import Gateway

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


def load(*, on: date, mailbox: post.Mailbox) -> Made:
    """The school as it stands on ``on``, its run by hand, and the gateway on. Raises DemoError."""
    with transaction.atomic():
        standing.set_up()
        _refuse_if_in_use()
        told_before = make(on=on)
        users.let_in()
        post.send_to(mailbox)
        history.remember(on=on)
        run = scan.run(on=on)
        compose.write_planned(on=on)
        _run_daily(first_day=on + timedelta(days=1))
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
    timetable = _timetable(staff=folk.groups[school.STAFF], on=on, open_days=open_days)
    desk = Lending(folk=folk, shelves=shelves, timetable=timetable, rng=_chance("lending"))
    exchange = Exchange(folk=folk, shelves=shelves, timetable=timetable, rng=_chance("interlibrary"))
    return ledger.remember([*desk.lend_everything(), *exchange.exchange()], timetable)


def _timetable(*, staff: Group, on: date, open_days: OpenDays) -> Timetable:
    """The presets in use. Staff's counts open days: else no Monday would find anybody at BiblioTECH's *+1*."""
    bibliotech = presets.load("bibliotech", groups=[staff])
    bibliotech.count = Schedule.Count.OPEN
    schedules = {
        "pupils": presets.load("secondary_school"),
        "staff": bibliotech,
        "borrowing": presets.load("illiad_borrowing"),
        "lending": presets.load("illiad_lending"),
    }
    for schedule in schedules.values():
        schedule.goes_by_itself = True
        schedule.save(update_fields=["count", "goes_by_itself"])
    moments = {name: Moments(schedule, on=on, open_days=open_days) for name, schedule in schedules.items()}
    return Timetable(on=on, open_days=open_days, **moments)


def _run_daily(*, first_day: date) -> None:
    settings = RunSettings.the()
    settings.enabled, settings.first_day = True, first_day
    settings.save()


def _chance(part: str) -> Random:
    return Random(f"{SEED}: {part}")


def _refuse_if_in_use() -> None:
    """Invented people among real ones, and letters about them through a real mail server, are for nobody."""
    if number := Patron.objects.count():
        patrons = "1 patron" if number == 1 else f"{number:,} patrons"
        raise DemoError(
            f"This database holds {patrons} already. The demonstration library is made on an empty one only."
        )
    if host := Gateway.the().host:
        raise DemoError(
            f"The gateway sends through {host} already. The demonstration library is made where nothing is set up."
        )
