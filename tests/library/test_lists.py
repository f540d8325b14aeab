"""A list in pages by key: together they are the whole list in its order, and so is its file."""

import csv
from contextlib import closing
from datetime import date, timedelta
from io import BytesIO, StringIO

import openpyxl
import pytest
from django.db.models import F
from django.http import QueryDict
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertHTMLEqual

from circulation.models import Group, Item
from library import lists
from library.exports import text
from library.lists import Column, Empty, Listing, Page
from tests.builders import an_item

ITEMS = Listing(
    name="items",
    columns=(
        Column[Item](key="title", name="Title", cell=lambda item: item.title, sort=("title",)),
        Column[Item](key="shelf", name="Shelf", cell=lambda item: item.call_number, sort=("call_number", "title")),
        Column[Item](key="author", name="Author", cell=lambda item: item.author),
    ),
    template="",
    sort="title",
)
NOTHING = Empty(heading="Nothing here")


class Shelf(TestCase):
    """Items in any order of titles and call numbers, many of them the same."""

    @given(
        st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["", "1", "2"])), max_size=9),
        st.sampled_from(["title", "-title", "shelf", "-shelf"]),
        st.integers(1, 4),
    )
    def test_pages_together_are_the_whole_list(self, things: list[tuple[str, str]], sort: str, size: int) -> None:
        """Somebody pages to the end and back again."""
        Item.objects.bulk_create(
            Item(barcode=f"3{n}", title=title, call_number=shelf) for n, (title, shelf) in enumerate(things)
        )
        whole = list(Item.objects.order_by(*_order(sort)))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lists, "PAGE", size)
            forwards, last = _walk(sort, "next")
            backwards, _ = _walk(sort, "previous", start=last)

        assert forwards == whole
        assert backwards == whole


def _order(sort: str) -> list[str]:
    sign = "-" if sort.startswith("-") else ""
    fields = {"title": ("title", "pk"), "shelf": ("call_number", "title", "pk")}[sort.removeprefix("-")]
    return [f"{sign}{name}" for name in fields]


def _page(query: str = "") -> Page[Item]:
    return ITEMS.page(RequestFactory().get(f"/items/?{query}"), Item.objects.all(), empty=NOTHING)


def _walk(sort: str, way: str, *, start: Page[Item] | None = None) -> tuple[list[Item], Page[Item]]:
    """Every row on the way, in the order of the list, and the last page."""
    page = start or _page(f"sort={sort}")
    found = page.things
    while (key := getattr(page, way)) is not None:
        page = _page(f"sort={sort}&{'after' if way == 'next' else 'before'}={key}")
        found = found + page.things if way == "next" else page.things + found
    return found, page


@pytest.mark.django_db
def test_a_row_that_left_the_list_still_marks_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """*Storm Boy* ends the first page; before the next click it is given another shelf, and leaves the filter."""
    monkeypatch.setattr(lists, "PAGE", 2)
    _holes, storm_boy, wonder = (an_item(title=title, author="A") for title in ("Holes", "Storm Boy", "Wonder"))
    Item.objects.filter(pk=storm_boy.pk).update(author="B")

    request = RequestFactory().get(f"/items/?after={storm_boy.pk}")
    page = ITEMS.page(request, Item.objects.filter(author="A"), empty=NOTHING)

    assert page.things == [wonder]


