"""What is written while messages go out: reserve a few, then one commit a message. No ORM, no SMTP.

``write`` does everything that one commit must do at once: it settles the messages before, says that the text of this
one goes out now, begins the next with its attempt, and renews the lease. So a text is never sent before it is on record
that it may have been, and each message costs one round trip. Every row is changed only while it carries our token.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from smtp_gateway import throttle
from smtp_gateway.leases import Lease, LeaseLostError
from smtp_gateway.models import Gateway
from smtp_gateway.pace import Pace
from smtp_gateway.verdict import Verdict

#: Reserved at once: enough that reserving costs nothing, few enough that a stop or a taking-back reaches the rest.
BLOCK = 50


@dataclass(frozen=True, slots=True)
class Begun:
    """A message in our hands, its attempt on record."""

    id: int
    attempt: int
    to: str
    content: bytes
    attempts: int
    suspicious: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What becomes of a message and of its attempt."""

    message: int
    attempt: int
    state: str
    outcome: str
    verdict: Verdict
    wait: timedelta | None = None
    """Until the next try; None leaves ``not_before`` as it is."""
    charged: bool = True
    """False: the attempt is taken back, the message is as it was."""
    suspicious: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """What the commit found: whether the text may go out, and what comes next."""

    body_is_ours: bool
    begun: Begun | None


_RESERVE = """
    UPDATE smtp_gateway_outboundmessage m
       SET lease_token = %(token)s, slot = %(slot)s, reserved_at = clock_timestamp()
     WHERE id IN (SELECT id FROM smtp_gateway_outboundmessage
                   WHERE state IN ('waiting', 'uncertain') AND reserved_at IS NULL
                     AND not_before <= clock_timestamp()
                     AND (expires_at IS NULL OR expires_at > clock_timestamp())
                   ORDER BY priority, not_before, id
                   LIMIT %(count)s FOR UPDATE SKIP LOCKED)
"""

# One statement, one snapshot, one commit. Settled, sent-out and begun are different rows. A late 250 (the lease is
# gone, the row was called uncertain, our token is still on it) becomes sent; all else needs the row in our hands.
_WRITE = """
    WITH lease AS (
        UPDATE smtp_gateway_slot SET lease_until = clock_timestamp() + %(length)s
         WHERE token = %(token)s RETURNING number
    ), verdicts AS (
        SELECT * FROM unnest(%(messages)s, %(attempts)s, %(states)s, %(outcomes)s,
                             %(waits)s, %(charged)s, %(suspicious)s,
                             %(stages)s, %(codes)s, %(enhanced)s, %(words)s,
                             %(sentences)s)
                   AS v (message, attempt, state, outcome, wait, charged, suspicious,
                         stage, code, enhanced, words, sentence)
    ), settled AS (
        UPDATE smtp_gateway_outboundmessage m
           SET state = CASE WHEN v.outcome = 'later' AND (m.give_up_at <= statement_timestamp()
                                                          OR m.expires_at <= statement_timestamp() + v.wait) THEN 'bad'
                            WHEN v.state = 'waiting' AND m.times_uncertain > 0 THEN 'uncertain'
                            ELSE v.state END,
               stage = CASE v.state WHEN 'uncertain' THEN 'body' ELSE '' END,
               not_before = CASE WHEN v.state = 'uncertain' AND m.times_uncertain > 0 THEN NULL
                                 WHEN v.wait IS NULL THEN m.not_before
                                 ELSE statement_timestamp() + v.wait END,
               give_up_at = CASE v.outcome WHEN 'later' THEN coalesce(m.give_up_at, statement_timestamp() + %(give_up)s)
                                           ELSE m.give_up_at END,
               times_uncertain = m.times_uncertain + (v.state = 'uncertain')::int,
               attempts = m.attempts - (NOT v.charged)::int,
               suspicious = (m.suspicious OR v.suspicious) AND v.state <> 'sent',
               priority = CASE WHEN v.suspicious THEN 90 ELSE m.priority END,
               sent_at = CASE v.state WHEN 'sent' THEN statement_timestamp() END,
               finished_at = CASE WHEN v.state IN ('sent', 'bad')
                                    OR v.outcome = 'later' AND (m.give_up_at <= statement_timestamp()
                                                                OR m.expires_at <= statement_timestamp() + v.wait)
                                  THEN statement_timestamp() END,
               last_code = v.code, last_enhanced = v.enhanced, last_words = v.words,
               reason = CASE v.state WHEN 'sent' THEN '' ELSE v.sentence END
          FROM verdicts v
         WHERE m.id = v.message AND m.lease_token = %(token)s
           AND (m.state = 'sending' OR (v.state = 'sent' AND m.state = 'uncertain'))
        RETURNING m.id
    ), ended AS (
        UPDATE smtp_gateway_deliveryattempt a
           SET outcome = v.outcome, finished_at = statement_timestamp(), stage = v.stage, code = v.code,
               enhanced = v.enhanced, words = v.words, sentence = v.sentence
          FROM verdicts v JOIN settled s ON s.id = v.message WHERE a.id = v.attempt
    ), body AS (
        UPDATE smtp_gateway_outboundmessage SET stage = 'body'
         WHERE id = %(body)s AND lease_token = %(token)s AND state = 'sending' AND EXISTS (SELECT FROM lease)
        RETURNING id
    ), chosen AS (
        SELECT id FROM smtp_gateway_outboundmessage
         WHERE %(begin)s AND lease_token = %(token)s AND reserved_at IS NOT NULL AND state IN ('waiting', 'uncertain')
           AND (expires_at IS NULL OR expires_at > clock_timestamp())
           AND EXISTS (SELECT FROM lease) AND EXISTS (SELECT FROM smtp_gateway_gateway WHERE state = 'on')
         ORDER BY priority, not_before, id LIMIT 1 FOR UPDATE SKIP LOCKED
    ), begun AS (
        UPDATE smtp_gateway_outboundmessage m
           SET state = 'sending', stage = 'envelope', attempts = m.attempts + 1, reserved_at = NULL, reason = ''
          FROM chosen WHERE m.id = chosen.id
        RETURNING m.id, m."to", m.content, m.attempts, m.suspicious
    ), ledger AS (
        INSERT INTO smtp_gateway_deliveryattempt
               (message_id, number, slot, lease_token, started_at, outcome, stage, enhanced, words, sentence)
        SELECT id, attempts, %(slot)s, %(token)s, clock_timestamp(), 'begun', '', '', '', '' FROM begun
        RETURNING id
    )
    SELECT EXISTS (SELECT FROM lease), EXISTS (SELECT FROM body),
           begun.id, (SELECT id FROM ledger), begun."to", begun.content, begun.attempts, begun.suspicious
      FROM (SELECT) one LEFT JOIN begun ON true
"""

