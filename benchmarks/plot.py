"""Draw bars as SVG: readable in a README, in light and dark, without a library for it."""

from collections.abc import Sequence
from html import escape
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
