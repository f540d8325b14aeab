"""Changes to people are said once, by cause, to whoever listens."""

from datetime import date
from typing import Any

import pytest

from circulation import people
from circulation.models import FOREVER, Patron
from tests.builders import a_group, a_guardian, a_guardianship, a_patron

pytestmark = pytest.mark.django_db


def test_each_cause_is_said_once(said: list[Any]) -> None:
    """Another name and another address: two causes, though three fields changed."""
    mia = a_patron()
    mia.email, mia.first_name, mia.last_name = "mia@example.org", "Mia", "Chen"

    people.save_patron(mia, changed=["email", "first_name", "last_name"])

    ids = {"patron_ids": [mia.pk], "guardian_ids": []}
    assert said == [("name", ids), ("address", ids)]


def test_what_no_letter_depends_on_is_not_said(said: list[Any]) -> None:
    """A private reason was reworded."""
    mia = a_patron()

    people.save_patron(mia, changed=["no_letters_reason"])

    assert said == []


def test_a_group_speaks_for_everybody_in_it(said: list[Any]) -> None:
    """7B's letters no longer go by themselves."""
    group = a_group(name="7B")
    mia, tom = a_patron(group=group), a_patron(group=group)
    a_patron()
    group.auto_send = False

    people.save_group(group, changed=["auto_send"])

    assert said == [("auto_send", {"patron_ids": [mia.pk, tom.pk], "guardian_ids": []})]


def test_letters_to_a_guardian_are_switched_off_in_one_place(said: list[Any]) -> None:
    """Stop writing to my ex: the guardianship says no, with a private reason."""
    mia, parent = a_patron(), a_guardian()
    guardianship = a_guardianship(patron=mia, guardian=parent)

    people.change_guardianship(guardianship, library_letters=False, reason="Court order")

    guardianship.refresh_from_db()
    assert (guardianship.library_letters, guardianship.reason) == (False, "Court order")
    assert said == [("guardianship", {"patron_ids": [mia.pk], "guardian_ids": [parent.pk]})]


def test_no_letters_until_a_day_or_for_ever(today: date, said: list[Any]) -> None:
    """And letters again, when things are well."""
    mia = a_patron()

    def quiet_until() -> date | None:
        return Patron.objects.get(pk=mia.pk).no_letters_until

    people.stop_letters([mia.pk], until=today, reason="In hospital")
    until = quiet_until()
    people.stop_letters([mia.pk], reason="Asked not to be written to")
    forever = quiet_until()
    people.allow_letters([mia.pk])

    assert (until, forever, quiet_until()) == (today, FOREVER, None)
    assert [cause for cause, _ in said] == ["no_letters"] * 3


def test_an_ended_guardianship_is_said(said: list[Any]) -> None:
    """The link is gone, the guardian of other children stays."""
    mia, parent = a_patron(), a_guardian()
    guardianship = a_guardianship(patron=mia, guardian=parent)

    people.end_guardianship(guardianship)

    assert list(mia.guardians.all()) == []
    assert said == [("guardianship", {"patron_ids": [mia.pk], "guardian_ids": [parent.pk]})]
