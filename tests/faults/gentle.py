"""Time for tests: RFC 5321's and the gateway's own figures, shrunk through the one dataclass that holds each."""

import time

from smtp_gateway import delivery, leases
from smtp_gateway.conversation import Timeouts
from smtp_gateway.models import OutboundMessage
from smtp_gateway.pace import Pace

#: A minute is 20 ms: an uncertain message goes again after 0.6 s. A check may still take its time.
PACE = Pace(minute=0.02, check=1000)
#: RFC 5321's, each divided by 200: a command has 1.5 s, the final dot 3 s.
TIMEOUTS = Timeouts().scaled(1 / 200)


def drain(*, seconds: float = 30, pace: Pace = PACE, timeouts: Timeouts = TIMEOUTS) -> None:
    """Check, as any worker would, until nothing is on its way."""
    until = time.monotonic() + seconds
    while OutboundMessage.objects.on_the_way().exists():
        assert time.monotonic() < until, OutboundMessage.objects.on_the_way().values("dedup_key", "state", "stage")[:9]
        delivery.check(pace=pace, timeouts=timeouts)
        time.sleep(0.01)
    leases.recover(pace=pace)
