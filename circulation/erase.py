"""Erase a patron: the row is emptied, not deleted, with all that was written to and about this person (product.md, S3).

Their closed loans stay as counts; guardians who have nobody else go with them; files that were read in and name them
are emptied. What other apps keep is theirs to empty (``slots.erasers``), in the same transaction: all of it or nothing.
Never erases somebody who still has something, and deletes no row but the guardianships.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from auditlog.models import LogEntry
from django.contrib.admin.models import LogEntry as AdminEntry
from django.db import transaction

from circulation import erased_numbers, people
from circulation.imports.naming import files_naming
from circulation.models import Guardian, Guardianship, ImportFile, Loan, Patron
from circulation.saving import wait_for_imports
from circulation.signals import Cause
from circulation.words import several
from library import audit, slots
from library.slots import EraseRefused, Erasing
from library.sweep import sweep

SHORTEST_CARD = 5
"""A number with fewer digits stands in many sentences that are not about a card."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What erasing a patron does, for the page that asks: the same rows that ``erase`` then empties."""

    patron: Patron
    loans: int
    unpaid: int
    """Loans that came back, or never did, and were billed or given up as lost: the office may still ask about them."""
    guardians: Sequence[Guardian]
    """Those who have nobody else."""
    staying: Sequence[Guardian]
    refusal: str
    """Why it cannot be done now; empty where it can."""


def plan(patron: Patron) -> Plan:
    """Two kinds of guardians, the number of closed loans, and what stands against it."""
    linked = list(Guardian.objects.filter(guardianships__patron=patron).order_by("pk"))
    others = Guardianship.objects.filter(guardian__in=linked, patron__erased_at=None).exclude(patron=patron)
    kept = set(others.values_list("guardian", flat=True))
    closed = Loan.objects.filter(patron=patron).exclude(returned_on=None)
    return Plan(
        patron=patron,
        loans=closed.count(),
        unpaid=closed.filter(status__in=[Loan.Status.BILLED, Loan.Status.LOST]).count(),
        guardians=[one for one in linked if one.pk not in kept],
        staying=[one for one in linked if one.pk in kept],
        refusal=_refusal(patron),
    )


@transaction.atomic
def erase(patron: Patron, *, at: datetime, by: Any = None) -> Plan:
    """Empty everything that names this patron. Raises EraseRefused while something is out or just being sent."""
    wait_for_imports(Patron, Guardian, Guardianship)
    patron = Patron.objects.select_for_update(of=("self",)).select_related("group").get(pk=patron.pk)
    list(Guardian.objects.select_for_update(of=("self",)).filter(guardianships__patron=patron))  # no other child now
    planned = plan(patron)
    if planned.refusal:
        raise EraseRefused(planned.refusal)
    guardians = [one.pk for one in planned.guardians]
    links = Guardianship.objects.filter(patron=patron)
    erasing = Erasing(
        patrons=[patron.pk],
        guardians=guardians,
        words=_words(planned),
        addresses=_addresses(planned),
    )
    Patron.objects.filter(pk=patron.pk).update(erased_at=at)
    Guardian.objects.filter(pk__in=guardians).update(erased_at=at)
    people.announce([patron.pk], [one.pk for one in _linked(planned)], Cause.ERASED, by=by)
    for forget in slots.erasers:
        forget(erasing)
    _empty_trail(erasing, links=list(links.values_list("pk", flat=True)))
    _empty_files([patron.barcode, *erasing.words], at=at)
    links._raw_delete(links.db)  # without signals: the trail of changes would keep who it was
    _empty_rows(patron, guardians)
    audit.note("A patron was erased.", model=Patron, ids=[patron.pk], by=by)
    return planned


def _linked(planned: Plan) -> list[Guardian]:
    return [*planned.guardians, *planned.staying]


