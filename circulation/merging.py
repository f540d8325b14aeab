"""One guardian who is on file twice becomes one: what hangs on the second entry goes over to the first.

Of two answers about one child the stricter stands: *no* before yes, and the later *no letters until*. Letters follow
in the same transaction (``guardians_merged``), sent ones as history. Never makes a no into a yes, nor lets the next
import do it, and cannot be undone.
"""

import copy
from dataclasses import dataclass
from datetime import date
from typing import Any

from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q, QuerySet

from circulation import people
from circulation.models import Guardian, Guardianship
from circulation.saving import wait_for_imports
from circulation.signals import Cause, guardians_merged, guardians_merging
from library import audit

WHERE_TO_WRITE = ("email", "address", "salutation")
"""Taken from the second entry where the first has nothing."""


class MergeError(Exception):
    """Why these two cannot become one, as a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether letters about one child go to one guardian."""

    library_letters: bool
    no_letters_until: date | None
    reason: str

    @classmethod
    def of(cls, link: Guardianship) -> "Answer":
        return cls(
            library_letters=link.library_letters, no_letters_until=link.no_letters_until, reason=link.reason.strip()
        )

    def stricter(self, other: "Answer") -> "Answer":
        """Both together; both reasons are kept, for whoever asks later."""
        days = [day for day in (self.no_letters_until, other.no_letters_until) if day]
        return Answer(
            library_letters=self.library_letters and other.library_letters,
            no_letters_until=max(days, default=None),
            reason="; ".join(dict.fromkeys(reason for reason in (self.reason, other.reason) if reason)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """What becomes of one child's letters to the guardian who stays."""

    link: Guardianship
    answer: Answer
    is_new: bool
    """Only the second entry had this child."""
    is_barred: bool
    """Both said yes, but whoever stays looks like somebody else to whom letters about this child are off."""


def who_may_be_the_same(guardian: Guardian) -> QuerySet[Guardian]:
    """Other entries of this name, at this address, or of the same children."""
    alike = Q(name__iexact=guardian.name) | Q(guardianships__patron__in=guardian.patrons.all())
    if guardian.email:
        alike |= Q(email__iexact=guardian.email)
    return Guardian.objects.filter(alike, erased_at=None).exclude(pk=guardian.pk).distinct().order_by("name", "pk")


def as_one(second: Guardian, *, into: Guardian) -> Guardian:
    """``into`` as it will be: where to write is taken from ``second`` where it has nothing. Not saved."""
    one = copy.copy(into)
    for name in WHERE_TO_WRITE:
        setattr(one, name, getattr(into, name) or getattr(second, name))
    return one


def children(second: Guardian, *, into: Guardian) -> list[Child]:
    """Each child whose letters this touches, with the answer that will stand."""
    one = as_one(second, into=into)
    known = {link.patron_id: link for link in into.guardianships.select_related("patron__group")}
    found = []
    for link in second.guardianships.select_related("patron__group"):
        there = known.pop(link.patron_id, None)
        answer = Answer.of(there).stricter(Answer.of(link)) if there else Answer.of(link)
        found.append(_looked_at(link, answer, one, is_new=there is None, reason=people.LOOKS_SWITCHED_OFF))
    if one.email != into.email:
        mine = [_looked_at(link, Answer.of(link), one, is_new=False, reason=people.MOVED_IN) for link in known.values()]
        found += [child for child in mine if child.is_barred]
    return found


@transaction.atomic
def merge(second: Guardian, *, into: Guardian, by: Any = None) -> people.Changed:
    """All that hangs on ``second`` hangs on ``into`` then, and ``second`` is gone.

    Raises MergeError where it is one entry, where one of the two is gone by now, or where a list that still names
    ``second`` would make a no into a yes.
    """
    guardians_merging.send(Guardian)
    wait_for_imports(Guardian, Guardianship)
    # Links before guardians, as letters by hand lock them.
    list(Guardianship.objects.filter(guardian__in=[second.pk, into.pk]).order_by("pk").select_for_update())
    locked = Guardian.objects.filter(pk__in=[second.pk, into.pk], erased_at=None).order_by("pk").select_for_update()
    rows = {row.pk: row for row in locked}
    if len(rows) < 2:
        raise MergeError("One of these two is not on file any more. Nothing was changed.")
    second, into = rows[second.pk], rows[into.pk]
    one, touched = as_one(second, into=into), children(second, into=into)
    if why_not := _would_come_back(second, one, touched):
        raise MergeError(why_not)
    patrons = [_bring(child, one) for child in touched]
    filled = [name for name in WHERE_TO_WRITE if getattr(one, name) != getattr(into, name)]
    people.save_guardian(one, changed=filled, by=by)
    guardians_merged.send(Guardian, second_id=second.pk, into_id=one.pk)
    letters = people.announce(sorted(patrons), [one.pk], Cause.NAME, by=by)
    _keep_who_did_what(second, one)
    audit.note("Two entries of one guardian became one.", model=Guardian, ids=[one.pk], by=by)
    return people.Changed(people=len(patrons), letters=letters)


def _looked_at(link: Guardianship, answer: Answer, one: Guardian, *, is_new: bool, reason: str) -> Child:
    """Who looks like somebody else whose letters about this child are off is not written to about it."""
    there = Guardianship(pk=link.pk, patron=link.patron, guardian=one)
    is_barred = answer.library_letters and people.looks_switched_off(there)
    if is_barred:
        answer = answer.stricter(Answer(library_letters=False, no_letters_until=None, reason=reason))
    return Child(link=link, answer=answer, is_new=is_new, is_barred=is_barred)


def _would_come_back(second: Guardian, one: Guardian, touched: list[Child]) -> str:
    """Why an import would ask nobody: it knows who must not be written to by name or by address, and a list may go on
    naming the entry that goes by others than those that stay. Empty where it would ask."""
    alike = second.name.lower() == one.name.lower()
    alike |= bool(second.email) and second.email.lower() == one.email.lower()
    off = [child for child in touched if not child.answer.library_letters or child.answer.no_letters_until]
    if alike or not off:
        return ""
    about = ", ".join(str(child.link.patron) for child in off)
    return (
        f"Letters about {about} are off, and a list that still names {second} would bring them back with letters on. "
        "Nothing was changed. Correct the list first, give both entries the same name, then try again."
    )


def _bring(child: Child, into: Guardian) -> int:
    """The child's answer stands at ``into``."""
    link, answer = child.link, child.answer
    if not child.is_new and link.guardian_id != into.pk:
        link.delete()
        link = Guardianship.objects.get(patron=link.patron_id, guardian=into)
    link.guardian = into
    link.library_letters, link.no_letters_until = answer.library_letters, answer.no_letters_until
    link.reason = answer.reason
    link.relationship = link.relationship or child.link.relationship
    link.save()
    return link.patron_id


def _keep_who_did_what(second: Guardian, into: Guardian) -> None:
    """The entry goes, and what was done to it is told of the one who stays: who is erased later is forgotten whole."""
    gone = second.pk
    second.delete()
    entries = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(Guardian), object_id=gone)
    entries.update(object_id=into.pk, object_pk=str(into.pk))