@pytest.mark.django_db
def test_annotated_keys_page_where_the_rows_before_narrowing_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list may sort by what a query works out."""
    monkeypatch.setattr(lists, "PAGE", 1)
    holes, wonder = an_item(title="Holes"), an_item(title="Wonder")
    listing = Listing(
        name="items", columns=[Column[Item](key="a", name="A", cell=str, sort=("also",))], template="", sort="a"
    )
    rows = Item.objects.annotate(also=F("title"))

    request = RequestFactory().get(f"/items/?after={holes.pk}")
    page = listing.page(request, rows, among=rows, empty=NOTHING)

    assert page.things == [wonder]


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["after=x", "after=99999999999999999999", "after=7", "before=-1", "sort=nonsense"])
def test_nonsense_in_the_address_shows_the_first_page(query: str) -> None:
    """Somebody types into the address."""
    item = an_item()

    page = _page(query)

    assert (page.things, page.first) == ([item], True)


@pytest.mark.django_db
def test_a_page_takes_two_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """One for the place, one for the rows."""
    first, *_ = (an_item() for _ in range(5))

    with django_assert_num_queries(2):
        _page(f"after={first.pk}")


def test_a_heading_sorts_and_then_turns_round() -> None:
    """Each click on a heading leads on; what was asked otherwise stays, the page does not."""
    headings = [ITEMS._headings(QueryDict(query)) for query in ("q=x&after=9", "q=x&sort=title", "q=x&sort=-shelf")]

    assert [[(one.direction, one.address) for one in found] for found in headings] == [
        [("ascending", "?q=x&sort=-title"), ("none", "?q=x&sort=shelf"), ("none", "")],
        [("ascending", "?q=x&sort=-title"), ("none", "?q=x&sort=shelf"), ("none", "")],
        [("none", "?q=x&sort=title"), ("descending", "?q=x&sort=shelf"), ("none", "")],
    ]


FORMULAS = ["=1+1", "+61 3 5550", "-5", "@sum", "\tx", "\rx"]


def _file(kind: str, query: str = "") -> list[list[str]]:
    """The lines of the file that the list gives out."""
    response = ITEMS.file(RequestFactory().get(f"/items/?as={kind}&{query}"), Item.objects.all())
    assert response is not None
    with closing(response):
        content = b"".join(response)  # type: ignore[call-overload]
    if kind == "csv":
        return list(csv.reader(StringIO(content.decode("utf-8-sig"), newline="")))
    book = openpyxl.load_workbook(BytesIO(content))
    return [[cell or "" for cell in line] for line in book.active.iter_rows(values_only=True)]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_file_is_the_whole_list_in_its_order(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """More rows than a page has."""
    monkeypatch.setattr(lists, "PAGE", 2)
    titles = [
        an_item(title=title, call_number="F", author="Zoë Ærø").title for title in ("Holes", "Wonder", "Blueback")
    ]

    lines = _file(kind, "sort=-title")

    assert lines == [["Title", "Shelf", "Author"], *[[title, "F", "Zoë Ærø"] for title in sorted(titles, reverse=True)]]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_cell_is_a_formula(kind: str) -> None:
    """Titles come from files of other systems, and a spreadsheet would calculate them."""
    for number, title in enumerate(FORMULAS):
        an_item(title=title, call_number=str(number))

    _, *lines = _file(kind, "sort=shelf")

    assert [title.replace("\n", "\r") for title, *_ in lines] == [f"'{title}" for title in FORMULAS]


@pytest.mark.django_db
def test_what_looks_like_an_error_or_a_number_is_text_in_a_workbook() -> None:
    """A barcode keeps its zeros, and a title that is called #N/A is a title; control characters go."""
    an_item(title="#N/A", call_number="007", author="a\x0bb")

    _, line = _file("xlsx")

    assert line == ["#N/A", "007", "ab"]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_empty_list_is_a_file_of_headings(kind: str) -> None:
    """Nobody has borrowed anything yet."""
    assert _file(kind) == [["Title", "Shelf", "Author"]]


@pytest.mark.django_db
def test_without_asking_there_is_no_file() -> None:
    """The page is a page."""
    assert ITEMS.file(RequestFactory().get("/items/?as=pdf"), Item.objects.all()) is None


def test_days_and_truth_are_written_out() -> None:
    """2026-11-23 sorts in every spreadsheet, in every country."""

    assert [text(value) for value in (date(2026, 11, 23), True, False, None, timedelta(days=1))] == [
        "2026-11-23",
        "yes",
        "no",
        "",
        "1 day, 0:00:00",
    ]


class Classes(lists.Filter):
    group = lists.forms.ModelChoiceField(Group.objects.all())
    q = lists.forms.CharField(max_length=5)


@pytest.mark.django_db
def test_nonsense_in_a_filter_is_as_if_nothing_was_asked() -> None:
    """An old address names a group that is no more."""
    asked = Classes(QueryDict("group=77&q=too-long-for-it"))

    assert (asked.value("group"), asked.value("q"), asked.is_narrowed) == (None, None, False)


@pytest.mark.django_db
def test_a_select_is_written_as_django_writes_it() -> None:
    """With a choice, with signs of HTML, with nothing chosen; only quicker."""
    groups = [Group.objects.create(name=name) for name in ("7B", "<b>7C</b> & “d”")]

    class Ours(lists.Filter):
        group = lists.forms.ModelChoiceField(Group.objects.all(), required=False, empty_label="Every group")
        late = lists.forms.ChoiceField(required=False, choices=[("", "Late or not"), ("late", "Late")])

    class Djangos(lists.forms.Form):
        group, late = Ours.base_fields["group"], Ours.base_fields["late"]

    for query in ("", f"group={groups[1].pk}&late=late"):
        ours, djangos = Ours(QueryDict(query)), Djangos(QueryDict(query), auto_id="filter_%s")
        for field in djangos:
            field.field.widget.attrs["class"] = "form-select"
            assertHTMLEqual(str(ours[field.name]), str(field))


def test_ticks_are_numbers_and_nothing_else() -> None:
    """A form can be written by anybody."""
    assert lists.ticked(QueryDict("id=4&id=x&id=-1&id=5&id=٣")) == [4, 5]
