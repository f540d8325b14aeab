"""What may be put into an envelope."""

import pytest

from smtp_gateway import addresses
from smtp_gateway.errors import OutboxError


@pytest.mark.parametrize(
    "address",
    [
        "mia@families.example",
        "mia.chen+library@families.example",
        "o'brien@x.example",
        "mia@localhost",
        "zoë@families.example",
        "mia@bücherei.example",
        "a@" + "b" * 63 + ".example",
    ],
)
def test_addresses_that_may_be_queued(address):
    """Whether somebody reads them is for the server to say."""
    assert addresses.checked(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "mia",
        "@families.example",
        "mia@",
        "mia chen@families.example",
        "mia@families.example\r\nRCPT TO:<all@families.example>",
        "mia@families.example\n",
        "mia@families.example ",
        "<mia@families.example>",
        "mia@families..example",
        ".mia@families.example",
        "mia.@families.example",
        "mi..a@families.example",
        "mia@-families.example",
        "mia@families.example> SIZE=1",
        "mia\x00@families.example",
        "mia\u2028@families.example",
        "mia\u202e@families.example",
        "mia@fam\ud800ilies.example",
        '"mia chen"@families.example',
        "a,b@families.example",
        "a" * 65 + "@families.example",
        "mia@" + "b" * 64 + ".example",
        "mia@" + ".".join(["b" * 60] * 5),
        "mia@[127.0.0.1]",
        "mia(at)families.example",
    ],
)
def test_addresses_that_are_refused(address):
    """With a sentence that does not repeat them: it may be logged."""
    with pytest.raises(OutboxError) as refusal:
        addresses.checked(address)

    assert not address or address not in str(refusal.value)


def test_a_domain_in_another_script_travels_as_punycode():
    """RFC 5891; the local part stays, and needs SMTPUTF8 if it is not ASCII."""
    assert addresses.for_envelope("mia@bücherei.example") == "mia@xn--bcherei-n2a.example"
    assert addresses.needs_smtputf8("mia@bücherei.example") is False
    assert addresses.needs_smtputf8("zoë@families.example") is True
