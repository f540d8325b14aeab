"""What notices say on pages that are not theirs: Home, a message, the daily log, ``/health/``.

Names of people stand only on pages behind a login; the log and ``/health/`` get numbers.
"""

from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Count, Max
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from circulation.models import Loan
from circulation.words import a_day, several
from library import slots
from notices import again, held, on_imports, ready, shelf_check
from notices.letter_rows import at_local_time
from notices.models import Letter, Run, RunSettings

LATE_AFTER = timedelta(minutes=15)
FAILED_RUNS = 3
"""Of so many runs the letters that could not be written are named on Home; the next ones follow."""


def register() -> None:
    slots.needs.register(needs, order=10)
    slots.needs.register(needs_hands, order=80)
    slots.daily_log_lines.register(log_lines, order=10)
    slots.health_checks.register(health)
    slots.message_panels.register(about)
    slots.message_verbs.register(write_again)
    slots.message_verbs.register(send_again)
    slots.import_effects.register(on_imports.watch)


def needs(request: HttpRequest, on: date) -> list[slots.Need]:
    """Held runs, and letters that could not be written."""
    return [*_held(), *_failed()]


def needs_hands(request: HttpRequest, on: date) -> list[slots.Need]:
    """Things that nobody finds, and letters for the printer."""
    return [*_not_on_the_shelf(), *_to_print()]


def log_lines(since: datetime, until: datetime) -> list[slots.LogLine]:
    """The runs of the time that the log covers, and what waits for a person."""
    lines = [
        _run_line(run)
        for run in Run.objects.filter(started_at__gte=since, started_at__lt=until).order_by("started_at")
        if run.state != Run.State.DRAFT
    ]
    for number, what in (
        (Letter.objects.to_print().count(), "on paper not printed yet"),
        (Letter.objects.held().count(), "held until somebody lets them go"),
        (Letter.objects.filter(state=Letter.State.FAILED).count(), "that could not be written"),
    ):
        if number:
            lines.append(slots.LogLine(sentence=f"{several(number, 'letter')} {what}.", attention=True))
    return lines


def health(at: datetime) -> list[slots.Finding]:
    """The daily run 15 minutes late on a day on which it should run; a loans file that did not come (G8)."""
    settings, local = RunSettings.the(), timezone.localtime(at)
    if not settings.enabled:
        return []
    if ready.is_due(settings, local=local) and ready.waits_for_a_file(at=at):
        return [
            slots.Finding(
                code="loans-file",
                sentence="The daily run waits: the file of open loans did not come for 30 hours.",
                remedy="Ask whoever sends the file, or import it by hand. The run starts by itself when it is there.",
            )
        ]
    due_at = at_local_time(local.date(), settings.at)
    late = ready.is_due(settings, local=local) and at - due_at > LATE_AFTER
    if late and not Run.objects.of_day(local.date()).by_the_clock().exists():
        return [
            slots.Finding(
                code="daily-run-late",
                sentence=f"The daily run of {settings.at:%H:%M} has not started.",
                remedy="IT: see whether the worker and the scheduler (beat) are running.",
                since=due_at,
            )
        ]
    return []


def about(message_id: int) -> slots.Panel | None:
    """Whom a message is about, and which run wrote it."""
    letter = (
        Letter.objects.filter(message=message_id)
        .select_related("run", "patron__group", "guardian", "partner", "group")
        .first()
    )
    if letter is None:
        return None
    lines = letter.lines.filter(taken_out_at=None).select_related(
        "notice__loan__item", "notice__loan__patron__group", "notice__loan__partner"
    )
    return slots.Panel(template="notices/includes/about_letter.html", context={"letter": letter, "lines": lines})


def write_again(message_id: int) -> slots.MessageVerb | None:
    """Its bytes name the address that failed: where the reader has a new one, trying them again makes no sense."""
    if again.of_message(message_id) is None:
        return None
    return slots.MessageVerb(
        label="Write again",
        icon="pencil",
        url=reverse("message-write-again", args=[message_id]),
        instead_of="try-again",
    )


