"""A letter whose email could not be sent is written again to the address that its reader has now (gateway.md)."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from circulation.models import Loan, Patron
from library.access import Role
from notices import again, compose, scan
from notices.models import Letter, Step
from smtp_gateway.models import OutboundMessage
from tests.builders import a_loan, a_patron
from tests.notices.builders import a_gateway_with_an_address, a_schedule, wording
from tests.pages.conftest import people as staff  # noqa: F401

pytestmark = pytest.mark.django_db

State = OutboundMessage.State
OLD, NEW = "mia@old.example", "mia@new.example"


def a_bad_letter(today: date, *, how: Step.How = Step.How.EMAIL_OR_PAPER) -> Letter:
    """Mia was written to about yesterday's book, and her mailbox is no more."""
    a_gateway_with_an_address()
    a_schedule(1, how=how)
    wording(1)
    a_loan(due=today - timedelta(days=1), patron=a_patron(first_name="Mia", last_name="Chen", email=OLD))
    scan.run(on=today)
    compose.write_planned(on=today)
    OutboundMessage.objects.update(state=State.BAD, finished_at=timezone.now(), reason="No such mailbox.")
    return Letter.objects.get()


def moves(letter: Letter, email: str) -> None:
    assert letter.patron is not None
    Patron.objects.filter(pk=letter.patron.pk).update(email=email)


def messages() -> list[tuple[str, str, str]]:
    rows = OutboundMessage.objects.order_by("pk")
    return [(message.to, message.state, message.dedup_key.partition(":")[2]) for message in rows]


def test_it_goes_to_the_new_address_as_a_new_message(today: date) -> None:
    """The old message is closed and says where the letter went; the next look writes the new one."""
    letter = a_bad_letter(today)
    moves(letter, NEW)

    again.write(letter.message_id or 0, on=today, by="ana")
    compose.write_planned(on=today)

    assert messages() == [(OLD, State.CANCELLED, f"{letter.pk}:0"), (NEW, State.WAITING, f"{letter.pk}:1")]
    old, new = OutboundMessage.objects.order_by("pk")
    assert old.reason == "It could not be sent, and ana had it written again, to mia@new.example."
    letter.refresh_from_db()
    assert (letter.to, letter.revision, letter.message) == (NEW, 1, new)


def test_on_paper_where_no_address_is_left(today: date) -> None:
    """The step may go on paper, and Mia has no address any more."""
    letter = a_bad_letter(today)
    moves(letter, "")

    again.write(letter.message_id or 0, on=today, by="ana")
    compose.write_planned(on=today)

    letter.refresh_from_db()
    assert (letter.channel, letter.state) == ("paper", Letter.State.TO_PRINT)
    assert messages() == [(OLD, State.CANCELLED, f"{letter.pk}:0")]


@pytest.mark.parametrize("email", [OLD, OLD.upper()])
def test_the_same_address_is_put_right_first(today: date, email: str) -> None:
    """Else it would fail again."""
    letter = a_bad_letter(today)
    moves(letter, email)

    with pytest.raises(again.AgainError) as refusal:
        again.write(letter.message_id or 0, on=today, by="ana")

    assert str(refusal.value) == f"{letter.patron} still has the address {OLD}. Put it right, then write again."
    assert messages() == [(OLD, State.BAD, f"{letter.pk}:0")]


def test_a_book_that_came_back_meanwhile_is_not_written_about(today: date) -> None:
    """Nothing is left to say: the message stays as it is, for somebody to close."""
    letter = a_bad_letter(today)
    moves(letter, NEW)
    Loan.objects.update(returned_on=today)

    with pytest.raises(again.AgainError) as refusal:
        again.write(letter.message_id or 0, on=today, by="ana")

    letter.refresh_from_db()
    assert str(refusal.value) == "Nothing in this letter is still to be said. Close it."
    assert (letter.state, letter.revision, letter.to) == (Letter.State.QUEUED, 0, OLD)
    assert messages() == [(OLD, State.BAD, f"{letter.pk}:0")]


def test_a_step_by_email_alone_is_not_said_on_paper(today: date) -> None:
    """Mia has no address any more, and this step has no other way."""
    letter = a_bad_letter(today, how=Step.How.EMAIL_ONLY)
    moves(letter, "")

    with pytest.raises(again.AgainError) as refusal:
        again.write(letter.message_id or 0, on=today, by="ana")

    assert str(refusal.value) == "Nothing in this letter is still to be said. Close it."


@pytest.mark.parametrize("state", [State.WAITING, State.CANCELLED, State.HELD])
def test_only_what_could_not_be_sent_is_written_again(today: date, state: State) -> None:
    """Somebody was faster, in another window."""
    letter = a_bad_letter(today)
    moves(letter, NEW)
    OutboundMessage.objects.update(state=state)

    with pytest.raises(again.AgainError) as refusal:
        again.write(letter.message_id or 0, on=today, by="ana")

    assert str(refusal.value) == "Only a letter that could not be sent is written again."
    assert messages() == [(OLD, state, f"{letter.pk}:0")]


@pytest.mark.parametrize(
    ("email", "own", "other"), [(OLD, ["try-again", "close"], []), (NEW, ["close"], ["Write again"])]
)
def test_the_message_page_offers_it_instead_of_trying_again(
    today: date,
    client: Client,
    staff: dict[Role, User],  # noqa: F811
    email: str,
    own: list[str],
    other: list[str],
) -> None:
    """Only to somebody who has a new address; the old bytes would go to the old one."""
    letter = a_bad_letter(today)
    moves(letter, email)
    client.force_login(staff[Role.LIBRARIAN])

    page = client.get(reverse("message", args=[letter.message_id]))

    assert [verb.key for verb in page.context["verbs"]] == own
    assert [verb.label for verb in page.context["other_verbs"]] == other


def test_a_librarian_clicks(today: date, client: Client, staff: dict[Role, User]) -> None:  # noqa: F811
    """The page says where it goes; a second click finds it done."""
    letter = a_bad_letter(today)
    address = reverse("message-write-again", args=[letter.message_id])
    moves(letter, NEW)
    client.force_login(staff[Role.LIBRARIAN])

    told = [[str(message) for message in client.post(address, follow=True).context["messages"]] for _ in range(2)]

    assert told == [
        [f"The letter is written again within a minute and goes to {NEW}."],
        ["Only a letter that could not be sent is written again."],
    ]
