"""Print every address of the site beside who may open it and who may send to it: ``python -m tests.pages.table``.

Markdown, from real requests of a fresh run of the two tests that keep the rules.
"""

import sys
from collections import defaultdict
from contextlib import redirect_stdout
from typing import Any

import pytest

from tests.pages.answers import NOT_THIS_WAY

TESTS = [
    "tests/pages/test_who_may_open_what.py::test_everybody_opens_what_the_rules_say",
    "tests/pages/test_who_may_send_what.py::test_a_form_is_taken_from_those_who_may_open_the_page",
]
WHO = ["Nobody", "Desk helper", "Librarian", "Administrator"]

Rows = dict[tuple[str, str], dict[str, set[str]]]
"""Route and method; person; what was answered, once for all of a route's addresses where they agree."""


class Collector:
    """Listens to the run; each person's answers stand in the report's properties."""

    def __init__(self) -> None:
        self.rows: Rows = defaultdict(lambda: defaultdict(set))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        noted: dict[str, Any] = dict(report.user_properties)
        if report.when == "call" and "seen" in noted:
            for route, answer in noted["seen"]:
                self.rows[noted["how"], route][noted["who"]].add(answer)


def markdown(rows: Rows) -> str:
    """A row for each address and method that somebody may use; the others answer 405 to everybody."""
    lines = [f"| address | method | {' | '.join(WHO)} |", "|---|---|---|---|---|---|"]
    for (how, route), seen in sorted(rows.items(), key=lambda row: (row[0][1], row[0][0])):
        if seen["Administrator"] and seen["Administrator"] != {NOT_THIS_WAY}:
            cells = " | ".join(", ".join(sorted(seen[who])) for who in WHO)
            lines.append(f"| `{route}` | {how} | {cells} |")
    return "\n".join(lines)


def main() -> int:
    collector = Collector()
    with redirect_stdout(sys.stderr):  # what pytest says about the run; the table is for a file
        code = pytest.main(["-q", "-n", "0", *TESTS], plugins=[collector])
    sys.stdout.write(markdown(collector.rows) + "\n")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
