"""Django admin: settings can be changed, what is on record cannot."""

import pytest
from django.contrib.auth import get_user_model

from smtp_gateway import delivery
from smtp_gateway.models import DeliveryAttempt, Gateway, OutboundMessage
from tests.smtp_gateway.outgoing import FAST, SHORT, messages, states

pytestmark = pytest.mark.django_db(transaction=True)

MODELS = ["gateway", "outboundmessage", "deliveryattempt", "gatewayevent", "dailylog", "slot", "heartbeat"]


@pytest.fixture
def admin(client, gateway):
    client.force_login(get_user_model().objects.create_superuser("ana", "ana@banksia.example", "a long password"))
    return client


@pytest.mark.parametrize("model", MODELS)
def test_every_list_opens(admin, model):
    """And can be searched and filtered where that makes sense."""
    messages(3)
    delivery.check(pace=FAST, timeouts=SHORT)

    assert admin.get(f"/admin/smtp_gateway/{model}/").status_code == 200


@pytest.mark.parametrize(
    "model", ["outboundmessage", "deliveryattempt", "gatewayevent", "dailylog", "slot", "heartbeat"]
)
def test_what_is_on_record_cannot_be_added(admin, model):
    """Evidence is not typed in."""
    assert admin.get(f"/admin/smtp_gateway/{model}/add/").status_code == 403


def test_a_message_shows_its_attempts_and_not_its_text(admin):
    """The page of the message shows the text; here are the facts."""
    messages(1)
    delivery.check(pace=FAST, timeouts=SHORT)

    page = admin.get(f"/admin/smtp_gateway/outboundmessage/{OutboundMessage.objects.get().pk}/change/")

    assert page.status_code == 200
    assert "Please bring it back" not in page.content.decode()
    assert "taken" in page.content.decode()


def test_the_outbox_is_listed_without_counting_it(admin, django_assert_max_num_queries):
    """No statement counts all rows."""
    messages(5)

    with django_assert_max_num_queries(12) as queries:
        admin.get("/admin/smtp_gateway/outboundmessage/")

    counting = [query["sql"] for query in queries if "COUNT(" in query["sql"] and "LIMIT" not in query["sql"]]
    assert counting == []


def test_an_action_calls_the_verb(admin):
    """And says how many changed."""
    ids = messages(2)

    answer = admin.post(
        "/admin/smtp_gateway/outboundmessage/", {"action": "hold", "_selected_action": ids}, follow=True
    )

    assert states() == {"reader0": "held", "reader1": "held"}
    assert "2 messages changed." in answer.content.decode()


def settings(**changes):
    row = {field: getattr(Gateway.the(), field) for field in (
        "host", "port", "security", "ehlo_name", "username", "from_address", "from_name", "reply_to",
        "minutes_between_checks", "messages_each_check", "connections", "test_to", "daily_log_at", "keep_text_days",
        "start_mode",
    )}  # fmt: skip
    return {**row, "new_password": "", **changes}


def test_the_password_is_written_and_never_shown(admin):
    """An empty field keeps it."""
    login = {"username": "library", "security": "tls"}
    admin.post("/admin/smtp_gateway/gateway/1/change/", settings(new_password="sesame", **login))
    admin.post("/admin/smtp_gateway/gateway/1/change/", settings(messages_each_check=20))

    page = admin.get("/admin/smtp_gateway/gateway/1/change/").content.decode()
    assert (Gateway.the().password(), Gateway.the().messages_each_check) == ("sesame", 20)
    assert ("sesame" in page, Gateway.the().password_encrypted in page) == (False, False)


def test_saving_settings_leaves_the_state_to_the_gateway(admin):
    """A form that was open for an hour must not bring back what the gateway was an hour ago."""
    Gateway.objects.update(state="stopped", stop_cause="settings")

    admin.post("/admin/smtp_gateway/gateway/1/change/", settings(host="mail.banksia.example"))

    assert (Gateway.the().host, Gateway.the().state) == ("mail.banksia.example", "on")
    assert DeliveryAttempt.objects.count() == 0
