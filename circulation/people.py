"""Changes to people that letters depend on: pages, admin and imports go through these verbs.

A verb saves and says ``people_changed`` once for each cause, inside one transaction; what then happens to letters that
wait is nobody's business here.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q

from circulation.models import FOREVER, Group, Guardian, Guardianship, PartnerLibrary, Patron
from circulation.saving import save, wait_for_imports
from circulation.signals import Cause, loans_changed, people_changed

PATRON_CAUSES = {
    "first_name": Cause.NAME,
    "last_name": Cause.NAME,
    "known_as": Cause.NAME,
    "name_at_home": Cause.NAME,
    "email": Cause.ADDRESS,
    "address": Cause.ADDRESS,
    "prefers_paper": Cause.ADDRESS,
    "group": Cause.GROUP,
    "auto_send": Cause.AUTO_SEND,
    "may_write_home": Cause.GUARDIANSHIP,
    "no_letters_until": Cause.NO_LETTERS,
    "left_on": Cause.LEFT,
}
GUARDIAN_CAUSES = {
    "name": Cause.NAME,
    "salutation": Cause.NAME,
    "email": Cause.ADDRESS,
    "address": Cause.ADDRESS,
    "prefers_paper": Cause.ADDRESS,
}
GROUP_CAUSES = {
    "name": Cause.GROUP,
    "is_staff": Cause.GROUP,
    "auto_send": Cause.AUTO_SEND,
    "active": Cause.AUTO_SEND,
    "year_level": Cause.GROUP,
    "contact_name": Cause.GROUP,
    "contact_email": Cause.GROUP,
    "library_day": Cause.GROUP,
    "home_reads_titles": Cause.GROUP,
    "contact_reads_titles": Cause.GROUP,
}

PARTNER_CAUSES = {
    "email": Cause.ADDRESS,
    "address": Cause.ADDRESS,
    "auto_send": Cause.AUTO_SEND,
    "active": Cause.AUTO_SEND,
}

LOOKS_SWITCHED_OFF = "Looks like a guardian whose letters about this child are off."
MOVED_IN = "Moved to the address of somebody whose letters about this child are off."
"""The reasons that stand beside a switch which no person turned; an import gives the same."""


@dataclass(frozen=True, kw_only=True)
class Changed:
    """How many people a verb changed, and how many letters that waited were thought over because of it."""

    people: int
    letters: int


@transaction.atomic
def save_patron(patron: Patron, *, changed: Iterable[str], by: Any = None) -> Patron:
    """Save; ``changed`` names the fields that differ from before."""
    changed = save(patron, changed=changed)
    for cause in _causes(PATRON_CAUSES, changed):
        announce([patron.pk], [], cause, by=by)
    return patron


@transaction.atomic
def save_guardian(guardian: Guardian, *, changed: Iterable[str], by: Any = None) -> Guardian:
    """Save; ``changed`` names the fields that differ from before.

    Who moves to the address of somebody to whom letters about a child are off is not written to about this child
    either, until a person says so: the same as on import.
    """
    changed = save(guardian, changed=changed)
    if "email" in changed and guardian.email:
        moved = [link for link in guardian.guardianships.filter(library_letters=True) if looks_switched_off(link)]
        _switch(moved, by=by, library_letters=False, no_letters_until=None, reason=MOVED_IN)
    for cause in _causes(GUARDIAN_CAUSES, changed):
        announce([], [guardian.pk], cause, by=by)
    return guardian


@transaction.atomic
def save_group(group: Group, *, changed: Iterable[str], by: Any = None) -> Group:
    """Save; everybody in the group is concerned by what its letters depend on."""
    causes = _causes(GROUP_CAUSES, save(group, changed=changed))
    patrons = list(group.patrons.order_by("pk").values_list("pk", flat=True)) if causes else []
    for cause in causes:
        announce(patrons, [], cause, by=by)
    return group


@transaction.atomic
def save_partner(partner: PartnerLibrary, *, changed: Iterable[str], by: Any = None) -> PartnerLibrary:
    """Save; letters to a partner library hang on the loans that it has of us."""
    causes = _causes(PARTNER_CAUSES, save(partner, changed=changed))
    loans = list(partner.loans.open().order_by("pk").values_list("pk", flat=True)) if causes else []
    for cause in causes:
        loans_changed.send(PartnerLibrary, loan_ids=loans, cause=cause, by=by)
    return partner


@transaction.atomic
def add_guardianship(patron: Patron, guardian: Guardian, *, relationship: str = "", by: Any = None) -> Guardianship:
    """``guardian``, new or known, for ``patron``. Raises IntegrityError where it is so already.

    Who looks like somebody to whom letters about this patron are off begins switched off.
    """
    if guardian.pk is None:
        save_guardian(guardian, changed=[], by=by)
    link = Guardianship(patron=patron, guardian=guardian)
    off = looks_switched_off(link)
    reason = LOOKS_SWITCHED_OFF if off else ""
    return change_guardianship(link, by=by, relationship=relationship, library_letters=not off, reason=reason)


def looks_switched_off(link: Guardianship) -> bool:
    """Whether letters about the patron are off to another guardian of this name, or at this address."""
    guardian = link.guardian
    others = Guardianship.objects.filter(patron=link.patron).exclude(guardian=guardian).exclude(pk=link.pk)
    alike = Q(guardian__name__iexact=guardian.name)
    if guardian.email:
        alike |= Q(guardian__email__iexact=guardian.email)
    return others.filter(Q(library_letters=False) | Q(no_letters_until__isnull=False), alike).exists()


@transaction.atomic
def change_guardianship(guardianship: Guardianship, *, by: Any = None, **fields: Any) -> Guardianship:
    """Save ``fields`` of a new or known guardianship, for example ``library_letters=False, reason="Court order"``."""
    for name, value in fields.items():
        setattr(guardianship, name, value)
    save(guardianship, changed=fields)
    announce([guardianship.patron_id], [guardianship.guardian_id], Cause.GUARDIANSHIP, by=by)
    return guardianship


@transaction.atomic
def end_guardianship(guardianship: Guardianship, *, by: Any = None) -> None:
    """The guardian has no more to do with this patron."""
    patron_id, guardian_id = guardianship.patron_id, guardianship.guardian_id
    guardianship.delete()
    announce([patron_id], [guardian_id], Cause.GUARDIANSHIP, by=by)


@transaction.atomic
def change_patrons(patron_ids: Iterable[int], *, by: Any = None, **fields: Any) -> Changed:
    """Give all of them these values, each saved for the audit trail, and say each cause once for those that changed.

    ``change_patrons(ids, auto_send="no")``. Who was erased is left alone.
    """
    wait_for_imports(Patron)
    wanted = Patron.objects.filter(pk__in=list(patron_ids), erased_at=None)
    changed = list(wanted.exclude(**fields).order_by("pk").select_for_update(of=("self",), no_key=True))
    for patron in changed:
        for name, value in fields.items():
            setattr(patron, name, value)
        patron.save(update_fields=list(fields))
    ids = [patron.pk for patron in changed]
    letters = sum(announce(ids, [], cause, by=by) for cause in _causes(PATRON_CAUSES, fields))
    return Changed(people=len(ids), letters=letters)


@transaction.atomic
def stop_letters_home(
    guardianships: Iterable[Guardianship], *, until: date | None = None, reason: str = "", by: Any = None
) -> Changed:
    """Nothing about these patrons goes to these guardians, before ``until`` or, without it, ever again.

    One that is switched off for good stays so, with its own reason.
    """
    on = [row for row in guardianships if row.library_letters]
    return _switch(on, by=by, library_letters=until is not None, no_letters_until=until, reason=reason)


@transaction.atomic
def allow_letters_home(guardianships: Iterable[Guardianship], *, by: Any = None) -> Changed:
    """Letters about these patrons go to these guardians again; the private reason is forgotten."""
    return _switch(guardianships, by=by, library_letters=True, no_letters_until=None, reason="")


def stop_letters(patron_ids: Iterable[int], *, until: date | None = None, reason: str = "", by: Any = None) -> Changed:
    """Nothing about these patrons' loans goes to anybody before ``until`` or, without it, ever again."""
    return change_patrons(patron_ids, by=by, no_letters_until=until or FOREVER, no_letters_reason=reason)


