"""What a letter to somebody real would speak of today, for trying wording. Nobody is written to, and no row is kept.

The rows of such a letter are made, read by the reader that composing uses (``letter_rows``), and rolled back: what an
audience may not read is left out here by the same lines of code that leave it out of what is sent. Whether the person
would be written to at all is not asked (that is *Why?*); schedules and groups decide as they stand.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from circulation import search
from circulation.calendar import CalendarError, OpenDays
from circulation.models import Group, Guardian, Loan, PartnerLibrary, Patron
from circulation.words import who
from library.models import Library
from library.typed import is_row_number
from notices import samples
from notices.assignments import ANY, assignments
from notices.letter_data import LetterData, LibraryData, joined
from notices.letter_rows import Reader
from notices.models import Audience, Letter, Line, Notice, Schedule, Step, Template

MOST_FOUND = 8
MOST_LOANS = 60
"""Of one preview: a class list of more would only be longer."""


class NobodyToShow(Exception):
    """Nothing real to show this wording with; the sentence says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody this letter could go to. ``key`` names the person in a form by a number, never by a name."""

    key: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Whom the preview is for, and what their letter speaks of."""

    key: str
    label: str
    data: LetterData


def people(words: str, *, audience: Audience) -> list[Person]:
    """Whom a search finds: patrons, or partner libraries for letters to them."""
    words = search.cleaned(words)
    if not words:
        return []
    if audience == Audience.PARTNER:
        partners = PartnerLibrary.objects.filter(name__icontains=words).order_by("name")[:MOST_FOUND]
        return [Person(key=f"partner:{partner.pk}", label=partner.name) for partner in partners]
    return [
        Person(key=f"patron:{patron.pk}", label=who(patron))
        for patron in search.patrons(words, addresses=True)[:MOST_FOUND]
    ]


def shown(template: Template, *, key: str, on: date) -> Shown:
    """The letter that ``key`` asks for: of a real person, or a sample. Raises NobodyToShow."""
    kind, _, number = key.partition(":")
    if kind in ("patron", "partner") and is_row_number(number):
        return _real(template, kind=kind, pk=int(number), on=on)
    library = LibraryData.of(Library.the())
    known = samples.kinds(Audience(template.audience))
    sample = next((one for one in known if one.key == key), known[0])
    data = samples.letter(template, key=sample.key, library=library, on=on)
    return Shown(key=sample.key, label=sample.label, data=data)


