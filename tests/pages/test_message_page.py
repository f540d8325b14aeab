"""One message: what is shown of it, and how its HTML is kept from doing anything (architecture.md, Rendering)."""

import pytest
from django.test import Client

from smtp_gateway import outbox
from smtp_gateway.models import OutboundMessage
from tests.pages.sample import Sample

State = OutboundMessage.State


def test_the_servers_words_stand_whole_and_escaped(librarian: Client, sample: Sample) -> None:
    """A mail server that speaks HTML writes nothing into our page."""
    page = librarian.get(f"/outbox/{sample.messages[State.BAD].pk}/").content.decode()

    assert "550 5.1.1 &lt;b&gt;User unknown&lt;/b&gt; in virtual table" in page
    assert "<b>User unknown" not in page


def test_the_html_has_its_own_policy_and_a_frame_of_ours_only(librarian: Client, sample: Sample) -> None:
    """Its inline styles work; scripts, pictures from elsewhere and other people's frames do not."""
    answer = librarian.get(f"/outbox/{sample.messages[State.SENT].pk}/html/")

    assert answer["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'"
    )
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert '<p style="color:#222">Dear Ngozi Okafor,</p>' in answer.content.decode()


def test_the_page_itself_keeps_the_strict_policy(librarian: Client, sample: Sample) -> None:
    """Nothing on our own pages may run or be styled inline."""
    answer = librarian.get(f"/outbox/{sample.messages[State.SENT].pk}/?as=html")

    policy = dict(rule.strip().split(" ", 1) for rule in answer["Content-Security-Policy"].split(";") if rule.strip())
    asked = {name: policy[name] for name in ("default-src", "script-src", "style-src", "img-src")}
    assert asked == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
    }


def test_the_download_is_the_message_byte_for_byte(librarian: Client, sample: Sample) -> None:
    """IT wants to see what went over the wire."""
    message = sample.messages[State.SENT]

    answer = librarian.get(f"/outbox/{message.pk}/message.eml")

    assert answer.content == bytes(message.content)
    assert answer["Content-Type"] == "message/rfc822"
    assert answer["Content-Disposition"] == f'attachment; filename="message-{message.pk}.eml"'


def test_a_text_that_is_no_longer_kept_is_a_sentence(librarian: Client, sample: Sample) -> None:
    """Its keeping time is over; the row stays."""
    message = sample.messages[State.SENT]
    outbox.blank([message.pk])

    page = librarian.get(f"/outbox/{message.pk}/")

    assert "The text is no longer kept." in page.content.decode()
    assert librarian.get(f"/outbox/{message.pk}/message.eml").status_code == 404
    assert librarian.get(f"/outbox/{message.pk}/html/").status_code == 404


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        (State.WAITING, ["send-next", "hold", "cancel"]),
        (State.SENDING, []),
        (State.SENT, []),
        (State.BAD, ["try-again", "close"]),
        (State.UNCERTAIN, ["count-as-sent", "resend"]),
        (State.HELD, ["release", "cancel"]),
        (State.CANCELLED, []),
    ],
)
def test_a_state_offers_what_can_be_done_in_it(
    librarian: Client, sample: Sample, state: State, verbs: list[str]
) -> None:
    """What is being sent is never touched."""
    page = librarian.get(f"/outbox/{sample.messages[state].pk}/")

    assert [verb.key for verb in page.context["verbs"]] == verbs
