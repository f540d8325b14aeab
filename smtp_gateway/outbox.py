"""The only door into the outbox, and what people may do to a message that lies there.

It takes finished RFC 5322 bytes for one recipient and nothing else: what they say was settled before, when they go is
settled in ``throttle`` and ``delivery``. Talks to no broker and no server, so it is safe inside any transaction.
A message that is begun is never touched; one that a connection has only reserved is like one that waits.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Count
from django.db.models.functions import Now

from library import slots
from smtp_gateway import addresses
from smtp_gateway.errors import OutboxError
from smtp_gateway.models import DeliveryAttempt, GatewayEvent, OutboundMessage
from smtp_gateway.models.message import OutboundMessageQuerySet, bounds

__all__ = [
    "Figures",
    "Finished",
    "Kind",
    "OutboxError",
    "blank",
    "cancel",
    "close",
    "count_as_sent",
    "figures",
    "hold",
    "queue",
    "queue_many",
    "release",
    "resend",
    "send_next",
    "try_again",
]

Kind = OutboundMessage.Kind
State = OutboundMessage.State
Stage = OutboundMessage.Stage

#: Bytes. Most servers take 10 to 35 MB; what is bigger is a mistake, not a letter.
LARGEST = 25 * 1024 * 1024
#: RFC 5322 2.1.1, without CRLF.
LONGEST_LINE = 998
SEND_NEXT = 0

# Promises: one statement for any number of messages; a key that is already there keeps its row, and is not returned.
QUEUE = """
INSERT INTO smtp_gateway_outboundmessage (
    kind, priority, "to", to_name, subject, content, size, message_id, dedup_key, state, reason, not_before, expires_at,
    stage, attempts, crashes, times_uncertain, suspicious, last_enhanced, last_words)
VALUES %s
ON CONFLICT DO NOTHING
RETURNING dedup_key, id
"""
ROW = """(
    %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, coalesce(%s::timestamptz, statement_timestamp()), %s::timestamptz,
    '', 0, 0, 0, FALSE, '', '')"""

_HEADER = re.compile(rb"[!-9;-~]+:[^\r\n]*(\r\n[ \t][^\r\n]*)*\r\n")
_MESSAGE_ID = re.compile(rb"^message-id:\s*(<[^<>\s]+>)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A finished RFC 5322 message for exactly one recipient.

    ``content`` has CRLF line ends. ``to`` is the bare envelope address. ``subject`` and ``to_name`` are what lists
    show. ``dedup_key``: queueing the same key twice is one message.
    """

    content: bytes
    to: str
    subject: str
    kind: OutboundMessage.Kind
    dedup_key: str
    to_name: str = ""
    expires_at: datetime | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The outbox in numbers: what is open now, and what ended on one day."""

    waiting: int
    sending: int
    held: int
    uncertain: int
    bad: int
    later: int
    """Of those waiting: tried before, to be tried again."""
    sent_that_day: int
    bad_that_day: int
    cancelled_that_day: int
    queued_that_day: int

    @property
    def on_the_way(self) -> int:
        return self.waiting + self.sending

    @property
    def needing_a_person(self) -> int:
        return self.bad + self.uncertain


def queue(finished: Finished, *, held: bool = False) -> OutboundMessage:
    """Put one message into the outbox, in the caller's transaction. Raises OutboxError with the reason."""
    [message_id] = queue_many([finished], held=held)
    return OutboundMessage.objects.get(pk=message_id)


def queue_many(finished: Sequence[Finished], *, held: bool = False) -> list[int]:
    """Put many into the outbox with one statement, or two, in the caller's transaction; their ids in the order given.

    A key that is already there keeps its row, whatever became of it. Raises OutboxError at the first message that
    cannot be queued; nothing is queued then.
    """
    if not finished:
        return []
    rows = [_row(each, held=held) for each in finished]
    with connection.cursor() as cursor:
        cursor.execute(QUEUE.replace("%s", ",".join(cursor.mogrify(ROW, row).decode() for row in rows)))
        ids = dict(cursor.fetchall())
    keys = [each.dedup_key for each in finished]
    known = set(keys) - set(ids)
    if known:
        ids.update(OutboundMessage.objects.filter(dedup_key__in=known).values_list("dedup_key", "id"))
    return [ids[key] for key in keys]


