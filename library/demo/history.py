"""The letters of past weeks: what the ledger says was told, written by the real words and gone as letters go.

Pupils' reminders join the ledger here. Each past day gets its run, its emails were taken by the server and its paper
printed; two of the last ones had trouble, so that somebody has something to decide. Nothing is handed to a server.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import groupby

from django.contrib.auth.models import User
from django.db.models import Max
from django.utils import timezone

from circulation.calendar import OpenDays
from circulation.models import Guardianship, Loan
from library.models import Library
from notices import compose
from notices.letter_data import LibraryData
from notices.letter_rows import Reader
from notices.models import Audience, Letter, Line, Notice, Run, Step
from smtp_gateway import mime
from smtp_gateway.models import DeliveryAttempt, OutboundMessage
from smtp_gateway.verdict import Stage

MONTH = timedelta(days=30)
SPOKEN_TO = timedelta(days=3)
"""So long before the day nobody was reminded, or *days between two letters* would keep today's letters back."""
BATCH, PAUSE = 10, timedelta(minutes=3)
State = OutboundMessage.State
Outcome = DeliveryAttempt.Outcome


def remember(*, on: date) -> int:
    """Write the letters of all days before ``on``; how many. The ledger stands, and the gateway has a sender."""
    _remind(on=on)
    told = Notice.objects.filter(run=None, loan__status=Loan.Status.ON_LOAN, loan__returned_on=None)
    by_day = groupby(told.select_related("loan__patron", "loan__partner", "step").order_by("said_on", "pk"), _said_on)
    letters = sum(_day(day, list(notices)) for day, notices in by_day)
    _printed()
    _sent()
    _with_trouble()
    return letters


def _said_on(notice: Notice) -> date:
    return notice.said_on


def _remind(*, on: date) -> None:
    """Pupils whose loans came near their due date within the last month."""
    open_days = OpenDays.load()
    loans = Loan.objects.on_loan().filter(service=Loan.Service.CIRCULATION, patron__group__is_staff=False)
    loans = loans.filter(patron__no_letters_until=None, patron__auto_send="group")
    step = Step.objects.get(schedule__preset="secondary_school", number=-1)
    rows = []
    for loan in loans.order_by("pk"):
        day = loan.due_on + timedelta(days=step.days)
        if on - MONTH <= day <= on - SPOKEN_TO and loan.due_set_on < day and open_days.is_open(day):
            rows.append(Notice(loan=loan, due_on=loan.due_on, number=step.number, step=step, said_on=day))
    Notice.objects.bulk_create(rows)


def _day(day: date, notices: list[Notice]) -> int:
    """The run of one morning and its letters."""
    run = _run(day)
    Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(run=run)
    about: dict[tuple[str, str, object], tuple[Letter, list[Notice]]] = {}
    for notice in notices:
        for letter in _to(notice, run):
            key = (letter.service, letter.audience, letter.recipient)
            about.setdefault(key, (letter, []))[1].append(notice)
    for letter, said in about.values():
        letter.number = max(notice.number for notice in said)
    Letter.objects.bulk_create(letter for letter, _ in about.values())
    Line.objects.bulk_create(Line(letter=letter, notice=notice) for letter, said in about.values() for notice in said)
    _write([letter.pk for letter, _ in about.values()], day=day)
    run.letters = run.letters_of.count()
    run.paper = sum(all(letter.channel == Letter.Channel.PAPER for letter in told) for told in _tellings(run))
    run.email = len(notices) - run.paper
    run.already_told = max(_late(day) - len(notices), 0)
    run.looked_at = run.email + run.paper + run.already_told
    run.save()
    return run.letters


def _write(letters: list[int], *, day: date) -> None:
    """As composing does, but without asking what is still wanted today: it was, that morning."""
    reader = Reader(library=LibraryData.of(Library.the()), open_days=OpenDays.load())
    press = compose.Press(reader=reader, sender=mime.sender(), at=_morning(day))
    for letter, lines in reader.lines(letters, on=day):
        press.write(letter, lines)
    press.hand_over()


def _run(day: date) -> Run:
    at = _morning(day)
    return Run.objects.create(day=day, by_clock=True, started_at=at, finished_at=at + timedelta(seconds=2))


def _late(day: date) -> int:
    return Loan.objects.open().filter(lent_on__lt=day, due_on__lt=day).count()


def _tellings(run: Run) -> Iterator[list[Letter]]:
    letters: dict[int, list[Letter]] = defaultdict(list)
    for line in Line.objects.filter(letter__run=run).select_related("letter"):
        letters[line.notice_id].append(line.letter)
    yield from letters.values()


