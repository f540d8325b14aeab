"""Draw bars and curves as SVG: readable in a README, in light and dark, without a library for it."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from html import escape
from math import ceil, floor, log10
from pathlib import Path

WIDTH, NAMES, ROW, TOP = 760, 230, 26, 44
COLOURS = {"ours": "#2f6f4f", "peer": "#8a8f98", "limit": "#c9b68a"}


def bars(path: Path, *, title: str, unit: str, values: Sequence[tuple[str, float, str]]) -> None:
    """One bar for each (name, value, kind); a kind is *ours*, *peer* or *limit*."""
    longest = max(value for _, value, _ in values)
    room = WIDTH - NAMES - 110
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {TOP + ROW * len(values) + 12}" role="img"'
        f' aria-label="{escape(title)}" font-family="system-ui, sans-serif" font-size="13">',
        "<style>text{fill:#1f2328}@media(prefers-color-scheme:dark){text{fill:#e6e8eb}}</style>",
        f'<text x="8" y="22" font-size="15" font-weight="600">{escape(title)}</text>',
    ]
    for number, (name, value, kind) in enumerate(values):
        top, length = TOP + number * ROW, max(value / longest * room, 1)
        lines += [
            f'<text x="{NAMES - 10}" y="{top + 14}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{NAMES}" y="{top}" width="{length:.1f}" height="19" rx="3" fill="{COLOURS[kind]}"/>',
            f'<text x="{NAMES + length + 8:.1f}" y="{top + 14}">{value:,.0f} {escape(unit)}</text>',
        ]
    path.write_text("\n".join([*lines, "</svg>"]) + "\n", encoding="utf-8")


SHADES = ("#2f6f4f", "#b4532a", "#8a8f98", "#c9b68a")


def curves(path: Path, *, title: str, across: str, lines: Mapping[str, Sequence[tuple[float, float]]]) -> None:
    """One line for each name, both axes by powers of ten. Values are above nought."""
    points = [(log10(x), log10(y)) for line in lines.values() for x, y in line]
    left, right = floor(min(x for x, _ in points)), ceil(max(x for x, _ in points))
    low, high = floor(min(y for _, y in points)), ceil(max(y for _, y in points))
    edge, height = 70, 300

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            edge + (log10(x) - left) / max(right - left, 1) * (WIDTH - edge - 190),
            TOP + height - (log10(y) - low) / max(high - low, 1) * height,
        )

    found = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {TOP + height + 52}" role="img"'
        f' aria-label="{escape(title)}" font-family="system-ui, sans-serif" font-size="13">',
        "<style>text{fill:#1f2328}@media(prefers-color-scheme:dark){text{fill:#e6e8eb}}</style>",
        f'<text x="8" y="22" font-size="15" font-weight="600">{escape(title)}</text>',
        f'<text x="{edge}" y="{TOP + height + 44}">{escape(across)}</text>',
    ]
    for power in range(left, right + 1):
        x, y = place(10**power, 10**low)
        found.append(f'<text x="{x:.0f}" y="{y + 20:.0f}" text-anchor="middle">{10**power:,}</text>')
    for power in range(low, high + 1):
        x, y = place(10**left, 10**power)
        found += [
            f'<path d="M{x:.0f} {y:.0f}H{WIDTH - 190}" stroke="#8a8f98" stroke-opacity=".35"/>',
            f'<text x="{x - 8:.0f}" y="{y + 4:.0f}" text-anchor="end">{10.0**power:,g} s</text>',
        ]
    for (name, line), shade in zip(lines.items(), SHADES, strict=False):
        places = [place(x, y) for x, y in line]
        found.append(
            f'<polyline fill="none" stroke="{shade}" stroke-width="2.5" points="'
            + " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            + '"/>'
        )
        x, y = places[-1]
        found.append(f'<text x="{x + 8:.0f}" y="{y + 4:.0f}">{escape(name)} {line[-1][1]:,.1f} s</text>')
    path.write_text("\n".join([*found, "</svg>"]) + "\n", encoding="utf-8")


def days(path: Path, *, title: str, unit: str, lines: Mapping[str, Sequence[tuple[date, float]]]) -> None:
    """One line for each name, from day to day, a month marked where it begins; nought is at the bottom."""
    points = [point for line in lines.values() for point in line]
    first, last = min(day for day, _ in points), max(day for day, _ in points)
    most = max(value for _, value in points)
    step = next(one for one in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if most / one <= 6)
    top = ceil(most / step) * step
    edge, height, width = 70, 300, WIDTH - 70 - 190

    def place(day: date, value: float) -> tuple[float, float]:
        return edge + (day - first) / max(last - first, timedelta(days=1)) * width, TOP + height * (1 - value / top)

    found = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {TOP + height + 36}" role="img"'
        f' aria-label="{escape(title)}" font-family="system-ui, sans-serif" font-size="13">',
        "<style>text{fill:#1f2328}@media(prefers-color-scheme:dark){text{fill:#e6e8eb}}</style>",
        f'<text x="8" y="22" font-size="15" font-weight="600">{escape(title)}</text>',
    ]
    for number in range(round(top / step) + 1):
        _, y = place(first, number * step)
        found += [
            f'<path d="M{edge} {y:.0f}H{edge + width}" stroke="#8a8f98" stroke-opacity=".35"/>',
            f'<text x="{edge - 8}" y="{y + 4:.0f}" text-anchor="end">{number * step:g} {escape(unit)}</text>',
        ]
    for ahead in range((last - first).days + 1):
        day = first + timedelta(days=ahead)
        if day.day == 1:
            x, y = place(day, 0)
            found.append(f'<text x="{x:.0f}" y="{y + 20:.0f}">{day:%b}</text>')
    names = sorted(((line[-1][1], name) for name, line in lines.items()), reverse=True)
    beside = {name: max(place(last, value)[1], TOP + 18 * rank) for rank, (value, name) in enumerate(names)}
    for (name, line), shade in zip(lines.items(), SHADES, strict=False):
        places = [place(day, value) for day, value in line]
        found += [
            f'<polyline fill="none" stroke="{shade}" stroke-width="1.5" points="'
            + " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            + '"/>',
            f'<text x="{edge + width + 8}" y="{beside[name] + 4:.0f}">{escape(name)}</text>',
        ]
    path.write_text("\n".join([*found, "</svg>"]) + "\n", encoding="utf-8")
