"""Changes to people that letters depend on: pages, admin and imports go through these verbs.

A verb saves and says ``people_changed`` once for each cause, inside one transaction; what then happens to letters that
wait is nobody's business here.
"""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from django.db import transaction

from circulation.models import FOREVER, Group, Guardian, Guardianship, PartnerLibrary, Patron
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


@transaction.atomic
def save_patron(patron: Patron, *, changed: Iterable[str], by: Any = None) -> Patron:
    """Save; ``changed`` names the fields that differ from before."""
    patron.save()
    for cause in _causes(PATRON_CAUSES, changed):
        announce([patron.pk], [], cause, by=by)
    return patron


@transaction.atomic
def save_guardian(guardian: Guardian, *, changed: Iterable[str], by: Any = None) -> Guardian:
    """Save; ``changed`` names the fields that differ from before."""
    guardian.save()
    for cause in _causes(GUARDIAN_CAUSES, changed):
        announce([], [guardian.pk], cause, by=by)
    return guardian


@transaction.atomic
def save_group(group: Group, *, changed: Iterable[str], by: Any = None) -> Group:
    """Save; everybody in the group is concerned by what its letters depend on."""
    group.save()
    causes = _causes(GROUP_CAUSES, changed)
    patrons = list(group.patrons.order_by("pk").values_list("pk", flat=True)) if causes else []
    for cause in causes:
        announce(patrons, [], cause, by=by)
    return group


@transaction.atomic
def save_partner(partner: PartnerLibrary, *, changed: Iterable[str], by: Any = None) -> PartnerLibrary:
    """Save; letters to a partner library hang on the loans that it has of us."""
    partner.save()
    causes = _causes(PARTNER_CAUSES, changed)
    loans = list(partner.loans.open().order_by("pk").values_list("pk", flat=True)) if causes else []
    for cause in causes:
        loans_changed.send(PartnerLibrary, loan_ids=loans, cause=cause, by=by)
    return partner


@transaction.atomic
def change_guardianship(guardianship: Guardianship, *, by: Any = None, **fields: Any) -> Guardianship:
    """Save ``fields`` of a new or known guardianship, for example ``library_letters=False, reason="Court order"``."""
    for name, value in fields.items():
        setattr(guardianship, name, value)
    guardianship.save()
    announce([guardianship.patron_id], [guardianship.guardian_id], Cause.GUARDIANSHIP, by=by)
    return guardianship


@transaction.atomic
def end_guardianship(guardianship: Guardianship, *, by: Any = None) -> None:
    """The guardian has no more to do with this patron."""
    patron_id, guardian_id = guardianship.patron_id, guardianship.guardian_id
    guardianship.delete()
    announce([patron_id], [guardian_id], Cause.GUARDIANSHIP, by=by)


def set_no_letters(patron: Patron, *, until: date = FOREVER, reason: str = "", by: Any = None) -> Patron:
    """Nothing about this patron's loans goes to anybody before ``until``."""
    patron.no_letters_until, patron.no_letters_reason = until, reason
    return save_patron(patron, changed=["no_letters_until"], by=by)


def allow_letters(patron: Patron, *, by: Any = None) -> Patron:
    """Letters about this patron go again."""
    patron.no_letters_until, patron.no_letters_reason = None, ""
    return save_patron(patron, changed=["no_letters_until"], by=by)


def announce(patron_ids: list[int], guardian_ids: list[int], cause: Cause, *, by: Any = None) -> None:
    """Say it once for all of them; nothing is said about nobody."""
    if patron_ids or guardian_ids:
        people_changed.send(sender=Patron, patron_ids=patron_ids, guardian_ids=guardian_ids, cause=cause, by=by)


def _causes(known: dict[str, Cause], changed: Iterable[str]) -> Collection[Cause]:
    """Each cause once, in the order of the fields."""
    names = set(changed)
    return dict.fromkeys(cause for name, cause in known.items() if name in names)
