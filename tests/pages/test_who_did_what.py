"""The list of changes: who changed what, from what to what, and never a secret (product.md, S1)."""

import pytest
from auditlog.context import set_actor
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from circulation import desk, people
from circulation.models import Loan
from library import audit
from library.access import Role
from library.models import Library
from tests.builders import a_group, a_loan, a_patron

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client: Client, people: dict[Role, User]) -> Client:
    LogEntry.objects.all().delete()
    client.force_login(people[Role.ADMINISTRATOR])
    return client


def _list(client: Client, **asked: object) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    rows = client.get(reverse("who-did-what"), asked).context["rows"]
    return [
        (row.look[2], row.entry.object_repr, [(one.field, one.before, one.after) for one in row.changes])
        for row in rows
    ]


def test_a_change_says_who_and_from_what_to_what(administrator: Client) -> None:
    """Made on a page by somebody who is signed in: their name stands beside it."""
    before = Library.the()
    week = ["0", "1", "2", "3", "4"]
    rest = {"paper": "a4", "keep_borrowers_days": 60, "currency": "$"}
    typed = {"name": "Banksia College Library", "open_weekdays": week, **rest}
    LogEntry.objects.all().delete()

    administrator.post(reverse("library-details"), typed)

    entry = LogEntry.objects.get()
    assert entry.actor.username == "administrator"
    assert _list(administrator)[0] == (
        "Changed",
        "Banksia College Library",
        [("Name", before.name, "Banksia College Library")],
    )


def test_a_group_is_named_and_a_choice_is_in_words(administrator: Client) -> None:
    """No numbers of rows and no codes."""
    patron = a_patron(first_name="Mia", last_name="Chen", group=a_group(name="7A"))
    LogEntry.objects.all().delete()

    patron.group, patron.auto_send = a_group(name="7B"), "no"
    people.save_patron(patron, changed=["group", "auto_send"])

    changes = [changes for _, what, changes in _list(administrator) if what == "Mia Chen"]
    assert changes == [[("Group", "7A", "7B"), ("Letters by themselves", "As the group says", "No")]]


def test_a_password_is_said_to_have_changed_and_not_to_what(administrator: Client) -> None:
    """Not even its hash."""
    user = User.objects.get(username="librarian")
    LogEntry.objects.all().delete()

    user.set_password("a reading room in the morning")
    user.save()

    assert _list(administrator) == [("Changed", "librarian", [("Password", "kept secret", "kept secret")])]


def test_lending_is_no_entry_and_a_status_by_hand_is_one(administrator: Client) -> None:
    """What the loan says itself is not said twice; a person's decision is."""
    today = timezone.localdate()
    loan = a_loan(due=today)
    LogEntry.objects.all().delete()

    desk.set_status(loan, Loan.Status.LOST, on=today)
    desk.take_back(loan, on=today, at=timezone.now())

    assert [changes for _, _, changes in _list(administrator)] == [[("Status", "On loan", "Lost")]]


def test_a_bulk_verb_leaves_one_entry_with_its_rows(administrator: Client) -> None:
    """How many, and which."""
    by = User.objects.get(username="librarian")

    audit.note("Moved 2 patrons to 7B", model=Loan, ids=[8, 3], by=by)

    entry = LogEntry.objects.get()
    assert (entry.object_repr, entry.additional_data, entry.actor) == ("Moved 2 patrons to 7B", {"ids": [3, 8]}, by)


def test_the_list_is_narrowed_by_person_and_thing(administrator: Client) -> None:
    """Those of a command have nobody's name and are not among hers."""
    by = User.objects.get(username="librarian")
    with set_actor(by):
        a_patron(first_name="Mia", last_name="Chen", group=a_group(name="7A"))
    a_patron(first_name="Tom", last_name="Reed", group=a_group(name="7A"))

    hers = _list(administrator, who=by.pk)

    assert [what for _, what, _ in hers] == ["Mia Chen", "7A"]


def test_each_of_many_that_were_ticked_has_an_entry_with_her_name(client: Client, people: dict[Role, User]) -> None:
    """Patrons and groups on their lists, loans on theirs."""
    today = timezone.localdate()
    patrons = [a_patron(group=a_group(name="7A")) for _ in range(3)]
    loans = [a_loan(due=today, patron=patron) for patron in patrons[:2]]
    LogEntry.objects.all().delete()
    client.force_login(people[Role.LIBRARIAN])

    client.post("/patrons/do/", {"verb": "auto-no", "id": [patron.pk for patron in patrons]})
    client.post("/groups/do/", {"verb": "auto-no", "id": [patrons[0].group_id]})
    client.post("/loans/do/", {"verb": "says-back", "id": [loan.pk for loan in loans], "sure": "1"})

    entries = LogEntry.objects.order_by("id").values_list("content_type__model", "actor__username")
    ours = [(model, who) for model, who in entries if model in ("patron", "group", "loan")]
    assert ours == [("patron", "librarian")] * 3 + [("group", "librarian")] + [("loan", "librarian")] * 2


def test_a_hundred_thousand_entries_cost_the_queries_of_fifty(administrator: Client) -> None:
    """The page goes by key; what it names is asked once for each table."""
    patron = a_patron(group=a_group(name="7A"))
    for name in ("7B", "7C"):
        patron.group = a_group(name=name)
        people.save_patron(patron, changed=["group"])
    few = _queries(administrator)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO auditlog_logentry (content_type_id, object_pk, object_id, object_repr, action, changes,"
            " changes_text, timestamp) SELECT content_type_id, object_pk, object_id, object_repr, action, changes,"
            " changes_text, timestamp FROM auditlog_logentry, generate_series(1, 25000) AS copy ORDER BY copy, id"
        )

    page = administrator.get(reverse("who-did-what"))

    assert LogEntry.objects.count() > 100_000
    assert (_queries(administrator), len(page.context["rows"])) == (few, 50)


def _queries(client: Client) -> int:
    client.get(reverse("who-did-what"))  # what a process looks up once is not the page's
    with CaptureQueriesContext(connection) as asked:
        client.get(reverse("who-did-what"))
    return len(asked)
