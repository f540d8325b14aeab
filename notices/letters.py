"""Letters by hand (product.md, L1; BiblioTECH: Reports – Letters): shown to a person first, then sent as shown.

``draft`` finds the loans that a kind of letter is about, decides who would hear of them and writes the letters, and
sends nothing. ``send`` puts chosen drafts into the outbox and the print queue with exactly the words that were shown.
A loan that changed between looking and sending is left out and named; a letter whose words would be other ones now is
left out whole.

Auto-send, weekdays, climbing and *stop after* do not matter here: a person chose. *No letters* always does, and so
does the ledger: what was said before is not said again, and the morning's run does not say again what was sent here.
An *extra* letter, and every kind but those of steps, leaves the ledger alone: its notices have the number 0.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Exists, OuterRef
from django.utils import timezone

from circulation.calendar import CalendarError, OpenDays
from circulation.models import Group, Guardian, Loan, Patron
from circulation.words import a_day, who
from library.models import Library
from notices import compose, recipients, rendering, scan, take_back
from notices.letter_data import LibraryData
from notices.letter_rows import Reader
from notices.letters_sql import COUNT_SENT, DRAFT, NOBODY, ONLY_CHOSEN, ONLY_GUARDIAN, SAY, SLIPS, STAND_STILL, choose
from notices.models import Audience, Letter, Line, Notice, Outcome, Run, Schedule, Step, Template
from notices.scan_sql import BY_CHANNEL, CLEAR
from smtp_gateway import mime, outbox

WHO = {
    Audience.PATRON: Step.Who.PATRON,
    Audience.GUARDIAN: Step.Who.GUARDIANS,
    Audience.PARTNER: Step.Who.PARTNER,
    Audience.CONTACT: Step.Who.CONTACT,
}
FURTHEST = date(9999, 12, 31)
BACK_WITHIN = timedelta(days=28)
"""For how long after its return an *All clear* is still worth writing."""
RECENT = timedelta(days=3)
LINE_WITH_LOAN = ("notice__loan__item", "notice__loan__patron__group")
WRITTEN_TO = [
    Letter.State.PLANNED,
    Letter.State.HELD,
    Letter.State.QUEUED,
    Letter.State.TO_PRINT,
    Letter.State.PRINTED,
]


class LettersError(Exception):
    """These letters cannot be sent as they were shown; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of drafts: how many letters, and sentences about the loans and letters that were left out."""

    by_email: int = 0
    on_paper: int = 0
    left_out: list[str] = field(default_factory=list)


def draft(
    number: int = 0,
    *,
    kind: Template.Kind = Template.Kind.STEP,
    service: Loan.Service = Loan.Service.CIRCULATION,
    extra: bool = False,
    audience: Audience,
    guardian: Guardian | None = None,
    on_paper: bool = False,
    slips: bool = False,
    groups: Iterable[Group] = (),
    patrons: Iterable[Patron] = (),
    days_late: int | None = 1,
    bring_by: date | None = None,
    on: date,
    by: User | None,
) -> Run:
    """Write, but do not send, a letter: overdue ``number``, or another ``kind``.

    About the loans of ``patrons`` where any are named, else of everybody in ``groups``, which are at least
    ``days_late`` days late (None: whatever is out). ``extra``: it does not count as the step. ``guardian``: of those
    at home this one only. ``on_paper``: for everybody. ``slips``: and a slip for each patron on a class list.
    ``bring_by``: the day that *Term ends* names (None: four days on, as in other letters). The run keeps what was
    asked, and the loans that stay out with why (``left_out``).
    """
    chosen = {"groups": [group.pk for group in groups], "patrons": [patron.pk for patron in patrons]}
    is_step = kind == Template.Kind.STEP
    with transaction.atomic(), connection.cursor() as cursor:
        run = Run.objects.create(day=on, by=by, started_at=timezone.now(), state=Run.State.DRAFT)
        scan.write_rules(cursor, list(Schedule.objects.in_force()), on=on, open_days=OpenDays.load())
        values = chosen | {
            "number": number,
            "counts": is_step and not extra,
            "service": service.value,
            "on": on,
            "due_until": _due_until(days_late, is_step=is_step, on=on),
            "back_since": on - BACK_WITHIN,
            "who": WHO[audience].value,
            "how": (Step.How.PAPER if on_paper else Step.How.EMAIL_OR_PAPER).value,
        }
        left_out = _fetch(cursor, choose(kind), values)
        recipients.find(cursor, on=on)
        cursor.execute(ONLY_CHOSEN, {"audience": audience.value})
        if guardian is not None:
            cursor.execute(ONLY_GUARDIAN, {"guardian": guardian.pk})
        left_out += _fetch(cursor, NOBODY, {"on": on})
        cursor.execute(BY_CHANNEL)
        counts = Counter(dict(cursor.fetchall())) + Counter(outcome for _, outcome in left_out)
        if slips:
            cursor.execute(SLIPS)
        cursor.execute(DRAFT, {"run": run.pk, "on": on})
        scan.plan_letters(cursor, run_id=run.pk, on=on)
        cursor.execute(CLEAR)
        Letter.objects.of_run(run).update(state=Letter.State.DRAFT, kind=kind, number=number)
        if slips:
            Letter.objects.of_run(run).filter(audience=Audience.PATRON).update(kind=Template.Kind.SLIP)
        run.choice = chosen | {
            "kind": kind.value,
            "number": number,
            "service": service.value,
            "extra": extra,
            "audience": audience.value,
            "guardian": guardian and guardian.pk,
            "on_paper": on_paper,
            "days_late": days_late,
            "bring_by": bring_by and bring_by.isoformat(),
            "left_out": left_out,
        }
        _count(run, counts)
        _write(run)
    return run


def send(run: Run, letter_ids: Collection[int], *, on: date, by: User | None) -> Sent:
    """Queue exactly these drafts of ``run`` and forget the others. A run is sent once: pressed twice sends nothing.

    Raises LettersError where the drafts speak from another day, OutboxError while the gateway has no From address;
    the drafts are kept then.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        run = Run.objects.select_for_update(of=("self",)).get(pk=run.pk)
        if run.state != Run.State.DRAFT:
            return Sent()
        if run.day != on:
            raise LettersError("These letters speak from another day. Show them again, then send them.")
        sender = mime.sender()
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [scan.ONE_RUN_AT_A_TIME])
        cursor.execute(STAND_STILL, {"run": run.pk})
        drafts = _locked(run, letter_ids)
        cursor.execute(SAY, {"letters": list(drafts)})

        reader = _reader()
        other_words = _leave_out_other_words(drafts, reader, on=on)
        left_out = _leave_out_loans(drafts, on=on) + other_words
        press = compose.Press(reader=reader, sender=sender, at=timezone.now(), kind=outbox.Kind.BY_HAND)
        for letter_id, lines in reader.lines(list(drafts), on=on):
            press.write(letter_id, lines, drafts[letter_id].template_version)
        _forget(run, keep=drafts)
        run.state, run.by = Run.State.SENT, by
        _count_sent(cursor, run)
        press.hand_over()
    left_out += [
        f"The letter to {drafts[pk].recipient} could not be written: {why}" for pk, why in press.failed.items()
    ]
    channels = Counter(letter.channel for pk, letter in drafts.items() if pk not in press.failed)
    return Sent(by_email=channels[Letter.Channel.EMAIL], on_paper=channels[Letter.Channel.PAPER], left_out=left_out)