def cancel(ids: Iterable[int], *, reason: str, by: str = "") -> list[int]:
    """Take back what has not gone out; the ids that were really cancelled.

    What is begun goes on. What may have arrived already is not sent once more, but stays *maybe sent*.
    """
    messages, chosen = OutboundMessage.objects, list(ids)
    with transaction.atomic():
        coming = messages.still_in(State.WAITING, State.HELD) | messages.uncertain().filter(not_before__isnull=False)
        coming.filter(pk__in=chosen, times_uncertain__gt=0).update(
            state=State.UNCERTAIN, stage="", not_before=None, reason=reason
        )
        return _move(
            messages.still_in(State.WAITING, State.HELD).filter(pk__in=chosen, times_uncertain=0),
            verb="Cancelled",
            by=by,
            state=State.CANCELLED,
            stage="",
            reason=reason,
            finished_at=Now(),
        )


def close(ids: Iterable[int], *, by: str, reason: str = "") -> list[int]:
    """A person has settled in another way what could not be sent: it stays on file and needs nobody any more."""
    return _move(
        OutboundMessage.objects.filter(pk__in=list(ids), state=State.BAD),
        verb="Closed",
        by=by,
        state=State.CANCELLED,
        reason=reason or f"It could not be sent, and {by} closed it.",
        finished_at=Now(),
    )


def hold(ids: Iterable[int], *, by: str, reason: str = "Held by hand.") -> list[int]:
    """Keep what waits from going out until it is released."""
    return _move(
        OutboundMessage.objects.filter(pk__in=list(ids))
        .still_in(State.WAITING)
        .exclude(state=State.SENDING, times_uncertain__gt=0),
        verb="Held",
        by=by,
        state=State.HELD,
        stage="",
        reason=reason,
    )


def release(ids: Iterable[int], *, by: str = "") -> list[int]:
    """Let held messages go. What may have arrived before it was held is *maybe sent* again, for a person to decide."""
    chosen = OutboundMessage.objects.filter(pk__in=list(ids), state=State.HELD)
    with transaction.atomic():
        unsure = _move(
            chosen.filter(times_uncertain__gt=0), verb="", by=by, state=State.UNCERTAIN, not_before=None, reason=""
        )
        return unsure + _move(
            chosen.filter(times_uncertain=0), verb="Released", by=by, state=State.WAITING, not_before=Now(), reason=""
        )


def try_again(ids: Iterable[int], *, by: str) -> list[int]:
    """Give what could not be sent a fresh start, with five new days. What must not go any more stays where it is."""
    with transaction.atomic():
        return _move(
            _once_more(_with_text(ids, State.BAD), by=by),
            verb="Tried again",
            by=by,
            state=State.WAITING,
            not_before=Now(),
            finished_at=None,
            expires_at=None,
            give_up_at=None,
            crashes=0,
            reason="",
        )


def send_next(ids: Iterable[int], *, by: str) -> list[int]:
    """Put what waits at the head of the queue. The throttle stays what it is."""
    return _move(
        OutboundMessage.objects.filter(pk__in=list(ids), state=State.WAITING),
        verb="Sent next",
        by=by,
        priority=SEND_NEXT,
        not_before=Now(),
    )


def count_as_sent(ids: Iterable[int], *, by: str) -> list[int]:
    """A person knows that what was *maybe sent* has arrived."""
    return _move(
        OutboundMessage.objects.filter(pk__in=list(ids), state=State.UNCERTAIN),
        verb="Counted as sent",
        by=by,
        state=State.SENT,
        stage="",
        sent_at=Now(),
        finished_at=Now(),
        reason="Counted as sent by a person.",
    )


def resend(ids: Iterable[int], *, by: str) -> list[int]:
    """A person wants what was *maybe sent* to go out once more, even if it should arrive twice. What must not go any
    more stays where it is."""
    with transaction.atomic():
        return _move(
            _once_more(_with_text(ids, State.UNCERTAIN), by=by),
            verb="Sent once more",
            by=by,
            state=State.WAITING,
            stage="",
            not_before=Now(),
            expires_at=None,
            give_up_at=None,
            lease_token=None,
            reason="",
        )


def blank(ids: Iterable[int]) -> int:
    """Empty what names a person, for a reader who is erased: text, subject, address, the server's words. Rows stay.

    What has not gone out is cancelled first; what is being sent is left for the next call.
    """
    chosen = list(ids)
    with transaction.atomic():
        cancel(chosen, reason="The person was erased.")
        rows = OutboundMessage.objects.filter(pk__in=chosen).exclude(state=State.SENDING)
        DeliveryAttempt.objects.filter(message__in=rows).update(words="")
        return rows.update(content=b"", subject="", to="", to_name="", last_words="", message_id="")


