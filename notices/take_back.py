"""Take back what waits, in time: a book came home, a person asked for silence, an address changed (product.md, N6).

Only cancels what waits and marks letters to be written again; composing writes them. So a desk's request and an
import stay fast. What is being sent, or was sent or printed, is left as it is: it happened.
"""

from collections.abc import Collection, Iterable
from datetime import date
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from psycopg2.extras import execute_values

from circulation.models import Group
from circulation.signals import Cause
from notices.models import Audience, Letter, Line, Notice, Run, Step
from notices.wanted import CARER_MAY_BE_TOLD, LINES_OF_LETTERS, WANTED
from smtp_gateway import outbox
from smtp_gateway.models import OutboundMessage

STILL_HERE = [Letter.State.PLANNED, Letter.State.HELD, Letter.State.QUEUED, Letter.State.TO_PRINT]
"""States of a letter that has not left the house, as far as the letter knows; the outbox knows it better."""

WAITING = OutboundMessage.State.WAITING
PEOPLE = ("patron", "guardian", "also_guardian", "group", "partner")

OTHER_WORDS = {Cause.GROUP, Cause.NAME, Cause.ITEM}
"""What waits says something else after these, even where it goes to the same people about the same loans."""

NO_LONGER_WANTED = f"""
SELECT line.letter_id, line.id FROM {LINES_OF_LETTERS}
WHERE line.letter_id = ANY(%(letters)s) AND line.taken_out_at IS NULL AND NOT {WANTED}
"""

# Letters in two names whose readers no longer share an address, or may no longer both hear of every child in it.
TO_BE_PARTED = f"""
SELECT letter.id
FROM notices_letter letter
JOIN circulation_guardian one ON one.id = letter.guardian_id
JOIN circulation_guardian other ON other.id = letter.also_guardian_id
WHERE letter.id = ANY(%(letters)s) AND (
    one.prefers_paper <> other.prefers_paper
    OR (letter.channel = 'email' AND lower(one.email) <> lower(other.email))
    OR (letter.channel = 'paper' AND lower(one.address) <> lower(other.address))
    OR EXISTS (
        SELECT FROM notices_line line
        JOIN notices_notice notice ON notice.id = line.notice_id
        JOIN circulation_loan loan ON loan.id = notice.loan_id
        WHERE line.letter_id = letter.id AND line.taken_out_at IS NULL AND 2 > (
            SELECT count(*)
            FROM circulation_guardianship link JOIN circulation_guardian carer ON carer.id = link.guardian_id
            WHERE link.patron_id = loan.patron_id AND carer.id IN (one.id, other.id) AND {CARER_MAY_BE_TOLD})))
"""


def about_loans(loan_ids: Iterable[int], *, cause: Cause, on: date) -> int:
    """Recheck all that waits about these loans, and what lists them as still out. Returns how many letters changed."""
    loans = list(loan_ids)
    lines = Line.objects.filter(notice__loan__in=loans, taken_out_at=None)
    listing = set() if cause is Cause.LENT else _that_list(loans, besides=lines)
    about = _waiting(lines)
    rewrite = listing | about if cause in OTHER_WORDS else listing
    return recheck(about | listing, why=_in_words(cause), on=on, rewrite=rewrite)


def about_people(*, patron_ids: Iterable[int], guardian_ids: Iterable[int], cause: Cause, on: date) -> int:
    """Recheck all that waits to these people, and about their loans. Returns how many letters changed."""
    patrons, guardians = list(patron_ids), list(guardian_ids)
    lines = Line.objects.filter(
        Q(notice__loan__patron__in=patrons)
        | Q(letter__guardian__in=guardians)
        | Q(letter__also_guardian__in=guardians)
        | Q(letter__patron__in=patrons),
        taken_out_at=None,
    )
    letters = _waiting(lines)
    return recheck(letters, why=_in_words(cause), on=on, rewrite=letters if cause in OTHER_WORDS else ())


def recheck(
    letter_ids: Iterable[int], *, why: str, on: date, rewrite: Iterable[int] = (), take_out: Collection[int] = ()
) -> int:
    """Take out of these letters what may no longer be said, and the lines ``take_out``; correct where they go.

    Those in ``rewrite`` are written again in any case. Returns how many letters were still here and changed.
    """
    with transaction.atomic():
        letters = {letter.pk: letter for letter in _locked(letter_ids)}
        parted = _part(letters, why=why, on=on)
        no_longer = unwanted(letters, on=on)
        for letter_id, line in _lines_of(letters, take_out):
            no_longer.setdefault(letter_id, []).append(line)
        readdressed = {letter.pk for letter in letters.values() if address_now(letter) != (letter.channel, letter.to)}
        touched = sorted(parted | set(no_longer) | readdressed | (set(rewrite) & set(letters)))
        here = _call_back([letters[pk] for pk in touched], why=why)
        if here:
            _take_out(here, [line for letter in here for line in no_longer.get(letter.pk, [])], why=why)
        return len(here)


