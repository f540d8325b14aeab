"""What a server repeats, and what is typed into the settings: no password in words, no address without envelope."""

import base64

import pytest

from smtp_gateway import conversation
from smtp_gateway.forms import SettingsForm
from smtp_gateway.models import Gateway

pytestmark = pytest.mark.django_db


def test_the_long_way_round_of_a_password_is_blotted_out() -> None:
    """A server that answers AUTH with 334 and what it was sent: no challenge was asked for, so nothing is."""
    talk = conversation.Conversation(
        conversation.Server(host="x", port=1, username="user", password="geheim-77", may_send_password_in_clear=True),
        timeouts=conversation.Timeouts(),
    )
    talk.extensions = {"AUTH": "PLAIN"}
    talk._write = lambda octets: None  # type: ignore[method-assign]
    secret = base64.b64encode(b"\0user\0geheim-77")
    talk._unread = b"334 " + secret + b"\r\n"

    with pytest.raises(conversation.OpeningError) as broken:
        talk._login()

    assert secret.decode() not in broken.value.verdict.words


@pytest.mark.parametrize("address", ["library@[192.168.1.5]", '"a>"@school.example'])
@pytest.mark.parametrize("field", ["from_address", "reply_to", "test_to"])
def test_an_address_that_can_stand_in_no_envelope_is_refused_where_it_is_typed(field: str, address: str) -> None:
    form = SettingsForm({"host": "mail.example", "port": 25, field: address}, instance=Gateway.the())
    assert field in form.errors
