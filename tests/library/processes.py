"""What the tests here ask about processes of this machine."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def sessions_alive() -> set[int]:
    """The sessions of all processes that still run; zombies have ended, whoever has not read their end yet."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                session = os.getsid(int(entry.name))
            except (OSError, IndexError):
                continue
            if state != "Z":
                found.add(session)
    return found


def eventually(condition: Callable[[], bool], *, seconds: float = 15) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return False


def sessions_under(pid: int) -> set[int]:
    """The sessions of this process's children, and of theirs."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found, new = set[int](), {pid}
    while new:
        found |= new
        new = {child for child, parent in parents.items() if parent in new} - found
    return {os.getsid(each) for each in found - {pid}}
