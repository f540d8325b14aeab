"""Exact moments at which a worker of a test dies by SIGKILL or freezes by SIGSTOP, armed in its own process only.

They stand around the two doors between delivery and the database, ``ledger.reserve`` and ``ledger.write``, so that
they hold however the conversation is led. Moments on the wire are the server's: it kills who speaks to it.
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

    reserve, write = ledger.reserve, ledger.write
    seen = {"stops": 0, "texts": 0, "good": 0}

    def stop_if(reached: bool) -> None:
        if reached and not seen["stops"]:
            seen["stops"] += 1
            os.kill(os.getpid(), number)

    def reserve_or_stop(*arguments: Any, **named: Any) -> Any:
        stop_if(point == "before reserving")
        count = reserve(*arguments, **named)
        stop_if(point == "after reserving")
        return count

    def write_or_stop(*arguments: Any, **named: Any) -> Any:
        seen["texts"] += named.get("body") is not None
        seen["good"] += sum(1 for each in named.get("settled", ()) if each.state == "sent")
        second_text = named.get("body") is not None and seen["texts"] == 2
        second_good = any(each.state == "sent" for each in named.get("settled", ())) and seen["good"] == 2
        stop_if(second_text and point == "before the commit that lets the text go")
        stop_if(second_good and point == "after the 250, before it is on record")
        written = write(*arguments, **named)
        stop_if(second_text and point == "after the commit that lets the text go")
        stop_if(second_good and point == "after the 250 is on record")
        return written

    ledger.reserve, ledger.write = reserve_or_stop, write_or_stop  # type: ignore[assignment]
