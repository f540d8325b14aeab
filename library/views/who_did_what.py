"""The list of changes: who changed what, when, from what to what. Read here, changed nowhere."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from auditlog.models import LogEntry
from auditlog.registry import auditlog
from django import forms
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from library import lists
from library.access import Role, allow
from library.templatetags.look import day
from library.typed import row_number
from smtp_gateway.models.message import bounds

PAGE = 50
DEEDS = {
    LogEntry.Action.CREATE: ("ok", "plus", "Added"),
    LogEntry.Action.UPDATE: ("wait", "pencil", "Changed"),
    LogEntry.Action.DELETE: ("off", "x", "Removed"),
}
NOTHING = {"None", "", "[]"}
#: Django's words for accounts, in the library's; by table and by field.
TABLES = {"user": "Account"}
FIELDS = {
    "username": "Name for signing in",
    "is_staff": "May open Django admin",
    "is_superuser": "May do everything",
    "is_active": "May sign in",
    "groups": "May act as",
}


class Kinds(forms.ModelChoiceField):  # type: ignore[type-arg]
    """What is watched, by its name."""

    def label_from_instance(self, obj: Any) -> str:
        return _table(obj)


class Filter(lists.Filter):
    who = forms.ModelChoiceField(queryset=User.objects.order_by("username"), empty_label="Everybody")
    day = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, query: QueryDict) -> None:
        kinds = [kind.pk for kind in ContentType.objects.get_for_models(*auditlog.get_models()).values()]
        watched = ContentType.objects.filter(pk__in=kinds).order_by("model")
        super().__init__(query, others={"what": Kinds(watched, empty_label="Everything")})

    def rows(self) -> QuerySet[LogEntry]:
        rows: QuerySet[LogEntry] = LogEntry.objects.exclude(action=LogEntry.Action.ACCESS)
        if who := self.value("who"):
            rows = rows.filter(actor=who)
        if what := self.value("what"):
            rows = rows.filter(content_type=what)
        if on := self.value("day"):
            start, end = bounds(on)
            rows = rows.filter(timestamp__gte=start, timestamp__lt=end)
        return rows


@dataclass(frozen=True, kw_only=True)
class Change:
    """One field of an entry: its name, what stood there, and what stands there now."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One entry as the list shows it."""

    entry: LogEntry
    look: tuple[str, str, str]
    what: str
    changes: list[Change]


@allow(Role.ADMINISTRATOR)
@require_safe
def who_did_what(request: HttpRequest) -> HttpResponse:
    """A page by key: the millionth entry costs what the first did."""
    filter_ = Filter(request.GET)
    before = row_number(request.GET.get("before"))
    rows = filter_.rows().select_related("actor", "content_type").order_by("-id")
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: PAGE + 1])
    context = {
        "here": "library",
        "tab": "changes",
        "filter": filter_,
        "rows": _shown(found[:PAGE]),
        "newer": bool(before),
        "older": found[PAGE - 1].pk if len(found) > PAGE else None,
    }
    return render(request, "library/who_did_what.html", context)


def _shown(entries: Iterable[LogEntry]) -> list[Shown]:
    entries = list(entries)
    names = _Names(entries)
    return [
        Shown(
            entry=entry,
            look=DEEDS[entry.action],
            what=_table(entry.content_type),
            changes=[names.change(entry, field, values) for field, values in (entry.changes or {}).items()],
        )
        for entry in entries
    ]


class _Names:
    """Numbers of other rows by their names, each table asked once for a whole page."""

    def __init__(self, entries: list[LogEntry]) -> None:
        wanted: dict[Any, set[int]] = defaultdict(set)
        for entry in entries:
            for name, values in (entry.changes or {}).items():
                field = _field(entry, name)
                if isinstance(field, models.ForeignKey) and isinstance(values, list):
                    wanted[field.related_model].update(int(value) for value in values if str(value).isdecimal())
        self.names = {model: model._default_manager.in_bulk(ids) for model, ids in wanted.items()}

    def change(self, entry: LogEntry, name: str, values: Any) -> Change:
        field = _field(entry, name)
        words = _field_name(entry, name, field)
        if isinstance(values, dict):  # many to many: what was added or taken away
            added = values.get("operation") == "add"
            objects = ", ".join(map(str, values.get("objects", [])))
            return Change(field=words, before="" if added else objects, after=objects if added else "")
        before, after = (self._value(field, value) for value in values)
        return Change(field=words, before=before, after=after)

    def _value(self, field: "models.Field[Any, Any] | None", value: Any) -> str:
        text = str(value)
        if text in NOTHING:
            return ""
        if isinstance(field, models.ForeignKey) and text.isdecimal():
            return str(self.names.get(field.related_model, {}).get(int(text), f"number {text}, removed"))
        if isinstance(field, models.BooleanField):
            return {"True": "yes", "False": "no"}.get(text, text)
        if field is not None and field.flatchoices:
            choices: dict[Any, Any] = {str(key): label for key, label in field.flatchoices}
            return str(choices.get(text, text))
        if isinstance(field, models.DateField) and not isinstance(field, models.DateTimeField):
            return _day(field, text)
        return text


def _table(kind: ContentType) -> str:
    return TABLES.get(kind.model, str(kind.name).capitalize())


def _field_name(entry: LogEntry, name: str, field: "models.Field[Any, Any] | None") -> str:
    if entry.content_type.model in TABLES and name in FIELDS:
        return FIELDS[name]
    return str(getattr(field, "verbose_name", name)).capitalize()


def _field(entry: LogEntry, name: str) -> "models.Field[Any, Any] | None":
    model = entry.content_type.model_class()
    if model is None:
        return None
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field if isinstance(field, models.Field) else None


def _day(field: "models.DateField[Any, Any]", text: str) -> str:
    try:
        return day(field.to_python(text))
    except ValidationError:
        return text
