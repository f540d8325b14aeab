"""Wattle Grove College itself: the library's own row, its classes and its closed days."""

from datetime import date, timedelta

from circulation.calendar import OpenDays
from circulation.models import ClosedDays, Group
from library.models import Library

FORMS = [f"{year}{letter}" for year in range(7, 13) for letter in "ABC"]
STAFF = "Staff"

LOAN_DAYS = {7: 14, 8: 14, 9: 14, 10: 14, 11: 21, 12: 21}
STAFF_LOAN_DAYS = 28
YEARS_WHOSE_HOMES_READ_TITLES = {7}

HOLIDAYS_KEPT_FROM = timedelta(days=60)
HOLIDAYS_KEPT_UNTIL = timedelta(days=14)


def open_library() -> None:
    """Fill in the library's row, the marked sentences of the letters included."""
    library = Library.the()
    library.name = "Wattle Grove College Library"
    library.address = "Wattle Grove College Library\n1 Wattle Road\nTherry VIC 3019\nAustralia"
    library.return_address = "ILL, Wattle Grove College Library\n1 Wattle Road\nTherry VIC 3019\nAustralia"
    library.phone = "03 5550 0142"
    library.opening_hours = "open 8:15 to 4:00 on school days"
    library.reply_to = "library@wattlegrove.example"
    library.no_fees_sentence = "There are no late fees."
    library.still_borrow_sentence = "Everyone can go on borrowing."
    library.same_book_sentence = "The same book, new or used, is fine too."
    library.refund_sentence = "If it turns up later, we will pay you back."
    library.cost_contact = "Mrs Hall at the office, 03 5550 1200"
    library.interpreter_sentence = "Help in your language: 131 450."
    library.save()


def classes(contacts: list[tuple[str, str]]) -> dict[str, Group]:
    """Eighteen classes and the staff. ``contacts`` are the homeroom teachers: name and address."""
    groups = [
        Group(
            name=form,
            year_level=int(form[:-1]),
            contact_name=name,
            contact_email=email,
            library_day=number % 5,
            loan_days=LOAN_DAYS[int(form[:-1])],
            max_loans=5,
            auto_send=True,
            home_reads_titles=int(form[:-1]) in YEARS_WHOSE_HOMES_READ_TITLES,
        )
        for number, (form, (name, email)) in enumerate(zip(FORMS, contacts, strict=True))
    ]
    groups.append(Group(name=STAFF, is_staff=True, loan_days=STAFF_LOAN_DAYS, auto_send=True, home_reads_titles=False))
    return {group.name: group for group in Group.objects.bulk_create(groups)}


def close_for_holidays(*, on: date) -> OpenDays:
    """Public holidays and school holidays of Victoria around ``on``, and the calendar that they make.

    A range that lies near ``on`` is left out: this school is at work on the day it is made, whichever that is, so that
    somebody stands at every step. Single days stay where they are.
    """
    days = [one for year in (on.year - 1, on.year, on.year + 1) for one in [*_single_days(year), *_ranges(year, on=on)]]
    ClosedDays.objects.bulk_create(sorted(days, key=lambda one: one.first))
    return OpenDays.load()


def _single_days(year: int) -> list[ClosedDays]:
    days = {
        "Labour Day": _nth_weekday(year, 3, weekday=0, nth=2),
        "Anzac Day": date(year, 4, 25),
        "King's Birthday": _nth_weekday(year, 6, weekday=0, nth=2),
        "Melbourne Cup Day": _nth_weekday(year, 11, weekday=1, nth=1),
    }
    return [ClosedDays(first=day, last=day, name=name) for name, day in days.items()]


def _ranges(year: int, *, on: date) -> list[ClosedDays]:
    good_friday = _easter(year) - timedelta(days=2)
    winter = _nth_weekday(year, 6, weekday=5, nth=4)
    spring = _nth_weekday(year, 9, weekday=5, nth=3)
    summer = _nth_weekday(year, 12, weekday=5, nth=3)
    holidays = [
        ClosedDays(first=good_friday, last=good_friday + timedelta(days=10), name="Easter and autumn holidays"),
        ClosedDays(first=winter, last=winter + timedelta(days=15), name="Winter holidays"),
        ClosedDays(first=spring, last=spring + timedelta(days=15), name="Spring holidays"),
        ClosedDays(first=summer, last=date(year + 1, 1, 27), name="Summer holidays"),
    ]
    return [one for one in holidays if one.last < on - HOLIDAYS_KEPT_FROM or one.first > on + HOLIDAYS_KEPT_UNTIL]


def _nth_weekday(year: int, month: int, *, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Astronomical Algorithms, chapter 8)."""
    century, place = divmod(year, 100)
    epact = (19 * (year % 19) + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (place // 4) - epact - place % 4) % 7
    shift = (year % 19 + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)
