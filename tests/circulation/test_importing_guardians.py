"""Guardians in a file: found by address and name, never by address alone, and never written to against a no."""

from typing import Any

import pytest

from circulation.models import Guardian, Guardianship, Patron
from tests.builders import a_group, a_guardian, a_guardianship, a_patron
from tests.circulation.conftest import bring_in, figures, refusal_of, sample

pytestmark = pytest.mark.django_db

HEADER = "barcode,last_name,first_name,group,guardian_name,guardian_email,guardian2_name,guardian2_email\n"


@pytest.fixture
def asha() -> Patron:
    return a_patron(barcode="P1", last_name="Okafor", first_name="Asha", group=a_group(name="5B"))


@pytest.fixture
def tom() -> Patron:
    return a_patron(barcode="P2", last_name="Okafor", first_name="Tom", group=a_group(name="8C"))


def asha_with(guardian: str) -> str:
    return f"P1,Okafor,Asha,5B,{guardian}\n"


def tom_with(guardian: str) -> str:
    return f"P2,Okafor,Tom,8C,{guardian}\n"


def links() -> list[tuple[str, str, str, bool]]:
    """Child, guardian, address, library letters."""
    found = Guardianship.objects.order_by("patron__barcode", "guardian__name", "guardian__email")
    return list(found.values_list("patron__first_name", "guardian__name", "guardian__email", "library_letters"))


def test_the_sample_with_guardians() -> None:
    """Shared addresses with different names stay apart and are asked about; a second time nothing changes."""
    first = bring_in("patrons", sample("patrons-with-guardians.csv"))
    second = bring_in("patrons", sample("patrons-with-guardians.csv"))

    assert figures(first) == (240, 240, 0, 0, 0)
    assert figures(second) == (240, 0, 0, 240, 0)
    assert (Guardian.objects.count(), Guardianship.objects.count()) == (300, 300)
    assert "300 guardians added, 300 children linked to a guardian." in first.notes
    assert (
        "family001@example.net belongs to Guardian Perkins and Guardian 刘. "
        "Each gets letters of their own: are they one person?"
    ) in first.notes
    assert sum("are they one person?" in note for note in first.notes) == 33
    assert sum("are they one person?" in note for note in second.notes) == 0


def test_siblings_share_a_guardian(asha: Patron, tom: Patron, said: list[Any]) -> None:
    """One person, one address, two children: one guardian."""
    bring_in(
        "patrons", HEADER + asha_with("Ada Okafor,ada@home.example,,") + tom_with("Ada  okafor,Ada@Home.example,,")
    )

    ada = Guardian.objects.get()
    assert set(ada.patrons.all()) == {asha, tom}
    assert said == [("guardianship", {"patron_ids": [asha.pk, tom.pk], "guardian_ids": [ada.pk]})]


def test_the_same_name_without_an_address_is_not_the_same_person(asha: Patron, tom: Patron) -> None:
    """Two children called Smith may well have two parents called Smith."""
    bring_in("patrons", HEADER + asha_with("Kim Smith,,,") + tom_with("Kim Smith,,,"))

    assert Guardian.objects.count() == 2


def test_a_no_stays_no(asha: Patron) -> None:
    """Asha's father must not be written to; the school's list names him all the same."""
    father = a_guardian(name="Ben Okafor", email="ben@home.example")
    a_guardianship(patron=asha, guardian=father, library_letters=False, reason="Court order")

    plan = bring_in("patrons", HEADER + asha_with("Ben Okafor,ben@home.example,,"))

    assert figures(plan) == (1, 0, 0, 1, 0)
    assert links() == [("Asha", "Ben Okafor", "ben@home.example", False)]


def test_a_no_moves_with_the_address(asha: Patron) -> None:
    """The same name at the same child with another address is the same person, moved."""
    father = a_guardian(name="Ben Okafor", email="ben@home.example")
    a_guardianship(patron=asha, guardian=father, library_letters=False, reason="Court order")

    bring_in("patrons", HEADER + asha_with("Ben Okafor,ben@new.example,,"))

    assert links() == [("Asha", "Ben Okafor", "ben@new.example", False)]
    assert Guardianship.objects.get().reason == "Court order"