def _to(notice: Notice, run: Run) -> Iterator[Letter]:
    """Who is told by this step: the patron, the homes that get library letters, the partner library."""
    loan, step = notice.loan, notice.step
    assert step is not None  # the ledger was made from steps
    if loan.partner is not None:
        yield _letter(notice, run, Audience.PARTNER, to=loan.partner.email, partner=loan.partner)
    if loan.patron is None:
        return
    if step.who in (Step.Who.PATRON, Step.Who.BOTH):
        yield _letter(notice, run, Audience.PATRON, to=loan.patron.email, patron=loan.patron)
    if step.who in (Step.Who.GUARDIANS, Step.Who.BOTH):
        links = Guardianship.objects.filter(patron=loan.patron, library_letters=True).select_related("guardian")
        homes = {link.guardian.email or str(link.guardian_id): link.guardian for link in links.order_by("-pk")}
        for guardian in homes.values():
            to = "" if guardian.prefers_paper else guardian.email
            yield _letter(notice, run, Audience.GUARDIAN, to=to, patron=loan.patron, guardian=guardian)


def _letter(notice: Notice, run: Run, audience: Audience, *, to: str, **reader: object) -> Letter:
    channel = Letter.Channel.EMAIL if to else Letter.Channel.PAPER
    service = notice.loan.service
    return Letter(
        run=run, service=service, audience=audience, channel=channel, to=to, number=0, day=notice.said_on, **reader
    )


def _printed() -> None:
    helen = User.objects.filter(username="librarian").first()
    for letter in Letter.objects.to_print().order_by("pk"):
        at = _morning(letter.day) + timedelta(hours=2, minutes=letter.pk % 40)
        Letter.objects.filter(pk=letter.pk).update(
            state=Letter.State.PRINTED, made_at=_morning(letter.day), printed_at=at, printed_by=helen
        )


def _sent() -> None:
    """Ten messages every three minutes, as the gateway does it."""
    letters = Letter.objects.filter(message__isnull=False).order_by("day", "pk").only("day", "message_id")
    for day, of_day in groupby(letters, lambda letter: letter.day):
        for place, letter in enumerate(of_day):
            at = _morning(day) + timedelta(seconds=12 + place % BATCH) + place // BATCH * PAUSE
            assert letter.message_id is not None  # as asked for above
            words = f"Ok: queued as {letter.pk:08X}"
            Letter.objects.filter(pk=letter.pk).update(made_at=_morning(day), written_at=_morning(day))
            OutboundMessage.objects.filter(pk=letter.message_id).update(
                state=State.SENT, created_at=_morning(day), not_before=_morning(day), expires_at=None, sent_at=at,
                finished_at=at, attempts=1, last_code=250, last_enhanced="2.0.0", last_words=words,
            )  # fmt: skip
            _tried(letter.message_id, at, Outcome.SENT, code=250, enhanced="2.0.0", words=words)


def _with_trouble() -> None:
    """The last letter to a home has an address that is gone; of the one before nobody knows whether it arrived."""
    homes = Letter.objects.filter(audience=Audience.GUARDIAN).exclude(message=None)
    newest = homes.values("guardian").annotate(newest=Max("message")).order_by("-newest")
    chosen = newest.values_list("newest", flat=True)
    for pk, outcome in zip(chosen, (Outcome.BAD, Outcome.UNCERTAIN), strict=False):
        message = OutboundMessage.objects.without_content().get(pk=pk)
        attempt = DeliveryAttempt.objects.filter(message=message)
        if outcome == Outcome.BAD:
            words = f"<{message.to}>: Recipient address rejected: User unknown in virtual mailbox table"
            refused = {"code": 550, "enhanced": "5.1.1", "words": words}
            attempt.update(outcome=outcome, stage=Stage.RCPT, sentence="There is no such mailbox.", **refused)
            OutboundMessage.objects.filter(pk=pk).update(
                state=State.BAD, sent_at=None, reason="There is no such mailbox.", last_code=550,
                last_enhanced="5.1.1", last_words=words,
            )  # fmt: skip
        else:
            lost = "The connection broke after the text had gone, and no answer came."
            attempt.update(outcome=outcome, stage=Stage.DOT, code=None, enhanced="", words="", sentence=lost)
            OutboundMessage.objects.filter(pk=pk).update(
                state=State.UNCERTAIN, sent_at=None, finished_at=None, not_before=None, times_uncertain=2, reason=lost,
                last_code=None, last_enhanced="", last_words="",
            )  # fmt: skip


def _tried(message: int | None, at: datetime, outcome: Outcome, **reply: object) -> None:
    sentence = "The server accepted it."
    DeliveryAttempt.objects.create(
        message_id=message, started_at=at, finished_at=at, outcome=outcome, stage=Stage.DOT, sentence=sentence, **reply
    )


def _morning(day: date) -> datetime:
    """When the daily run of a library begins that left its time as it comes."""
    return timezone.make_aware(datetime.combine(day, time(6, 30)))
