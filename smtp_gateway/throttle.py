"""How many may go now, and when the next may.

For every instant: attempts begun in the last *minutes between checks* + messages in hand ≤ *messages each check*, over
all slots, workers and restarts. The attempts are the ledger; what is in hand (reserved, begun, or not settled yet) has
no row there, the database's clock is the clock, and ``budget`` counts
them while it holds the gateway's row. Decides nothing else, and sends nothing. The clock is asked in a subquery: once
for a statement, so that the index of attempts is used; asked for each row it would read years of them at every tick.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from smtp_gateway.models import Gateway, OutboundMessage
from smtp_gateway.outbox import SEND_NEXT
from smtp_gateway.pace import REAL, Pace

#: A batch takes a while and the tick that finds room comes a little later; only for the estimate on pages.
SECONDS_A_BATCH_TAKES = 8


@dataclass(frozen=True, slots=True)
class Room:
    """What the window holds at one moment."""

    limit: int
    used: int
    in_hand: int
    """A batch is under way, on this connection or on another: its messages, begun or not."""
    due: int
    """Messages that could go now, counted no further than the limit."""

    @property
    def left(self) -> int:
        return max(self.limit - self.used - self.in_hand, 0)

    @property
    def is_worth_a_check(self) -> bool:
        """Room for a whole batch, or for all that waits: that keeps '10 every 3 minutes' without a second clock.

        Another connection joins a batch that is under way.
        """
        if not self.due or not self.left:
            return False
        return self.left >= min(self.due, self.limit) or self.in_hand > 0


def budget(*, limit: int, window: timedelta) -> int:
    """How many more may be reserved. The caller holds the gateway's row in this transaction."""
    heed_the_clock()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT %(limit)s
                 - (SELECT count(*) FROM smtp_gateway_deliveryattempt
                     WHERE started_at > (SELECT clock_timestamp()) - %(window)s)
                 - (SELECT count(*) FROM smtp_gateway_outboundmessage WHERE state = 'sending')
            """,
            _parameters(limit=limit, window=window),
        )
        left: int = cursor.fetchone()[0]
        return max(left, 0)


def heed_the_clock() -> None:
    """Attempts from the future (the clock was set back) count as begun now.

    So they hold us up for one window at most, and never let more through. Asked before every check, because an attempt
    of tomorrow would fill the window until then and nobody would ever come as far as ``budget``.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE smtp_gateway_deliveryattempt SET started_at = clock_timestamp()"
            " WHERE started_at > (SELECT clock_timestamp())"
        )


def room(gateway: Gateway, *, pace: Pace = REAL) -> Room:
    """A look without a lock: good enough to say whether a check is worth it, not to reserve by."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT (SELECT count(*) FROM smtp_gateway_deliveryattempt
                     WHERE started_at > (SELECT clock_timestamp()) - %(window)s),
                   (SELECT count(*) FROM smtp_gateway_outboundmessage WHERE state = 'sending'),
                   (SELECT count(*) FROM (
                        SELECT FROM smtp_gateway_outboundmessage
                         WHERE state IN ('waiting', 'uncertain') AND not_before <= clock_timestamp()
                           AND (expires_at IS NULL OR expires_at > clock_timestamp())
                         LIMIT %(limit)s) due)
            """,
            _parameters(limit=gateway.messages_each_check, window=window(gateway, pace=pace)),
        )
        used, in_hand, due = cursor.fetchone()
    return Room(gateway.messages_each_check, used, in_hand, due)


def window(gateway: Gateway, *, pace: Pace = REAL) -> timedelta:
    return pace.minutes(gateway.minutes_between_checks)


def next_check_at(*, at: datetime) -> datetime | None:
    """When the next messages go, as far as can be known: None while stopped, or while nothing waits."""
    gateway = Gateway.the()
    if not gateway.is_on:
        return None
    earliest = _first_due()
    if earliest is None:
        return None
    soonest = max(at, earliest, gateway.paused_until or at)
    now = room(gateway)
    missing = min(max(now.due, 1), now.limit) - now.left
    if missing <= 0:
        return soonest
    leaving = _when_attempts_leave(gateway, count=missing)
    return max(soonest, leaving) if leaving else soonest


def empty_at(waiting: int, *, at: datetime) -> datetime | None:
    """When so many messages will be out, if nothing is refused or added; None while the gateway is stopped."""
    gateway = Gateway.the()
    if not gateway.is_on:
        return None
    first = next_check_at(at=at) or at
    batches = math.ceil(waiting / gateway.messages_each_check)
    each = gateway.time_between_checks + timedelta(seconds=SECONDS_A_BATCH_TAKES)
    return first + max(batches - 1, 0) * each


def time_needed(messages: int, *, gateway: Gateway | None = None) -> timedelta:
    """How long the gateway will need for so many, from an empty outbox. Who asks often brings its row."""
    gateway = gateway or Gateway.the()
    batches = math.ceil(messages / gateway.messages_each_check)
    return max(batches - 1, 0) * (gateway.time_between_checks + timedelta(seconds=SECONDS_A_BATCH_TAKES))


def in_words(gateway: Gateway) -> str:
    """The pace as a sentence: "At most 10 messages in any 3 minutes: 200 an hour, 4,800 a day."."""
    count, minutes = gateway.messages_each_check, gateway.minutes_between_checks
    messages = "1 message" if count == 1 else f"{count:,} messages"
    stretch = "minute" if minutes == 1 else f"{minutes:,} minutes"
    return f"At most {messages} in any {stretch}: {count * 60 // minutes:,} an hour, {count * 1440 // minutes:,} a day."


def _first_due() -> datetime | None:
    """Of each priority the earliest is the first in ``message_claimable``; asked at once, all that waits is sorted."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT least(
                (SELECT min(first) FROM unnest(%(priorities)s) AS priority CROSS JOIN LATERAL (
                     SELECT not_before FROM smtp_gateway_outboundmessage
                      WHERE state IN ('waiting', 'uncertain') AND not_before IS NOT NULL
                        AND smtp_gateway_outboundmessage.priority = priority.priority
                      ORDER BY not_before LIMIT 1) AS of_priority (first)),
                (SELECT min(not_before) FROM smtp_gateway_outboundmessage
                  WHERE state = 'sending' AND stage = 'reserved'))
            """,
            {"priorities": [SEND_NEXT, *{kind.priority for kind in OutboundMessage.Kind}]},
        )
        found: datetime | None = cursor.fetchone()[0]
        return found


def _when_attempts_leave(gateway: Gateway, *, count: int) -> datetime | None:
    """When the ``count`` oldest attempts of the window have left it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT started_at + %(window)s FROM smtp_gateway_deliveryattempt
             WHERE started_at > (SELECT clock_timestamp()) - %(window)s
             ORDER BY started_at OFFSET %(skipped)s LIMIT 1
            """,
            _parameters(window=window(gateway), skipped=count - 1),
        )
        found = cursor.fetchone()
    return found[0] if found else None


def _parameters(**named: Any) -> dict[str, Any]:
    """The stubs know no intervals; psycopg does."""
    return named
