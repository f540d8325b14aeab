"""One way to make lists: tabs, a filter, headings that sort, pages by key, ticked rows, and the same as a file.

A page begins after a row and never skips any by counting (no OFFSET), so the last page of a million rows opens like
the first. The address names that row by its number; its keys are looked up, and no name ever stands there. Which rows
a list has, who may see them and what a verb does is the business of its view.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django import forms
from django.db.models import F, Model, Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.utils.http import url_has_allowed_host_and_scheme

from library import exports
from library.form_look import ManyChoices, class_of
from library.typed import row_number, row_numbers

M = TypeVar("M", bound=Model)

PAGE = 50
MOST_COUNTED = 10_000
CONTROLS = ("after", "before", "as")
"""Parts of the address that are about this page and no other."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """The fields of ``Column.sort`` as they stand for some rows of a list, or for all of them.

    PostgreSQL walks through people by their index of names and takes the loans of each, but not where a name may also
    be a library's: the order of a ``coalesce`` is in no index.
    """

    sort: tuple[str, ...]
    having: str = ""
    """Its rows have this field, which in its own table is never NULL (``patron__last_name``); empty: all rows."""


@dataclass(frozen=True, kw_only=True)
class Column(Generic[M]):
    """A heading, and what stands under it in a file; on the page the list's template writes the cell."""

    key: str
    name: str
    cell: Callable[[M], object]
    sort: tuple[str, ...] = ()
    """Fields or annotations by which the heading sorts, none of them ever NULL; empty: it does not sort."""
    parts: tuple[Part, ...] = ()
    """The same order part by part; each row of the list is in exactly one. With parts, the rows of a page are found by
    their keys alone, and only they are read whole: worth a query more where many rows are passed over."""
    css: str = ""
    in_files_only: bool = False
    on_page_only: bool = False


@dataclass(frozen=True, kw_only=True)
class Tab:
    """One state of the list. ``number`` is how many rows it has; None where counting would read every row there is."""

    key: str
    words: str
    number: int | None = None
    more: bool = False
    """It has more rows than ``number``: counting stopped there."""


@dataclass(frozen=True, kw_only=True)
class Verb:
    """What can be done with the ticked rows: their numbers are posted to ``url`` as ``id``, with ``verb=key``."""

    label: str
    icon: str
    url: str
    key: str = ""
    states: tuple[str, ...] = ()
    """States of rows for which the button is there; empty: for all."""
    danger: bool = False


@dataclass(frozen=True, kw_only=True)
class Empty:
    """What stands where there are no rows: what is not here, why, and what to do."""

    heading: str
    sentence: str = ""
    icon: str = "books"
    action: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Heading:
    name: str
    css: str
    address: str
    """Where a click leads; empty: it does not sort."""
    direction: str
    """ascending, descending or none, for ``aria-sort``."""


@dataclass(frozen=True, kw_only=True)
class Row(Generic[M]):
    """``thing`` is the model's row, ``look`` what the view worked out about it, ``state`` what verbs ask for."""

    thing: M
    label: str
    state: str
    look: Any


class Filter(forms.Form):
    """Fields above a list, all of them optional. Nonsense in the address is ignored, not scolded.

    ``others`` are fields that only the moment knows: choices from the database, fields of other apps.
    """

    def __init__(self, query: QueryDict, *, others: Mapping[str, forms.Field] | None = None) -> None:
        super().__init__(query, auto_id="filter_%s")
        self.fields.update(others or {})
        for one in self.fields.values():
            one.required = False
            one.widget.attrs["class"] = class_of(one)
            if isinstance(one, forms.ChoiceField):
                ManyChoices.instead_of(one)
        self.is_valid()

    def value(self, name: str) -> Any:
        """What was asked in this field; None, "" or an empty list where nothing was, or nonsense."""
        return self.cleaned_data.get(name)

    @property
    def is_narrowed(self) -> bool:
        return any(self.cleaned_data.values())


