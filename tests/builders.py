"""People, things and loans for tests, in words: ``a_loan(patron=mia, due=today)``.

Counters instead of randomness, keyword-only, and every row valid by itself: what a test does not name does not matter
to it. A builder writes rows and nothing else; it says no verb and fires no signal.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from circulation.models import (
    ClosedDays,
    Collection,
    Group,
    Guardian,
    Guardianship,
    Item,
    Loan,
    PartnerLibrary,
    Patron,
)

_numbers = count(1)

FIRST_NAMES = ["Mia", "Tom", "Grace", "Asha", "Ruby", "Zayd", "Lena", "Oisín"]
LAST_NAMES = ["Chen", "Okafor", "Lee", "Perkins", "Rahimi", "Novak", "Haddad"]
TITLES = ["The Hobbit", "Storm Boy", "Blueback", "Nevermoor", "Holes"]


def a_group(*, name: str | None = None, **fields: Any) -> Group:
    """A class whose letters go by themselves; the same name twice is the same class."""
    fields.setdefault("auto_send", True)
    if name is not None:
        return Group.objects.update_or_create(name=name, defaults=fields)[0]
    return Group.objects.create(name=f"Class {next(_numbers)}", **fields)


def a_patron(*, group: Group | None = None, guardians: Iterable[Guardian] = (), **fields: Any) -> Patron:
    """A pupil with an address of her own; ``guardians`` are told about her, too."""
    number = next(_numbers)
    fields.setdefault("barcode", f"P{number:06}")
    fields.setdefault("first_name", FIRST_NAMES[number % len(FIRST_NAMES)])
    fields.setdefault("last_name", LAST_NAMES[number % len(LAST_NAMES)])
    fields.setdefault("email", f"pupil{number}@students.example")
    patron = Patron.objects.create(group=group or a_group(), **fields)
    for guardian in guardians:
        a_guardianship(patron=patron, guardian=guardian)
    return patron


def a_guardian(**fields: Any) -> Guardian:
    """A parent or carer with an address."""
    number = next(_numbers)
    fields.setdefault("name", f"Kim {LAST_NAMES[number % len(LAST_NAMES)]}")
    fields.setdefault("email", f"family{number}@home.example")
    return Guardian.objects.create(**fields)


def a_guardianship(*, patron: Patron | None = None, guardian: Guardian | None = None, **fields: Any) -> Guardianship:
    """``guardian`` is told about ``patron``, unless ``library_letters`` says no."""
    return Guardianship.objects.create(patron=patron or a_patron(), guardian=guardian or a_guardian(), **fields)


def a_partner(**fields: Any) -> PartnerLibrary:
    """A library elsewhere, with an address for interlibrary loans."""
    number = next(_numbers)
    fields.setdefault("name", f"Karri University Library {number}")
    fields.setdefault("symbol", f"KU{number}")
    fields.setdefault("email", f"ill{number}@karri.example")
    return PartnerLibrary.objects.create(**fields)


def a_collection(**fields: Any) -> Collection:
    """A shelf with rules of its own."""
    fields.setdefault("name", f"Shelf {next(_numbers)}")
    return Collection.objects.create(**fields)


def an_item(**fields: Any) -> Item:
    """A book of ours; with ``owner`` it is a partner library's."""
    number = next(_numbers)
    fields.setdefault("barcode", f"3{number:09}")
    fields.setdefault("title", TITLES[number % len(TITLES)])
    return Item.objects.create(**fields)


def a_loan(
    *,
    due: date,
    patron: Patron | None = None,
    partner: PartnerLibrary | None = None,
    item: Item | None = None,
    service: str = "",
    lent: date | None = None,
    returned: date | None = None,
    **fields: Any,
) -> Loan:
    """An open loan, lent a fortnight before it is due unless ``lent`` says otherwise.

    With a partner library it is ILL lending; with ``service="ill_borrowing"`` the item is a partner library's.
    """
    service = service or (Loan.Service.ILL_LENDING if partner else Loan.Service.CIRCULATION)
    if service == Loan.Service.ILL_LENDING:
        partner = partner or a_partner()
    else:
        patron = patron or a_patron()
    if item is None:
        item = an_item(owner=a_partner() if service == Loan.Service.ILL_BORROWING else None)
    if lent is None:
        lent = min(due - timedelta(days=14), returned or date.max)
    fields.setdefault("due_set_on", lent)
    if returned is not None:
        fields.setdefault("returned_at", timezone.make_aware(datetime.combine(returned, time(15))))
    return Loan.objects.create(
        item=item,
        service=service,
        patron=patron,
        partner=partner,
        lent_on=lent,
        due_on=due,
        returned_on=returned,
        **fields,
    )


def a_closed_day(*, day: date, until: date | None = None, name: str = "Holiday") -> ClosedDays:
    """The library is closed on ``day``, or from ``day`` to ``until``."""
    return ClosedDays.objects.create(first=day, last=until or day, name=name)
