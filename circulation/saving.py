"""How a verb writes a row that somebody else may be writing too: another desk, another librarian, an import.

Says nothing to anybody; which verb it is, and who must hear of it, is the verb's business.
"""

from collections.abc import Iterable, Sequence

from django.db import connection
from django.db.models import Model


def save(row: Model, *, changed: Iterable[str]) -> Sequence[str]:
    """Write a new row whole, and of a known one what changed alone: what others changed meanwhile stands.

    Returns the names of the fields that were changed.
    """
    names = list(changed)
    row.save(update_fields=None if row._state.adding else names)
    return names


def wait_for_imports(*models: type[Model]) -> None:
    """An import locks its tables, then rows. Who locks a row first and writes later would meet it head on."""
    tables = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in models)
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {tables} IN ROW EXCLUSIVE MODE")
