"""A partner library gets another address, or wants no letters by themselves: what waits follows at once."""

from datetime import date, timedelta

import pytest

from circulation import people
from circulation.models import Loan, PartnerLibrary
from notices import compose
from notices.models import Letter, Step
from smtp_gateway.models import OutboundMessage
from tests.builders import a_loan, a_partner
from tests.notices.builders import a_gateway_with_an_address, a_schedule, by_the_clock, wording

pytestmark = pytest.mark.django_db

State = OutboundMessage.State


@pytest.fixture
def karri(today: date) -> PartnerLibrary:
    """Karri has a book of ours that was due yesterday; the morning's letter about it waits."""
    a_gateway_with_an_address()
    wording(1, service=Loan.Service.ILL_LENDING, audiences=["partner"])
    a_schedule(1, who=Step.Who.PARTNER, service=Loan.Service.ILL_LENDING, goes_by_itself=True)
    partner = a_partner(email="old@karri.example")
    a_loan(due=today - timedelta(days=1), partner=partner)
    by_the_clock(today)
    compose.write_planned(on=today)
    return partner


def outbox() -> list[tuple[str, str]]:
    return list(OutboundMessage.objects.order_by("pk").values_list("to", "state"))


def test_a_new_address_gets_the_letter(karri: PartnerLibrary, today: date) -> None:
    """The message to the old one is taken out."""
    karri.email = "new@karri.example"

    people.save_partner(karri, changed=["email"])
    compose.write_planned(on=today)

    assert outbox() == [("old@karri.example", State.CANCELLED), ("new@karri.example", State.WAITING)]


def test_letters_by_themselves_switched_off(karri: PartnerLibrary, today: date) -> None:
    """Nothing goes to it any more."""
    karri.auto_send = False

    people.save_partner(karri, changed=["auto_send"])
    compose.write_planned(on=today)

    assert outbox() == [("old@karri.example", State.CANCELLED)]
    assert Letter.objects.get().state == Letter.State.TAKEN_BACK
