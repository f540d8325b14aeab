"""What an import will do to letters that wait: its changes are made for a moment, looked at, and taken back.

So the figures come from the same verbs that will run, and cannot disagree with them. What is new (patrons, items,
loans) is left out: nothing waits about it. A rehearsal gives way to the desk: whoever else has a row locked keeps it,
and what the rehearsal locks is free again within seconds.
"""

from collections.abc import Callable

from django.db import OperationalError, transaction
from psycopg2.errors import LockNotAvailable

from circulation.imports.staging import Importer
from library import slots

MOST_CHANGES = 20_000
"""More would keep the desk waiting for too long; they are counted when they are applied."""


def what_becomes_of_letters(importer: Importer) -> list[str]:
    """Sentences from those who write letters. To be called after ``plan``, inside the transaction of the importer."""
    plan = importer.result
    if plan.changed + plan.returned + plan.unlisted > MOST_CHANGES:
        return ["So many changes are not tried out beforehand. What waits is thought over when they are applied."]
    try:
        with transaction.atomic():
            # Shorter than deadlock_timeout: where desk and rehearsal meet, the rehearsal ends and not the desk's scan.
            importer.run("SET LOCAL lock_timeout = '500ms'")
            sentences = _said_after(importer.rehearse)
            if plan.unlisted and not plan.unmatched:  # nobody has decided yet
                plan.letters_if_moved = _said_after(importer.rehearse_move)
            transaction.set_rollback(True)
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        return ["The desk is changing the same rows, so what becomes of letters is not counted. Look once more."]
    return sentences


def _said_after(change: Callable[[], None]) -> list[str]:
    watchers = [watch() for watch in slots.import_effects]
    change()
    return [sentence for said in watchers for sentence in said(False)]