def _refusal(patron: Patron) -> str:
    """Open loans, whatever their status, are settled first: a bill without a name could never be paid."""
    if patron.erased_at:
        return "This person is erased already."
    out = list(Loan.objects.open().of_patron(patron).select_related("item").order_by("due_on", "pk"))
    if not out:
        return ""
    first = out[0]
    how = "still out" if first.status == Loan.Status.ON_LOAN else first.get_status_display().lower()
    more = f", and {several(len(out) - 1, 'more loan')} {'is' if len(out) == 2 else 'are'} open" if len(out) > 1 else ""
    return f"{first.item} is {how}{more}. Take back or settle everything first; then {patron} can be erased."


def _words(planned: Plan) -> list[str]:
    """Card number, addresses and whole names, but none that somebody who stays has, too.

    One word alone is no name here, and a number of few digits no card's: logs are full of them.
    """
    patron = planned.patron
    names = {patron.full_name, f"{patron.last_name}, {patron.first_name}", *(one.name for one in planned.guardians)}
    names = {name for name in (*names, patron.known_as, patron.name_at_home) if " " in name.strip(", ")}
    others = Guardian.objects.filter(name__in=names).exclude(pk__in=[one.pk for one in planned.guardians])
    names -= set(others.values_list("name", flat=True))
    namesakes = Patron.objects.filter(first_name=patron.first_name, last_name=patron.last_name, erased_at=None)
    if namesakes.exclude(pk=patron.pk).exists():
        names -= {patron.full_name, f"{patron.last_name}, {patron.first_name}"}
    cards = [patron.barcode] if len(patron.barcode) >= SHORTEST_CARD else []
    return [*cards, *_addresses(planned), *sorted(names)]


def _addresses(planned: Plan) -> list[str]:
    """A family's mailbox stays with whoever stays."""
    emails = [planned.patron.email, *(one.email for one in planned.guardians)]
    addresses = {email.lower() for email in emails if email}
    for address in sorted(addresses):
        guardians = Guardian.objects.filter(email__iexact=address).exclude(pk__in=[one.pk for one in planned.guardians])
        patrons = Patron.objects.filter(email__iexact=address).exclude(pk=planned.patron.pk)
        if guardians.exists() or patrons.exists():
            addresses.discard(address)
    return sorted(addresses)


def _empty_trail(erasing: Erasing, *, links: list[int]) -> None:
    """That something changed is kept, not what."""
    loans = list(Loan.objects.filter(patron__in=erasing.patrons).values_list("pk", flat=True))
    for model, ids in (
        (Patron, erasing.patrons),
        (Guardian, erasing.guardians),
        (Guardianship, links),
        (Loan, loans),
    ):
        audit.blank(model, ids)
    sweep(
        LogEntry.objects.all(),
        fields=("object_repr", "changes", "changes_text", "additional_data", "serialized_data"),
        words=erasing.words,
    )
    sweep(AdminEntry.objects.all(), fields=("object_repr", "change_message"), words=erasing.words)


def _empty_files(words: Sequence[str], *, at: datetime) -> None:
    """A file that names the person loses its content and what was said of its rows; its counts stay.

    A refused row may show half a name, so nothing of the rows is kept.
    """
    naming = ImportFile.objects.filter(pk__in=files_naming(words))
    naming.update(content=b"", refused=[], notes=[], shown={}, emptied_at=at)
    sweep(
        ImportFile.objects.defer("content"),
        fields=("name", "refused", "reason", "notes", "options", "chosen", "shown"),
        words=words,
    )


def _empty_rows(patron: Patron, guardians: list[int]) -> None:
    Loan.objects.filter(patron=patron).update(status_reason="", before_renewal=None)
    Patron.objects.filter(pk=patron.pk).update(
        barcode=erased_numbers.in_place_of(patron.barcode),
        first_name="",
        last_name="",
        known_as="",
        name_at_home="",
        email="",
        address="",
        no_letters_reason="",
        no_letters_until=None,
    )
    Guardian.objects.filter(pk__in=guardians).update(name="", salutation="", email="", address="")
