"""Write the letters that the scan planned, and put the ones by email into the outbox.

Works in chunks, each a transaction of its own; several processes at once take different letters. A letter that cannot
be written is marked with the reason, and the others go on. It decides neither who is told nor about what: before
writing it only leaves out what is no longer wanted.
"""

import logging
import time
from collections.abc import Iterable
from datetime import date, datetime
from datetime import time as time_of_day
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone
from psycopg2.extras import execute_values

from circulation.calendar import CalendarError, OpenDays
from circulation.models import Loan
from library.models import Library
from notices import rendering, take_back
from notices.letter_data import LibraryData
from notices.letter_rows import LetterRow, LineRow, Reader, at_local_time
from notices.models import Letter, Template, TemplateVersion
from notices.models.letter import message_key
from notices.models.template import letter_name
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


@transaction.atomic
def write_now(letter_ids: Iterable[int], *, on: date) -> int:
    """Write those of these letters that are planned, for a person who waits for them. Raises as ``write_planned``."""
    rows = Letter.objects.to_write().filter(pk__in=list(letter_ids)).order_by("pk").select_for_update()
    return _write(list(rows.values_list("pk", flat=True)), on=on)


def _take_some() -> list[int]:
    rows = Letter.objects.to_write().order_by("pk").select_for_update(skip_locked=True)
    return list(rows.values_list("pk", flat=True)[:CHUNK])


def _write(letter_ids: list[int], *, on: date) -> int:
    if not letter_ids:
        return 0
    sender = mime.sender()
    # A letter that waited to be written speaks from the day on which it is written.
    Letter.objects.filter(pk__in=letter_ids, day__lt=on).update(day=on)
    take_back.recheck(letter_ids, why="No longer so when the letter was written.", on=on)
    reader = Reader(library=LibraryData.of(Library.the()), open_days=OpenDays.load())
    press = Press(reader=reader, sender=sender, at=timezone.now())
    for letter_id, lines in reader.lines(letter_ids, on=on):
        press.write(letter_id, lines)
    press.hand_over()
    # Whatever is planned and has no lines would be taken up again and again.
    Letter.objects.to_write().filter(pk__in=letter_ids).update(
        state=Letter.State.TAKEN_BACK, why="Nothing was left to say."
    )
    return len(press.written)


def write_again(letter_ids: Iterable[int]) -> int:
    """What could not be written is planned once more, for when its wording or address was mended."""
    with transaction.atomic():
        letters = Letter.objects.filter(pk__in=list(letter_ids), state=Letter.State.FAILED).order_by("pk")
        chosen = list(letters.select_for_update().values_list("pk", flat=True))
        Letter.objects.filter(pk__in=chosen).update(state=Letter.State.PLANNED, why="")
        _recount(chosen)
        return len(chosen)


class Wording:
    """The templates as they are now, and how a letter is put in their words."""

    def __init__(self) -> None:
        self._templates = {
            (template.kind, template.service, template.number, template.audience): template.current
            for template in Template.objects.select_related("current")
        }

    def put(self, row: LetterRow, version: TemplateVersion | None = None) -> tuple[rendering.Written, TemplateVersion]:
        """Raises LetterError where there is no wording, TemplateError where it cannot be used."""
        version = version or self._current(row)
        wording = rendering.compiled(subject=version.subject, body=version.body, audience=row.audience)
        return rendering.render(wording, row.data), version

    def _current(self, row: LetterRow) -> TemplateVersion:
        number = row.number if row.kind == Template.Kind.STEP else None
        version = self._templates.get((row.kind, row.service, number, row.audience))
        if version is None:
            name, service = letter_name(row.kind, row.number), Loan.Service(row.service).label
            raise LetterError(
                f"There is no wording for {name} to this reader ({service}, {row.audience.label}). "
                "Write it under Templates; then the letter can be written again."
            )
        return version


class Ready(NamedTuple):
    """A letter in words; ``finished`` is its message, None for paper and for what is held."""

    row: LetterRow
    words: rendering.Written
    version: int
    finished: outbox.Finished | None


