"""A patron is erased with all that was written; counts stay (product.md, S3)."""

import io
from datetime import date, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection

from circulation import desk, erase, erased_numbers, people
from circulation.imports import apply as imports
from circulation.imports.naming import names
from circulation.models import Guardian, Guardianship, ImportFile, Loan, Patron
from library.models import Library
from library.slots import EraseRefused
from notices import compose, scan
from notices.models import Letter, Run, Step
from smtp_gateway import outbox
from smtp_gateway.models import DailyLog, DeliveryAttempt, GatewayEvent, OutboundMessage
from tests.builders import a_group, a_guardian, a_guardianship, a_loan, a_patron, an_item
from tests.circulation.conftest import bring_in, refusal_of
from tests.notices.builders import a_gateway_with_an_address, a_schedule, wording

pytestmark = pytest.mark.django_db

NAMES = ("Zephyrine", "Quillfeather", "Zeph Q", "Barnabas")
SECRETS = (*NAMES, "zq@students.example", "barnabas@home.example", "P7700417", "12 Hidden Lane", "Court order")


@pytest.fixture
def father() -> Guardian:
    return a_guardian(name="Barnabas Quillfeather", email="barnabas@home.example", address="12 Hidden Lane")


@pytest.fixture
def child(father: Guardian) -> Patron:
    """With everything on file that can be on file."""
    patron = a_patron(
        barcode="P7700417",
        first_name="Zephyrine",
        last_name="Quillfeather",
        known_as="Zeph Q",
        name_at_home="Zephyrine",
        email="zq@students.example",
        address="12 Hidden Lane",
        no_letters_reason="Court order",
        group=a_group(name="7B"),
    )
    a_guardianship(patron=patron, guardian=father, reason="Court order")
    return patron


def test_nothing_in_the_whole_database_names_an_erased_patron(
    child: Patron, father: Guardian, today: date, noon: datetime
) -> None:
    """Letters, messages, replies of servers, files, trails, logs: every column of every table is read."""
    _a_life(child, father, today=today, noon=noon)
    before = {secret for secret in SECRETS if _found(secret)}

    erase.erase(child, at=noon)

    assert before == set(SECRETS)
    assert [(secret, where) for secret in SECRETS for where in _found(secret)] == []


def test_counts_stay(child: Patron, father: Guardian, today: date, noon: datetime) -> None:
    """Rows are emptied and not deleted: loans, letters, messages and attempts are as many as before."""
    _a_life(child, father, today=today, noon=noon)
    counted = (Loan, Letter, OutboundMessage, DeliveryAttempt, Patron, Guardian, ImportFile, Run)
    before = [model.objects.count() for model in counted]

    erase.erase(child, at=noon)

    assert [model.objects.count() for model in counted] == before


def test_the_other_family_keeps_everything(child: Patron, father: Guardian, today: date, noon: datetime) -> None:
    """A class-mate with letters, a file and a trail of her own, whose father has nearly the same name."""
    other = a_guardian(name="Barnabas Quill", email="quill@home.example")
    mate = a_patron(first_name="Zephy", last_name="Quill", barcode="P77004170", guardians=[other], group=child.group)
    a_loan(patron=mate, item=an_item(title="Holes"), due=today - timedelta(days=7))
    imports.a_file(b"barcode,last_name,group\nP77004170,Quill,7B\n", kind="patrons", name="mates.csv").save()
    _a_life(child, father, today=today, noon=noon)
    letter = Letter.objects.get(guardian=other)
    content = bytes(letter.message.content)

    erase.erase(child, at=noon)

    letter.refresh_from_db()
    assert (letter.to, bytes(letter.message.content)) == ("quill@home.example", content)
    assert bytes(ImportFile.objects.get(name="mates.csv").content).startswith(b"barcode")
    mate.refresh_from_db()
    assert (mate.full_name, mate.barcode) == ("Zephy Quill", "P77004170")


def test_a_father_of_two_stays_and_a_shared_letter_loses_its_body(
    child: Patron, father: Guardian, today: date, noon: datetime
) -> None:
    """What it said of one sister cannot be told from what it said of the other."""
    sister = a_patron(first_name="Ottoline", last_name="Quillfeather", guardians=[father], group=child.group)
    a_loan(patron=sister, item=an_item(title="Holes"), due=today - timedelta(days=7))
    loan = a_loan(patron=child, item=an_item(title="Storm Boy"), due=today - timedelta(days=7))
    _letters_go(today)
    _came_back(loan, today)

    done = erase.erase(child, at=noon)

    father.refresh_from_db()
    shared = Letter.objects.select_related("message").get(guardian=father)
    assert ([one.name for one in done.staying], father.name) == (["Barnabas Quillfeather"], "Barnabas Quillfeather")
    assert (shared.subject, bytes(shared.message.content)) == ("", b"")
    assert list(father.guardianships.values_list("patron", flat=True)) == [sister.pk]
    assert _found("Zephyrine") == []


