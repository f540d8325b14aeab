"""The only door in: what may lie in the outbox, and that the same thing is never there twice."""

import threading

import pytest
from django.db import connection

from smtp_gateway import outbox
from smtp_gateway.errors import OutboxError
from smtp_gateway.models import OutboundMessage
from tests.smtp_gateway.outgoing import a_message, finished, states


@pytest.mark.django_db
def test_a_queued_message_waits_as_it_was_given():
    """Bytes, recipient and Message-ID are frozen; the sort of message decides its place."""
    message = outbox.queue(finished("mia", to="mia@families.example", to_name="Mia Chen"))

    assert (message.state, message.to, message.to_name) == ("waiting", "mia@families.example", "Mia Chen")
    assert bytes(message.content) == finished("mia", to="mia@families.example").content
    assert message.message_id in bytes(message.content).decode()
    assert message.priority == OutboundMessage.Kind.NOTICE.priority


@pytest.mark.django_db
def test_the_same_key_twice_is_one_row():
    """A scan that runs twice queues nothing new, and is told the same numbers in its own order."""
    first = outbox.queue_many([finished("mia"), finished("tom")])

    second = outbox.queue_many([finished("tom"), finished("asha"), finished("mia"), finished("tom")])

    assert second == [first[1], second[1], first[0], first[1]]
    assert states() == {"mia": "waiting", "tom": "waiting", "asha": "waiting"}


@pytest.mark.django_db
def test_many_are_queued_with_one_statement(django_assert_num_queries):
    """A run of hundreds costs what a run of two costs in round trips."""
    letters = [finished(f"reader{number}") for number in range(300)]

    with django_assert_num_queries(1):
        ids = outbox.queue_many(letters)

    assert len(set(ids)) == 300


@pytest.mark.django_db
def test_what_is_there_already_costs_one_statement_more(django_assert_num_queries):
    """Queueing again asks for the rows that were kept, and answers in the order given."""
    first = outbox.queue_many([finished("mia"), finished("tom")])

    with django_assert_num_queries(2):
        again = outbox.queue_many([finished("asha"), finished("tom"), finished("mia")])

    assert again[1:] == [first[1], first[0]]


@pytest.mark.django_db(transaction=True)
def test_two_workers_queueing_the_same_key_make_one_row():
    """Both are told the same number, whoever was first."""
    told: list[int] = []

    def work() -> None:
        told.extend(outbox.queue_many([finished(f"reader{number}") for number in range(40)]))
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert OutboundMessage.objects.count() == 40
    assert sorted(told) == sorted(list(OutboundMessage.objects.values_list("id", flat=True)) * 4)


@pytest.mark.django_db
def test_a_held_message_does_not_wait():
    """Letters of a run that a person must see first stay where they are."""
    outbox.queue(finished("mia"), held=True)

    assert states() == {"mia": "held"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            b"Subject: x\r\nMessage-ID: <a@b>\r\n\r\na\0b\r\n",
            "The message holds a NUL character, which no mail may have.",
        ),
        (b"Subject: x\r\nMessage-ID: <a@b>\r\n\r\na\nb\r\n", "The message holds a line end that is not CRLF."),
        (b"Subject: x\r\nMessage-ID: <a@b>\r\n\r\na\rb\r\n", "The message holds a line end that is not CRLF."),
        (b"Subject: x\r\nMessage-ID: <a@b>\r\n\r\na\r\n.\rb\r\n", "The message holds a line end that is not CRLF."),
        (
            b"Message-ID: <a@b>\r\n\r\n" + b"x" * 999 + b"\r\n",
            "The message has a line of more than 998 characters.",
        ),
        (b"Subject: x\r\n\r\nno id\r\n", "The message has no Message-ID."),
        (b"Just words.\r\n\r\nAnd more.\r\n", "The message does not begin with headers and an empty line."),
        (b"Message-ID: <a@b>\r\n", "The message does not begin with headers and an empty line."),
        (b"Message-ID: <a@b>\r\n\r\n" + b"x\r\n" * 9_000_000, "The message is larger than 25 MB."),
    ],
    ids=["nul", "bare-lf", "bare-cr", "smuggled-dot", "long-line", "no-id", "no-headers", "no-body", "huge"],
)
@pytest.mark.django_db
def test_bytes_that_must_not_reach_a_server_are_refused(content, sentence):
    """With a sentence, at the door; and nothing of the same batch is queued."""
    with pytest.raises(OutboxError) as refusal:
        outbox.queue_many([finished("tom"), finished("mia", content=content)])

    assert str(refusal.value) == sentence
    assert states() == {}


@pytest.mark.django_db
def test_a_line_of_998_characters_is_allowed():
    """The limit is the limit."""
    message = a_message(content=b"Message-ID: <a@b>\r\n\r\n" + b"x" * 998 + b"\r\n")

    assert message.state == "waiting"


@pytest.mark.django_db
def test_what_lists_show_has_no_control_characters():
    """A subject from a file may hold anything; a list shows words."""
    message = a_message(subject="Books\r\nBcc: all@families.example", to_name="Mia\x00Chen")

    assert (message.subject, message.to_name) == ("Books  Bcc: all@families.example", "Mia Chen")