def allow_letters(patron_ids: Iterable[int], *, by: Any = None) -> Changed:
    """Letters about these patrons go again; the private reason is forgotten."""
    return change_patrons(patron_ids, by=by, no_letters_until=None, no_letters_reason="")


def announce(patron_ids: list[int], guardian_ids: list[int], cause: Cause, *, by: Any = None) -> int:
    """Say it once for all of them; nothing is said about nobody.

    Returns how many letters that waited were taken back or are written again, as those who listen tell.
    """
    if not patron_ids and not guardian_ids:
        return 0
    answers = people_changed.send(sender=Patron, patron_ids=patron_ids, guardian_ids=guardian_ids, cause=cause, by=by)
    told: list[object] = [answer for _, answer in answers]
    return sum(answer for answer in told if isinstance(answer, int))


def _switch(guardianships: Iterable[Guardianship], *, by: Any, **fields: Any) -> Changed:
    rows = list(guardianships)
    for row in rows:
        for name, value in fields.items():
            setattr(row, name, value)
        row.save(update_fields=list(fields))
    patrons, guardians = {row.patron_id for row in rows}, {row.guardian_id for row in rows}
    letters = announce(sorted(patrons), sorted(guardians), Cause.GUARDIANSHIP, by=by)
    return Changed(people=len(rows), letters=letters)


def _causes(known: dict[str, Cause], changed: Iterable[str]) -> Collection[Cause]:
    """Each cause once, in the order of the fields."""
    names = set(changed)
    return dict.fromkeys(cause for name, cause in known.items() if name in names)