def written_to(letters: Iterable[Letter], *, on: date) -> dict[int, date]:
    """Letters whose readers were written to within the last three days, by id, with the latest of those days."""
    recent = list(
        Letter.objects.filter(day__gt=on - RECENT, state__in=WRITTEN_TO)
        .order_by("day")
        .values_list("day", "patron", "guardian", "also_guardian")
    )
    patrons: dict[int | None, date] = {patron: day for day, patron, _, _ in recent if patron}
    guardians: dict[int | None, date] = {person: day for day, _, *people in recent for person in people if person}
    found = {}
    for letter in letters:
        readers = [guardians.get(letter.guardian_id), guardians.get(letter.also_guardian_id)]
        if days := [day for day in [patrons.get(letter.patron_id), *readers] if day]:
            found[letter.pk] = max(days)
    return found


def sweep(*, before: date) -> int:
    """Forget drafts that were shown before this day and not sent. Returns how many runs of them there were."""
    swept = 0
    for run in Run.objects.filter(state=Run.State.DRAFT, day__lt=before):
        with transaction.atomic():
            run = Run.objects.select_for_update(of=("self",)).get(pk=run.pk)
            if run.state == Run.State.DRAFT:
                _forget(run, keep=())
                run.delete()
                swept += 1
    return swept


def _due_until(days_late: int | None, *, is_step: bool, on: date) -> date:
    """An overdue letter is about late loans whatever was asked; the other kinds may be about everything."""
    if days_late is None and not is_step:
        return FURTHEST
    return on - timedelta(days=max(days_late or 1, 1))


def _fetch(cursor: CursorWrapper, statement: str, values: dict[str, Any]) -> list[tuple[int, str]]:
    cursor.execute(statement, values)
    return list(cursor.fetchall())


def _count(run: Run, counts: Counter[str]) -> None:
    """What became of each loan that was asked for; who is not written to in the end is not counted."""
    for outcome in Outcome:
        setattr(run, outcome.value, counts[outcome.value])
    run.looked_at = counts.total()
    run.letters = run.letters_of.count()
    run.finished_at = timezone.now()
    run.save()


