"""Print what every fault at every stage led to, beside what gateway.md expects: ``python -m tests.faults.table``.

Markdown, one row a cell, from a fresh run of ``tests/smtp_gateway/test_stage_by_fault.py``.
"""

import sys
from typing import Any

import pytest

CELLS = "tests/smtp_gateway/test_stage_by_fault.py::test_a_fault_at_a_stage"


class Collector:
    """Listens to the run; each cell has noted itself in its report's properties."""

    def __init__(self) -> None:
        self.cells: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self.cells.append({**dict(report.user_properties), "passed": report.passed})


def in_words(cell: tuple[str, int, list[str], str]) -> str:
    state, charged, outcomes, gateway = cell
    return f"{state}, {charged} charged, attempt: {', '.join(outcomes) or 'none'}, gateway {gateway}"


def markdown(cells: list[dict[str, Any]]) -> str:
    lines = ["| stage | fault | expected | seen | |", "|---|---|---|---|---|"]
    for cell in cells:
        seen = "the same" if cell["seen"] == cell["expected"] else in_words(cell["seen"])
        mark = "ok" if cell["passed"] else "**differs**"
        lines.append(f"| {cell['stage']} | {cell['fault']} | {in_words(cell['expected'])} | {seen} | {mark} |")
    return "\n".join(lines)


def main() -> int:
    collector = Collector()
    code = pytest.main(["-q", "-n", "0", "-p", "no:terminal", CELLS], plugins=[collector])
    sys.stdout.write(markdown(collector.cells) + "\n")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
