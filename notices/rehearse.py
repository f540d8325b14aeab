"""Rehearse letters by hand (product.md, L2): one of each kind, at most five, to the library's own Test-To address.

Real content, through the real gateway and at its pace, marked as a rehearsal in the subject and at the top; names are
replaced unless a person wants them. It records nothing: no letter, no notice, nobody is told.
"""

import re
from collections.abc import Hashable
from datetime import datetime
from itertools import count

from circulation.calendar import CalendarError, OpenDays
from library.models import Library
from notices import compose, rendering
from notices.letter_data import LibraryData
from notices.letter_rows import LineRow, Reader
from notices.models import Letter, Run
from notices.models.template import letter_name
from smtp_gateway import mime, outbox
from smtp_gateway.models import Gateway

AT_MOST = 5
STAND_INS = ("Alex", "Robin", "Sam", "Charlie", "Jo")
FAMILY = "Sample"
KEY = "rehearsal:"
"""How the key of each rehearsed message begins."""
MARKED = "margin: 0; padding: 16px; color: #1b2326; font: 16px/1.5 Arial, sans-serif"
_TOP = re.compile(r"<body[^>]*>")


class RehearsalError(Exception):
    """Nothing was rehearsed; the sentence says why and what to do."""


def send(run: Run, *, with_names: bool, at: datetime) -> int:
    """Queue one of each kind of these drafts to Test-To; how many. Raises RehearsalError, OutboxError."""
    to = Gateway.the().test_to
    if not to:
        raise RehearsalError("There is no address for tests yet: an administrator fills in Test-To under Gateway.")
    chosen = one_of_each(run)
    if not chosen:
        raise RehearsalError("There is no letter to rehearse.")
    reader = Reader(library=LibraryData.of(Library.the()), open_days=OpenDays.load())
    wording, sender = compose.Wording(), mime.sender()
    finished = []
    try:
        for letter_id, lines in reader.lines(list(chosen), on=run.day):
            shown = lines if with_names else without_names(lines)
            words, _ = wording.put(reader.row(shown), chosen[letter_id].template_version)
            finished.append(_finished(chosen[letter_id], words, to=to, sender=sender, at=at))
    except (compose.LetterError, rendering.TemplateError, CalendarError) as reason:
        raise RehearsalError(str(reason)) from reason
    return len(outbox.queue_many(finished))


def one_of_each(run: Run) -> dict[int, Letter]:
    """By id, the first draft of each kind: by email and on paper, about one loan and several, of one child and more."""
    drafts = Letter.objects.of_run(run).drafts().filter(why="").select_related("template_version")
    kinds: dict[Hashable, Letter] = {}
    for letter in drafts.order_by("pk").prefetch_related("lines__notice__loan"):
        loans = [line.notice.loan for line in letter.lines.all()]
        children = {loan.patron_id for loan in loans}
        kinds.setdefault((letter.template_version_id, letter.channel, len(loans) > 1, len(children) > 1), letter)
    return {letter.pk: letter for letter in list(kinds.values())[:AT_MOST]}


def without_names(lines: list[LineRow]) -> list[LineRow]:
    """The same letter about people who do not exist; brothers and sisters stay apart."""
    names = count()
    children: dict[int | None, str] = {}
    replaced = []
    for line in lines:
        name = children.setdefault(line.patron_id, STAND_INS[next(names) % len(STAND_INS)])
        replaced.append(
            line._replace(
                first_name=name,
                last_name=FAMILY,
                known_as="",
                name_at_home="",
                contact_name=line.contact_name and f"Kim {FAMILY}",
                guardian_name=line.guardian_name and f"Kim {FAMILY}",
                salutation=line.salutation and f"Kim {FAMILY}",
                also_name=line.also_name and f"Pat {FAMILY}",
                also_salutation=line.also_salutation and f"Pat {FAMILY}",
                partner_name=line.partner_name and f"{FAMILY} Library",
            )
        )
    return replaced


def _finished(
    letter: Letter, words: rendering.Written, *, to: str, sender: mime.Sender, at: datetime
) -> outbox.Finished:
    name = letter_name(letter.kind, letter.number)
    reader = letter.get_audience_display().lower()
    mark = f"This is a rehearsal of {name} to a {reader}. Nobody else got it, and nothing was recorded."
    subject = f"Rehearsal: {words.subject}"
    key = f"{KEY}{letter.pk}:{at:%Y%m%d%H%M%S}"  # pressed twice within a second is one
    return outbox.Finished(
        content=mime.build(
            sender=sender,
            to=to,
            to_name="",
            subject=subject,
            text=f"{mark}\n\n{words.text}",
            html=_TOP.sub(
                lambda top: f'{top[0]}<p class="ink" style="{MARKED}"><b>{mark}</b></p>',
                words.html,
                count=1,
            ),
            message_id=mime.message_id(key, domain=sender.domain),
            date=at,
        ),
        to=to,
        subject=subject,
        kind=outbox.Kind.TEST,
        dedup_key=key,
    )
