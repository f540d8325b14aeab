"""The outbox page: its numbers, its filters, its pages, and what can be done to ticked messages (product.md, G4)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from smtp_gateway.models import OutboundMessage
from smtp_gateway.views.listing import PAGE, TABS
from tests.pages.sample import Sample, a_message

State = OutboundMessage.State


def _listed(page: object) -> list[int]:
    return [message.pk for message, _ in page.context["rows"]]  # type: ignore[attr-defined]


def _to_the_end(client: Client, **asked: str) -> list[int]:
    """What all pages list, one after the other."""
    seen, after = [], ""
    while True:
        page = client.get("/outbox/", {**asked, "after": after})
        seen += _listed(page)
        after = page.context["older"]
        if not after:
            return seen


@pytest.mark.parametrize("query", ["", "&q=okafor", "&q=letter-bad", "&kind=notice", "&kind=test"])
def test_every_tab_lists_as_many_as_its_number_says(librarian: Client, sample: Sample, query: str) -> None:
    """Somebody counts the rows behind a number."""
    numbers = {tab.key: tab.number for tab in librarian.get(f"/outbox/?{query}").context["tabs"]}

    listed = {tab: len(_listed(librarian.get(f"/outbox/?tab={tab}{query}"))) for tab in TABS if tab != "all"}

    assert listed == {tab: number for tab, number in numbers.items() if tab != "all"}


def test_what_needs_a_person_comes_first(librarian: Client, sample: Sample) -> None:
    """Those that need somebody, then what is on its way, then what has ended."""
    page = librarian.get("/outbox/")

    states = [message.state for message, _ in page.context["rows"]]

    assert states[:5] == [State.BAD, State.UNCERTAIN, State.HELD, State.SENDING, State.WAITING]
    assert set(states[5:]) == {State.SENT, State.CANCELLED}


def test_a_message_is_found_by_address_name_and_subject(librarian: Client, sample: Sample) -> None:
    """A parent telephones; capitals do not matter."""
    wanted = a_message(key="aroha", name="Aroha Ngata", subject="A library book is due on Thursday")

    found = [
        _listed(librarian.get("/outbox/", {"tab": "all", "q": words})) for words in ("AROHA@home", "ngata", "Thursd")
    ]

    assert found == [[wanted.pk]] * 3


def test_a_day_shows_what_was_queued_or_ended_then(librarian: Client, sample: Sample) -> None:
    """Yesterday has what was queued yesterday, and not what is merely open."""
    yesterday = timezone.now() - timedelta(days=1)
    old = sample.messages[State.CANCELLED]
    OutboundMessage.objects.filter(pk=old.pk).update(created_at=yesterday, finished_at=yesterday)

    page = librarian.get("/outbox/", {"day": timezone.localtime(yesterday).date().isoformat()})

    assert _listed(page) == [old.pk]


@pytest.mark.parametrize("tab", ["today", "waiting", "all"])
def test_older_pages_miss_nothing_and_repeat_nothing(librarian: Client, sample: Sample, tab: str) -> None:
    """A long list is leafed through to its end."""
    for number in range(PAGE + 7):
        a_message(key=f"more-{number}")
    whole = OutboundMessage.objects.waiting() if tab == "waiting" else OutboundMessage.objects.all()

    seen = _to_the_end(librarian, tab=tab)

    assert sorted(seen) == sorted(whole.values_list("pk", flat=True))


def test_a_day_that_was_asked_for_has_the_order_of_today(librarian: Client, sample: Sample) -> None:
    """All was queued today: page by page, both are one list."""
    for number in range(PAGE + 7):
        a_message(key=f"more-{number}")

    of_the_day = _to_the_end(librarian, day=timezone.localdate().isoformat())

    assert of_the_day == _to_the_end(librarian)
    assert len(of_the_day) == len(sample.messages) + PAGE + 7


def test_the_list_asks_as_often_for_many_as_for_few(
    librarian: Client, sample: Sample, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """No query for each row."""
    with CaptureQueriesContext(connection) as for_few:
        librarian.get("/outbox/")
    for number in range(20):
        a_message(key=f"more-{number}")

    with django_assert_max_num_queries(len(for_few)):
        page = librarian.get("/outbox/")

    assert len(_listed(page)) == len(sample.messages) + 20


def test_ticked_messages_are_held_and_let_go(librarian: Client, sample: Sample) -> None:
    """One of the two was sent meanwhile, and the answer says so."""
    waiting, sent = sample.messages[State.WAITING], sample.messages[State.SENT]

    page = librarian.post("/outbox/do/", {"verb": "hold", "id": [waiting.pk, sent.pk]}, follow=True)

    waiting.refresh_from_db()
    assert waiting.state == State.HELD
    assert [str(told) for told in page.context["messages"]] == [
        "1 message is held until you let it go.",
        "1 of the 2 was left alone: it moved on meanwhile, or what it says is no longer so.",
    ]


@pytest.mark.parametrize(
    ("verb", "state", "button", "after"),
    [
        ("cancel", State.WAITING, "Cancel 1 message", State.CANCELLED),
        ("resend", State.UNCERTAIN, "Send once more 1 message", State.WAITING),
        ("close", State.BAD, "Close 1 message", State.CANCELLED),
    ],
)
def test_what_cannot_be_undone_asks_first(
    librarian: Client, sample: Sample, verb: str, state: State, button: str, after: State
) -> None:
    """The question names the number, and its button repeats the verb."""
    message = sample.messages[state]

    asked = librarian.post("/outbox/do/", {"verb": verb, "id": message.pk})
    before = OutboundMessage.objects.get(pk=message.pk).state
    librarian.post("/outbox/do/", {"verb": verb, "id": message.pk, "sure": "1"})

    assert asked.context["button"] == button
    assert (before, OutboundMessage.objects.get(pk=message.pk).state) == (state, after)


def test_nothing_leads_away_from_the_site(librarian: Client, sample: Sample) -> None:
    """An address of somebody else in the form is not followed."""
    message = sample.messages[State.WAITING]

    answer = librarian.post("/outbox/do/", {"verb": "hold", "id": message.pk, "next": "https://elsewhere.example/"})

    assert answer["Location"] == "/outbox/"


def test_nonsense_in_the_address_is_ignored(librarian: Client, sample: Sample) -> None:
    """Somebody edits the address by hand."""
    page = librarian.get("/outbox/?tab=nonsense&day=yesterday&kind=pigeon&after=x-y")

    assert page.status_code == 200
    assert len(_listed(page)) == len(sample.messages)
