"""A wrong title is mended while letters that name the thing wait: they go out with the right one (product.md, N6)."""

from datetime import date, timedelta

import pytest

from circulation import things
from circulation.models import Item
from notices import compose, scan
from smtp_gateway.models import OutboundMessage
from tests.builders import a_collection, a_loan, an_item
from tests.notices.builders import a_gateway_with_an_address, a_schedule, wording
from tests.notices.test_letters_are_written import text_of

pytestmark = pytest.mark.django_db

WAITING = OutboundMessage.State.WAITING


@pytest.fixture
def item(today: date) -> Item:
    """*Hoels* is late, and its letter waits."""
    a_gateway_with_an_address()
    wording(1, body="{{ books }}")
    a_schedule(1)
    item = an_item(title="Hoels")
    a_loan(due=today - timedelta(days=1), item=item)
    scan.run(on=today)
    compose.write_planned(on=today)
    return item


def test_the_letter_is_written_again(item: Item, today: date) -> None:
    """The first message is cancelled; the second has the right title."""
    item.title = "Holes"
    things.save_item(item, changed=["title"])
    compose.write_planned(on=today)

    cancelled, waiting = OutboundMessage.objects.order_by("pk")
    assert (cancelled.state, cancelled.reason) == ("cancelled", "Item changed, before it was sent.")
    assert (waiting.state, "Holes" in text_of(waiting), "Hoels" in text_of(waiting)) == (WAITING, True, False)


def test_another_collection_changes_no_letter(item: Item, today: date) -> None:
    """Letters do not name it."""
    item.collection = a_collection()
    things.save_item(item, changed=["collection"])
    compose.write_planned(on=today)

    assert list(OutboundMessage.objects.values_list("state", flat=True)) == [WAITING]
