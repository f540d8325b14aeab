"""Schedules as an administrator keeps them: saved, put back as a ready-made one, taken away.

What was said is never touched: a step that goes leaves its notices behind with their number, and a step that stays
keeps its row. Nothing here says who is told or when; that is the business of ``steps`` and the scan.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import date

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef

from notices import presets, scan, take_back
from notices.models import Notice, Schedule, Step
from notices.models.schedule import step_name
from notices.schedule_words import days_late

#: Above every number that can be given: a step waits here while others take its place.
ASIDE = 10_000
STEP_FIELDS = (
    "days",
    "who",
    "how",
    "repeat_days",
    "repeat_times",
    "home_reads_titles",
    "ready_to_bill",
)
FIELDS = (
    "name",
    "service",
    "active",
    "no_letters",
    "count",
    "weekdays",
    "on_library_day",
    "stop_after",
    "days_between",
    "post_not_before",
    "climb",
    "letter_per_loan",
    "goes_by_itself",
)


PRIVATE_NOW = "Titles are private at this step now."


class ScheduleError(Exception):
    """The schedule stays as it is; the sentence says why and what to do."""


def version(schedule: Schedule) -> str:
    """What somebody was shown, as a fingerprint: who saves over a colleague's change can be told."""
    if not schedule.pk:
        return ""
    steps = Step.objects.filter(schedule=schedule).order_by("number")
    shown = (
        [getattr(schedule, name) for name in FIELDS],
        [[step.number, *(getattr(step, name) for name in STEP_FIELDS)] for step in steps],
        [sorted(chosen.values_list("pk", flat=True)) for chosen in (schedule.groups, schedule.collections)],
    )
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def wait_for_the_run() -> None:
    """Until the transaction ends no run begins, and one that has begun is over: its steps are not taken from it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [scan.ONE_RUN_AT_A_TIME])


def said_numbers(schedule: Schedule) -> set[int]:
    """The numbers under which somebody was told by this schedule: they stay with their steps."""
    if not schedule.pk:
        return set()
    # Of each step the first notice is enough: a schedule may have said a million.
    spoken = Exists(Notice.objects.standing().filter(step=OuterRef("pk")))
    return set(Step.objects.filter(spoken, schedule=schedule).order_by().values_list("number", flat=True))


def save_steps(schedule: Schedule, kept: Sequence[Step], *, on: date) -> None:
    """These and no others. A step with a key is its own row again, whatever its number was; the caller numbered them.

    Takes the caller's transaction. Letters that wait lose their titles where a step forbids them now.
    """
    now_private = [step.pk for step in kept if step.pk and not step.home_reads_titles]
    now_private = list(schedule.steps.filter(pk__in=now_private, home_reads_titles=True).values_list("pk", flat=True))
    schedule.steps.exclude(pk__in=[step.pk for step in kept if step.pk]).delete()
    before = dict(schedule.steps.values_list("pk", "number"))
    for step in kept:
        if step.pk in before and before[step.pk] != step.number:
            aside = step.number + (ASIDE if step.number > 0 else -ASIDE)
            schedule.steps.filter(pk=step.pk).update(number=aside, days=step.days)
    for step in kept:
        step.schedule = schedule
        step.save()
    if now_private:
        take_back.about_steps(now_private, why=PRIVATE_NOW, on=on)


def remove(schedule: Schedule) -> None:
    """Only a schedule that never said anything. Raises ScheduleError."""
    with transaction.atomic():
        wait_for_the_run()
        if Notice.objects.filter(step__schedule=schedule).exists():
            raise ScheduleError(
                f"{schedule} has said something, and what was said stays on file. Switch it off instead."
            )
        schedule.delete()


def gone_numbers(schedule: Schedule) -> Counter[int]:
    """Numbers under which loans that are still out were told by steps that are gone, with how many loans: such a loan
    counts as told, and does not hear a new step with this number."""
    notices = Notice.objects.standing().filter(
        step=None, loan__returned_on=None, loan__service=schedule.service, due_on=F("loan__due_on")
    )
    return Counter(notices.order_by().values_list("number", flat=True))


def load(key: str) -> Schedule:
    """The ready-made schedule, made or put back. Raises ScheduleError, KeyError for a name that is none."""
    preset = presets.PRESETS[key]
    with transaction.atomic():
        wait_for_the_run()
        if Schedule.objects.filter(name=preset.name).exclude(preset=key).exists():
            raise ScheduleError(f"Another schedule has the name {preset.name}. Give it another one first.")
        return presets.load(key)


def changes_by(key: str) -> list[str]:
    """What loading this ready-made schedule would change, as sentences; empty where nothing is there yet."""
    preset = presets.PRESETS[key]
    found = []
    mine = Schedule.objects.filter(preset=key).prefetch_related("steps").first()
    if mine is not None:
        found += _changed_steps(preset, mine) + _changed_fields(preset, mine)
        found = found or [f"{mine} is as it came; nothing changes."]
    others = Schedule.objects.filter(active=True, service=preset.service).exclude(preset=key)
    rival = others.filter(groups=None, collections=None).order_by("pk").first()
    if mine is None and rival is not None:
        found.append(f"{rival} covers the same loans already and is older, so it goes on deciding until you change it.")
    return found


def _changed_steps(preset: presets.Preset, mine: Schedule) -> list[str]:
    rungs = {rung.number: rung for rung in preset.rungs}
    steps = {step.number: step for step in mine.steps.all()}
    found = [f"{step_name(number)} goes. What it said stays on file." for number in sorted(steps.keys() - rungs.keys())]
    found += [f"{step_name(number)} comes, {days_late(rungs[number].days)}." for number in rungs.keys() - steps.keys()]
    for number in sorted(rungs.keys() & steps.keys()):
        rung, step = rungs[number], steps[number]
        if rung.days != step.days:
            found.append(f"{step_name(number)}: {days_late(step.days)} becomes {days_late(rung.days)}.")
        if (rung.who, rung.how) != (step.who, step.how):
            found.append(f"{step_name(number)} goes to: {rung.who.label}. {rung.how.label}.")
        other = (rung.repeat_days, None, True, rung.ready_to_bill)
        if other != (step.repeat_days, step.repeat_times, step.home_reads_titles, step.ready_to_bill):
            found.append(f"{step_name(number)}: repeats, titles at home and *Ready to bill* are as they came.")
    return found


def _changed_fields(preset: presets.Preset, mine: Schedule) -> list[str]:
    found = [] if mine.name == preset.name else [f"Its name is {preset.name} again."]
    if not mine.active:
        found.append("It is switched on.")
    for name, value in preset.fields.items():
        if getattr(mine, name) != value:
            label = name.replace("_", " ").capitalize()
            found.append(f"{label}: {_in_words(getattr(mine, name))} becomes {_in_words(value)}.")
    return found


def _in_words(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
