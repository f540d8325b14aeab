"""A guardian who was on file twice (``circulation.merging``): letters to the second entry become letters to the first.

Sent ones are history and go along as they are. Of those that wait, one about something that the first entry hears or
heard already is taken back, so that nobody gets two; the others are written again when the verb says so.
"""

from datetime import date

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from notices import take_back
from notices.models import Letter, Line

NOT_SAID = [Letter.State.TAKEN_BACK, Letter.State.DROPPED, Letter.State.FAILED, Letter.State.DRAFT]
WHY = "Two entries of one guardian became one, before it was sent."
SHOW_AGAIN = "Two entries of one guardian became one: show this letter again."


def take_over(second_id: int, *, into_id: int, on: date) -> None:
    """To be called when the children are with ``into_id`` already: then nothing is wanted to the second entry."""
    of_second = Q(guardian=second_id) | Q(also_guardian=second_id)
    of_first = Q(guardian=into_id) | Q(also_guardian=into_id)
    _withdraw_drafts(of_second, besides=of_first)
    heard = Letter.objects.filter(of_first).exclude(of_second).exclude(state__in=NOT_SAID)
    heard_of = Line.objects.filter(letter__in=heard, taken_out_at=None).values("notice")
    twice = Line.objects.filter(taken_out_at=None, notice__in=heard_of)
    waiting = Letter.objects.filter(of_second, state__in=take_back.STILL_HERE).exclude(of_first)
    # With a third person, who goes on hearing: they part, and the second entry's half is taken back.
    shared = waiting.filter(also_guardian__isnull=False, lines__in=twice)
    take_back.recheck(set(shared.values_list("pk", flat=True)), why=WHY, on=on)
    doubled = dict(twice.filter(letter__in=waiting.filter(also_guardian=None)).values_list("pk", "letter"))

    Letter.objects.filter(of_second).filter(of_first).update(guardian=into_id, also_guardian=None)
    Letter.objects.filter(guardian=second_id).update(guardian=into_id)
    Letter.objects.filter(also_guardian=second_id).update(also_guardian=into_id)

    take_back.recheck(set(doubled.values()), why=WHY, on=on, take_out=doubled.keys())
    _give_up_failed(into_id)


def _withdraw_drafts(of_second: Q, *, besides: Q) -> None:
    """A draft about what the first entry is shown, too, cannot be sent any more; who looks at it reads why."""
    drafts = Letter.objects.drafts().filter(why="")
    shown = Line.objects.filter(letter__in=drafts.filter(besides), taken_out_at=None).values("notice")
    drafts.filter(of_second, lines__notice__in=shown).exclude(besides).update(why=SHOW_AGAIN)


def _give_up_failed(into_id: int) -> None:
    """What could not be written is not written later either, where another letter to the same person says it."""
    failed = Letter.objects.filter(guardian=into_id, also_guardian=None, state=Letter.State.FAILED)
    said = Line.objects.filter(
        Q(letter__guardian=into_id) | Q(letter__also_guardian=into_id),
        ~Q(letter__state__in=NOT_SAID) | Q(letter__state=Letter.State.FAILED, letter__lt=OuterRef("letter")),
        notice=OuterRef("notice"),
        taken_out_at=None,
    )
    lines = Line.objects.filter(Exists(said), letter__in=failed, taken_out_at=None)
    letters = set(lines.values_list("letter", flat=True))
    lines.update(taken_out_at=timezone.now())
    empty = failed.filter(pk__in=letters).exclude(Exists(Line.objects.filter(letter=OuterRef("pk"), taken_out_at=None)))
    empty.update(state=Letter.State.TAKEN_BACK, why=WHY)