def figures(*, on: date) -> Figures:
    """What is open now and what ended on this local day; finished rows of other days cost nothing."""
    open_now: Counter[str] = Counter(
        dict(OutboundMessage.objects.open_ones().order_by().values_list("state").annotate(count=Count("*")))
    )
    ended: Counter[str] = Counter(
        dict(OutboundMessage.objects.finished_on(on).order_by().values_list("state").annotate(count=Count("*")))
    )
    start, end = bounds(on)
    return Figures(
        waiting=open_now[State.WAITING],
        sending=open_now[State.SENDING],
        held=open_now[State.HELD],
        uncertain=open_now[State.UNCERTAIN],
        bad=open_now[State.BAD],
        later=OutboundMessage.objects.waiting().filter(attempts__gt=0).count(),
        sent_that_day=ended[State.SENT],
        bad_that_day=ended[State.BAD],
        cancelled_that_day=ended[State.CANCELLED],
        queued_that_day=OutboundMessage.objects.filter(created_at__gte=start, created_at__lt=end).count(),
    )


def _row(finished: Finished, *, held: bool) -> tuple[object, ...]:
    """What ROW wants, checked."""
    to = addresses.checked(finished.to)
    message_id = _check_content(finished.content)
    if not finished.dedup_key or len(finished.dedup_key) > 200 or not finished.dedup_key.isprintable():
        raise OutboxError("A message's key is 1 to 200 printable characters.")
    return (
        finished.kind.value,
        finished.kind.priority,
        to,
        _listed(finished.to_name)[:200],
        _listed(finished.subject)[:998],
        finished.content,
        len(finished.content),
        message_id,
        finished.dedup_key,
        State.HELD.value if held else State.WAITING.value,
        "Held until somebody lets it go." if held else "",
        finished.not_before,
        finished.expires_at,
    )


def _listed(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text).strip()


def _check_content(content: bytes) -> str:
    """The message's own Message-ID. Raises OutboxError for bytes that must never reach a server."""
    if len(content) > LARGEST:
        raise OutboxError(f"The message is larger than {LARGEST // 1024 // 1024} MB.")
    if b"\0" in content:
        raise OutboxError("The message holds a NUL character, which no mail may have.")
    lines = content.split(b"\r\n")
    if not content.count(b"\r") == content.count(b"\n") == len(lines) - 1:
        raise OutboxError("The message holds a line end that is not CRLF.")
    if max(map(len, lines)) > LONGEST_LINE:
        raise OutboxError(f"The message has a line of more than {LONGEST_LINE} characters.")
    head, empty, _ = content.partition(b"\r\n\r\n")
    head += b"\r\n"
    if not empty or not _is_headers(head):
        raise OutboxError("The message does not begin with headers and an empty line.")
    found = _MESSAGE_ID.search(head)
    if not found:
        raise OutboxError("The message has no Message-ID.")
    return found[1].decode("utf-8", errors="replace")


def _is_headers(head: bytes) -> bool:
    position = 0
    while position < len(head):
        header = _HEADER.match(head, position)
        if header is None:
            return False
        position = header.end()
    return True


def _with_text(ids: Iterable[int], state: str) -> OutboundMessageQuerySet:
    return OutboundMessage.objects.filter(pk__in=list(ids), state=state).exclude(content=b"")


def _once_more(rows: OutboundMessageQuerySet, *, by: str) -> OutboundMessageQuerySet:
    """Without those that whoever wrote them takes back now: the book that a letter is about came home meanwhile."""
    ids = list(rows.values_list("pk", flat=True))
    return rows.exclude(pk__in={pk for taken_back in slots.going_again for pk in taken_back(ids, by)})


def _move(rows: OutboundMessageQuerySet, *, verb: str, by: str, **changes: Any) -> list[int]:
    """Change these rows under their locks, note who did it, and name those that were really changed."""
    with transaction.atomic():
        ids = list(rows.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
        if ids:
            OutboundMessage.objects.filter(pk__in=ids).update(**changes)
            if verb and by:
                GatewayEvent.objects.create(
                    action=GatewayEvent.Action.BY_HAND,
                    sentence=f"{verb}: {len(ids)} {'message' if len(ids) == 1 else 'messages'}.",
                    by=by,
                )
        return ids