def about_steps(step_ids: Iterable[int], *, why: str, on: date) -> int:
    """Write again all that waits about these steps, because it may say less now. Returns how many letters changed."""
    letters = _waiting(Line.objects.filter(notice__step__in=list(step_ids), taken_out_at=None))
    return recheck(letters, why=why, on=on, rewrite=letters)


def put_off(*, on: date) -> int:
    """Recheck what the server put off: what changed while it was being sent could not be called back then. Returns how
    many letters changed."""
    queued = Letter.objects.filter(state=Letter.State.QUEUED, message__state=WAITING, message__attempts__gt=0)
    letters = {letter.pk: letter for letter in queued.select_related(*PEOPLE)}
    found = stale(letters, on=on)
    return recheck(found, why="No longer so when it was to be tried again.", on=on) if found else 0


def _in_words(cause: Cause) -> str:
    return f"{cause.label}, before it was sent."


def _waiting(lines: QuerySet[Line]) -> set[int]:
    return set(lines.filter(letter__state__in=STILL_HERE).values_list("letter", flat=True))


def _that_list(loans: list[int], *, besides: QuerySet[Line]) -> set[int]:
    """Waiting letters to the patrons of these loans that are about other loans, and may list these as also out."""
    letters = Letter.objects.filter(
        state__in=STILL_HERE,
        audience=Audience.PATRON,
        number__gt=0,
        patron__loans__in=loans,
        service=F("patron__loans__service"),
    )
    return set(letters.exclude(Exists(besides.filter(letter=OuterRef("pk")))).values_list("pk", flat=True))


def _lines_of(letters: dict[int, Letter], line_ids: Collection[int]) -> list[tuple[int, int]]:
    """Of these lines, those that stand in these letters; each after its letter."""
    if not line_ids:
        return []
    return list(Line.objects.filter(pk__in=line_ids, letter__in=letters).values_list("letter", "pk"))


def _locked(letter_ids: Iterable[int]) -> list[Letter]:
    """Letters first and always in this order, so that two verbs that meet wait for each other."""
    rows = Letter.objects.filter(pk__in=list(letter_ids), state__in=STILL_HERE).order_by("pk")
    return list(rows.select_for_update(of=("self",)).select_related(*PEOPLE))


