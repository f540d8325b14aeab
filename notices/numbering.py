"""The numbers of a schedule's steps, from their days: reminders −1, −2 … backwards, overdue steps 1, 2, 3 … forwards.

A number is a step's name in the ledger. Once somebody was told under it, it stays with its step, so that nothing is
said twice; until then numbers simply follow the days. Knows no rows and no clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from notices.models.schedule import step_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a step shall stand. ``number``: the one it has had, None for a new one; ``said``: somebody heard it."""

    days: int
    number: int | None = None
    said: bool = False


class NumberError(Exception):
    """No numbers can be given to these places; ``place`` is the one that is in the way."""

    def __init__(self, sentence: str, *, place: int) -> None:
        super().__init__(sentence)
        self.place = place


def numbered(places: Sequence[Place]) -> list[int]:
    """A number for each place, rising with the days and in the order given. Raises NumberError."""
    found: dict[int, int] = {}
    for sign in (-1, 1):
        side = [index for index, place in enumerate(places) if (place.days > 0) == (sign > 0)]
        found.update(_one_side(places, side, sign=sign))
    return [found[index] for index in range(len(places))]


def _one_side(places: Sequence[Place], side: list[int], *, sign: int) -> dict[int, int]:
    """Outwards from the due date, each one more than the one before, or the number that it must keep."""
    found: dict[int, int] = {}
    last, new = 0, None
    for index in sorted(side, key=lambda one: _outwards(places[one], sign)):
        place = places[index]
        if not place.said or place.number is None:
            last, new = last + 1, index
        elif place.number * sign < 0:
            raise NumberError(_other_side(place.number), place=index)
        elif place.number * sign > last:
            last, new = place.number * sign, None
        else:
            raise _no_room(places, index, before=new, taken=found)
        found[index] = last * sign
    return found


def _outwards(place: Place, sign: int) -> tuple[int, int]:
    return place.days * sign, abs(place.number) if place.number is not None else 1_000


def _no_room(places: Sequence[Place], index: int, *, before: int | None, taken: dict[int, int]) -> NumberError:
    number = places[index].number
    assert number is not None
    name = step_name(number)
    if before is None:
        nearer = next(other for other, given in taken.items() if abs(given) >= abs(number))
        other = places[nearer]
        return NumberError(
            f"{name} ({_days(places[index])}) would change places with {step_name(taken[nearer])} ({_days(other)}). "
            "Both were said, so they keep their numbers, and numbers rise with the days.",
            place=index,
        )
    return NumberError(
        f"No number is left before {name}, which was said and keeps its own. "
        f"Change the days of {name} instead, and add its present day as a new step.",
        place=before,
    )


def _other_side(number: int) -> str:
    name = step_name(number)
    where = "before the due date" if number < 0 else "after the due date"
    return f"{name} was said {where} and stays on that side of it. Remove it, and add a new step."


def _days(place: Place) -> str:
    return f"{abs(place.days)} days {'late' if place.days > 0 else 'before'}"