@dataclass(frozen=True, kw_only=True)
class Page(Generic[M]):
    """What ``includes/list.html`` shows."""

    rows: list[Row[M]]
    headings: list[Heading]
    template: str
    name: str
    tabs: Sequence[Tab]
    tab: str
    filter: Filter | None
    verbs: Sequence[Verb]
    empty: Empty
    kept: list[tuple[str, str]]
    """The parts of the address that the filter's form must carry along."""
    first: bool
    previous: int | None
    next: int | None

    @property
    def things(self) -> list[M]:
        return [row.thing for row in self.rows]

    @property
    def everything(self) -> str:
        """This list without its filter."""
        return f"?{urlencode(self.kept)}"

    @property
    def is_narrowed(self) -> bool:
        return self.filter is not None and self.filter.is_narrowed


@dataclass(frozen=True, kw_only=True)
class Listing(Generic[M]):
    """A list by its columns.

    ``template`` writes the cells of one ``row``; ``sort`` is the key of a column, ``-due`` for downwards. ``label``
    names a row for a screen reader that ticks it, ``state`` says which verbs fit it.
    """

    name: str
    columns: Sequence[Column[M]]
    template: str
    sort: str
    label: Callable[[M], str] = str
    state: Callable[[M], str] = field(default=lambda row: "row")

    def file(self, request: HttpRequest, rows: QuerySet[M]) -> HttpResponseBase | None:
        """All of ``rows`` in their order as a file, where the address asks for one (``?as=csv``, ``?as=xlsx``)."""
        kind = request.GET.get("as", "")
        if kind not in exports.Format.values:
            return None
        columns = [column for column in self.columns if not column.on_page_only]
        sorted_by, down = self._sorted(request.GET)
        ordered = rows.order_by(*_order(sorted_by.sort, down))
        return exports.file(
            exports.Format(kind),
            name=self.name.replace(" ", "-"),
            headings=[column.name for column in columns],
            rows=([column.cell(row) for column in columns] for row in ordered.iterator(chunk_size=2000)),
        )

    def page(
        self,
        request: HttpRequest,
        rows: QuerySet[M],
        *,
        empty: Empty,
        among: QuerySet[M] | None = None,
        tabs: Sequence[Tab] = (),
        tab: str = "",
        filter: Filter | None = None,
        verbs: Sequence[Verb] = (),
        looks: Callable[[list[M]], dict[int, Any]] | None = None,
    ) -> Page[M]:
        """At most PAGE of ``rows``: two queries, whatever their number; three where its order is one of parts.

        ``among`` are the rows without tab and filter, with the annotations by which columns sort: there the page's
        first row is looked up, so that one which has left the list meanwhile still marks its place. ``looks`` gets the
        rows of the page and answers by primary key.
        """
        column, down = self._sorted(request.GET)
        whole = rows.model._default_manager.all() if among is None else among
        after, before = row_number(request.GET.get("after")), row_number(request.GET.get("before"))
        place = _place(whole, column.sort, before or after)
        backwards = bool(before and place)
        found = _first(rows, column, place, down=down != backwards, whole=whole)
        more, found = len(found) > PAGE, found[:PAGE]
        if backwards:
            found.reverse()
        look = looks(found) if looks else {}
        follows, precedes = (True, more) if backwards else (more, place is not None)
        return Page(
            rows=[Row(thing=row, label=self.label(row), state=self.state(row), look=look.get(row.pk)) for row in found],
            headings=list(self._headings(request.GET)),
            template=self.template,
            name=self.name,
            tabs=tabs,
            tab=tab,
            filter=filter,
            verbs=verbs,
            empty=empty,
            kept=_kept(request.GET, filter),
            first=not precedes,
            previous=found[0].pk if precedes and found else None,
            next=found[-1].pk if follows and found else None,
        )

    def _sorted(self, query: QueryDict) -> tuple[Column[M], bool]:
        """The column that was asked for, and whether downwards."""
        by_key = {column.key: column for column in self.columns if column.sort}
        asked = query.get("sort", self.sort)
        asked = asked if asked.removeprefix("-") in by_key else self.sort
        return by_key[asked.removeprefix("-")], asked.startswith("-")

    def _headings(self, query: QueryDict) -> Iterator[Heading]:
        sorted_by, down = self._sorted(query)
        for column in self.columns:
            if column.in_files_only:
                continue
            current = column is sorted_by
            upwards_next = not current or down
            yield Heading(
                name=column.name,
                css=column.css,
                address=_address(query, sort=f"{'' if upwards_next else '-'}{column.key}") if column.sort else "",
                direction="none" if not current else "descending" if down else "ascending",
            )