def _count_sent(cursor: CursorWrapper, run: Run) -> None:
    counts = Counter({outcome.value: count for outcome, count in run.outcomes()})
    cursor.execute(COUNT_SENT, {"run": run.pk})
    counts[Outcome.EMAIL], counts[Outcome.PAPER] = cursor.fetchone()
    _count(run, counts)


def _reader() -> Reader:
    return Reader(library=LibraryData.of(Library.the()), open_days=OpenDays.load())


def _write(run: Run) -> None:
    """Words for every draft; one that cannot be written keeps the reason and cannot be sent."""
    drafts = {letter.pk: letter for letter in Letter.objects.of_run(run)}
    reader, wording, now = _reader(), compose.Wording(), timezone.now()
    for letter_id, lines in reader.lines(list(drafts), on=run.day):
        letter = drafts[letter_id]
        letter.written_at = now
        try:
            words, letter.template_version = wording.put(reader.row(lines))
            letter.subject, letter.text, letter.html = words
        except (compose.LetterError, rendering.TemplateError, CalendarError) as reason:
            letter.why = str(reason)
    fields = ["subject", "text", "html", "template_version", "written_at", "why"]
    Letter.objects.bulk_update(drafts.values(), fields, batch_size=compose.CHUNK)


def _locked(run: Run, letter_ids: Collection[int]) -> dict[int, Letter]:
    """The chosen drafts that can be sent, by id."""
    people = ("patron", "guardian", "also_guardian", "group", "partner", "template_version")
    rows = Letter.objects.of_run(run).drafts().filter(pk__in=letter_ids, why="").order_by("pk")
    return {letter.pk: letter for letter in rows.select_for_update(of=("self",)).select_related(*people)}


def _leave_out_loans(drafts: dict[int, Letter], *, on: date) -> list[str]:
    """Take out what may not be said any more; the sentences that say so.

    A letter whose address changed goes out whole: its reader was not shown.
    """
    gone = take_back.unwanted(drafts, on=on)
    moved = {pk for pk, letter in drafts.items() if take_back.address_now(letter) != (letter.channel, letter.to)}
    moved.update(take_back.to_be_parted(drafts, on=on))
    lines = Line.objects.filter(pk__in=[line for lines in gone.values() for line in lines])
    sentences = [
        _why_not(line.notice, kind=drafts[line.letter_id].kind, on=on)
        for line in lines.select_related(*LINE_WITH_LOAN).order_by("pk")
    ]
    sentences += [f"The address of {drafts[pk].recipient} changed: show this letter again." for pk in sorted(moved)]
    lines.delete()
    for pk in moved | {pk for pk in gone if not Line.objects.filter(letter=pk).exists()}:
        del drafts[pk]
    return list(dict.fromkeys(sentences))


def _leave_out_other_words(drafts: dict[int, Letter], reader: Reader, *, on: date) -> list[str]:
    """Letters that would not say today what was shown, with all their loans still in them: losing one is the only
    change allowed. What cannot be written at all is not decided here."""
    wording, sentences = compose.Wording(), []
    for letter_id, lines in reader.lines(list(drafts), on=on):
        letter = drafts[letter_id]
        with suppress(compose.LetterError, rendering.TemplateError, CalendarError):
            words, _ = wording.put(reader.row(lines), letter.template_version)
            if words != (letter.subject, letter.text, letter.html):
                del drafts[letter_id]
                sentences.append(f"The letter to {letter.recipient} would say something else now: show it again.")
    return sentences


def _forget(run: Run, *, keep: Collection[int]) -> None:
    """Drafts of this run that are not sent, and their notices: nobody was told."""
    Letter.objects.of_run(run).drafts().exclude(pk__in=keep).delete()
    Notice.objects.filter(run=run).exclude(Exists(Line.objects.filter(notice=OuterRef("pk")))).delete()


def _why_not(notice: Notice, *, kind: str, on: date) -> str:
    """Why a loan that was shown is not written about after all."""
    loan = notice.loan
    about = f"{loan.item.title} ({who(loan.borrower)})"
    if kind == Template.Kind.ALL_CLEAR and not loan.returned_on:
        return f"{about} is on loan again."
    if kind != Template.Kind.ALL_CLEAR and loan.returned_on:
        return f"{about} came back meanwhile."
    if loan.due_on != notice.due_on:
        return f"{about} was renewed meanwhile, until {a_day(loan.due_on, on=on)}."
    if loan.status != Loan.Status.ON_LOAN and kind not in (Template.Kind.ALL_CLEAR, Template.Kind.RECALL):
        return f"{about} is not written about now: {loan.get_status_display().lower()}."
    said = Notice.objects.told().of_loan(loan).filter(number__gte=notice.number).exclude(pk=notice.pk).first()
    if said and notice.number:
        return f"{about} was told {said.step_name} meanwhile."
    return f"{about}: letters to this reader are off by now."