def test_a_letter_that_waits_for_a_sister_goes_on(child: Patron, father: Guardian, today: date, noon: datetime) -> None:
    """It was written again without the book that came back, and speaks of nobody who is erased."""
    sister = a_patron(first_name="Ottoline", last_name="Quillfeather", guardians=[father], group=child.group)
    a_loan(patron=sister, item=an_item(title="Holes"), due=today - timedelta(days=7))
    loan = a_loan(patron=child, item=an_item(title="Storm Boy"), due=today - timedelta(days=7))
    _letters_wait(today)
    desk.take_back(loan, on=today, at=noon)
    compose.write_planned(on=today)
    waiting = Letter.objects.select_related("message").get(guardian=father)

    erase.erase(child, at=noon)

    waiting.message.refresh_from_db()
    assert waiting.message.state == OutboundMessage.State.WAITING
    assert b"Holes" in bytes(waiting.message.content)
    assert _found("Zephyrine") == []


def test_a_letter_that_went_without_one_of_two_books_still_named_her(
    child: Patron, father: Guardian, today: date, noon: datetime
) -> None:
    """One came back before it was sent, the other not: what went out to a father of two is emptied."""
    sister = a_patron(first_name="Ottoline", last_name="Quillfeather", guardians=[father], group=child.group)
    a_loan(patron=sister, item=an_item(title="Holes"), due=today - timedelta(days=7))
    soon, later = (a_loan(patron=child, due=today - timedelta(days=7)) for _ in range(2))
    _letters_wait(today)
    desk.take_back(soon, on=today, at=noon)
    compose.write_planned(on=today)
    _servers_take_them()
    _came_back(later, today)

    erase.erase(child, at=noon)

    assert _found("Zephyrine") == []


def test_a_letter_that_was_taken_back_is_emptied_too(
    child: Patron, father: Guardian, today: date, noon: datetime
) -> None:
    """It never went out, but its words are kept in the outbox; the father stays for a sister."""
    a_guardianship(guardian=father)
    loan = a_loan(patron=child, due=today - timedelta(days=7))
    _letters_wait(today)
    desk.take_back(loan, on=today, at=noon)

    erase.erase(child, at=noon)

    assert _found("Zephyrine") == []
    assert set(OutboundMessage.objects.values_list("state", "to")) == {("cancelled", "")}


@pytest.mark.parametrize(
    ("status", "words"),
    [("on_loan", "still out"), ("billed", "billed"), ("lost", "lost"), ("no_letters", "no letters")],
)
def test_nobody_is_erased_while_something_is_open(
    child: Patron, today: date, noon: datetime, status: str, words: str
) -> None:
    """A bill without a name could never be paid."""
    a_loan(patron=child, item=an_item(title="Storm Boy"), due=today, status=status)

    with pytest.raises(EraseRefused) as refused:
        erase.erase(child, at=noon)

    child.refresh_from_db()
    assert str(refused.value) == (
        f"Storm Boy is {words}. Take back or settle everything first; then Zephyrine Quillfeather can be erased."
    )
    assert (child.erased_at, child.first_name) == (None, "Zephyrine")


def test_nobody_is_erased_while_a_message_is_on_the_wire(
    child: Patron, father: Guardian, today: date, noon: datetime
) -> None:
    """All of it or nothing: the gateway has the message in its hands."""
    _a_life(child, father, today=today, noon=noon)
    message = OutboundMessage.objects.filter(to="zq@students.example").earliest("pk")
    OutboundMessage.objects.filter(pk=message.pk).update(state="sending", lease_token="0" * 32)

    with pytest.raises(EraseRefused) as refused:
        erase.erase(child, at=noon)

    child.refresh_from_db()
    assert str(refused.value) == (
        "A message to or about this person is being sent at this moment. Try again in a minute."
    )
    assert child.first_name == "Zephyrine"


def test_an_imported_list_does_not_bring_an_erased_patron_back(child: Patron, noon: datetime) -> None:
    """The number is kept so that nobody can read it and an import still knows it."""
    erase.erase(child, at=noon)

    refusal = refusal_of("patrons", "barcode,last_name,group\nP7700417,Quillfeather,7B\n")

    child.refresh_from_db()
    assert [row.reason for row in refusal.plan.refused] == [
        "Whoever had P7700417 was erased. Give this person another number."
    ]
    assert child.barcode == erased_numbers.in_place_of("P7700417")


def test_a_familys_mailbox_stays_with_the_family(child: Patron, father: Guardian, noon: datetime) -> None:
    """The mother reads mail at the same address; messages to it that are not about the child are hers."""
    a_guardianship(guardian=a_guardian(name="Mum", email="BARNABAS@home.example"))
    message = _a_message("barnabas@home.example", "About something else")

    erase.erase(child, at=noon)

    message.refresh_from_db()
    father.refresh_from_db()
    assert (message.to, message.subject) == ("barnabas@home.example", "About something else")
    assert (father.name, father.email) == ("", "")


