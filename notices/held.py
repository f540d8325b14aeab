"""Hold a run's letters until a person has looked (product.md, N14): let them go, or drop them.

Only runs by the clock are held: who starts one by hand has the list before them.
"""

from collections.abc import Collection
from datetime import date
from statistics import median

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from circulation.models import ImportFile
from notices.models import Letter, Notice, Run, Schedule
from notices.models.letter import LetterQuerySet

SMALL_RUN = 40
TIMES_THE_USUAL = 3
RUNS_THAT_COUNT = 10
PART_CHANGED_BY_IMPORT = 10


def hold_if_unusual(run: Run) -> None:
    """Stamp the run before its letters are written, when it is unlike the runs that people know."""
    reason = why_hold(run)
    if reason and run.letters:
        run.held_at, run.reason = timezone.now(), reason
        run.save(update_fields=["held_at", "reason"])


def why_hold(run: Run) -> str | None:
    """The sentence that says why a person should look first; None when the letters may go by themselves."""
    return _first_of_a_schedule(run) or _after_a_large_import(run) or _larger_than_usual(run)


def meanwhile() -> str:
    """What holding does to the same people's other loans, as a sentence: held letters may be let go at any moment, so
    they count for *days between two letters*. Nothing where no schedule asks for such days."""
    if not Schedule.objects.in_force().filter(days_between__gt=0).exists():
        return ""
    return "Until you decide, the daily run writes nothing else to the same people."


def let_go(run: Run, *, by: User | None, on: date) -> int:
    """Send the letters of a held run on their way: they are written again for the day ``on``, and queued."""
    with transaction.atomic():
        letters, run = _locked(run)
        if not run.is_held:
            return 0
        run.let_go_at, run.decided_by = timezone.now(), by
        run.save(update_fields=["let_go_at", "decided_by"])
        Notice.objects.standing().filter(run=run, said_on__lt=on).update(said_on=on)
        return letters.update(state=Letter.State.PLANNED, day=on, subject="", text="", html="")


def speak_from(day: date) -> int:
    """What is held since an earlier day is written again for this one: what a person reads is what goes when they let
    it go. Returns how many letters."""
    stale = Letter.objects.held().filter(day__lt=day)
    return stale.update(state=Letter.State.PLANNED, day=day)


def drop(run: Run, *, by: User | None) -> int:
    """Nobody hears these letters, and they are not said again. Returns how many letters were dropped."""
    with transaction.atomic():
        letters, run = _locked(run)
        if not run.is_held:
            return 0
        now = timezone.now()
        run.dropped_at, run.decided_by = now, by
        run.save(update_fields=["dropped_at", "decided_by"])
        Notice.objects.standing().filter(run=run).update(dropped_at=now)
        return letters.update(state=Letter.State.DROPPED, subject="", text="", html="")


def _locked(run: Run) -> tuple[LetterQuerySet, Run]:
    """The run's letters that wait, the ones being written just now among them, and the run: locked in the order in
    which composing locks them."""
    letters = Letter.objects.of_run(run).filter(state__in=[Letter.State.HELD, Letter.State.PLANNED])
    waiting = list(letters.order_by("pk").select_for_update().values_list("pk", flat=True))
    return Letter.objects.filter(pk__in=waiting), Run.objects.select_for_update().get(pk=run.pk)


def _first_of_a_schedule(run: Run) -> str | None:
    mine = Schedule.objects.filter(steps__notices__run=run, goes_by_itself=False)
    first = mine.exclude(Exists(_of_runs().exclude(run=run))).distinct().order_by("name").first()
    return f"It is the first run of the schedule {first.name}." if first else None


def _of_runs() -> QuerySet[Notice]:
    """What runs said under a schedule, whether it is the clock's or a person's."""
    return Notice.objects.filter(step__schedule=OuterRef("pk")).exclude(run__state__in=Run.State.by_hand())


def spoke_never(schedules: Collection[Schedule]) -> set[int]:
    """Of these schedules, the ids of those under which no run has said anything yet."""
    ids = [schedule.pk for schedule in schedules]
    return set(Schedule.objects.filter(pk__in=ids).exclude(Exists(_of_runs())).values_list("pk", flat=True))


def _after_a_large_import(run: Run) -> str | None:
    before = Run.objects.that_looked().exclude(pk=run.pk).order_by("-started_at").first()
    files = ImportFile.objects.applied()
    if before is not None:
        files = files.filter(applied_at__gt=before.started_at)
    for file in files.order_by("-applied_at"):
        touched = file.added + file.changed  # returns are what a nightly file of loans is for
        if touched * PART_CHANGED_BY_IMPORT > file.rows:
            return f"The import of {file.name} changed {touched} of {file.rows} rows."
    return None


def _larger_than_usual(run: Run) -> str | None:
    return larger_than_usual(run.letters, sizes=sizes_before(run))


def sizes_before(run: Run | None = None) -> list[int]:
    """Letters of the last runs by the clock, the newest first; of those before ``run``, if there is one."""
    last = Run.objects.that_looked().by_the_clock().order_by("-started_at")
    last = last if run is None else last.exclude(pk=run.pk)
    return list(last.values_list("letters", flat=True)[:RUNS_THAT_COUNT])


def larger_than_usual(letters: int, *, sizes: list[int]) -> str | None:
    """Whether a run of so many letters is held, after runs of these sizes, the newest first; the sentence why."""
    counting = sizes[:RUNS_THAT_COUNT]
    usual = median(counting) if counting else 0
    if letters > max(SMALL_RUN, TIMES_THE_USUAL * usual):
        return f"It wrote {letters} letters; {usual:g} are usual."
    return None
