"""What an import does to letters that wait, counted while it is tried out (``library.slots.import_effects``).

Compares the letters before and after; what changes them is ``take_back``, as always. Nothing is changed here.
"""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from django.db.models import Count, Q

from circulation.words import several
from notices.models import Letter
from notices.take_back import STILL_HERE


class Standing(NamedTuple):
    """What tells one version of a letter from the next."""

    state: str
    channel: str
    to: str
    revision: int
    lines: int


FATES = {
    "taken back": ("will be taken back", "was taken back", "were taken back"),
    "paper": ("will go on paper instead", "goes on paper instead", "go on paper instead"),
    "again": ("will be written again", "is written again", "are written again"),
}
NOTHING = "Nothing that waits is touched."


def watch() -> Callable[[bool], list[str]]:
    """To be called before the import; what it returns is called after it, for sentences: was it done, or tried out?"""
    before = _standing()

    def said(done: bool) -> list[str]:
        after = _standing(list(before)) if before else {}
        fates = Counter(_fate(was, after[pk]) for pk, was in before.items() if after.get(pk, was) != was)
        sentences = [_sentence(fate, fates[fate], done=done) for fate in FATES if fates[fate]]
        return sentences or ([] if done else [NOTHING])

    return said


def _sentence(fate: str, count: int, *, done: bool) -> str:
    will, was, were = FATES[fate]
    if done:
        return f"{several(count, 'letter that waited', 'letters that waited')} {was if count == 1 else were}."
    return f"{several(count, 'letter that waits', 'letters that wait')} {will}."


def _standing(letters: list[int] | None = None) -> dict[int, Standing]:
    rows = Letter.objects.filter(state__in=STILL_HERE) if letters is None else Letter.objects.filter(pk__in=letters)
    counted = rows.annotate(lines_left=Count("lines", filter=Q(lines__taken_out_at=None))).order_by()
    found = counted.values_list("pk", "state", "channel", "to", "revision", "lines_left")
    return {pk: Standing(*rest) for pk, *rest in found}


def _fate(was: Standing, now: Standing) -> str:
    if now.state == Letter.State.TAKEN_BACK:
        return "taken back"
    return "paper" if now.channel != was.channel else "again"
