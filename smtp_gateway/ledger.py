"""What is written while messages go out: reserve a few, mark one by one, settle them together. No SMTP.

``mark`` is the one commit that a message costs before its text goes out: it keeps what the server said to the message
before, says that the text of this one goes out now, begins the next, and renews the lease. It touches no column that
stands in an index, so it is as cheap as a durable write can be. ``settle`` writes outcomes and attempts, many at once;
whoever dies before leaves marks from which ``leases.recover`` knows as much. Every row is changed only while it carries
our token.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from operator import itemgetter
from typing import Any

from django.db import connection, transaction

from smtp_gateway import throttle
from smtp_gateway.leases import Lease, LeaseLostError
from smtp_gateway.models import Gateway, OutboundMessage
from smtp_gateway.pace import Pace
from smtp_gateway.verdict import Verdict

#: Reserved at once: enough that reserving costs nothing, few enough that a stop or a taking-back reaches the rest.
BLOCK = 50
#: Bytes. Smaller messages are read when they are reserved, larger ones when it is their turn.
SMALL = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reserved:
    """A message that is ours to begin, unless somebody takes it back first."""

    id: int
    to: str
    content: bytes | None
    """None: too large to be kept in memory beside the others; see ``content``."""
    attempts: int
    """The one to come included."""
    suspicious: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What becomes of a message and of its attempt."""

    message: int
    state: str
    outcome: str
    verdict: Verdict
    wait: timedelta | None = None
    """Until the next try; None leaves ``not_before`` as it is."""
    charged: bool = True
    """False: the attempt is taken back, the message is as it was."""
    suspicious: bool = False


@dataclass(frozen=True, slots=True)
class Marked:
    """What the commit found: whether the text may go out, and which message is begun."""

    body_is_ours: bool
    begun: int | None


_RESERVE = """
    UPDATE smtp_gateway_outboundmessage m
       SET state = 'sending', stage = 'reserved', lease_token = %(token)s, slot = %(slot)s
     WHERE id IN (SELECT id FROM smtp_gateway_outboundmessage
                   WHERE state IN ('waiting', 'uncertain') AND not_before <= clock_timestamp()
                     AND (expires_at IS NULL OR expires_at > clock_timestamp())
                   ORDER BY priority, not_before, id
                   LIMIT %(count)s FOR UPDATE SKIP LOCKED)
    RETURNING priority, not_before, id, "to", CASE WHEN size <= %(small)s THEN content END, attempts + 1, suspicious
"""

# One statement, one commit, three rows at most; the lease is renewed when a fifth of it is over, and never holds less
# than its length after this. Who is buried while this runs loses the rows to ``leases.recover`` or finds them marked by
# this statement, as if it had run before. The stage says what may be marked: it stands in no index, so PostgreSQL finds
# the rows by their keys and writes no index (an update of state would write seven). The state is looked at as a value,
# not by its index: what was recovered from us meanwhile keeps our token and its stage.
_MARK = """
    WITH lease AS (
        SELECT FROM smtp_gateway_slot WHERE token = %(token)s
    ), renewed AS (
        UPDATE smtp_gateway_slot SET lease_until = clock_timestamp() + %(length)s * 1.25
         WHERE token = %(token)s AND lease_until < clock_timestamp() + %(length)s
    ), chosen AS (
        SELECT id FROM smtp_gateway_outboundmessage
         WHERE id = ANY (%(following)s) AND lease_token = %(token)s AND stage = 'reserved'
           AND (expires_at IS NULL OR expires_at > clock_timestamp())
           AND EXISTS (SELECT FROM lease) AND EXISTS (SELECT FROM smtp_gateway_gateway WHERE state = 'on')
         ORDER BY array_position(%(following)s, id) LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
    ), marked AS (
        UPDATE smtp_gateway_outboundmessage
           SET stage = CASE stage WHEN 'body' THEN 'taken' WHEN 'envelope' THEN 'body' ELSE 'envelope' END,
               begun_at = CASE stage WHEN 'reserved' THEN clock_timestamp() ELSE begun_at END,
               reason = CASE stage WHEN 'reserved' THEN '' ELSE reason END,
               sent_at = CASE stage WHEN 'body' THEN clock_timestamp() ELSE sent_at END,
               last_code = CASE stage WHEN 'body' THEN %(code)s ELSE last_code END,
               last_enhanced = CASE stage WHEN 'body' THEN %(enhanced)s ELSE last_enhanced END,
               last_words = CASE stage WHEN 'body' THEN %(words)s ELSE last_words END
         WHERE id = ANY (ARRAY[%(taken)s, %(body)s, (SELECT id FROM chosen)]) AND lease_token = %(token)s
           AND stage = CASE id WHEN %(taken)s THEN 'body' WHEN %(body)s THEN 'envelope' ELSE 'reserved' END
           AND state || '' = 'sending' AND EXISTS (SELECT FROM lease)
        RETURNING id
    )
    SELECT EXISTS (SELECT FROM lease), EXISTS (SELECT FROM marked WHERE id = %(body)s),
           (SELECT id FROM marked JOIN chosen USING (id))
"""
_MARK_TYPES = {
    "token": "uuid",
    "length": "interval",
    "taken": "bigint",
    "code": "int",
    "enhanced": "text",
    "words": "text",
    "body": "bigint",
    "following": "bigint[]",
}

