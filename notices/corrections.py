"""Say sorry for letters that were a mistake, to the same people, once each (product.md, N15).

Who gets a correction is who got a letter that has left the house: not who was to get one that still waited. A letter
remembers its correction, so that nobody gets a second one for it, however often somebody presses. *No letters* holds
here, too. Planned here and written like any letter; whether the steps are taken back is settled in ``undo``.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from notices import take_back
from notices.models import Letter, Line, Notice, Run, Template
from smtp_gateway.models import OutboundMessage

HAS_LEFT = Q(
    message__state__in=[OutboundMessage.State.SENT, OutboundMessage.State.SENDING, OutboundMessage.State.UNCERTAIN]
) & ~Q(message__state=OutboundMessage.State.SENDING, message__stage=OutboundMessage.Stage.RESERVED)
"""Of queued letters: those that the outbox cannot stop any more."""

Reader = tuple[str, str, int | None, int | None, int | None, int | None, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """The run that keeps the corrections, None where there was nothing to correct, and who stays out."""

    run: Run | None = None
    left_out: list[Letter] = field(default_factory=list)


def mistaken(notices: Collection[int]) -> QuerySet[Letter]:
    """Letters about these notices that have left the house and have no correction yet."""
    about = Line.objects.filter(notice__in=notices, taken_out_at=None).values("letter")
    left = Q(state=Letter.State.PRINTED) | Q(HAS_LEFT, state=Letter.State.QUEUED)
    return Letter.objects.filter(left, pk__in=about, corrected_by=None).exclude(kind=Template.Kind.CORRECTION)


def write(notices: Collection[int], *, by: User | None, on: date) -> Corrected:
    """Plan a correction to each reader of what was said with these notices; composing writes them."""
    with transaction.atomic():
        rows = mistaken(notices).order_by("pk").select_related(*take_back.PEOPLE, "message")
        wrong = list(rows.select_for_update(of=("self",)))
        if not wrong:
            return Corrected()
        now = timezone.now()
        run = Run.objects.create(day=on, by=by, state=Run.State.SENT, started_at=now, finished_at=now)
        letters, left_out = _plan(run, wrong, notices, on=on)
        _count(run, letters)
        return Corrected(run=run, left_out=left_out)


def _plan(
    run: Run, wrong: list[Letter], notices: Collection[int], *, on: date
) -> tuple[dict[int, list[Letter]], list[Letter]]:
    """One letter for each reader, about the loans that were spoken of by mistake; and the letters of those who may
    not be written to."""
    lines = defaultdict(list)
    for line in Line.objects.filter(letter__in=wrong, notice__in=notices, taken_out_at=None).select_related("notice"):
        lines[line.letter_id].append(line.notice)
    spoken: dict[int, Notice] = {}
    letters: dict[int, list[Letter]] = {}
    for of_reader in _by_reader(wrong).values():
        letter = _letter(run, of_reader, on=on)
        about = {said.loan_id: said for one in of_reader for said in lines[one.pk]}
        for said in about.values():
            if said.loan_id not in spoken:
                spoken[said.loan_id] = _beside_the_ledger(run, said, on=on)
            Line.objects.create(letter=letter, notice=spoken[said.loan_id])
        letters[letter.pk] = of_reader
    left_out = _leave_out(run, letters, on=on)
    for pk, of_reader in letters.items():
        Letter.objects.filter(pk__in=[one.pk for one in of_reader]).update(corrected_by=pk)
    Notice.objects.filter(run=run, lines=None).delete()
    return letters, left_out


def reader_of(letter: Letter) -> Reader:
    """Two letters of one service to the same reader have one correction."""
    people = (letter.guardian_id, letter.also_guardian_id, letter.group_id, letter.partner_id)
    return (letter.service, letter.audience, letter.patron_id, *people)


def _by_reader(wrong: list[Letter]) -> dict[Reader, list[Letter]]:
    readers: dict[Reader, list[Letter]] = defaultdict(list)
    for one in wrong:
        readers[reader_of(one)].append(one)
    return readers


def _letter(run: Run, of_reader: list[Letter], *, on: date) -> Letter:
    """To where its reader can be reached now: by email where one of the mistakes went by email."""
    like = next((one for one in of_reader if one.channel == Letter.Channel.EMAIL), of_reader[0])
    channel, to = take_back.address_now(like)
    return Letter.objects.create(
        run=run,
        kind=Template.Kind.CORRECTION,
        number=0,
        service=like.service,
        audience=like.audience,
        channel=channel,
        to=to,
        day=on,
        patron=like.patron,
        guardian=like.guardian,
        also_guardian=like.also_guardian,
        group=like.group,
        partner=like.partner,
    )


def _beside_the_ledger(run: Run, said: Notice, *, on: date) -> Notice:
    """The step comes along, because it says who may read the title."""
    return Notice.objects.create(loan=said.loan, due_on=said.due_on, number=0, step=said.step, run=run, said_on=on)


def _leave_out(run: Run, letters: dict[int, list[Letter]], *, on: date) -> list[Letter]:
    """Whoever asked for silence meanwhile gets no correction either; who shared the letter with them still does."""
    take_back.recheck(letters, why="Letters to this reader are off by now.", on=on)
    Line.objects.filter(letter__run=run).exclude(taken_out_at=None).delete()
    silent = set(Letter.objects.of_run(run).filter(lines=None).values_list("pk", flat=True))
    left_out = []
    for pk in sorted(silent & set(letters)):
        of_reader = letters.pop(pk)
        shared_with = of_reader[0].also_guardian
        parted = Letter.objects.of_run(run).exclude(lines=None).filter(guardian=shared_with) if shared_with else None
        if parted is not None and (other := parted.first()) is not None:
            letters[other.pk] = of_reader
        else:
            left_out += of_reader
    Letter.objects.filter(pk__in=silent).delete()
    return left_out


def _count(run: Run, letters: Collection[int]) -> None:
    """The counts of a run are loans: by email where one of the letters about it goes by email."""
    channels: dict[int, set[str]] = defaultdict(set)
    for loan, channel in Line.objects.filter(letter__in=letters).values_list("notice__loan", "letter__channel"):
        channels[loan].add(channel)
    run.email = sum(Letter.Channel.EMAIL in found for found in channels.values())
    run.paper = len(channels) - run.email
    run.looked_at, run.letters = len(channels), len(letters)
    run.choice = {"kind": Template.Kind.CORRECTION.value}
    run.save()