class Press:
    """Words for one chunk of letters, and what becomes of each."""

    def __init__(
        self, *, reader: Reader, sender: mime.Sender, at: datetime, kind: outbox.Kind = outbox.Kind.NOTICE
    ) -> None:
        self._reader = reader
        self._sender = sender
        self._at = at
        self._kind = kind
        self._wording = Wording()
        self.written: list[Ready] = []
        self.failed: dict[int, str] = {}

    def write(self, letter_id: int, lines: list[LineRow], version: TemplateVersion | None = None) -> None:
        """Whatever is wrong with one letter stays with that letter; nothing here touches the database.

        ``version``: the wording that was chosen before, as for a draft; without it the current one.
        """
        try:
            row = self._reader.row(lines)
            words, version = self._wording.put(row, version)
            by_email = row.channel == Letter.Channel.EMAIL and not row.held
            finished = self._finished(row, words) if by_email else None
            self.written.append(Ready(row, words, version.pk, finished))
        except (LetterError, rendering.TemplateError, outbox.OutboxError, CalendarError) as reason:
            self.failed[letter_id] = str(reason)
        except Exception as surprise:
            log.error("Letter %s could not be written: %s", letter_id, type(surprise).__name__)
            self.failed[letter_id] = f"Something in its data cannot be written ({type(surprise).__name__})."

    def hand_over(self) -> None:
        """Emails to the outbox, paper to the print queue, held ones kept: all in the caller's transaction."""
        by_email = [ready for ready in self.written if ready.finished]
        ids = outbox.queue_many([ready.finished for ready in by_email if ready.finished])
        messages = {ready.row.id: message for ready, message in zip(by_email, ids, strict=True)}
        with connection.cursor() as cursor:
            execute_values(
                cursor.cursor, KEEP, [self._kept(ready, messages.get(ready.row.id)) for ready in self.written]
            )
        for letter_id, why in self.failed.items():
            Letter.objects.filter(pk=letter_id).update(state=Letter.State.FAILED, why=why)
        _recount(self.failed)

    def _finished(self, row: LetterRow, words: rendering.Written) -> outbox.Finished:
        key = message_key(row.id, row.revision)
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
            kind=self._kind,
            dedup_key=key,
            expires_at=_expires_at(row),
            not_before=row.not_before if self._kind == outbox.Kind.NOTICE else None,
        )

    def _kept(self, ready: Ready, message: int | None) -> tuple[object, ...]:
        row, words = ready.row, ready.words
        state = Letter.State.HELD if row.held else Letter.State.QUEUED if message else Letter.State.TO_PRINT
        text, html = ("", "") if message else (words.text, words.html)
        return (row.id, state.value, words.subject, text, html, message, ready.version, self._at, _expires_at(row))


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


# Promises: the three counts keep their sum. A loan is failed when all its letters are, else told by email when one is
# by email, else on paper.
RECOUNT = """
WITH loan AS (
    SELECT notice.loan_id, bool_and(letter.state = 'failed') AS failed,
           bool_or(letter.channel = 'email' AND letter.state <> 'failed') AS by_email
    FROM notices_letter letter
    JOIN notices_line line ON line.letter_id = letter.id
    JOIN notices_notice notice ON notice.id = line.notice_id
    WHERE letter.run_id = %(run)s
    GROUP BY notice.loan_id
),
counted AS (
    SELECT count(*) FILTER (WHERE failed) AS failed, count(*) FILTER (WHERE NOT failed AND NOT by_email) AS paper
    FROM loan
)
UPDATE notices_run run
SET failed = counted.failed, paper = counted.paper,
    email = greatest(run.email + run.paper + run.failed - counted.failed - counted.paper, 0)
FROM counted WHERE run.id = %(run)s
"""


def _recount(letter_ids: Iterable[int]) -> None:
    """The runs of these letters, after some of them could not be written, or can be written again."""
    runs = (
        Letter.objects.filter(pk__in=list(letter_ids), run__isnull=False).order_by("run").values_list("run", flat=True)
    )
    with connection.cursor() as cursor:
        for run in runs.distinct():
            cursor.execute(RECOUNT, {"run": run})