_VERDICTS = """
    verdicts AS (
        SELECT * FROM unnest(%(messages)s::bigint[], %(states)s::text[], %(outcomes)s::text[], %(waits)s::interval[],
                             %(charged)s::boolean[], %(suspicious)s::boolean[], %(stages)s::text[], %(codes)s::int[],
                             %(enhanced)s::text[], %(words)s::text[], %(sentences)s::text[])
                   AS v (message, state, outcome, wait, charged, suspicious, stage, code, enhanced, words, sentence))
"""

# ``stage <> ''`` holds for all that is in our hands, and lets PostgreSQL find the rows by their keys: the index of what
# is being sent is full of what was.
_SETTLE = f"""
    WITH {_VERDICTS}, settled AS (
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
               attempts = m.attempts + v.charged::int,
               suspicious = (m.suspicious OR v.suspicious) AND v.state <> 'sent',
               priority = CASE WHEN v.suspicious THEN 90 ELSE m.priority END,
               sent_at = CASE v.state WHEN 'sent' THEN coalesce(m.sent_at, statement_timestamp()) END,
               finished_at = CASE WHEN v.state = 'sent' THEN coalesce(m.sent_at, statement_timestamp())
                                  WHEN v.state = 'bad'
                                    OR v.outcome = 'later' AND (m.give_up_at <= statement_timestamp()
                                                                OR m.expires_at <= statement_timestamp() + v.wait)
                                  THEN statement_timestamp() END,
               last_code = v.code, last_enhanced = v.enhanced, last_words = v.words,
               reason = CASE v.state WHEN 'sent' THEN '' ELSE v.sentence END
          FROM verdicts v
         WHERE m.id = v.message AND m.lease_token = %(token)s AND m.stage <> '' AND m.state || '' = 'sending'
        RETURNING m.id, m.attempts, m.slot, m.begun_at, m.sent_at
    )
    INSERT INTO smtp_gateway_deliveryattempt
           (message_id, number, slot, lease_token, started_at, finished_at, outcome, stage, code, enhanced, words,
            sentence)
    SELECT s.id, s.attempts + (NOT v.charged)::int, s.slot, %(token)s, s.begun_at,
           coalesce(s.sent_at, statement_timestamp()), v.outcome, v.stage, v.code, v.enhanced, v.words, v.sentence
      FROM settled s JOIN verdicts v ON v.message = s.id
     ORDER BY s.begun_at, s.id
"""

