"""Take words out of texts that are kept: somebody is erased, and a log of the house still names them.

Reads whole tables, so it is for logs and for what a person does now and then. Which rows are emptied altogether is
decided elsewhere; here single words become ``ERASED``, and the rest of the sentence stays.
"""

import re
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Model, Q, QuerySet, TextField
from django.db.models.functions import Cast

ERASED = "(erased)"


def sweep(rows: "QuerySet[Any]", *, fields: Sequence[str], words: Iterable[str]) -> list[Model]:
    """Replace each of ``words``, whole and in capitals or not, in these text and JSON fields. Returns the changed rows.

    Rows are updated without signals: a trail of changes would keep what is taken out.
    """
    pattern = matching(words)
    if pattern is None:
        return []
    texts = {f"{name}_as_text": Cast(name, TextField()) for name in fields}
    naming = reduce(or_, (Q(**{f"{text}__icontains": word}) for text in texts for word in _longest_first(words)))
    changed = []
    for row in rows.annotate(**texts).filter(naming).iterator(chunk_size=200):
        new = {name: without(getattr(row, name), pattern) for name in fields}
        if any(new[name] != getattr(row, name) for name in fields):
            rows.model._base_manager.filter(pk=row.pk).update(**new)
            changed.append(row)
    return changed


def matching(words: Iterable[str]) -> re.Pattern[str] | None:
    """Any of ``words`` that is not part of a longer word or number; None where there is nothing to look for."""
    found = [re.escape(word) for word in _longest_first(words)]
    return re.compile(rf"(?<!\w)(?:{'|'.join(found)})(?!\w)", re.IGNORECASE) if found else None


def without(value: Any, pattern: re.Pattern[str]) -> Any:
    """``value``, a text or what JSON holds, with ``ERASED`` in place of what fits the pattern."""
    if isinstance(value, str):
        return pattern.sub(ERASED, value)
    if isinstance(value, list):
        return [without(one, pattern) for one in value]
    if isinstance(value, dict):
        return {without(key, pattern): without(one, pattern) for key, one in value.items()}
    return value


def _longest_first(words: Iterable[str]) -> list[str]:
    """So that an address goes whole before the name in it."""
    return sorted({word.strip() for word in words if word.strip()}, key=lambda word: (-len(word), word))