def send_again(message_id: int) -> slots.MessageVerb | None:
    """Somebody says that it did not come."""
    if not again.was_sent(message_id):
        return None
    return slots.MessageVerb(label="Send again", icon="send", url=reverse("message-send-again", args=[message_id]))


def _run_line(run: Run) -> slots.LogLine:
    local = timezone.localtime(run.started_at)
    when = f"{a_day(local.date(), on=run.day)}, {local:%H:%M},"
    if run.state == Run.State.FAILED:
        return slots.LogLine(sentence=f"The run of {when} could not be done. {run.reason}", attention=True)
    if run.state == Run.State.QUIET:
        return slots.LogLine(sentence=f"The run of {when} wrote nothing. {run.reason}")
    if run.state == Run.State.SENT:
        return slots.LogLine(
            sentence=f"{several(run.letters, 'letter')} sent by hand on {when[:-1]}: "
            f"{several(run.email, 'loan')} told by email, {run.paper} on paper."
        )
    name = "Daily run" if run.by_clock else "Run by hand"
    return slots.LogLine(
        sentence=f"{name} of {when} looked at {several(run.looked_at, 'loan')}: {run.email} told by email, "
        f"{run.paper} on paper, {run.left_in_peace} need none."
    )


def _held() -> list[slots.Need]:
    return [
        slots.Need(
            icon="hand-stop",
            tone="held",
            sentence=f"{several(run.letters, 'letter')} of {a_day(run.day, on=run.day)} held for you.",
            reason=f"{run.reason} {held.meanwhile()}".strip(),
            action="Look at them",
            url=reverse("run", args=[run.pk]),
        )
        for run in Run.objects.held_for_a_person()
    ]


def _failed() -> list[slots.Need]:
    """One for each run, so that each leads to a list with as many letters as it says."""
    failed = Letter.objects.filter(state=Letter.State.FAILED).order_by("-run")
    of_runs = failed.values_list("run", "run__state").annotate(number=Count("pk"), one=Max("pk"), why=Max("why"))
    return [
        slots.Need(
            icon="circle-x",
            tone="bad",
            sentence=f"{several(number, 'letter')} could not be written.",
            reason=why,
            action="See why",
            url=_where_they_failed(run, state, one),
        )
        for run, state, number, one, why in of_runs[:FAILED_RUNS]
    ]


def _where_they_failed(run: int | None, state: str | None, letter: int) -> str:
    if run is None:
        return reverse("letter", args=[letter])
    if state in Run.State.by_hand():
        return reverse("letters-look", args=[run])
    return f"{reverse('run', args=[run])}?tab=failed"


def _to_print() -> list[slots.Need]:
    number = Letter.objects.to_print().count()
    if not number:
        return []
    return [
        slots.Need(
            icon="printer",
            tone="wait",
            sentence=f"{several(number, 'letter')} {'waits' if number == 1 else 'wait'} for the printer.",
            reason="Their readers have no address, or prefer paper.",
            action=f"Print {number:,}",
            url=reverse("print-queue"),
        )
    ]


def _not_on_the_shelf() -> list[slots.Need]:
    number = shelf_check.not_found_in_time()
    if not number:
        return []
    said = Loan.objects.open().filter(status=Loan.Status.SAYS_BACK).count()
    things = "1 thing is" if said == 1 else f"{said:,} things are"
    return [
        slots.Need(
            icon="help-circle",
            tone="warn",
            sentence=f"{things} said to be back; {number:,} could not be found on three shelf checks.",
            reason="Nothing is said about them meanwhile. Lost, or on loan after all: a person decides.",
            action=f"Look at the {said:,}" if said > 1 else "Decide",
            url=f"{reverse('loans')}?{urlencode({'tab': 'says-back'})}",
        )
    ]
