"""How circulation says a day and a person in its sentences (ui.md, Words).

Only what desk and imports need to refuse something in words; letters have their own wording in notices.
"""

from datetime import date, timedelta

from circulation.models import PartnerLibrary, Patron

THREE_MONTHS = timedelta(days=92)


def a_day(day: date, *, on: date) -> str:
    """``Fri 4 Dec``; with the year when it is neither this year nor within the next three months."""
    near = day.year == on.year or on <= day <= on + THREE_MONTHS
    return f"{day:%a} {day.day} {day:%b}" if near else f"{day:%a} {day.day} {day:%b %Y}"


def who(borrower: Patron | PartnerLibrary) -> str:
    """``Mia Chen, 7B``, or the name of the library."""
    return f"{borrower.full_name}, {borrower.group}" if isinstance(borrower, Patron) else borrower.name


def several(count: int, one: str, many: str = "") -> str:
    """``1 loan``, ``1,204 loans``: plurals are real."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