def test_erasing_leaves_one_entry(child: Patron, noon: datetime, django_user_model: type[User]) -> None:
    """Who did it is kept; whom it was about is a number."""
    helen = django_user_model.objects.create_user("helen")
    people.save_patron(child, changed=["first_name"], by=helen)

    erase.erase(child, at=noon, by=helen)

    entry = LogEntry.objects.latest("pk")
    assert (entry.object_repr, entry.actor, entry.additional_data) == (
        "A patron was erased.",
        helen,
        {"ids": [child.pk]},
    )
    assert Guardianship.objects.filter(patron=child).count() == 0


def _a_life(child: Patron, father: Guardian, *, today: date, noon: datetime) -> None:
    """Everything that the house can write about somebody."""
    late = a_loan(patron=child, item=an_item(title="Storm Boy"), due=today - timedelta(days=7))
    late.status_reason = "Zephyrine says Barnabas has it"
    late.before_renewal = {"status_reason": "Court order"}
    late.save()
    _letters_go(today)
    _came_back(late, today)
    to_her = OutboundMessage.objects.filter(to="zq@students.example").earliest("pk")
    DeliveryAttempt.objects.create(message=to_her, words="550 5.1.1 <zq@students.example>: unknown", outcome="bad")
    OutboundMessage.objects.filter(pk=to_her.pk).update(last_words="550 5.1.1 <zq@students.example>: unknown")
    GatewayEvent.objects.create(action="paused", sentence="A pause.", words="try <ZQ@students.example> later")
    DailyLog.objects.create(day=today, covers_from=noon, covers_to=noon, text="Could not be sent: card P7700417.")
    _a_message("zq@students.example", "By hand, for Zephyrine Quillfeather")
    people.save_patron(child, changed=["first_name"])
    people.change_guardianship(child.guardianships.get(), reason="Court order")
    rows = "barcode,last_name,first_name,email,group\nP7700417,Quillfeather,Zephyrine,zq@students.example,7B\n"
    bring_in("patrons", rows)
    refusal_of("patrons", rows.replace("P7700417,", "P7700417,=").replace("zq@", "zq@@"))
    imports.a_file(
        _workbook(["barcode", "last_name"], ["P7700417", "Quillfeather"]), kind="patrons", name="x.xlsx"
    ).save()
    imports.a_file("card\nP7700417\n".encode("utf-16"), kind="loans", name="P7700417.csv").save()


def _letters_go(today: date) -> None:
    """To the child and the home, and every server takes them."""
    _letters_wait(today)
    _servers_take_them()


def _servers_take_them() -> None:
    OutboundMessage.objects.filter(state="waiting").update(state="sent", sent_at=datetime.now().astimezone())


def _letters_wait(today: date) -> None:
    a_gateway_with_an_address()
    Library.the()
    a_schedule(7, who=Step.Who.BOTH)
    wording(1, audiences=["patron"], body="Dear {{ dear }},\n\n{{ books }}")
    wording(1, audiences=["guardian"], body="Dear {{ dear }},\n\n{{ children }}")
    scan.run(on=today)
    compose.write_planned(on=today)


def _came_back(loan: Loan, today: date) -> None:
    Loan.objects.filter(pk=loan.pk).update(returned_on=today, returned_at=datetime.now().astimezone())


def _a_message(to: str, subject: str) -> OutboundMessage:
    headers = f"To: {to}\r\nSubject: {subject}\r\nMessage-ID: <by-hand@school.example>\r\n"
    content = f"{headers}\r\n{subject}\r\n".encode()
    return outbox.queue(
        outbox.Finished(
            content=content, to=to, subject=subject, to_name=subject, kind=outbox.Kind.BY_HAND, dedup_key="by hand"
        )
    )


def _workbook(*rows: list[str]) -> bytes:
    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


def _found(secret: str) -> list[str]:
    """Every table and column in which this stands, in capitals or not, in text, JSON, bytes or a list of words."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name IN (SELECT tablename FROM pg_tables)"
        )
        columns = cursor.fetchall()
        return [f"{table}.{column}" for table, column, kind in columns if _stands(cursor, table, column, kind, secret)]


def _stands(cursor: Any, table: str, column: str, kind: str, secret: str) -> bool:
    if kind == "bytea":
        cursor.execute(f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL')
        contents = [bytes(content) for (content,) in cursor.fetchall()]
        return any(names(content, [secret]) or secret.encode() in content for content in contents)
    cursor.execute(f'SELECT count(*) FROM "{table}" WHERE "{column}"::text ILIKE %s', [f"%{secret}%"])
    return bool(cursor.fetchone()[0])