def unwanted(letter_ids: Iterable[int], *, on: date) -> dict[int, list[int]]:
    """Lines that may no longer be said, by letter."""
    found: dict[int, list[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(NO_LONGER_WANTED, {"letters": list(letter_ids), "on": on})
        for letter, line in cursor.fetchall():
            found.setdefault(letter, []).append(line)
    return found


def to_be_parted(letters: dict[int, Letter], *, on: date) -> list[int]:
    """Of these, the ids of the letters in two names whose readers no longer share one."""
    shared = [letter.pk for letter in letters.values() if letter.also_guardian_id]
    if not shared:
        return []
    with connection.cursor() as cursor:
        cursor.execute(TO_BE_PARTED, {"letters": shared, "on": on})
        return [pk for (pk,) in cursor.fetchall()]


def _part(letters: dict[int, Letter], *, why: str, on: date) -> set[int]:
    """Where two guardians no longer share a letter, each gets one; both join ``letters`` and are checked like any."""
    parted = set()
    for letter in _call_back([letters[pk] for pk in to_be_parted(letters, on=on)], why=why):
        other = Letter.objects.create(
            run_id=letter.run_id,
            service=letter.service,
            audience=letter.audience,
            channel=letter.channel,
            kind=letter.kind,
            number=letter.number,
            day=letter.day,
            guardian=letter.also_guardian,
            to=letter.to,
        )
        notices = letter.lines.filter(taken_out_at=None).values_list("notice", flat=True)
        Line.objects.bulk_create(Line(letter=other, notice_id=notice) for notice in notices)
        letter.also_guardian = letter.message = None
        letter.save(update_fields=["also_guardian", "message"])
        letters[other.pk] = other
        parted |= {letter.pk, other.pk}
    return parted


def stale(letters: dict[int, Letter], *, on: date) -> set[int]:
    """Of these, the ids of those that may not go as they are: about what is no longer so, or to the wrong reader."""
    moved = {pk for pk, letter in letters.items() if address_now(letter) != (letter.channel, letter.to)}
    return {*unwanted(letters, on=on), *to_be_parted(letters, on=on), *moved}


def address_now(letter: Letter) -> tuple[str, str]:
    """Channel and address that the letter should have. Paper stays paper."""
    if letter.channel == Letter.Channel.PAPER:
        return letter.channel, letter.to
    person = letter.recipient
    email = person.contact_email if isinstance(person, Group) else person.email
    if not email or getattr(person, "prefers_paper", False):
        return Letter.Channel.PAPER, ""
    return Letter.Channel.EMAIL, letter.to if letter.to.lower() == email.lower() else email


def _call_back(letters: list[Letter], *, why: str) -> list[Letter]:
    """Those that are still here: a message that is being sent, or was sent, cannot be called back."""
    queued = [letter.message_id for letter in letters if letter.message_id is not None]
    cancelled = set(outbox.cancel(queued, reason=why)) if queued else set()
    return [letter for letter in letters if letter.message_id is None or letter.message_id in cancelled]


def _take_out(letters: list[Letter], line_ids: Iterable[int], *, why: str) -> None:
    """Without these lines the letters are written again; those that are left without any are taken back.

    The same few statements for any number of letters: an import may bring home all that this morning's run was about.
    """
    now, ids = timezone.now(), [letter.pk for letter in letters]
    Line.objects.filter(pk__in=line_ids).update(taken_out_at=now)
    left = _left(ids)
    for letter in letters:
        before, (letter.channel, letter.to) = letter.channel, address_now(letter)
        lines = left.get(letter.pk, [])
        if not lines or (letter.channel != before and not any(line.may_be_on_paper for line in lines)):
            letter.state, letter.why = Letter.State.TAKEN_BACK, why
        else:
            letter.number = max(line.number for line in lines) or letter.number
            if letter.state != Letter.State.PLANNED:
                letter.state, letter.revision = Letter.State.PLANNED, letter.revision + 1
    taken_back = [letter.pk for letter in letters if letter.state == Letter.State.TAKEN_BACK]
    Line.objects.filter(letter__in=taken_back, taken_out_at=None).update(taken_out_at=now)
    _keep(letters)
    _unsay(ids, why=why)


class _Left(NamedTuple):
    """A line that stays in its letter."""

    number: int
    may_be_on_paper: bool
    """Its step allows paper; or a person wrote by hand, and chose *email, and print for the rest*."""


def _left(letter_ids: list[int]) -> dict[int, list[_Left]]:
    """What these letters still say."""
    found: dict[int, list[_Left]] = {}
    lines = Line.objects.filter(letter__in=letter_ids, taken_out_at=None)
    for letter, number, how, run in lines.values_list(
        "letter", "notice__number", "notice__step__how", "notice__run__state"
    ):
        on_paper = how in {Step.How.EMAIL_OR_PAPER, Step.How.PAPER} or number == 0 or run in Run.State.by_hand()
        found.setdefault(letter, []).append(_Left(number, on_paper))
    return found


# Promises: a letter that is taken back remembers its message; one that is to be written again gets another.
KEEP = """
UPDATE notices_letter AS letter
SET state = new.state, channel = new.channel, "to" = new.to_address, number = new.number, revision = new.revision,
    why = new.why, message_id = CASE new.state WHEN 'taken_back' THEN letter.message_id END,
    subject = '', text = '', html = ''
FROM (VALUES %s) AS new (id, state, channel, to_address, number, revision, why)
WHERE letter.id = new.id
"""


def _keep(letters: Iterable[Letter]) -> None:
    rows = [(one.pk, str(one.state), str(one.channel), one.to, one.number, one.revision, one.why) for one in letters]
    with connection.cursor() as cursor:
        execute_values(cursor.cursor, KEEP, rows, page_size=1000)


def _unsay(letter_ids: list[int], *, why: str) -> None:
    """A notice that stands in no letter any more was not said: it may be said again, should it be due again."""
    elsewhere = Line.objects.filter(notice=OuterRef("pk"), taken_out_at=None)
    Notice.objects.spoken().filter(lines__letter__in=letter_ids).exclude(Exists(elsewhere)).update(
        taken_back_at=timezone.now(), why=why
    )
