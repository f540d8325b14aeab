"""The door to imports: look at a file, or apply it whole or not at all. Every file that comes to be applied is kept.

A page and a command call the same two verbs. One import runs at a time; what it changes, and the file itself, are
written in one transaction. A refused file is kept too, with the reason, and has changed nothing.
"""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from circulation.imports import columns, read
from circulation.imports.items import Items
from circulation.imports.loans import Loans
from circulation.imports.patrons import Patrons
from circulation.imports.plan import Options, Plan
from circulation.imports.staging import Importer
from circulation.models import ImportFile

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


def a_file(content: bytes, *, kind: str, name: str, by: Any = None) -> ImportFile:
    """The file as it came, not yet saved."""
    digest = hashlib.sha256(content).hexdigest()
    return ImportFile(kind=kind, name=read.legible(name[:255]), content=content, sha256=digest, by=by)


def look_at(
    file: ImportFile,
    *,
    on: date,
    at: datetime,
    options: Options | None = None,
    chosen: Mapping[str, str] | None = None,
) -> Plan:
    """What ``file`` would do; nothing is changed. Raises ImportRefused when it is not a table that can be used."""
    with transaction.atomic(), connection.cursor() as cursor:
        plan = _staged(cursor, file, on=on, at=at, options=options or Options(), chosen=chosen).plan()
        transaction.set_rollback(True)
    return plan


def apply(
    file: ImportFile,
    *,
    on: date,
    at: datetime,
    options: Options | None = None,
    chosen: Mapping[str, str] | None = None,
) -> Plan:
    """Do all that ``file`` says as of ``on``, in one transaction, and keep it.

    Raises ImportRefused, with nothing changed and the file kept as refused, when it cannot be used or when something
    stands against it that ``options`` do not allow.
    """
    try:
        return _applied(file, on=on, at=at, options=options or Options(), chosen=chosen)
    except ImportRefused as refusal:
        _keep(file, refusal.plan, reason=str(refusal))
        raise


@transaction.atomic
def _applied(file: ImportFile, *, on: date, at: datetime, options: Options, chosen: Mapping[str, str] | None) -> Plan:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
        importer = _staged(cursor, file, on=on, at=at, options=options, chosen=chosen)
        # Only now: the desk must not wait while a file is read.
        cursor.execute(f"LOCK TABLE {LOCKED[ImportFile.Kind(file.kind)]} IN SHARE ROW EXCLUSIVE MODE")
        importer.plan()
        plan = importer.result
        if plan.objections:
            raise ImportRefused(" ".join(plan.objections), plan=plan)
        importer.apply()
    _keep(file, plan, applied_at=at)
    return plan


def _staged(
    cursor: CursorWrapper,
    file: ImportFile,
    *,
    on: date,
    at: datetime,
    options: Options,
    chosen: Mapping[str, str] | None,
) -> Importer:
    try:
        table = read.read(bytes(file.content))
        found = columns.match(table.header, kind=file.kind, chosen=chosen)
        importer = IMPORTERS[file.kind](cursor, found, on=on, at=at, options=options, by=file.by)
        importer.stage(table.rows)
    except read.FileError as error:
        raise ImportRefused(str(error)) from error
    importer.result.read_as = f"{found.system}; {table.read_as}"
    importer.result.notes[:0] = table.notices
    return importer


def _keep(file: ImportFile, plan: Plan | None, *, applied_at: datetime | None = None, reason: str = "") -> None:
    file.state = ImportFile.State.APPLIED if applied_at else ImportFile.State.REFUSED
    file.applied_at, file.reason = applied_at, reason
    if plan:
        file.read_as, file.rows, file.added, file.changed = plan.read_as[:60], plan.rows, plan.added, plan.changed
        file.unchanged, file.returned, file.unmatched = plan.unchanged, plan.returned, plan.unmatched
        file.refused = [refusal.as_row() for refusal in plan.refused]
        file.notes = plan.notes
    file.save()
