"""Rows for the people: classes with their teachers, staff, children, and who is told about them at home."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from circulation.models import FOREVER, Group, Guardian, Guardianship, Patron
from library.demo import school
from library.demo.cast import cast
from library.demo.households import Book, Carer, Child, Household, households
from library.demo.names import PEOPLES, Name

STAFF_MEMBERS = 40
FIRST_CARD = 100_101
TEACHERS_WE_KNOW = [("Ms", "Helen", "Marsh"), ("Mr", "Daniel", "Okoye"), ("Mr", "David", "Lee")]


@dataclass(slots=True)
class Folk:
    """Everybody who borrows. ``books``: the loans that the cast has. ``pupils``: those whom chance may lend to."""

    groups: dict[str, Group]
    staff: list[Patron] = field(default_factory=list)
    pupils: list[Patron] = field(default_factory=list)
    books: list[tuple[Patron, Book]] = field(default_factory=list)


def enrol(*, on: date, rng: Random) -> Folk:
    """Make everybody: about sixty statements, whatever the size of the school."""
    cards = _Cards()
    homes = households(cast(), rng)
    teachers = _teachers(rng)
    groups = school.classes([_contact(*teacher) for teacher in teachers[: len(school.FORMS)]])
    folk = Folk(groups=groups, staff=[_teacher(*who, group=groups[school.STAFF], cards=cards) for who in teachers])
    links: list[Guardianship] = []
    for home in sorted(homes, key=lambda home: home.children[0].form):
        patrons = [_pupil(child, home, groups=groups, cards=cards, on=on) for child in home.children]
        links += _links(home, patrons)
        for patron, child in zip(patrons, home.children, strict=True):
            folk.books += [(patron, book) for book in child.books]
        if not home.is_cast:
            folk.pupils += patrons
    _save(folk, links)
    return folk


def _save(folk: Folk, links: list[Guardianship]) -> None:
    known = {id(patron): patron for patron in [*folk.staff, *folk.pupils, *(link.patron for link in links)]}
    Patron.objects.bulk_create(sorted(known.values(), key=lambda patron: patron.barcode))
    Guardian.objects.bulk_create(list({id(link.guardian): link.guardian for link in links}.values()))
    Guardianship.objects.bulk_create(links)


class _Cards:
    """Card numbers in a row, and addresses that nobody else has."""

    def __init__(self) -> None:
        self._next = FIRST_CARD
        self._taken: Counter[str] = Counter()

    def card(self) -> str:
        self._next += 1
        return f"P{self._next - 1}"

    def address(self, local: str, domain: str) -> str:
        self._taken[local] += 1
        times = self._taken[local]
        return f"{local}{times if times > 1 else ''}@{domain}"


def _teachers(rng: Random) -> list[tuple[str, Name, Name]]:
    """Title, first and last name of forty members of staff."""
    teachers = [(title, Name.read(first), Name.read(last)) for title, first, last in TEACHERS_WE_KNOW]
    taken = {(first, last) for _, first, last in teachers}
    while len(teachers) < STAFF_MEMBERS:
        people = rng.choices(PEOPLES, weights=[people.share for people in PEOPLES])[0]
        title, first_names = rng.choice((("Ms", people.mothers), ("Mr", people.fathers)))
        who = (title, rng.choice(first_names), rng.choice(people.families))
        if who[1:] not in taken:
            taken.add(who[1:])
            teachers.append(who)
    return teachers


def _contact(title: str, first: Name, last: Name) -> tuple[str, str]:
    return f"{title} {first.written} {last.written}", f"{first.plain}.{last.plain}@wattlegrove.example"


def _teacher(title: str, first: Name, last: Name, *, group: Group, cards: _Cards) -> Patron:
    return Patron(
        barcode=cards.card(),
        first_name=first.written,
        last_name=last.written,
        email=cards.address(f"{first.plain}.{last.plain}", "wattlegrove.example"),
        group=group,
    )


def _pupil(child: Child, home: Household, *, groups: dict[str, Group], cards: _Cards, on: date) -> Patron:
    local = f"{child.first.plain}.{child.last.plain}"
    return Patron(
        barcode=cards.card(),
        first_name=child.first.written,
        last_name=child.last.written,
        known_as=child.known_as,
        email=cards.address(local, "students.wattlegrove.example") if child.has_email else "",
        group=groups[child.form],
        address=home.address,
        prefers_paper=child.prefers_paper,
        auto_send=child.auto_send,
        may_write_home=child.may_write_home,
        no_letters_until=FOREVER if child.no_letters_reason else None,
        no_letters_reason=child.no_letters_reason,
        left_on=on - timedelta(days=10) if child.has_left else None,
    )


def _links(home: Household, patrons: list[Patron]) -> list[Guardianship]:
    return [
        Guardianship(
            patron=patron,
            guardian=guardian,
            relationship=carer.relationship,
            library_letters=carer.library_letters,
            reason=carer.reason,
        )
        for carer in home.carers
        for guardian in [_guardian(carer)]
        for patron in patrons
    ]


def _guardian(carer: Carer) -> Guardian:
    return Guardian(
        name=carer.name,
        salutation=carer.salutation,
        email=carer.email,
        address=carer.address,
        prefers_paper=carer.prefers_paper,
    )
