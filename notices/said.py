"""What was said: letters about a loan, a patron, to a guardian or a partner library, newest first (product.md, C7).

Reads and words it; what became of an email is told by its message in the outbox, of paper by the letter itself.
Pages by key, so that the hundredth page of a child's school years costs what the first does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from django.db.models import Prefetch, QuerySet

from circulation.models import Loan
from notices.models import Letter, Line, Notice, Run
from smtp_gateway.models import OutboundMessage
from smtp_gateway.views import looks

PAGE = 10
TITLES = 3
PEOPLE = ("patron", "guardian", "also_guardian", "group", "partner", "message", "printed_by", "run")
WORDS = ("text", "html", "message__content")


@dataclass(frozen=True, kw_only=True)
class Look:
    """What became of a letter: tone, icon and word, the moment, and why or by whom."""

    tone: str
    icon: str
    word: str
    at: datetime | None = None
    more: str = ""


OF_LETTER = {
    Letter.State.PLANNED: ("wait", "pencil", "Being written"),
    Letter.State.HELD: ("held", "hand-stop", "Held for you"),
    Letter.State.QUEUED: ("wait", "clock", "In the outbox"),
    Letter.State.TO_PRINT: ("wait", "printer", "To print"),
    Letter.State.PRINTED: ("ok", "printer", "Printed"),
    Letter.State.TAKEN_BACK: ("off", "ban", "Taken back"),
    Letter.State.DROPPED: ("off", "ban", "Dropped"),
    Letter.State.FAILED: ("bad", "circle-x", "Could not be written"),
    Letter.State.OPENED: ("off", "mail", "Opened in mail program"),
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A letter in a history. ``titles`` are those that concern the page it stands on; ``more`` counts the others."""

    letter: Letter
    day: date
    to: str
    titles: list[str]
    more: int
    look: Look


TAKEN_OUT = Look(tone="off", icon="ban", word="Taken out", more="The letter stands without it.")


@dataclass(frozen=True, kw_only=True)
class History:
    """One page of letters. ``older`` is the key of the next page, None where this is the last."""

    rows: list[Row]
    older: int | None
    is_first: bool


def look_of(letter: Letter) -> Look:
    message = letter.message
    if letter.state == Letter.State.QUEUED and message is not None:
        look = looks.of_message(message)
        state = OutboundMessage.State
        settled = message.state in (state.BAD, state.UNCERTAIN, state.CANCELLED)
        at = message.sent_at if message.state == state.SENT else message.created_at
        return Look(tone=look.tone, icon=look.icon, word=look.word, at=at, more=message.reason if settled else "")
    tone, icon, word = OF_LETTER[Letter.State(letter.state)]
    if letter.state == Letter.State.PRINTED:
        by = letter.printed_by.get_full_name() or letter.printed_by.get_username() if letter.printed_by else ""
        return Look(tone=tone, icon=icon, word=word, at=letter.printed_at, more=f"by {by}" if by else "")
    return Look(tone=tone, icon=icon, word=word, more=letter.why)


def to_whom(letter: Letter) -> str:
    return f"{letter.recipient} and {letter.also_guardian}" if letter.also_guardian else str(letter.recipient)


def about_patron(patron_id: int, *, before: int | None = None) -> History:
    """All letters to this patron, and all about this patron's loans, with those titles alone."""
    lines = Line.objects.filter(notice__loan__patron=patron_id)
    letters = Letter.objects.filter(patron=patron_id)
    return _history([letters], lines, before=before, concerns=lambda loan: loan.patron_id == patron_id)


def to_guardian(guardian_id: int, *, before: int | None = None) -> History:
    letters = [Letter.objects.filter(guardian=guardian_id), Letter.objects.filter(also_guardian=guardian_id)]
    return _history(letters, None, before=before, concerns=lambda loan: True)


def to_partner(partner_id: int, *, before: int | None = None) -> History:
    return _history([Letter.objects.filter(partner=partner_id)], None, before=before, concerns=lambda loan: True)


def notices_of(loan: Loan) -> QuerySet[Notice]:
    """All that was said of one loan, the earliest first, with the letters that said it; drafts are not said yet.

    Of long ago the letters may be gone: that it was said stays.
    """
    lines = Line.objects.select_related("letter", *(f"letter__{one}" for one in PEOPLE)).order_by("letter")
    said = Notice.objects.filter(loan=loan).exclude(run__state=Run.State.DRAFT).select_related("run")
    letters = Prefetch("lines", queryset=lines.defer(*(f"letter__{one}" for one in WORDS)))
    return said.order_by("said_on", "pk").prefetch_related(letters)


def words_of(letter: Letter) -> tuple[str, str]:
    """Text and HTML as they went, or as they will go; empty where nothing is kept any more."""
    if letter.message is None:
        return letter.text, letter.html
    content = bytes(letter.message.content)
    parsed = message_from_bytes(content, policy=policy.default)
    assert isinstance(parsed, EmailMessage)  # what policy.default makes
    return _part(parsed, "plain") if content else "", _part(parsed, "html") if content else ""


def _part(parsed: EmailMessage, subtype: str) -> str:
    part = parsed.get_body(preferencelist=(subtype,))
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


def _history(
    letters: Sequence[QuerySet[Letter]],
    lines: QuerySet[Line] | None,
    *,
    before: int | None,
    concerns: Callable[[Loan], bool],
) -> History:
    ids: set[int] = set()
    for one in letters:
        shown = one.exclude(state=Letter.State.DRAFT).order_by("-pk").values_list("pk", flat=True)
        ids.update((shown.filter(pk__lt=before) if before else shown)[: PAGE + 1])
    if lines is not None:
        spoken = lines.exclude(letter__state=Letter.State.DRAFT).order_by("-letter").values_list("letter", flat=True)
        ids.update((spoken.filter(letter__lt=before) if before else spoken).distinct()[: PAGE + 1])
    chosen = sorted(ids, reverse=True)[: PAGE + 1]
    spoken_of = Line.objects.select_related("notice__loan__item").order_by("pk")
    rows = Letter.objects.filter(pk__in=chosen[:PAGE]).select_related(*PEOPLE).defer(*WORDS).order_by("-pk")
    found = list(rows.prefetch_related(Prefetch("lines", queryset=spoken_of)))
    return History(
        rows=[_row(letter, concerns) for letter in found],
        older=found[-1].pk if len(chosen) > PAGE else None,
        is_first=before is None,
    )


def _row(letter: Letter, concerns: Callable[[Loan], bool]) -> Row:
    """What the letter says; where it says nothing of this page any more, what it would have said."""
    lines = [line for line in letter.lines.all() if concerns(line.notice.loan)]
    standing = [line for line in lines if line.taken_out_at is None]
    titles = [line.notice.loan.item.title for line in standing or lines]
    goes_without = bool(lines) and not standing and letter.state != Letter.State.TAKEN_BACK
    return Row(
        letter=letter,
        day=letter.day,
        to=to_whom(letter),
        titles=titles[:TITLES],
        more=max(len(titles) - TITLES, 0),
        look=TAKEN_OUT if goes_without else look_of(letter),
    )
