"""Write a letter again, to the address that its reader has now (gateway.md, Messages).

``write``: its email could not be sent; the old message is closed and stays on file.
``instead_of``: its message was to go once more, but what it says is no longer so.
``send``: it was sent, and somebody says on the telephone that nothing came; the copy is a letter of its own that leaves
the ledger alone.

Chooses neither reader nor words: ``take_back`` leaves out what is no longer to be said and corrects the address, and
composing writes.
"""

from collections.abc import Collection
from datetime import date

from django.db import transaction
from django.db.models import QuerySet

from notices import take_back
from notices.models import Letter, Line, Notice, Template
from notices.take_back import PEOPLE
from smtp_gateway import outbox
from smtp_gateway.models import OutboundMessage

SENT_AGAIN = [Template.Kind.STEP, Template.Kind.TERM_ENDS, Template.Kind.LEAVING, Template.Kind.DIRECT]
"""Others would say something else by now, or are said by other verbs."""


class AgainError(Exception):
    """The letter is not written again; the sentence says why and what to do."""


def write(message_id: int, *, on: date, by: str) -> Letter:
    """Plan this message's letter once more, for the address of today. Raises AgainError; nothing is changed then."""
    with transaction.atomic():
        letters = Letter.objects.filter(message=message_id, message__state=OutboundMessage.State.BAD)
        letter = letters.select_for_update(of=("self",)).select_related(*PEOPLE).first()
        if letter is None:
            raise AgainError("Only a letter that could not be sent is written again.")
        if not has_new_address(letter):
            raise AgainError(f"{letter.recipient} still has the address {letter.to}. Put it right, then write again.")
        _plan(letter, on=on)
        if letter.state != Letter.State.PLANNED:
            raise AgainError("Nothing in this letter is still to be said. Close it.")
        if not outbox.close([message_id], by=by, reason=_where(letter, by=by)):
            raise AgainError("The message is being tried again just now. Wait for what becomes of it.")
        return letter


def instead_of(message_ids: Collection[int], *, on: date, by: str) -> set[int]:
    """Of these messages, which are to go once more, those that must not: a book came back since, or nobody may hear.

    What could not be sent is closed, and what is left of its letter is written again.
    """
    rows = Letter.objects.filter(message__in=message_ids, state=Letter.State.QUEUED).order_by("pk")
    letters = {one.pk: one for one in rows.select_for_update(of=("self",)).select_related(*PEOPLE)}
    kept_back = set()
    for pk in sorted(take_back.stale(letters, on=on)):
        letter, old = letters[pk], letters[pk].message_id
        assert old is not None  # the rows were found by it
        if outbox.close([old], by=by, reason="What it says is no longer so."):
            _plan(letter, on=on)
        kept_back.add(old)
    return kept_back


def send(message_id: int, *, on: date) -> Letter:
    """Plan a copy of a letter that was sent, about what of it is still so. Once a day. Raises AgainError."""
    with transaction.atomic():
        letters = Letter.objects.filter(
            message=message_id, message__state=OutboundMessage.State.SENT, kind__in=SENT_AGAIN
        )
        sent = letters.select_for_update(of=("self",)).select_related(*PEOPLE).first()
        if sent is None:
            raise AgainError("Only a letter that was sent is sent again.")
        if _copies(sent, on=on).exists():
            raise AgainError("This letter was sent again today. Another copy can go tomorrow.")
        copy = _copy(sent, on=on)
        take_back.recheck([copy.pk], why="No longer so when it was to be sent again.", on=on)
        copy.refresh_from_db()
        if copy.state != Letter.State.PLANNED:
            copy.notices.all().delete()
            copy.delete()
            raise AgainError("Nothing in this letter is still to be said, or its reader is not written to any more.")
        return copy


def _plan(letter: Letter, *, on: date) -> None:
    """Once more, about what of it is still so."""
    letter.state, letter.message, letter.revision = Letter.State.PLANNED, None, letter.revision + 1
    letter.save()
    take_back.recheck([letter.pk], why="No longer so when it was written again.", on=on)
    letter.refresh_from_db()


def _copies(sent: Letter, *, on: date) -> QuerySet[Letter]:
    people = {f"{one}_id": getattr(sent, f"{one}_id") for one in PEOPLE}
    same = {"kind": sent.kind, "number": sent.number, "service": sent.service, "audience": sent.audience}
    return Letter.objects.filter(**people, **same, day=on, run=None, notices__number=0).exclude(
        state=Letter.State.OPENED
    )


def _copy(sent: Letter, *, on: date) -> Letter:
    """With notices beside the ledger, so that nothing counts twice; the steps come along for who may read titles."""
    channel, to = take_back.address_now(sent)
    copy = Letter.objects.create(
        **{one: getattr(sent, one) for one in PEOPLE},
        service=sent.service,
        audience=sent.audience,
        kind=sent.kind,
        number=sent.number,
        channel=channel,
        to=to,
        day=on,
    )
    for said in Notice.objects.filter(lines__letter=sent, lines__taken_out_at=None, undone_at=None):
        beside = Notice.objects.create(loan=said.loan, due_on=said.due_on, number=0, step=said.step, said_on=on)
        Line.objects.create(letter=copy, notice=beside)
    return copy


def has_new_address(letter: Letter) -> bool:
    """Whether today it would go elsewhere than it went: to another address, or on paper."""
    return take_back.address_now(letter) != (letter.channel, letter.to)


def of_message(message_id: int) -> Letter | None:
    """The letter of a message that could not be sent, when it has somewhere else to go."""
    letters = Letter.objects.filter(message=message_id, message__state=OutboundMessage.State.BAD)
    letter = letters.select_related(*PEOPLE).first()
    return letter if letter is not None and has_new_address(letter) else None


def was_sent(message_id: int) -> bool:
    """Whether this message is a letter of ours that has gone out."""
    sent = OutboundMessage.State.SENT
    return Letter.objects.filter(message=message_id, message__state=sent, kind__in=SENT_AGAIN).exists()


def _where(letter: Letter, *, by: str) -> str:
    where = f"to {letter.to}" if letter.channel == Letter.Channel.EMAIL else "on paper"
    return f"It could not be sent, and {by} had it written again, {where}."
