"""Print what every fault at every stage led to, beside what gateway.md expects: ``python -m tests.faults.table``.

Markdown, from a fresh run of ``tests/smtp_gateway/test_stage_by_fault.py``.
"""

import sys
from contextlib import redirect_stdout
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
    """A row for each stage and fault; "the same" is what was expected, with PIPELINING and step by step."""
    lines = ["| stage | fault | expected | seen with PIPELINING | seen step by step |", "|---|---|---|---|---|"]
    rows: dict[tuple[str, str], dict[bool, dict[str, Any]]] = {}
    for cell in cells:
        rows.setdefault((cell["stage"], cell["fault"]), {})[cell["pipelining"]] = cell
    for (stage, fault), seen in rows.items():
        both = " | ".join(told(seen[pipelining]) for pipelining in (True, False))
        lines.append(f"| {stage} | {fault} | {in_words(seen[True]['expected'])} | {both} |")
    return "\n".join(lines)


def told(cell: dict[str, Any]) -> str:
    if cell["seen"] == cell["expected"] and cell["passed"]:
        return "the same"
    return f"**{in_words(cell['seen'])}**"


def main() -> int:
    collector = Collector()
    with redirect_stdout(sys.stderr):  # what pytest says about the run; the table is for a file
        code = pytest.main(["-q", "-n", "0", CELLS], plugins=[collector])
    sys.stdout.write(markdown(collector.cells) + "\n")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
