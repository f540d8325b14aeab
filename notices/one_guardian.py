"""A guardian who was on file twice (``circulation.merging``): letters to the second entry become letters to the first.

Sent ones are history and go along as they are. Of those that wait, one about something that the first entry hears or
heard already is taken back, so that nobody gets two; the others are written again when the verb says so.
"""

from datetime import date

from django.db.models import Q

from notices import take_back
from notices.models import Letter, Line

NOT_SAID = [Letter.State.TAKEN_BACK, Letter.State.DROPPED, Letter.State.FAILED, Letter.State.DRAFT]
WHY = "Two entries of one guardian became one, before it was sent."


def take_over(second_id: int, *, into_id: int, on: date) -> None:
    """To be called when the children are with ``into_id`` already: then nothing is wanted to the second entry."""
    of_second = Q(guardian=second_id) | Q(also_guardian=second_id)
    of_first = Q(guardian=into_id) | Q(also_guardian=into_id)
    heard = Letter.objects.filter(of_first).exclude(of_second).exclude(state__in=NOT_SAID)
    lines = Line.objects.filter(letter__in=heard, taken_out_at=None)
    waiting = Letter.objects.filter(of_second, state__in=take_back.STILL_HERE).exclude(of_first)
    twice = waiting.filter(lines__in=Line.objects.filter(taken_out_at=None, notice__in=lines.values("notice")))
    take_back.recheck(set(twice.values_list("pk", flat=True)), why=WHY, on=on)

    Letter.objects.filter(of_second).filter(of_first).update(guardian=into_id, also_guardian=None)
    Letter.objects.filter(guardian=second_id).update(guardian=into_id)
    Letter.objects.filter(also_guardian=second_id).update(also_guardian=into_id)