# A late 250: the lease is gone, the message was called uncertain meanwhile, and our token is still on it, whatever else
# was done to it since.
_LATE = f"""
    WITH {_VERDICTS}, late AS (
        UPDATE smtp_gateway_outboundmessage m
           SET state = 'sent', stage = '', suspicious = FALSE, reason = '', sent_at = statement_timestamp(),
               finished_at = statement_timestamp(),
               last_code = v.code, last_enhanced = v.enhanced, last_words = v.words
          FROM verdicts v
         WHERE m.id = v.message AND v.state = 'sent'
           AND m.lease_token = %(token)s AND m.state = 'uncertain'
        RETURNING m.id, m.attempts
    )
    UPDATE smtp_gateway_deliveryattempt a
       SET outcome = v.outcome, finished_at = statement_timestamp(), stage = v.stage, code = v.code,
           enhanced = v.enhanced, words = v.words, sentence = v.sentence
      FROM late JOIN verdicts v ON v.message = late.id
     WHERE a.message_id = late.id AND a.number = late.attempts AND a.outcome = 'uncertain'
"""

_PREPARE = f"PREPARE gateway_mark ({', '.join(_MARK_TYPES.values())}) AS " + _MARK % {
    name: f"${number}" for number, name in enumerate(_MARK_TYPES, start=1)
}


def prepare() -> None:
    """Have this database session plan ``mark`` once: planning takes longer than doing it. Safe to call again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_prepared_statements WHERE name = 'gateway_mark'")
        if not cursor.rowcount:
            cursor.execute(_PREPARE)


def reserve(lease: Lease, *, pace: Pace) -> list[Reserved]:
    """Reserve the next messages for this lease, as many as the throttle allows and no more than a block, in order.

    The budget is counted under the gateway's row, so that two connections never count the same room twice. Reserved
    rows count, and until they are begun they can be taken back.
    """
    with transaction.atomic():
        gateway = Gateway.objects.select_for_update().get(pk=1)
        if not gateway.is_on:
            return []
        window = throttle.window(gateway, pace=pace)
        count = min(throttle.budget(limit=gateway.messages_each_check, window=window), BLOCK)
        if not count:
            return []
        with connection.cursor() as cursor:
            cursor.execute(_RESERVE, {"token": lease.token, "slot": lease.slot, "count": count, "small": SMALL})
            in_order = sorted(cursor.fetchall(), key=itemgetter(0, 1, 2))
            return [
                Reserved(message, to, None if content is None else bytes(content), attempts, suspicious)
                for _, _, message, to, content, attempts, suspicious in in_order
            ]


def content(message: int) -> bytes:
    """The text of one that was too large to be read with the others. It is frozen while it is ours."""
    return bytes(OutboundMessage.objects.values_list("content", flat=True).get(pk=message))


def mark(
    lease: Lease, *, taken: Settlement | None = None, body: int | None = None, following: Sequence[int] = ()
) -> Marked:
    """One commit: the server has ``taken`` that one, the text of ``body`` goes out now, the first of ``following`` that
    is still wanted is begun. Raises LeaseLostError when somebody took over; nothing is marked then.
    """
    token, length = lease.token, lease.length.total_seconds()
    wanted = f"{body or 'NULL'}, '{{{','.join(map(str, following))}}}'"  # numbers: nothing that needs quoting
    if taken is None:
        statement = f"EXECUTE gateway_mark ('{token}', '{length} s', NULL, NULL, '', '', {wanted})"
        parameters = None
    else:
        said, code = taken.verdict, taken.verdict.code or "NULL"
        statement = f"EXECUTE gateway_mark ('{token}', '{length} s', {taken.message}, {code}, %s, %s, {wanted})"
        parameters = (said.enhanced, said.words)
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.cursor() as cursor:  # Django's own takes 20 µs more
        cursor.execute(statement, parameters)
        lease_is_ours, body_is_ours, begun = cursor.fetchone()
    if not lease_is_ours:
        raise LeaseLostError
    return Marked(body_is_ours, begun)


def settle(lease: Lease, *, pace: Pace, settled: Sequence[Settlement]) -> None:
    """Write what became of these, with their attempts, in one commit; a late 250 is on record even without a lease."""
    parameters: dict[str, Any] = {
        "token": lease.token,
        "give_up": pace.minutes(pace.give_up),
        "messages": [each.message for each in settled],
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
        cursor.execute(_SETTLE, parameters)
        if cursor.rowcount < len(settled):
            cursor.execute(_LATE, parameters)


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
