"""A file of items: what is new on the shelves, and what changed."""

from decimal import Decimal

import pytest

from circulation.models import Collection, Item
from tests.builders import a_collection, an_item
from tests.circulation.conftest import bring_in, figures, refusal_of, sample

pytestmark = pytest.mark.django_db

HEADER = "barcode,title,author,itemcallnumber,itype,replacementprice\n"


def test_koha_items_become_items_in_collections() -> None:
    """1,800 things in three collections; a second time nothing changes."""
    first, second = bring_in("items", sample("koha-items.csv")), bring_in("items", sample("koha-items.csv"))

    salt = Item.objects.get(barcode="3000000002")
    assert (figures(first), figures(second)) == ((1800, 1800, 0, 0, 0), (1800, 0, 0, 1800, 0))
    assert (salt.title, salt.author, salt.call_number) == ("三体", "刘慈欣", "895.13 LIU")
    assert (salt.replacement_cost, salt.collection) == (Decimal("56.04"), Collection.objects.get(code="BK"))
    assert sorted(Collection.objects.values_list("name", flat=True)) == ["BK", "DVD", "REF"]


def test_a_collection_is_found_by_the_code_of_the_other_system() -> None:
    """BK was named Fiction by hand; no second one is made."""
    fiction = a_collection(name="Fiction", code="BK")

    bring_in("items", HEADER + "3001,Holes,Louis Sachar,813.54 SAC,bk,11.55\n")

    assert Item.objects.get().collection == fiction
    assert Collection.objects.count() == 1


def test_an_empty_cell_empties_and_an_absent_column_leaves() -> None:
    """The price is gone; the call number was never spoken of."""
    holes = an_item(barcode="3001", title="Holes", call_number="813.54 SAC", replacement_cost=Decimal("11.55"))

    plan = bring_in("items", "barcode,title,replacementprice\n3001,Holes,\n")

    holes.refresh_from_db()
    assert figures(plan) == (1, 0, 1, 0, 0)
    assert (holes.replacement_cost, holes.call_number) == (None, "813.54 SAC")


def test_money_is_read_as_people_write_it() -> None:
    """With a sign, with a comma, with thousands."""
    rows = ["3001,A,,,,$11.55", '3002,B,,,,"11,55"', '3003,C,,,,"1,234.50"', "3004,D,,,,12 AUD", "3005,E,,,,"]

    bring_in("items", HEADER + "\n".join(rows) + "\n")

    assert list(Item.objects.order_by("barcode").values_list("replacement_cost", flat=True)) == [
        Decimal("11.55"),
        Decimal("11.55"),
        Decimal("1234.50"),
        Decimal("12.00"),
        None,
    ]


def test_titles_of_any_kind_are_text() -> None:
    """Quotes, angle brackets, and a title that begins like a formula, as some do."""
    bring_in("items", HEADER + '3001,"=One, ""Two"" & <Three>",,,,\n')

    assert Item.objects.get().title == '=One, "Two" & <Three>'


def test_rows_that_cannot_be_items_are_refused() -> None:
    """Each with its reason; nothing is applied."""
    refusal = refusal_of(
        "items", HEADER + "3001,Holes,,,,\n,Holes,,,,\n3002,,,,,\n3001,Blueback,,,,\n3003,Storm Boy,,,,much\n"
    )

    assert refusal.plan is not None
    assert [str(one) for one in refusal.plan.refused] == [
        "Line 3, barcode: There is no barcode, so nothing can be found by it.",
        "Line 4, title: There is no title.",
        "Line 5, barcode: Line 2 has the same barcode, for Holes. Both cannot have it.",
        "Line 6, replacementprice: “much” is not an amount of money.",
    ]
    assert Item.objects.count() == 0
