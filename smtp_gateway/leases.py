"""Whose hands a message is in: connection slots, their leases, and what becomes of rows whose owner died.

A slot is taken with one conditional UPDATE and a fresh token. Its lease is alive while it has not run out *and* the
database session that took it still lives: that session holds an advisory lock under a number of the lease's own, free
within milliseconds of a SIGKILL, kept under SIGSTOP. Everything written later carries ``where token = mine``. Knows
nothing of SMTP.
"""

import os
import secrets
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import Error, connection, transaction

from smtp_gateway.models import GatewayEvent
from smtp_gateway.pace import REAL, Pace
from smtp_gateway.verdict import ACCEPTED

#: A sender that died over a message this often did so because of it.
CRASHES_ALLOWED = 3

_BURY = """
    UPDATE smtp_gateway_slot s
       SET token = NULL, session_key = NULL, lease_until = NULL, holder = ''
     WHERE token IS NOT NULL
       AND (lease_until <= clock_timestamp()
            OR NOT EXISTS (SELECT FROM pg_locks
                            WHERE locktype = 'advisory' AND granted AND objsubid = 1
                              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                              AND (classid::bigint << 32 | objid::bigint) = s.session_key))
"""

_TAKE = """
    UPDATE smtp_gateway_slot
       SET token = %(token)s, session_key = %(key)s, lease_until = clock_timestamp() + %(length)s,
           taken_at = clock_timestamp(), holder = %(holder)s
     WHERE number = (SELECT number FROM smtp_gateway_slot WHERE number <= %(connections)s AND token IS NULL
                      ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED)
       AND token IS NULL
    RETURNING number
"""

# What was only reserved goes back to where it came from. What somebody is taking back at this moment is theirs: should
# they think better of it, ``recover`` gives it back.
_FREE = """
    WITH given_back AS (
        UPDATE smtp_gateway_outboundmessage
           SET state = CASE WHEN times_uncertain > 0 THEN 'uncertain' ELSE 'waiting' END, stage = ''
         WHERE id IN (SELECT id FROM smtp_gateway_outboundmessage
                       WHERE lease_token = %(token)s AND state = 'sending' AND stage = 'reserved'
                         FOR UPDATE SKIP LOCKED))
    UPDATE smtp_gateway_slot SET token = NULL, session_key = NULL, lease_until = NULL, holder = ''
     WHERE token = %(token)s
"""

_IN_HAND = "SELECT DISTINCT lease_token FROM smtp_gateway_outboundmessage WHERE state = 'sending'"

# The stage says what the dead one knew. Reserved: nothing happened. Envelope: nothing was said, the message waits, a
# little longer after each crash. Body: it may have arrived, so it is uncertain, with its token, so that a late 250 can
# still turn it into sent. Taken: it was accepted, and only its settling is missing. The tokens were read before the
# living slots were, and a token never comes back to life, so nobody living is robbed here.
_RECOVER = """
    WITH orphans AS (
        SELECT id, stage, crashes + 1 AS crashes, times_uncertain
          FROM smtp_gateway_outboundmessage
         WHERE lease_token = ANY(%(dead)s::uuid[]) AND state = 'sending'
           FOR UPDATE
    ), recovered AS (
        UPDATE smtp_gateway_outboundmessage m
           SET state = CASE WHEN o.stage = 'taken' THEN 'sent'
                            WHEN o.stage = 'body' THEN 'uncertain'
                            WHEN o.stage <> 'reserved' AND o.crashes >= %(crashes_allowed)s THEN 'bad'
                            WHEN o.times_uncertain > 0 THEN 'uncertain'
                            ELSE 'waiting' END,
               stage = CASE o.stage WHEN 'body' THEN 'body' ELSE '' END,
               attempts = m.attempts + (o.stage <> 'reserved')::int,
               crashes = CASE WHEN o.stage IN ('reserved', 'body', 'taken') THEN m.crashes ELSE o.crashes END,
               times_uncertain = o.times_uncertain + (o.stage = 'body')::int,
               suspicious = m.suspicious AND o.stage <> 'taken',
               not_before = CASE WHEN o.stage IN ('reserved', 'taken') THEN m.not_before
                                 WHEN o.stage = 'body' AND o.times_uncertain = 0
                                      THEN clock_timestamp() + %(uncertain)s
                                 WHEN o.stage = 'body' THEN NULL
                                 ELSE clock_timestamp() + %(crash)s * o.crashes END,
               reason = CASE WHEN o.stage = 'reserved' THEN m.reason
                             WHEN o.stage = 'taken' THEN ''
                             WHEN o.stage = 'body' THEN %(maybe_sent)s
                             WHEN o.crashes >= %(crashes_allowed)s THEN %(poison)s
                             ELSE %(crashed)s END,
               finished_at = CASE WHEN o.stage = 'taken' THEN m.sent_at
                                  WHEN o.stage NOT IN ('reserved', 'body') AND o.crashes >= %(crashes_allowed)s
                                  THEN clock_timestamp() END
          FROM orphans o WHERE m.id = o.id
        RETURNING m.id, m.attempts, m.slot, m.lease_token, m.begun_at, m.sent_at, m.last_code, m.last_enhanced,
                  m.last_words, o.stage
    ), tried AS (
        INSERT INTO smtp_gateway_deliveryattempt
               (message_id, number, slot, lease_token, started_at, finished_at, outcome, stage, code, enhanced, words,
                sentence)
        SELECT id, attempts, coalesce(slot, 1), lease_token, coalesce(begun_at, clock_timestamp()),
               CASE stage WHEN 'taken' THEN sent_at ELSE clock_timestamp() END,
               CASE stage WHEN 'taken' THEN 'sent' WHEN 'body' THEN 'uncertain' ELSE 'crashed' END,
               CASE stage WHEN 'taken' THEN 'dot' ELSE '' END,
               CASE stage WHEN 'taken' THEN last_code END,
               CASE stage WHEN 'taken' THEN last_enhanced ELSE '' END,
               CASE stage WHEN 'taken' THEN last_words ELSE '' END,
               CASE stage WHEN 'taken' THEN %(accepted)s WHEN 'body' THEN %(maybe_sent)s ELSE %(crashed)s END
          FROM recovered WHERE stage <> 'reserved'
         ORDER BY begun_at, id)
    SELECT count(*) FROM recovered WHERE stage NOT IN ('reserved', 'taken')
"""


