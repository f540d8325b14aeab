"""Write a letter again whose email could not be sent, to the address that its reader has now (gateway.md, Messages).

Chooses neither reader nor words: ``take_back`` leaves out what is no longer to be said and corrects the address, and
composing writes a new message. The old one is closed and stays on file.
"""

from datetime import date

from django.db import transaction

from notices import take_back
from notices.models import Letter
from smtp_gateway import outbox
from smtp_gateway.models import OutboundMessage

PEOPLE = ("patron", "guardian", "also_guardian", "group", "partner")


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
        letter.state, letter.message, letter.revision = Letter.State.PLANNED, None, letter.revision + 1
        letter.save()
        take_back.recheck([letter.pk], why="No longer so when it was written again.", on=on)
        letter.refresh_from_db()
        if letter.state != Letter.State.PLANNED:
            raise AgainError("Nothing in this letter is still to be said. Close it.")
        if not outbox.close([message_id], by=by, reason=_where(letter, by=by)):
            raise AgainError("The message is being tried again just now. Wait for what becomes of it.")
        return letter


def has_new_address(letter: Letter) -> bool:
    """Whether today it would go elsewhere than it went: to another address, or on paper."""
    return take_back.address_now(letter) != (letter.channel, letter.to)


def of_message(message_id: int) -> Letter | None:
    """The letter of a message that could not be sent, when it has somewhere else to go."""
    letters = Letter.objects.filter(message=message_id, message__state=OutboundMessage.State.BAD)
    letter = letters.select_related(*PEOPLE).first()
    return letter if letter is not None and has_new_address(letter) else None


def _where(letter: Letter, *, by: str) -> str:
    where = f"to {letter.to}" if letter.channel == Letter.Channel.EMAIL else "on paper"
    return f"It could not be sent, and {by} had it written again, {where}."
