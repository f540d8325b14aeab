"""Things: the list, one of them with its loans, and the form (product.md, C1)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from circulation.models import Item
from tests.builders import a_collection, a_group, a_loan, a_partner, a_patron, an_item


def _listed(page: object) -> list[str]:
    return [item.title for item in page.context["list"].things]  # type: ignore[attr-defined]


def _lede(page: object) -> str:
    html = page.content.decode()  # type: ignore[attr-defined]
    return " ".join(html.partition('<p class="lede">')[2].partition("</p>")[0].split())


def test_a_thing_is_found_by_title_author_barcode_and_shelf(librarian: Client) -> None:
    """The beginning of each word is enough, and accents do not matter."""
    an_item(title="Storm Boy", author="Colin Thiele", barcode="3000001204", call_number="A823.3 THI")
    an_item(title="Holes", author="Louis Sachar", barcode="3000001999", call_number="F SAC")

    found = [_listed(librarian.get("/items/", {"q": words})) for words in ("storm b", "thiel", "3000001204", "thi")]

    assert found == [["Storm Boy"]] * 4


def test_filters_narrow_together(librarian: Client) -> None:
    """Fiction of ours that is out."""
    fiction, partner = a_collection(name="Fiction"), a_partner()
    out, _inside, theirs = (
        an_item(title="Holes", collection=fiction),
        an_item(title="Wonder", collection=fiction),
        an_item(title="Blueback", collection=fiction, owner=partner),
    )
    a_loan(due=timezone.localdate(), item=out)
    a_loan(due=timezone.localdate(), item=theirs, service="ill_borrowing")

    asked = {"collection": fiction.pk, "owner": "ours", "where": "out"}
    found = _listed(librarian.get("/items/", asked)), _listed(librarian.get("/items/", {**asked, "where": "in"}))

    assert found == (["Holes"], ["Wonder"])


def test_a_page_says_where_the_thing_is(librarian: Client) -> None:
    """In the library, with somebody, or with somebody for too long."""
    today = timezone.localdate()
    inside = an_item(title="Wonder", call_number="F PAL")
    late = a_loan(
        due=today - timedelta(days=3),
        lent=today - timedelta(days=10),
        patron=a_patron(first_name="Mia", last_name="Chen", group=a_group(name="7B")),
    )

    ledes = [_lede(librarian.get(reverse("item", args=[pk]))) for pk in (inside.pk, late.item_id)]

    assert ledes[0] == "It is in the library at F PAL: nobody has it."
    assert ledes[1].startswith("Mia Chen, 7B, has it since ")
    assert ledes[1].endswith(". It is 3 days late.")


def test_its_loans_are_its_history(librarian: Client) -> None:
    """The newest first; those of others are not among them."""
    today = timezone.localdate()
    item = an_item()
    old = a_loan(due=today - timedelta(days=90), item=item, returned=today - timedelta(days=95))
    new = a_loan(due=today + timedelta(days=9), item=item)
    a_loan(due=today)

    page = librarian.get(reverse("item", args=[item.pk]))

    assert [loan for loan, _ in page.context["loans"]] == [new, old]


def test_a_thing_is_added(librarian: Client) -> None:
    """Cost with or without its sign; what is empty stays empty."""
    given = {"barcode": "3000009", "title": "=Holes", "author": " Louis  Sachar ", "replacement_cost": "$12.5"}

    answer = librarian.post("/items/new/", given)

    item = Item.objects.get(barcode="3000009")
    assert answer.url == reverse("item", args=[item.pk])  # type: ignore[attr-defined]
    assert (item.title, item.author, str(item.replacement_cost), item.call_number, item.owner) == (
        "=Holes",
        "Louis Sachar",
        "12.50",
        "",
        None,
    )


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"barcode": ""}, "barcode", "Scan or type its barcode: nothing can be found without one."),
        ({"barcode": "3000001"}, "barcode", "3000001 is the barcode of Storm Boy. Two things cannot share one."),
        ({"title": " "}, "title", "Type a title."),
        ({"title": "a\nb"}, "title", "The title holds a line break. It has to stand on one line."),
        ({"replacement_cost": "a lot"}, "replacement_cost", "“a lot” is not an amount of money."),
        ({"replacement_cost": "-2"}, "replacement_cost", "“-2” is not a likely cost."),
    ],
)
def test_what_cannot_be_is_said_under_its_field(
    librarian: Client, wrong: dict[str, str], field: str, sentence: str
) -> None:
    """Nothing is saved, and what was typed stays."""
    an_item(title="Storm Boy", barcode="3000001")

    page = librarian.post("/items/new/", {"barcode": "3000009", "title": "Holes", **wrong})

    assert page.context["form"].errors == {field: [sentence]}
    assert Item.objects.count() == 1


def test_whose_it_is_does_not_change_while_it_is_out(librarian: Client) -> None:
    """The owner decides the service of the loan."""
    partner, loan = a_partner(), a_loan(due=timezone.localdate())
    given = {"barcode": loan.item.barcode, "title": "Holes", "owner": partner.pk}

    page = librarian.post(reverse("item-edit", args=[loan.item_id]), given)

    assert page.context["form"].errors == {"owner": ["It is on loan. Say whose it is when it has come back."]}


def test_the_form_shows_what_is_on_file(librarian: Client) -> None:
    """Saving it untouched changes nothing."""
    an_item(title="Holes", replacement_cost="12.50", collection=a_collection())
    item, *_ = before = list(Item.objects.values())
    form = librarian.get(reverse("item-edit", args=[item["id"]])).context["form"]
    shown = {name: form[name].value() or "" for name in form.fields}

    librarian.post(reverse("item-edit", args=[item["id"]]), shown)

    assert list(Item.objects.values()) == before