def _real(template: Template, *, kind: str, pk: int, on: date) -> Shown:
    if kind == "partner":
        return _letter(template, _partner(pk), key=f"{kind}:{pk}", on=on)
    patron = Patron.objects.select_related("group").filter(pk=pk, erased_at=None).first()
    if patron is None:
        raise NobodyToShow("This patron is not on file any more. Choose somebody else, or a sample.")
    reader = _READERS.get(Audience(template.audience), _themselves)
    return _letter(template, reader(patron), key=f"{kind}:{pk}", on=on)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Whom a letter goes to (``to``, as its row names them), what they are called, and the loans that it could name."""

    label: str
    to: dict[str, Patron | Guardian | Group | PartnerLibrary]
    loans: QuerySet[Loan]


def _themselves(patron: Patron) -> _Reader:
    return _Reader(label=who(patron), to={"patron": patron}, loans=Loan.objects.filter(patron=patron))


def _at_home(patron: Patron) -> _Reader:
    """The first at home who may be told, about all children of whom they may be told."""
    guardian = _home_of(patron)
    children = Patron.objects.filter(
        guardianships__guardian=guardian, guardianships__library_letters=True, erased_at=None
    ).select_related("group")
    label = f"{guardian.name}: {joined(who(child) for child in children)}"
    return _Reader(label=label, to={"guardian": guardian}, loans=Loan.objects.filter(patron__in=children))


def _at_school(patron: Patron) -> _Reader:
    group = patron.group
    label = f"{group.contact_name or 'The contact'} of {group}"
    return _Reader(label=label, to={"group": group}, loans=Loan.objects.filter(patron__group=group))


def _partner(pk: int) -> _Reader:
    partner = PartnerLibrary.objects.filter(pk=pk).first()
    if partner is None:
        raise NobodyToShow("This library is not on file any more. Choose another one, or a sample.")
    return _Reader(label=partner.name, to={"partner": partner}, loans=Loan.objects.filter(partner=partner))


_READERS: Final = {Audience.GUARDIAN: _at_home, Audience.CONTACT: _at_school}


def _home_of(patron: Patron) -> Guardian:
    link = patron.guardianships.select_related("guardian").filter(library_letters=True).order_by("pk").first()
    if link is None:
        raise NobodyToShow(f"Nobody at home may be told about {who(patron)}. Choose somebody else, or a sample.")
    return link.guardian


def _letter(template: Template, reader: _Reader, *, key: str, on: date) -> Shown:
    """Made, read and rolled back: nothing of it is kept, and nobody else ever sees it."""
    loans = _about(template, reader.loans, on=on)
    if not loans:
        what = "out" if template.number is None else "late" if template.number > 0 else "out that is not late"
        raise NobodyToShow(f"{reader.label} has nothing {what} today. Choose somebody else, or a sample.")
    address = _address(reader)
    with transaction.atomic():
        letter = Letter.objects.create(
            kind=template.kind,
            service=template.service,
            audience=template.audience,
            channel=Letter.Channel.EMAIL if address else Letter.Channel.PAPER,
            to=address,
            state=Letter.State.DRAFT,
            number=template.number or 0,
            day=on,
            **reader.to,
        )
        notices = Notice.objects.bulk_create(_notices(template, loans, on=on))
        Line.objects.bulk_create(Line(letter=letter, notice=notice) for notice in notices)
        rows = Reader(library=LibraryData.of(Library.the()), open_days=OpenDays.load())
        try:
            data = next(rows.row(lines).data for _, lines in rows.lines([letter.pk], on=on))
        except CalendarError as reason:
            raise NobodyToShow(str(reason)) from reason
        transaction.set_rollback(True)
    return Shown(key=key, label=reader.label, data=replace(data, letter_of=data.letter_of or on - timedelta(days=1)))


def _about(template: Template, loans: QuerySet[Loan], *, on: date) -> list[Loan]:
    """The loans that such a letter could be about; other kinds than steps take whatever is out."""
    loans = loans.filter(service=template.service, returned_on=None).select_related("patron", "item")
    if template.number is not None:
        loans = loans.filter(due_on__lt=on) if template.number > 0 else loans.filter(due_on__gte=on)
    return list(loans.order_by("due_on", "pk")[:MOST_LOANS])


def _notices(template: Template, loans: Sequence[Loan], *, on: date) -> list[Notice]:
    """As drafts are: taken back from the beginning, so that whatever reads the ledger passes them over."""
    steps = _steps(template, loans)
    now = timezone.now()
    return [
        Notice(
            loan=loan,
            due_on=loan.due_on,
            number=template.number or 0,
            step=steps.get(loan.pk),
            said_on=on,
            taken_back_at=now,
        )
        for loan in loans
    ]


def _steps(template: Template, loans: Iterable[Loan]) -> dict[int, Step]:
    """The step of this number in each loan's own schedule, by loan."""
    schedules = {
        (one.service, one.group, one.collection): one.schedule for one in assignments(list(Schedule.objects.in_force()))
    }
    found = {}
    for loan in loans:
        group = loan.patron.group_id if loan.patron and loan.service == Loan.Service.CIRCULATION else ANY
        collection = (loan.item.collection_id or ANY) if loan.service == Loan.Service.CIRCULATION else ANY
        schedule = schedules.get((loan.service, group, collection))
        steps = schedule.steps.all() if schedule else []
        if step := next((one for one in steps if one.number == template.number), None):
            found[loan.pk] = step
    return found


def _address(reader: _Reader) -> str:
    (recipient,) = reader.to.values()
    return recipient.contact_email if isinstance(recipient, Group) else recipient.email
