"""The people of the school before they are rows: children in their households, with the carers they have.

Some households stand in ``cast`` by name; the others are drawn here. Every second child lives with two carers at one
address; some have carers at two addresses, one of them without library letters; a few have nobody on file.
"""

from dataclasses import dataclass, field
from random import Random

from library.demo.moments import Moment
from library.demo.names import PEOPLES, Name, People
from library.demo.school import FORMS

CHILDREN_IN_A_CLASS = 20
STREETS = (
    *("Acacia Avenue", "Bellbird Street", "Creek Road", "Dunmore Court", "Eucalypt Drive", "Ferntree Lane"),
    *("Grevillea Street", "Hakea Crescent", "Ironbark Road", "Jacaranda Street", "Kurrajong Way", "Mallee Court"),
)
SUBURBS = ("Therry VIC 3019", "Banksia Park VIC 3018", "Merri Flat VIC 3017")
MAILBOXES = ("mail.example", "post.example", "home.example")
OFF_REASONS = ("Asked for by the family. The wellbeing team knows more.", "Court order on file at the office.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A loan that the cast has."""

    title: str
    moment: Moment
    came_back: bool = False


@dataclass(slots=True, kw_only=True)
class Child:
    first: Name
    last: Name
    form: str
    known_as: str = ""
    has_email: bool = True
    prefers_paper: bool = False
    may_write_home: bool = True
    auto_send: str = "group"
    no_letters_reason: str = ""
    has_left: bool = False
    books: tuple[Book, ...] = ()


@dataclass(slots=True, kw_only=True)
class Carer:
    name: str
    relationship: str
    salutation: str = ""
    email: str = ""
    address: str = ""
    prefers_paper: bool = False
    library_letters: bool = True
    reason: str = ""


@dataclass(slots=True, kw_only=True)
class Household:
    children: list[Child]
    carers: list[Carer] = field(default_factory=list)
    address: str = ""

    @property
    def is_cast(self) -> bool:
        """Whether somebody in it has loans of the cast: chance lends nothing more to them."""
        return any(child.books for child in self.children)


def households(cast: list[Household], rng: Random) -> list[Household]:
    """The cast, and as many others as fill every class with twenty."""
    desks = [form for form in FORMS for _ in range(CHILDREN_IN_A_CLASS)]
    for child in [child for household in cast for child in household.children]:
        desks.remove(child.form)
    rng.shuffle(desks)
    others = []
    while desks:
        siblings = rng.choices((1, 2, 3), weights=(70, 25, 5))[0]
        others.append(_household(_take_forms(desks, siblings), rng))
    return [*cast, *others]


def _take_forms(desks: list[str], siblings: int) -> list[str]:
    """The next desk, and for brothers and sisters the next ones in other years."""
    forms = [desks.pop()]
    years = {forms[0][:-1]}
    while len(forms) < siblings:
        other = next((form for form in reversed(desks) if form[:-1] not in years), None)
        if other is None:
            break
        desks.remove(other)
        forms.append(other)
        years.add(other[:-1])
    return forms


def _household(forms: list[str], rng: Random) -> Household:
    people = rng.choices(PEOPLES, weights=[people.share for people in PEOPLES])[0]
    family = rng.choice(people.families)
    first_names = rng.sample(people.children, len(forms))
    children = [_child(first, family, form, rng) for first, form in zip(first_names, forms, strict=True)]
    address = an_address(rng)
    return Household(children=children, carers=_carers(people, family, address, rng), address=address)


def _child(first: Name, last: Name, form: str, rng: Random) -> Child:
    return Child(
        first=first,
        last=last,
        form=form,
        known_as="" if first.written.isascii() or rng.random() < 0.7 else first.plain.title(),
        has_email=rng.random() > 0.04,
        prefers_paper=rng.random() < 0.02,
        may_write_home=not form.startswith("12") or rng.random() > 0.15,
        auto_send="no" if rng.random() < 0.01 else "group",
    )


def _carers(people: People, family: Name, address: str, rng: Random) -> list[Carer]:
    mother = _carer(rng.choice(people.mothers), family, "Mother", "Ms", address, rng)
    father = _carer(rng.choice(people.fathers), family, "Father", "Mr", address, rng)
    match rng.choices(("both", "one", "apart", "grandmother", "nobody"), weights=(48, 28, 16, 5, 3))[0]:
        case "both":
            if mother.email and father.email and rng.random() < 0.4:
                mother.email = father.email = f"{family.plain}.family{rng.randint(10, 999)}@{rng.choice(MAILBOXES)}"
            return [mother, father]
        case "one":
            return [rng.choice((mother, mother, father))]
        case "apart":
            away = rng.choice((mother, father))
            away.address = an_address(rng)
            if rng.random() < 0.35:
                away.library_letters, away.reason = False, rng.choice(OFF_REASONS)
            return [mother, father]
        case "grandmother":
            mother.relationship = "Grandmother"
            return [mother]
    return []


def _carer(given: Name, family: Name, relationship: str, title: str, address: str, rng: Random) -> Carer:
    is_formal = family.written.isascii() and rng.random() < 0.6
    has_email = rng.random() > 0.08
    return Carer(
        name=f"{given.written} {family.written}",
        relationship=relationship,
        salutation=f"{title} {family.written}" if is_formal else "",
        email=f"{given.plain}.{family.plain}{rng.randint(10, 999)}@{rng.choice(MAILBOXES)}" if has_email else "",
        address=address if rng.random() > 0.1 else "",
        prefers_paper=rng.random() < 0.05,
    )


def an_address(rng: Random) -> str:
    return f"{rng.randint(1, 180)} {rng.choice(STREETS)}\n{rng.choice(SUBURBS)}"
