"""The line of days of a schedule, as positions for an SVG: the strict policy allows attributes, and no styles."""

from collections.abc import Sequence
from dataclasses import dataclass

from notices.models import Schedule, Step
from notices.models.schedule import step_name
from notices.schedule_words import days_late

LEFT, RIGHT = 24.0, 955.0
ROWS = (18, 40, 62)
LABEL_WIDTH = 96.0
NOT_SHORTER = 92
"""Days: a line ends here, or at twice its last step, when *stop after* lies so far out that the steps would crowd."""
TICKS = ((100, 7), (400, 30), (10_000, 365))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One step: its place on the line, its label's row, and the band until the next one."""

    name: str
    x: float
    y: int
    label_x: float
    anchor: str
    band: str
    width: float

    @property
    def top(self) -> int:
        return self.y - 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    x: float
    words: str


@dataclass(frozen=True, kw_only=True)
class Line:
    marks: list[Mark]
    again: list[Mark]
    ticks: list[Tick]
    due: float
    stop: float
    silence: str
    in_words: str


def of(schedule: Schedule, steps: Sequence[Step]) -> Line | None:
    """None where there is nothing to draw. Steps after *stop after* stand beyond its mark."""
    steps = sorted(steps, key=lambda step: (step.days, step.number))
    if schedule.no_letters or not steps:
        return None
    first = min(0, steps[0].days) - 4
    last = max(steps[-1].days, min(schedule.stop_after, max(NOT_SHORTER, 2 * steps[-1].days)), 7)
    scale = _Scale(first, last)
    marks, rows = [], _Rows()
    end = min(schedule.stop_after, last)
    for place, step in enumerate(steps):
        following = steps[place + 1].days if place + 1 < len(steps) else max(end, step.days)
        x, anchor = scale.x(step.days), "start"
        if x > RIGHT - LABEL_WIDTH:
            anchor = "end"
        marks.append(
            Mark(
                name=step_name(step.number),
                x=x,
                y=rows.free_at(x),
                label_x=x + (6 if anchor == "start" else -6),
                anchor=anchor,
                band=_band(step, is_last=place == len(steps) - 1),
                width=round(max(scale.x(following) - x, 0), 1),
            )
        )
    return Line(
        marks=marks,
        again=[mark for step in steps if (mark := _again(step, scale, rows, until=end))],
        ticks=[Tick(x=scale.x(day), words=str(day).replace("-", "−")) for day in scale.ticks() if day],
        due=scale.x(0),
        stop=scale.x(end),
        silence=f"Silence after {schedule.stop_after}" if end < schedule.stop_after else "Silence",
        in_words=_in_words(schedule, steps),
    )


class _Scale:
    def __init__(self, first: int, last: int) -> None:
        self._first, self._last = first, last

    def x(self, day: int) -> float:
        return round(LEFT + (day - self._first) / (self._last - self._first) * (RIGHT - LEFT), 1)

    def ticks(self) -> range:
        every = next(size for reach, size in TICKS if self._last - self._first <= reach)
        return range(-(-self._first // every) * every, self._last + 1, every)


class _Rows:
    """Three rows of labels; each takes the first one in which it covers no other."""

    def __init__(self) -> None:
        self._ends = dict.fromkeys(ROWS, -LABEL_WIDTH)

    def has_room(self, x: float) -> bool:
        return any(end <= x for end in self._ends.values())

    def free_at(self, x: float) -> int:
        row = next((row for row in ROWS if self._ends[row] <= x), min(ROWS, key=lambda row: self._ends[row]))
        self._ends[row] = x + LABEL_WIDTH
        return row


def _again(step: Step, scale: _Scale, rows: _Rows, *, until: int) -> Mark | None:
    if not step.repeat_days or step.days + step.repeat_days > until:
        return None
    x = scale.x(step.days + step.repeat_days)
    return Mark(
        name="again" if rows.has_room(x) else "",
        x=x,
        y=rows.free_at(x),
        label_x=x + 6,
        anchor="start",
        band="",
        width=0,
    )


def _band(step: Step, *, is_last: bool) -> str:
    if step.is_reminder:
        return "band1"
    if is_last and step.number > 1:
        return "band4 band-last"
    return {1: "band2", 2: "band3"}.get(step.number, "band4")


def _in_words(schedule: Schedule, steps: Sequence[Step]) -> str:
    parts = [
        f"{step_name(step.number)} {days_late(step.days)}"
        + (f" and again every {step.repeat_days} days" if step.repeat_days else "")
        for step in steps
    ]
    return f"{'; '.join(parts)}; silence after {schedule.stop_after} days."
