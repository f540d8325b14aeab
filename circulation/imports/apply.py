"""The door to imports: look at a file, or apply it whole or not at all. Every file that comes to be applied is kept.

A page and a command call the same verbs. One import runs at a time; what it changes, and that the file is applied, are
written in one transaction. A refused file is kept too, with the reason, and has changed nothing.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from circulation.imports import columns, differences, matching, read, rehearsal
from circulation.imports.items import Items
from circulation.imports.loans import Loans
from circulation.imports.patrons import Patrons
from circulation.imports.plan import Difference, Options, Plan
from circulation.imports.staging import Importer
from circulation.models import ImportFile
from library import slots

IMPORTERS: dict[str, type[Importer]] = {
    ImportFile.Kind.PATRONS: Patrons,
    ImportFile.Kind.ITEMS: Items,
    ImportFile.Kind.LOANS: Loans,
}

ONE_AT_A_TIME = 5_210_001
"""The advisory lock under which imports take turns."""

LOCKED = {
    ImportFile.Kind.PATRONS: "circulation_group, circulation_patron, circulation_guardian, circulation_guardianship",
    ImportFile.Kind.ITEMS: "circulation_collection, circulation_item",
    ImportFile.Kind.LOANS: "circulation_item, circulation_loan",
}
"""What nobody else may write while a plan is being applied, so that the plan stays true. Everybody may read."""


class ImportRefused(Exception):
    """Why a file was not applied, in sentences; ``plan`` when it could be read."""

    def __init__(self, sentence: str, *, plan: Plan | None = None) -> None:
        super().__init__(sentence)
        self.plan = plan


class ColumnsUnknown(ImportRefused):
    """A column that is needed was not found; a person can say which it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a person sees before a file is applied: the plan, some of its changes, and whose columns are which."""

    plan: Plan
    differences: list[Difference]
    kinds_of_change: dict[str, int]
    absent: list[str]
    """Some of those who are on file and not listed."""
    columns: list[tuple[str, str]]
    """Header, and what it is to us; nothing where it is not used."""


def a_file(content: bytes, *, kind: str, name: str, by: Any = None) -> ImportFile:
    """The file as it came, not yet saved."""
    digest = hashlib.sha256(content).hexdigest()
    return ImportFile(kind=kind, name=read.legible(name[:255]), content=content, sha256=digest, by=by)


def look_at(file: ImportFile, *, on: date, at: datetime, options: Options | None = None) -> Plan:
    """What ``file`` would do; nothing is changed. Raises ImportRefused when it is not a table that can be used."""
    with _in_sentences(), transaction.atomic(), connection.cursor() as cursor:
        plan = _staged(cursor, file, on=on, at=at, options=options or Options()).plan()
        transaction.set_rollback(True)
    return plan


def preview(file: ImportFile, *, on: date, at: datetime) -> Preview:
    """What ``file`` would do, what becomes of letters, and which rows change. Nothing is changed. Raises as look_at."""
    with _in_sentences(), transaction.atomic(), connection.cursor() as cursor:
        importer = _staged(cursor, file, on=on, at=at, options=Options())
        plan = importer.plan()
        seen = Preview(
            plan=plan,
            differences=differences.of(importer, on=on),
            kinds_of_change=importer.kinds_of_change(),
            absent=importer.absent(),
            columns=importer.columns.in_words(kind=file.kind),
        )
        plan.letters += rehearsal.what_becomes_of_letters(importer)
        transaction.set_rollback(True)
    return seen


def apply(file: ImportFile, *, on: date, at: datetime, options: Options | None = None) -> Plan:
    """Do all that ``file`` says as of ``on``, in one transaction, and keep it.

    Raises ImportRefused, with nothing changed and the file kept as refused, when it cannot be used or when something
    stands against it that ``options`` do not allow.
    """
    try:
        return carry_out(file, on=on, at=at, options=options or Options())
    except ImportRefused as refusal:
        keep_refused(file, refusal)
        raise


def carry_out(
    file: ImportFile, *, on: date, at: datetime, options: Options, shown: dict[str, int] | None = None
) -> Plan:
    """Apply ``file`` and keep it as applied. Raises ImportRefused, also where the plan is not what was ``shown``."""
    with _in_sentences(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
        importer = _staged(cursor, file, on=on, at=at, options=options)
        # Only now: the desk must not wait while a file is read.
        cursor.execute(f"LOCK TABLE {LOCKED[ImportFile.Kind(file.kind)]} IN SHARE ROW EXCLUSIVE MODE")
        importer.plan()
        plan = importer.result
        if shown is not None and plan.figures != shown:
            raise ImportRefused("Something changed since this was shown, so nothing was applied. Look at it once more.")
        if plan.objections:
            raise ImportRefused(" ".join(map(str, plan.objections)), plan=plan)
        watchers = [watch() for watch in slots.import_effects]
        importer.apply()
        plan.letters += [sentence for said in watchers for sentence in said(True)]
        file.state, file.applied_at, file.reason = ImportFile.State.APPLIED, at, ""
        keep(file, plan)
    return plan


def keep_refused(file: ImportFile, refusal: ImportRefused) -> None:
    """Nothing was changed, and why."""
    file.state, file.applied_at, file.reason = ImportFile.State.REFUSED, None, str(refusal)
    keep(file, refusal.plan)


def keep(file: ImportFile, plan: Plan | None) -> None:
    """Save the file with the counts of its plan; its content is written once."""
    if plan:
        file.read_as, file.rows, file.added, file.changed = plan.read_as[:60], plan.rows, plan.added, plan.changed
        file.unchanged, file.returned, file.unmatched = plan.unchanged, plan.returned, plan.unmatched
        file.refused = [refusal.as_row() for refusal in plan.refused]
        file.notes = plan.notes
    fields = [field.name for field in ImportFile._meta.concrete_fields if field.name not in ("id", "content")]
    file.save(update_fields=fields) if file.pk else file.save()


@contextmanager
def _in_sentences() -> Iterator[None]:
    """What is wrong with a whole file, as the refusal that callers know."""
    try:
        yield
    except columns.UnknownColumns as error:
        raise ColumnsUnknown(str(error)) from error
    except read.FileError as error:
        raise ImportRefused(str(error)) from error


def _staged(cursor: CursorWrapper, file: ImportFile, *, on: date, at: datetime, options: Options) -> Importer:
    table = read.read(bytes(file.content))
    chosen = file.chosen or matching.remembered(file.kind, table.header)
    found = columns.match(table.header, kind=file.kind, chosen=chosen)
    importer = IMPORTERS[file.kind](cursor, found, on=on, at=at, options=options, by=file.by)
    importer.stage(table.rows)
    importer.result.read_as = f"{found.system}; {table.read_as}"
    importer.result.remarks[:0] = table.notices
    return importer
