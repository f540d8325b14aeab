"""Take back what waits, in time: a book came home, a person asked for silence, an address changed (product.md, N6).

Only cancels what waits and marks letters to be written again; composing writes them. So a desk's request and an
import stay fast. What is being sent, or was sent or printed, is left as it is: it happened.
"""

from collections.abc import Iterable
from datetime import date

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from circulation.signals import Cause
from notices.models import Audience, Letter, Line, Notice, Step
from notices.wanted import TABLES, WANTED
from smtp_gateway import outbox

STILL_HERE = [Letter.State.PLANNED, Letter.State.HELD, Letter.State.QUEUED, Letter.State.TO_PRINT]
"""States of a letter that has not left the house, as far as the letter knows; the outbox knows it better."""

NO_LONGER_WANTED = f"SELECT line.id FROM {TABLES} WHERE line.letter_id = ANY(%(letters)s)" + (
    f" AND line.taken_out_at IS NULL AND NOT {WANTED}"
)


def about_loans(loan_ids: Iterable[int], *, cause: Cause, on: date) -> int:
    """Recheck all that waits about these loans. Returns how many letters were taken back or marked."""
    lines = Line.objects.filter(notice__loan__in=list(loan_ids), taken_out_at=None)
    return recheck(_waiting(lines), cause=cause, on=on)


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
    return recheck(_waiting(lines), cause=cause, on=on)


def recheck(letter_ids: Iterable[int], *, cause: Cause, on: date) -> int:
    """Take out of these letters what may no longer be said, and correct where they go."""
    with transaction.atomic():
        letters = {letter.pk: letter for letter in _locked(letter_ids)}
        unwanted = _unwanted(letters, on=on)
        readdressed = {letter.pk for letter in letters.values() if _address_now(letter) != (letter.channel, letter.to)}
        rewrite = set(letters) if cause is Cause.GROUP else set()
        touched = [letters[pk] for pk in sorted(set(unwanted) | readdressed | rewrite)]
        here = _call_back(touched, cause)
        for letter in here:
            _take_out(letter, unwanted.get(letter.pk, []), cause)
        return len(here)


def _waiting(lines: QuerySet[Line]) -> list[int]:
    return list(lines.filter(letter__state__in=STILL_HERE).values_list("letter", flat=True).distinct())


def _locked(letter_ids: Iterable[int]) -> list[Letter]:
    """Letters first and always in this order, so that two verbs that meet wait for each other."""
    rows = Letter.objects.filter(pk__in=list(letter_ids), state__in=STILL_HERE).order_by("pk")
    return list(rows.select_for_update(of=("self",)).select_related("patron", "guardian", "group", "partner"))


def _unwanted(letter_ids: Iterable[int], *, on: date) -> dict[int, list[int]]:
    with connection.cursor() as cursor:
        cursor.execute(NO_LONGER_WANTED, {"letters": list(letter_ids), "on": on})
        ids = [line for (line,) in cursor.fetchall()]
    found: dict[int, list[int]] = {}
    for line, letter in Line.objects.filter(pk__in=ids).values_list("pk", "letter"):
        found.setdefault(letter, []).append(line)
    return found


def _address_now(letter: Letter) -> tuple[str, str]:
    """Channel and address that the letter should have. Paper stays paper."""
    if letter.channel == Letter.Channel.PAPER:
        return letter.channel, letter.to
    person = letter.recipient
    email = person.contact_email if letter.audience == Audience.CONTACT else person.email  # type: ignore[union-attr]
    if not email or getattr(person, "prefers_paper", False):
        return Letter.Channel.PAPER, ""
    return Letter.Channel.EMAIL, letter.to if letter.to.lower() == email.lower() else email


def _call_back(letters: list[Letter], cause: Cause) -> list[Letter]:
    """Those that are still here: a message that is being sent, or was sent, cannot be called back."""
    queued = [letter.message_id for letter in letters if letter.message_id is not None]
    cancelled = set(outbox.cancel(queued, reason=f"{cause.label}, before it was sent.")) if queued else set()
    return [letter for letter in letters if letter.message_id is None or letter.message_id in cancelled]


def _take_out(letter: Letter, line_ids: list[int], cause: Cause) -> None:
    now = timezone.now()
    Line.objects.filter(pk__in=line_ids).update(taken_out_at=now)
    remaining = Notice.objects.filter(lines__letter=letter, lines__taken_out_at=None)
    letter.channel, letter.to = _address_now(letter)
    on_paper = remaining.filter(step__how__in=[Step.How.EMAIL_OR_PAPER, Step.How.PAPER]).exists()
    if not remaining.exists() or (letter.channel == Letter.Channel.PAPER and not on_paper):
        letter.lines.filter(taken_out_at=None).update(taken_out_at=now)
        letter.state, letter.why = Letter.State.TAKEN_BACK, f"{cause.label}, before it was sent."
    else:
        letter.number = max(remaining.values_list("number", flat=True))
        letter.state, letter.revision = Letter.State.PLANNED, letter.revision + 1
        letter.message = None
    letter.subject = letter.text = letter.html = ""
    letter.save()
    _unsay(letter, why=f"{cause.label}, before it was sent.")


def _unsay(letter: Letter, *, why: str) -> None:
    """A notice that stands in no letter any more was not said: it may be said again, should it be due again."""
    elsewhere = Line.objects.filter(notice=OuterRef("pk"), taken_out_at=None)
    Notice.objects.standing().filter(lines__letter=letter).exclude(Exists(elsewhere)).update(
        taken_back_at=timezone.now(), why=why
    )