_TYPES = {
    "token": "uuid",
    "slot": "int",
    "length": "interval",
    "give_up": "interval",
    "body": "bigint",
    "begin": "boolean",
    "messages": "bigint[]",
    "attempts": "bigint[]",
    "states": "text[]",
    "outcomes": "text[]",
    "waits": "interval[]",
    "charged": "boolean[]",
    "suspicious": "boolean[]",
    "stages": "text[]",
    "codes": "int[]",
    "enhanced": "text[]",
    "words": "text[]",
    "sentences": "text[]",
}
_PREPARE = f"PREPARE gateway_write ({', '.join(_TYPES.values())}) AS " + _WRITE % {
    name: f"${number}" for number, name in enumerate(_TYPES, start=1)
}
_EXECUTE = f"EXECUTE gateway_write ({', '.join(f'%({name})s' for name in _TYPES)})"


def prepare() -> None:
    """Have this database session plan ``write`` once: planning takes longer than doing it. Safe to call again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_prepared_statements WHERE name = 'gateway_write'")
        if not cursor.rowcount:
            cursor.execute(_PREPARE)


def reserve(lease: Lease, *, pace: Pace) -> int:
    """Reserve the next messages for this lease, as many as the throttle allows and no more than a block; how many.

    The budget is counted under the gateway's row, so that two connections never count the same room twice. Reserved
    rows are still waiting: they can be cancelled, and they count.
    """
    with transaction.atomic():
        gateway = Gateway.objects.select_for_update().get(pk=1)
        if not gateway.is_on:
            return 0
        window = throttle.window(gateway, pace=pace)
        count = min(throttle.budget(limit=gateway.messages_each_check, window=window), BLOCK)
        if not count:
            return 0
        with connection.cursor() as cursor:
            cursor.execute(_RESERVE, {"token": lease.token, "slot": lease.slot, "count": count})
            reserved: int = cursor.rowcount
            return reserved


def write(
    lease: Lease,
    *,
    pace: Pace,
    settled: Sequence[Settlement] = (),
    body: int | None = None,
    begin: bool = False,
) -> Written:
    """One commit. Raises LeaseLostError when somebody took over; a late 250 is on record even then."""
    parameters: dict[str, Any] = {
        "token": lease.token,
        "slot": lease.slot,
        "length": lease.length,
        "give_up": pace.minutes(pace.give_up),
        "body": body,
        "begin": begin,
        "messages": [each.message for each in settled],
        "attempts": [each.attempt for each in settled],
        "states": [each.state for each in settled],
        "outcomes": [each.outcome for each in settled],
        "waits": [each.wait for each in settled],
        "charged": [each.charged for each in settled],
        "suspicious": [each.suspicious for each in settled],
        "stages": [each.verdict.stage.value for each in settled],
        "codes": [each.verdict.code for each in settled],
        "enhanced": [each.verdict.enhanced for each in settled],
        "words": [each.verdict.words for each in settled],
        "sentences": [each.verdict.sentence for each in settled],
    }
    with connection.cursor() as cursor:
        cursor.execute(_EXECUTE, parameters)
        lease_is_ours, body_is_ours, message, attempt, to, content, attempts, suspicious = cursor.fetchone()
    if not lease_is_ours:
        raise LeaseLostError
    begun = Begun(message, attempt, to, bytes(content), attempts, suspicious) if message else None
    return Written(body_is_ours, begun)


def begin_probe(lease: Lease, *, pace: Pace) -> int | None:
    """Put an attempt without a message on record: the probe counts in the throttle as well. None: there is no room."""
    with transaction.atomic(), connection.cursor() as cursor:
        gateway = Gateway.objects.select_for_update().get(pk=1)
        if not throttle.budget(limit=gateway.messages_each_check, window=throttle.window(gateway, pace=pace)):
            return None
        cursor.execute(
            """
            INSERT INTO smtp_gateway_deliveryattempt
                   (number, slot, lease_token, started_at, outcome, stage, enhanced, words, sentence)
            VALUES (1, %s, %s, clock_timestamp(), 'begun', '', '', '', '') RETURNING id
            """,
            [lease.slot, lease.token],
        )
        attempt: int = cursor.fetchone()[0]
        return attempt
