"""Take a step of a loan back by hand (product.md, N15): nobody counts it as said, and it can be said again.

Who and why is kept with the notice. What still waits about it follows at once (``take_back``); what has left the
house has left it, and ``corrections`` can say sorry for it. It decides nothing about what is said next.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from circulation.words import several
from notices import take_back
from notices.models import Letter, Notice, Run


class UndoError(Exception):
    """Nothing was taken back; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """How many steps were taken back, and how many letters that waited changed or went by it."""

    steps: int = 0
    letters: int = 0

    def __str__(self) -> str:
        waited = f" {several(self.letters, 'letter')} that waited followed." if self.letters else ""
        return f"{several(self.steps, 'step')} taken back.{waited}"


def last_steps(loan_ids: Collection[int]) -> list[Notice]:
    """The step that each of these loans was told last about its present due date, by the loans' due dates."""
    notices = Notice.objects.standing().filter(loan__in=loan_ids, due_on=F("loan__due_on"))
    last: dict[int, Notice] = {}
    for notice in notices.order_by("loan__due_on", "loan", "number", "occurrence"):
        last[notice.loan_id] = notice
    return list(last.values())


def of_run(run: Run) -> QuerySet[Notice]:
    """All that a run said and that still stands."""
    return Notice.objects.standing().filter(run=run)


def undo(notice_ids: Collection[int], *, reason: str, by: User | None, on: date) -> Undone:
    """Take these steps back. Those that somebody took back before are passed over: pressed twice does it once.

    Raises UndoError without a reason.
    """
    if not reason.strip():
        raise UndoError("Nothing was taken back: say why, in a few words.")
    with transaction.atomic():
        letters = _locked(notice_ids)
        standing = Notice.objects.standing().filter(pk__in=notice_ids).order_by("pk")
        chosen = list(standing.select_for_update().values_list("pk", flat=True))
        Notice.objects.filter(pk__in=chosen).update(undone_at=timezone.now(), undone_by=by, why=reason.strip())
        changed = take_back.recheck(letters, why=f"Taken back by hand: {reason.strip()}", on=on) if chosen else 0
        return Undone(steps=len(chosen), letters=changed)


def _locked(notice_ids: Collection[int]) -> list[int]:
    """Letters before notices and always in this order, as composing locks them."""
    letters = Letter.objects.filter(
        pk__in=Letter.objects.filter(lines__notice__in=notice_ids, lines__taken_out_at=None).values("pk"),
        state__in=take_back.STILL_HERE,
    )
    return list(letters.order_by("pk").select_for_update().values_list("pk", flat=True))
