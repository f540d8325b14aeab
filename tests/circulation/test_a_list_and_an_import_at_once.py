"""A librarian moves ticked patrons while a file of patrons is applied: one waits for the other, neither is lost."""

import threading

import pytest
from django.db import connection, connections

from circulation import people
from circulation.imports.apply import LOCKED
from circulation.models import ImportFile, Patron
from tests.builders import a_group, a_patron


@pytest.mark.django_db(transaction=True)
def test_ticked_patrons_wait_for_the_import_and_hold_nothing_that_it_needs() -> None:
    """Who locked rows first, and then waited for the table, would stand in the way of the file that waits for rows."""
    mia, unmatched = a_patron(email="old@home.example"), a_group(name="Unmatched")
    changed: list[int] = []

    def move() -> None:
        try:
            changed.append(people.change_patrons([mia.pk], group=unmatched).people)
        finally:
            connections.close_all()

    with connection.cursor() as cursor:
        cursor.execute(f"BEGIN; LOCK TABLE {LOCKED[ImportFile.Kind.PATRONS]} IN SHARE ROW EXCLUSIVE MODE")
        thread = threading.Thread(target=move)
        thread.start()
        for _ in range(200):
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'circulation_patron'::regclass"
            )
            if cursor.fetchone()[0]:
                break
            threading.Event().wait(0.02)
        cursor.execute("UPDATE circulation_patron SET email = 'new@home.example' WHERE id = %s", [mia.pk])
        cursor.execute("COMMIT")
    thread.join()

    now = Patron.objects.get(pk=mia.pk)
    assert (now.email, now.group, changed) == ("new@home.example", unmatched, [1])