class LeaseLostError(Exception):
    """Somebody took the slot over: close the connection, write nothing more, stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A slot in our hands. ``length`` is how long it lasts after each renewal."""

    token: uuid.UUID
    slot: int
    length: timedelta


@contextmanager
def taken(*, connections: int, seconds: float) -> Iterator[Lease | None]:
    """A slot for a lease of so many seconds, given back at the end; None when all are taken.

    Must be called outside a transaction: nothing that the gateway writes may wait for a commit of somebody else's.
    """
    if connection.in_atomic_block:
        raise RuntimeError("The gateway never sends inside a transaction.")
    token, key = uuid.uuid4(), secrets.randbits(62)
    length = timedelta(seconds=seconds)
    wanted: dict[str, Any] = {
        "token": token,
        "key": key,
        "length": length,
        "holder": _whoami(),
        "connections": connections,
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [key])
        cursor.execute(_TAKE, wanted)
        found = cursor.fetchone()
    try:
        yield Lease(token=token, slot=found[0], length=length) if found else None
    finally:
        with suppress(Error), connection.cursor() as cursor:  # a dead session has freed it already
            cursor.execute(_FREE, {"token": token})
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


def recover(*, pace: Pace = REAL) -> int:
    """Put right what dead leases left behind; how many messages were in the middle of being sent."""
    with connection.cursor() as cursor:
        cursor.execute(_IN_HAND)
        in_hand = [token for (token,) in cursor.fetchall()]
        cursor.execute(_BURY)
        if not in_hand:
            return 0
        cursor.execute("SELECT token FROM smtp_gateway_slot WHERE token IS NOT NULL")
        living = {token for (token,) in cursor.fetchall()}
    dead = [str(token) for token in in_hand if token not in living]
    return _recover(dead, pace) if dead else 0


def _recover(dead: list[str], pace: Pace) -> int:
    facts: dict[str, Any] = {
        "dead": dead,
        "crashes_allowed": CRASHES_ALLOWED,
        "uncertain": pace.minutes(pace.uncertain),
        "crash": pace.minutes(pace.crash),
        "accepted": ACCEPTED,
        "maybe_sent": "The gateway was cut off while the server was taking it. It may or may not have arrived.",
        "poison": f"The gateway was cut off over this message {CRASHES_ALLOWED} times and leaves it alone now.",
        "crashed": "The gateway was cut off before the message went out.",
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_RECOVER, facts)
        count: int = cursor.fetchone()[0]
        if count:
            messages = "1 message was" if count == 1 else f"{count} messages were"
            GatewayEvent.objects.create(
                action=GatewayEvent.Action.RECOVERED, sentence=f"A sender was cut off; {messages} put right."
            )
        return count


def _whoami() -> str:
    return f"{socket.gethostname()}, process {os.getpid()}"[:200]
