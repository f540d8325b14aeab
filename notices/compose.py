"""Write the letters that the scan planned, and put the ones by email into the outbox.

Works in chunks, each a transaction of its own; several processes at once take different letters. A letter that cannot
be written is marked with the reason, and the others go on. It decides neither who is told nor about what: before
writing it only leaves out what is no longer wanted.
"""

import logging
import time
from datetime import date, datetime
from datetime import time as time_of_day

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone
from psycopg2.extras import execute_values

from circulation.calendar import OpenDays
from circulation.models import Loan
from circulation.signals import Cause
from library.models import Library
from notices import rendering, take_back
from notices.letter_data import LibraryData
from notices.letter_rows import LetterRow, Reader, at_local_time
from notices.models import Letter, Run, Template, TemplateVersion
from notices.models.schedule import step_name
from smtp_gateway import mime, outbox

log = logging.getLogger(__name__)

CHUNK = 200


class LetterError(Exception):
    """One letter cannot be written; the sentence says why and what to do."""


def write_planned(*, on: date, seconds: float = float("inf")) -> int:
    """Write what is planned, until nothing is left or ``seconds`` have passed. Returns how many were written.

    Raises OutboxError while the gateway has no From address: nothing is written then, and nothing is lost.
    """
    ends = time.monotonic() + seconds
    written = 0
    while time.monotonic() < ends:
        with transaction.atomic():
            taken = _take_some()
            written += _write(taken, on=on)
        if not taken:
            break
    return written


def _take_some() -> list[int]:
    rows = Letter.objects.to_write().order_by("pk").select_for_update(skip_locked=True)
    return list(rows.values_list("pk", flat=True)[:CHUNK])


def _write(letter_ids: list[int], *, on: date) -> int:
    if not letter_ids:
        return 0
    take_back.recheck(letter_ids, cause=Cause.STATUS, on=on)
    press = _Press(sender=mime.sender(), at=timezone.now())
    reader = Reader(library=LibraryData.of(Library.the()), open_days=OpenDays.load())
    for row in reader.rows(letter_ids):
        press.write(row)
    press.hand_over()
    return len(press.written)


class _Press:
    """Words for one chunk of letters, and what becomes of each."""

    def __init__(self, *, sender: mime.Sender, at: datetime) -> None:
        self._sender = sender
        self._at = at
        self._templates = {
            (template.service, template.number, template.audience): template.current
            for template in Template.objects.filter(kind=Template.Kind.STEP).select_related("current")
        }
        self.written: list[tuple[LetterRow, rendering.Written, int]] = []
        self.failed: dict[int, str] = {}

    def write(self, row: LetterRow) -> None:
        """Whatever is wrong with one letter stays with that letter; nothing here touches the database."""
        try:
            version = self._version(row)
            wording = rendering.compiled(subject=version.subject, body=version.body, audience=row.audience)
            self.written.append((row, rendering.render(wording, row.data), version.pk))
        except (LetterError, rendering.TemplateError) as reason:
            self.failed[row.id] = str(reason)
        except Exception as surprise:
            log.error("Letter %s could not be written: %s", row.id, type(surprise).__name__)
            self.failed[row.id] = f"Something in its data cannot be written ({type(surprise).__name__})."

    def hand_over(self) -> None:
        """Emails to the outbox, paper to the print queue, held ones kept: all in the caller's transaction."""
        by_email = [(row, words) for row, words, _ in self.written if row.channel == "email" and not row.held]
        ids = outbox.queue_many([self._finished(row, words) for row, words in by_email])
        messages = {row.id: message for (row, _), message in zip(by_email, ids, strict=True)}
        with connection.cursor() as cursor:
            execute_values(
                cursor.cursor,
                KEEP,
                [self._kept(row, words, version, messages.get(row.id)) for row, words, version in self.written],
            )
        for letter_id, why in self.failed.items():
            _fail(letter_id, why=why)

    def _version(self, row: LetterRow) -> TemplateVersion:
        version = self._templates.get((row.service, row.number, row.audience))
        if version is None:
            service = Loan.Service(row.service).label
            raise LetterError(
                f"There is no wording for {step_name(row.number)} to this reader ({service}, {row.audience.label}). "
                "Write it under Templates; then the letter can be written again."
            )
        return version

    def _finished(self, row: LetterRow, words: rendering.Written) -> outbox.Finished:
        key = f"letter:{row.id}:{row.revision}"
        content = mime.build(
            sender=self._sender,
            to=row.to,
            to_name=row.to_name,
            subject=words.subject,
            text=words.text,
            html=words.html,
            message_id=mime.message_id(key, domain=self._sender.domain),
            date=self._at,
        )
        return outbox.Finished(
            content=content,
            to=row.to,
            to_name=row.to_name,
            subject=words.subject,
            kind=outbox.Kind.NOTICE,
            dedup_key=key,
            expires_at=_expires_at(row),
            not_before=row.not_before,
        )

    def _kept(self, row: LetterRow, words: rendering.Written, version: int, message: int | None) -> tuple[object, ...]:
        state = Letter.State.HELD if row.held else Letter.State.QUEUED if message else Letter.State.TO_PRINT
        text, html = ("", "") if message else (words.text, words.html)
        return (row.id, state.value, words.subject, text, html, message, version, self._at, _expires_at(row))


# Promises: one statement for a chunk; an email's words are kept in its message alone.
KEEP = """
UPDATE notices_letter AS letter
SET state = new.state, subject = new.subject, text = new.text, html = new.html, message_id = new.message::bigint,
    template_version_id = new.version, written_at = new.at, expires_at = new.expires_at, why = ''
FROM (VALUES %s) AS new (id, state, subject, text, html, message, version, at, expires_at)
WHERE letter.id = new.id
"""


def _expires_at(row: LetterRow) -> datetime:
    return at_local_time(row.expires_on, time_of_day(0))


def _fail(letter_id: int, *, why: str) -> None:
    """Mark one letter, and count its loans as failed where no other letter tells of them."""
    letter = Letter.objects.get(pk=letter_id)
    letter.state, letter.why = Letter.State.FAILED, why
    letter.save(update_fields=["state", "why"])
    if letter.run_id is None:
        return
    others = Letter.objects.filter(lines__notice=OuterRef("pk")).exclude(state=Letter.State.FAILED)
    lost = letter.notices.filter(~Exists(others)).values("loan").distinct().count()
    by_email = letter.channel == Letter.Channel.EMAIL
    counted = {"email": F("email") - lost} if by_email else {"paper": F("paper") - lost}
    Run.objects.filter(pk=letter.run_id).update(failed=F("failed") + lost, **counted)