def counted(rows: QuerySet[Any]) -> tuple[int, bool]:
    """How many rows, and whether there are more: nobody needs the number beyond MOST_COUNTED, and it would be slow."""
    number = rows.order_by()[: MOST_COUNTED + 1].count()
    return min(number, MOST_COUNTED), number > MOST_COUNTED


def chosen(asked: str | None, *, of: Iterable[str], otherwise: str) -> str:
    """The tab that was asked for, if there is such a one."""
    return asked if asked is not None and asked in set(of) else otherwise


def ticked(query: QueryDict) -> list[int]:
    """The numbers of the ticked rows; an address or a form may hold anything."""
    return row_numbers(query.getlist("id"))


def way_back(request: HttpRequest, *, otherwise: str) -> str:
    """The list from which the ticks came; never an address of somebody else."""
    asked = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return asked if ours else otherwise


def is_later_page(request: HttpRequest) -> bool:
    return not request.GET.keys().isdisjoint(("after", "before"))


def first_page(request: HttpRequest) -> str:
    """The same list from its beginning."""
    return request.path + _address(request.GET)


def _order(fields: Sequence[str], down: bool) -> list[str]:
    return [f"-{name}" if down else name for name in (*fields, "pk")]


def _place(whole: QuerySet[M], fields: Sequence[str], pk: int) -> tuple[Any, ...] | None:
    """The keys of a row; None where there is no such row, and the list begins at its beginning."""
    return whole.filter(pk=pk).order_by().values_list(*fields, "pk").first() if pk else None


def _first(
    rows: QuerySet[M], column: Column[M], place: tuple[Any, ...] | None, *, down: bool, whole: QuerySet[M]
) -> list[M]:
    """The PAGE rows beyond ``place`` and one more, in their order."""

    def first(part: QuerySet[M], fields: Sequence[str]) -> QuerySet[M]:
        beyond = part if place is None else part.filter(_beyond(fields, place, down=down))
        return beyond.order_by(*_order(fields, down))

    if not column.parts:
        return list(first(rows, column.sort)[: PAGE + 1])
    keys = [f"key_{number}" for number in range(len(column.sort))]
    firsts = [
        first(rows.filter(**{f"{part.having}__isnull": False}) if part.having else rows, part.sort)
        .annotate(**{key: F(name) for key, name in zip(keys, part.sort, strict=True)})
        .values_list(*keys, "pk")[: PAGE + 1]
        for part in column.parts
    ]
    one, *others = firsts
    merged = one.union(*others, all=True).order_by(*_order(keys, down))[: PAGE + 1] if others else one
    found = [pk for *_, pk in merged]
    by_number = whole.in_bulk(found)
    return [by_number[pk] for pk in found if pk in by_number]


def _beyond(fields: Sequence[str], place: tuple[Any, ...], *, down: bool) -> Q:
    """What comes after ``place``: the first key alone lets PostgreSQL start there in an index."""
    comparison = "lt" if down else "gt"
    steps = list(zip((*fields, "pk"), place, strict=True))

    def further(rest: Q, step: tuple[str, Any]) -> Q:
        name, value = step
        return Q(**{f"{name}__{comparison}": value}) | Q(**{name: value}) & rest

    name, value = steps[0]
    *before, (last, pk) = steps
    beyond = reduce(further, reversed(before), Q(**{f"{last}__{comparison}": pk}))
    return Q(**{f"{name}__{comparison}e": value}) & beyond


def _kept(query: QueryDict, filter: Filter | None) -> list[tuple[str, str]]:
    dropped = {*CONTROLS, *(filter.fields if filter else ())}
    return [(name, value) for name, values in query.lists() if name not in dropped for value in values]


def _address(query: QueryDict, **changes: str) -> str:
    changed = query.copy()
    for name in CONTROLS:
        changed.pop(name, None)
    for name, value in changes.items():
        changed[name] = value
    return f"?{changed.urlencode()}"
