"""What the gateway did, and its daily logs as they were and as the next one will be."""

from datetime import date, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from library.access import Role
from smtp_gateway import daily_log
from smtp_gateway.models import DailyLog, GatewayEvent
from tests.smtp_gateway.outgoing import a_gateway, messages

pytestmark = pytest.mark.django_db

Action = GatewayEvent.Action


@pytest.fixture
def librarian(client: Client, people: dict[Role, User]) -> Client:
    a_gateway(port=25)
    client.force_login(people[Role.LIBRARIAN])
    return client


def test_every_action_stands_in_the_log_with_the_servers_words(librarian: Client) -> None:
    """The newest first; what the server said cannot become markup."""
    GatewayEvent.objects.create(action=Action.STOPPED, sentence="Stopped.", by="helen")
    GatewayEvent.objects.create(action=Action.UNREACHABLE, sentence="No server.", words="554 <b>go</b> away")

    page = librarian.get(reverse("gateway-log"))

    assert _sentences(page) == ["No server.", "Stopped."]
    assert "554 &lt;b&gt;go&lt;/b&gt; away" in page.content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"action": "stopped"}, ["Stopped."]),
        ({"who": "people"}, ["Stopped.", "Settings saved."]),
        ({"who": "gateway"}, ["8 sent"]),
        ({"day": "2026-11-23"}, ["Settings saved."]),
        ({"action": "nonsense", "day": "yesterday"}, ["Stopped.", "8 sent", "Settings saved."]),
    ],
)
def test_the_log_is_filtered(librarian: Client, query: dict[str, str], found: list[str]) -> None:
    """By what, by whom and by day; nonsense in an address is ignored."""
    monday = timezone.make_aware(datetime(2026, 11, 23, 9, 30))
    GatewayEvent.objects.create(action=Action.SAVED, sentence="Settings saved.", by="helen", at=monday)
    GatewayEvent.objects.create(action=Action.BATCH, sentence="8 sent", at=monday + timedelta(days=1))
    GatewayEvent.objects.create(action=Action.STOPPED, sentence="Stopped.", by="helen", at=monday + timedelta(days=1))

    page = librarian.get(reverse("gateway-log"), query)

    assert _sentences(page) == found


def test_the_log_is_leafed_by_key(librarian: Client) -> None:
    """Fifty on a page; nothing is skipped and nothing shown twice."""
    GatewayEvent.objects.bulk_create([GatewayEvent(action=Action.BATCH, sentence=f"Check {n}") for n in range(120)])

    pages, older = [], 0
    while older is not None:
        page = librarian.get(reverse("gateway-log"), {"before": older} if older else {})
        pages.append(_sentences(page))
        older = page.context["older"]

    assert [len(page) for page in pages] == [50, 50, 20]
    assert [sentence for page in pages for sentence in page] == [f"Check {n}" for n in reversed(range(120))]


def test_the_log_to_come_is_the_log_that_is_sent(librarian: Client) -> None:
    """Made by the same code: what stands on the page is what lies in the outbox a moment later."""
    messages(3)
    preview = librarian.get(reverse("daily-log-next")).context["shown"]
    frame = librarian.get(reverse("daily-log-next-html"))

    sent = daily_log.send_if_due(at=_after_its_time())

    assert sent is not None
    assert (preview.subject, preview.attention) == (sent.subject, sent.attention)
    assert "Still waiting: 3" in preview.text
    assert "Still waiting: 3" in frame.content.decode()
    assert "default-src 'none'" in frame["Content-Security-Policy"]


def test_a_log_is_shown_as_it_was(librarian: Client) -> None:
    """One page a day, with its message; the text as a text, the HTML under a policy of its own."""
    log = _a_log(date(2026, 11, 20), text="All is well.\n<b>not markup</b>", html="<p>All is well.</p>")

    newest = librarian.get(reverse("daily-log"))
    text = librarian.get(reverse("daily-log-of", args=[log.day]), {"as": "text"})
    html = librarian.get(reverse("daily-log-html", args=[log.day]))

    assert newest.context["shown"].day == log.day
    assert "&lt;b&gt;not markup&lt;/b&gt;" in text.content.decode()
    assert html.content == b"<p>All is well.</p>"
    assert "sandbox" in html["Content-Security-Policy"]


def test_a_day_without_a_log_says_why(librarian: Client) -> None:
    """The gateway was started after that day's time."""
    reason = "The gateway was started after today's time; the first log comes tomorrow."
    log = _a_log(date(2026, 11, 20), subject="", text="", html="", reason=reason)

    page = librarian.get(reverse("daily-log-of", args=[log.day]))

    assert reason.replace("'", "&#x27;") in page.content.decode()
    assert librarian.get(reverse("daily-log-html", args=[log.day])).status_code == 404


def test_a_library_without_a_log_sees_the_first_one(librarian: Client) -> None:
    """Before the first morning."""
    _a_log(date(2026, 11, 20), subject="", text="", html="", reason="Started after its time.")

    page = librarian.get(reverse("daily-log"))

    assert page.context["shown"].day is None
    assert "As it would be now." in page.content.decode()


def test_days_are_leafed_by_key(librarian: Client) -> None:
    """Thirty on a page."""
    first = date(2026, 9, 1)
    for back in range(45):
        _a_log(first + timedelta(days=back))

    newest = librarian.get(reverse("daily-log"))
    older = librarian.get(reverse("daily-log"), {"before": newest.context["older"]})

    assert [len(page.context["days"]) for page in (newest, older)] == [30, 15]
    assert older.context["days"][-1].day == first


@pytest.mark.parametrize("address", ["/daily-log/2026-13-45/", "/daily-log/2019-01-01/", "/daily-log/2026-13-45/html/"])
def test_a_day_that_is_not_there_is_not_found(librarian: Client, address: str) -> None:
    """No server error for a date that no calendar has."""
    assert librarian.get(address).status_code == 404


def _a_log(day: date, **fields: object) -> DailyLog:
    noon = timezone.make_aware(datetime(day.year, day.month, day.day, 7))
    written = {"subject": f"Library mail, {day}: all well", "text": "All is well.", "html": "<p>All is well.</p>"}
    return DailyLog.objects.create(
        day=day, covers_from=noon - timedelta(days=1), covers_to=noon, **{**written, **fields}
    )


def _after_its_time() -> datetime:
    return timezone.localtime().replace(hour=23, minute=59)


def _sentences(page) -> list[str]:  # type: ignore[no-untyped-def]
    return [event.sentence for event, _ in page.context["events"]]