def test_another_name_at_an_address_that_is_off_begins_off(asha: Patron) -> None:
    """The office wrote Mr Okafor this time. A person is asked; until then nobody writes."""
    father = a_guardian(name="Ben Okafor", email="ben@home.example")
    a_guardianship(patron=asha, guardian=father, library_letters=False)

    plan = bring_in("patrons", HEADER + asha_with("Mr Okafor,ben@home.example,,"))

    assert links() == [
        ("Asha", "Ben Okafor", "ben@home.example", False),
        ("Asha", "Mr Okafor", "ben@home.example", False),
    ]
    assert plan.notes[1:] == [
        "ben@home.example belongs to Ben Okafor and Mr Okafor. Each gets letters of their own: are they one person?",
        "Mr Okafor looks like somebody to whom letters about Asha Okafor are off, so they begin switched off.",
    ]


def test_a_new_address_that_is_on_file_already_takes_the_no_along(asha: Patron, tom: Patron) -> None:
    """Tom's row came first with Ben's new address; Asha's answer about Ben is kept."""
    a_guardianship(patron=asha, guardian=a_guardian(name="Ben Okafor", email="old@x.example"), library_letters=False)
    a_guardianship(patron=tom, guardian=a_guardian(name="Ben Okafor", email="new@x.example"))

    bring_in("patrons", HEADER + asha_with("Ben Okafor,new@x.example,,"))

    assert links() == [
        ("Asha", "Ben Okafor", "new@x.example", False),
        ("Tom", "Ben Okafor", "new@x.example", True),
    ]


def test_everybody_agrees_on_a_move_and_the_guardian_moves(asha: Patron, tom: Patron, said: list[Any]) -> None:
    """One row is changed, and its history stays with it."""
    ada = a_guardian(name="Ada Okafor", email="old@home.example")
    a_guardianship(patron=asha, guardian=ada)
    a_guardianship(patron=tom, guardian=ada)

    plan = bring_in(
        "patrons", HEADER + asha_with("Ada Okafor,new@x.example,,") + tom_with("Ada Okafor,new@x.example,,")
    )

    ada.refresh_from_db()
    assert (ada.email, Guardian.objects.count()) == ("new@x.example", 1)
    assert figures(plan) == (2, 0, 2, 0, 0)
    assert plan.notes == ["1 guardian moved to another address."]
    assert said == [("address", {"patron_ids": [], "guardian_ids": [ada.pk]})]


def test_when_one_child_alone_has_the_new_address_only_its_link_goes(asha: Patron, tom: Patron) -> None:
    """Two people after all, or a typing error in one row: Tom's letters go where they went."""
    ada = a_guardian(name="Ada Okafor", email="old@home.example")
    a_guardianship(patron=asha, guardian=ada)
    a_guardianship(patron=tom, guardian=ada)

    bring_in("patrons", HEADER + asha_with("Ada Okafor,new@x.example,,") + tom_with("Ada Okafor,old@home.example,,"))

    assert links() == [
        ("Asha", "Ada Okafor", "new@x.example", True),
        ("Tom", "Ada Okafor", "old@home.example", True),
    ]


def test_two_parents_of_one_name_are_two(asha: Patron) -> None:
    """Both called Kim Smith, at two addresses; a second import finds both again."""
    content = HEADER + asha_with("Kim Smith,a@home.example,Kim Smith,b@home.example")

    first, second = bring_in("patrons", content), bring_in("patrons", content)

    assert (figures(first), figures(second)) == ((1, 0, 1, 0, 0), (1, 0, 0, 1, 0))
    assert [link[2] for link in links()] == ["a@home.example", "b@home.example"]


def test_a_guardian_whom_the_file_does_not_name_stays(asha: Patron) -> None:
    """A carer was added by hand; the school's list does not know of her."""
    a_guardianship(patron=asha, guardian=a_guardian(name="Aunt Lena", email="lena@home.example"))

    bring_in("patrons", HEADER + asha_with("Ada Okafor,ada@home.example,,"))

    assert [link[1] for link in links()] == ["Ada Okafor", "Aunt Lena"]


def test_an_address_without_a_name_is_refused(asha: Patron) -> None:
    """A guardian is an address and a name."""
    refusal = refusal_of("patrons", HEADER + asha_with(",ada@home.example,,"))

    assert refusal.plan is not None
    assert [str(one) for one in refusal.plan.refused] == [
        "Line 2, guardian_email: There is an address of a guardian, but no name."
    ]
    assert links() == []
