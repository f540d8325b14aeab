"""Exact moments at which a worker of a test dies by SIGKILL or freezes by SIGSTOP, armed in its own process only.

They stand around the doors between delivery and the database, ``ledger.reserve``, ``mark`` and ``settle``, so that they
hold however the conversation is led. Moments on the wire are the server's: it kills who speaks to it.
"""

import os
import signal
from typing import Any

from smtp_gateway import ledger

POINTS = (
    "before reserving",
    "after reserving",
    "before the commit that lets the text go",
    "after the commit that lets the text go",
    "after the 250, before it is on record",
    "after the 250 is on record",
)


def arm(point: str, number: signal.Signals) -> None:
    """This process gets the signal when it reaches the point for its second message (or its first block)."""
    assert point in POINTS

    reserve, mark, settle = ledger.reserve, ledger.mark, ledger.settle
    seen = {"stops": 0, "texts": 0}
    good: set[int] = set()

    def stop_if(reached: bool) -> None:
        if reached and not seen["stops"]:
            seen["stops"] += 1
            os.kill(os.getpid(), number)

    def reserve_or_stop(*arguments: Any, **named: Any) -> Any:
        stop_if(point == "before reserving")
        reserved = reserve(*arguments, **named)
        stop_if(point == "after reserving")
        return reserved

    def is_second_good(settled: Any) -> bool:
        before = len(good)
        good.update(each.message for each in settled if each.state == "sent")
        return before < 2 <= len(good)

    def mark_or_stop(*arguments: Any, **named: Any) -> Any:
        seen["texts"] += named.get("body") is not None
        second_text = named.get("body") is not None and seen["texts"] == 2
        second_good = is_second_good(filter(None, [named.get("taken")]))
        stop_if(second_text and point == "before the commit that lets the text go")
        stop_if(second_good and point == "after the 250, before it is on record")
        marked = mark(*arguments, **named)
        stop_if(second_text and point == "after the commit that lets the text go")
        stop_if(second_good and point == "after the 250 is on record")
        return marked

    def settle_or_stop(*arguments: Any, **named: Any) -> Any:
        second_good = is_second_good(named["settled"])
        stop_if(second_good and point == "after the 250, before it is on record")
        settle(*arguments, **named)
        stop_if(second_good and point == "after the 250 is on record")

    ledger.reserve, ledger.mark, ledger.settle = reserve_or_stop, mark_or_stop, settle_or_stop  # type: ignore[assignment]
