"""Who changed what, and when: which rows are watched, and how a bulk verb leaves one entry (product.md, S1).

django-auditlog writes an entry for every watched row that is saved. What no entry may hold is left out here: passwords
are said to have changed and not to what, and the bodies of files and letters are not watched. What a nightly file or
the daily run does is no entry: the file and the run are kept themselves.
"""

from collections.abc import Collection, Iterable
from typing import Any

from auditlog.models import LogEntry
from auditlog.registry import auditlog
from auditlog.signals import pre_log
from django.contrib.contenttypes.models import ContentType
from django.db import models

CHANGES_ONLY: set[type[models.Model]] = set()
"""Rows that come and go by the thousand: only a person's changes to them are entries."""


def watch(
    model: type[models.Model],
    *,
    fields: Iterable[str],
    many: Collection[str] = (),
    secret: Iterable[str] = (),
    changes_only: bool = False,
) -> None:
    """Make an entry whenever one of ``fields`` or the many-to-many fields ``many`` changes.

    ``secret``: the entry says that it changed, never its value. ``changes_only``: no entry when a row is made or
    deleted.
    """
    secret = list(secret)
    auditlog.register(
        model,
        include_fields=[*fields, *secret],
        mask_fields=secret,
        mask_callable="library.audit.kept_secret",
        m2m_fields=set(many),
    )
    if changes_only:
        CHANGES_ONLY.add(model)
        pre_log.connect(_is_worth_an_entry, sender=model, dispatch_uid=f"changes only: {model._meta.label}")


def note(sentence: str, *, model: type[models.Model], ids: Collection[int], by: Any) -> None:
    """One entry for what a verb did to many rows at once: how many, and which."""
    LogEntry.objects.create(
        content_type=ContentType.objects.get_for_model(model),
        object_pk="",
        object_repr=sentence,
        action=LogEntry.Action.UPDATE,
        actor=by,
        additional_data={"ids": sorted(ids)},
    )


def blank(model: type[models.Model], ids: Collection[int]) -> int:
    """Empty the entries about these rows, for a person who is erased: that something changed is kept, not what."""
    entries = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(model), object_id__in=ids)
    return int(entries.update(object_repr="erased", changes=None, changes_text="", additional_data=None))


def kept_secret(value: str) -> str:
    """What stands in an entry instead of a secret."""
    return "kept secret" if value else ""


def _is_worth_an_entry(sender: type[models.Model], action: int, **kwargs: Any) -> bool:
    return bool(action == LogEntry.Action.UPDATE)
