"""A file on the page: look at it, match its columns, apply it when a person says so. Applied once, however often asked.

What is applied is what was shown: where the same file would do something else by now, it is looked at again instead.
Whoever applies holds the row of the file. So a second one waits and then finds the work done, and when a process dies
half-way nothing is changed and the file still waits.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from circulation.imports import apply as imports
from circulation.imports import matching, read
from circulation.imports.plan import Options
from circulation.models import ImportFile

State = ImportFile.State

AT_ONCE = 5_000
"""Rows that are applied while the person waits for the page; about a second. A worker applies longer files."""


class ByHandError(Exception):
    """Why nothing was applied, as a sentence."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Whether somebody is at work on a file that waits, and since when it waits."""

    at_work: bool
    since: datetime | None


def take_in(content: bytes, *, kind: str, name: str, on: date, at: datetime, by: Any = None) -> ImportFile:
    """Keep a file that was sent, and look at it. It may be refused as a whole; then it says why."""
    file = imports.a_file(content, kind=kind, name=name, by=by)
    look(file, on=on, at=at)
    return file


@transaction.atomic
def look_again(pk: int, *, on: date, at: datetime) -> None:
    """See what a file that is still open would do by now."""
    file = _open(pk)
    if file is not None:
        look(file, on=on, at=at)


@transaction.atomic
def match_columns(pk: int, chosen: dict[str, str], *, on: date, at: datetime, by: Any = None) -> None:
    """``chosen``: header, field. Remembered for the next file with this header."""
    file = _open(pk)
    if file is not None:
        file.chosen = chosen
        matching.remember(file.kind, read.read(bytes(file.content)).header, chosen, by=by)
        look(file, on=on, at=at)


def look(file: ImportFile, *, on: date, at: datetime) -> None:
    """See what it would do now, and keep what the page shows. It is refused when nothing can be made of it."""
    try:
        seen = imports.preview(file, on=on, at=at)
    except imports.ColumnsUnknown as unknown:
        file.shown = {"unknown_columns": str(unknown)}
        imports.keep(file, None)
    except imports.ImportRefused as refusal:
        imports.keep_refused(file, refusal)
    else:
        file.shown = _shown(seen, at=at)
        imports.keep(file, seen.plan)


def ask_to_apply(pk: int, options: Options, *, at: datetime) -> ImportFile:
    """A person says *Apply*: from now on the file waits to be applied. Raises ByHandError when it cannot be."""
    with transaction.atomic():
        file = ImportFile.objects.without_content().select_for_update(of=("self",)).get(pk=pk)
        if file.state == State.APPLIED:
            raise ByHandError("This file was applied before. Nothing was applied again.")
        if file.state == State.REFUSED or "figures" not in file.shown:
            raise ByHandError("This file cannot be applied as it stands.")
        why = why_not(file, options)
        if why:
            raise ByHandError(why)
        file.state, file.asked_at = State.WAITING, at
        file.options = {
            "skip_refused": options.skip_refused,
            "allow_returns": options.allow_returns,
            "unmatched": options.unmatched,
        }
        file.save(update_fields=["state", "asked_at", "options"])
    return file


def why_not(file: ImportFile, options: Options) -> str:
    """What stands against it with these options, as a sentence; nothing when it can be applied."""
    figures = file.shown["figures"]
    if figures["refused"] and not options.skip_refused:
        return "Some rows are refused. Tick that they are left out, or correct the file."
    doubted = file.shown["doubted_returns"]
    if doubted and options.allow_returns != doubted:
        return f"Type {doubted:,} if so many loans really came back. Nothing was applied."
    return ""


def apply_asked(pk: int, *, on: date, at: datetime) -> None:
    """Apply a file that waits; any other is left as it is. Who meets somebody at work waits, and finds it done."""
    try:
        with transaction.atomic():
            file = _waiting(pk)
            if file is not None:
                imports.carry_out(file, on=on, at=at, options=Options(**file.options), shown=file.shown["figures"])
    except imports.ImportRefused as refusal:
        _look_again(pk, str(refusal), on=on, at=at)


def progress(file: ImportFile) -> Progress:
    """Whether a process holds this file just now."""
    with transaction.atomic():
        free = ImportFile.objects.filter(pk=file.pk).select_for_update(skip_locked=True).values_list("pk").first()
    return Progress(at_work=free is None, since=file.asked_at)


def _open(pk: int) -> ImportFile | None:
    """The file, ours until the transaction ends, while nobody has said *Apply*."""
    return (
        ImportFile.objects.select_for_update(of=("self",)).filter(pk=pk, state=State.PLANNED, emptied_at=None).first()
    )


def _waiting(pk: int) -> ImportFile | None:
    waiting = ImportFile.objects.filter(pk=pk, state=State.WAITING, emptied_at=None)
    return waiting.select_for_update(of=("self",)).first()


@transaction.atomic
def _look_again(pk: int, why: str, *, on: date, at: datetime) -> None:
    """It does something else by now: back to the person, who sees what."""
    file = _waiting(pk)
    if file is None:
        return
    file.state, file.asked_at = State.PLANNED, None
    look(file, on=on, at=at)
    file.shown = {**file.shown, "why_again": why}
    file.save(update_fields=["shown"])


def _shown(seen: imports.Preview, *, at: datetime) -> dict[str, Any]:
    plan = seen.plan
    return {
        "at": at.isoformat(),
        "figures": plan.figures,
        "doubted_returns": plan.doubted_returns,
        "differences": [difference.as_row() for difference in seen.differences],
        "kinds_of_change": seen.kinds_of_change,
        "absent": seen.absent,
        "columns": seen.columns,
        "remarks": plan.remarks,
        "letters": plan.letters,
        "letters_if_moved": plan.letters_if_moved,
        "questions": plan.questions,
    }
