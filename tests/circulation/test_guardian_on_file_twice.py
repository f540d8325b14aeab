"""Two entries of one guardian become one: children, switches and what is on file (product.md, C1)."""

from datetime import date
from typing import Any

import pytest
from auditlog.models import LogEntry
from hypothesis import given
from hypothesis import strategies as st

from circulation import merging, people
from circulation.models import Guardian, Guardianship
from tests.builders import a_group, a_guardian, a_guardianship, a_patron
from tests.circulation.conftest import bring_in

LATER = date(2026, 12, 24)
SOONER = date(2026, 12, 1)

answers = st.builds(
    merging.Answer,
    library_letters=st.booleans(),
    no_letters_until=st.none() | st.dates(),
    reason=st.sampled_from(["", "Court order", "Moved out"]),
)


@given(one=answers, other=answers, on=st.dates())
def test_neither_answer_is_ever_softened(one: merging.Answer, other: merging.Answer, on: date) -> None:
    """Whoever was silent on a day is silent on it afterwards; nobody else is."""

    def is_told(answer: merging.Answer) -> bool:
        return answer.library_letters and (answer.no_letters_until is None or answer.no_letters_until <= on)

    both = one.stricter(other)

    assert is_told(both) == (is_told(one) and is_told(other))
    assert {reason for reason in (one.reason, other.reason) if reason} == set(filter(None, both.reason.split("; ")))


@pytest.mark.django_db
def test_children_come_with_their_switches() -> None:
    """Asha stands under both entries, Tom and Ruby only under the second."""
    first, second = a_guardian(name="Ngozi Okafor", email=""), a_guardian(name="N. Okafor", email="n@mail.example")
    asha, tom, ruby = (a_patron(first_name=name) for name in ("Asha", "Tom", "Ruby"))
    a_guardianship(patron=asha, guardian=first, no_letters_until=SOONER, reason="Away")
    a_guardianship(patron=asha, guardian=second, no_letters_until=LATER, relationship="mother")
    a_guardianship(patron=tom, guardian=second, library_letters=False, reason="Court order")
    a_guardianship(patron=ruby, guardian=second)

    changed = merging.merge(second, into=first)

    links = Guardianship.objects.filter(guardian=first).order_by("patron")
    fields = ("patron", "library_letters", "no_letters_until", "reason", "relationship")
    assert list(links.values_list(*fields)) == [
        (asha.pk, True, LATER, "Away", "mother"),
        (tom.pk, False, None, "Court order", ""),
        (ruby.pk, True, None, "", ""),
    ]
    assert list(Guardian.objects.values_list("pk", "name", "email")) == [(first.pk, "Ngozi Okafor", "n@mail.example")]
    assert changed.people == 3


@pytest.mark.django_db
def test_a_child_whose_letters_are_off_to_somebody_alike_stays_quiet() -> None:
    """The first entry has the name of a third one to whom letters about Tom are off."""
    first, second = (a_guardian(name=name, email="lee@home.example") for name in ("Kim Lee", "K. Lee"))
    third = a_guardian(name="Kim Lee")
    tom = a_patron()
    a_guardianship(patron=tom, guardian=third, library_letters=False, reason="Asked")
    a_guardianship(patron=tom, guardian=second)

    merging.merge(second, into=first)

    assert Guardianship.objects.get(guardian=first).library_letters is False


LIST = "barcode,last_name,first_name,group,guardian_name,guardian_email\nP2,Okafor,Tom,8C,N. Okafor,old@mail.example\n"


@pytest.mark.django_db
@pytest.mark.parametrize("stays", [{"name": "n. okafor"}, {"email": "Old@mail.example"}, {"email": ""}])
def test_a_list_that_names_the_entry_that_went_writes_to_nobody(stays: dict[str, str]) -> None:
    """The office's list is older than the merge; letters about Tom are off."""
    tom = a_patron(barcode="P2", last_name="Okafor", first_name="Tom", group=a_group(name="8C"))
    first = a_guardian(**{"name": "Ngozi Okafor", "email": "ngozi@mail.example"} | stays)
    second = a_guardian(name="N. Okafor", email="old@mail.example")
    a_guardianship(patron=tom, guardian=second, library_letters=False, reason="Court order")

    merging.merge(second, into=first)
    bring_in("patrons", LIST)

    assert set(Guardianship.objects.values_list("patron", "library_letters")) == {(tom.pk, False)}


@pytest.mark.django_db
@pytest.mark.parametrize("no", [{"library_letters": False}, {"no_letters_until": LATER}])
def test_a_no_that_a_list_would_bring_back_as_a_yes_is_not_moved(no: dict[str, Any]) -> None:
    """Neither the name nor the address of the entry that goes would tell the import who is meant."""
    tom = a_patron(barcode="P2", last_name="Okafor", first_name="Tom", group=a_group(name="8C"))
    first = a_guardian(name="Ngozi Okafor", email="ngozi@mail.example")
    second = a_guardian(name="N. Okafor", email="old@mail.example")
    link = a_guardianship(patron=tom, guardian=second, **no)

    with pytest.raises(merging.MergeError, match="Letters about Tom Okafor are off, and a list that still names"):
        merging.merge(second, into=first)
    bring_in("patrons", LIST)

    (stayed,) = Guardianship.objects.all()
    assert (stayed, merging.Answer.of(stayed)) == (link, merging.Answer.of(link))


@pytest.mark.django_db
def test_a_day_that_is_over_bars_nobody() -> None:
    """The second entry was quiet about Tom until last year; it is no third person."""
    first, second = a_guardian(name="Kim Lee"), a_guardian(name="Kim Lee")
    tom = a_patron()
    a_guardianship(patron=tom, guardian=second, no_letters_until=date(2020, 1, 1))

    merging.merge(second, into=first)

    assert list(Guardianship.objects.values_list("guardian", "library_letters")) == [(first.pk, True)]


@pytest.mark.django_db
def test_what_is_shown_is_what_is_written() -> None:
    """With the second address the first entry looks like the father, to whom nothing is said about Tom and Ruby."""
    first, second = a_guardian(name="Ngozi Okafor", email=""), a_guardian(name="N. Okafor", email="home@mail.example")
    father = a_guardian(name="Emeka Okafor", email="home@mail.example")
    asha, tom, ruby = (a_patron(first_name=name) for name in ("Asha", "Tom", "Ruby"))
    for child, guardian in ((asha, second), (tom, second), (ruby, first)):
        a_guardianship(patron=child, guardian=guardian)
    for child in (tom, ruby):
        a_guardianship(patron=child, guardian=father, library_letters=False)

    shown = [(child.link.patron, child.answer) for child in merging.children(second, into=first)]
    merging.merge(second, into=first)

    written = [(link.patron, merging.Answer.of(link)) for link in first.guardianships.order_by("patron_id")]
    assert shown == written
    assert [answer.reason for _, answer in shown] == ["", people.LOOKS_SWITCHED_OFF, people.MOVED_IN]


@pytest.mark.django_db
def test_two_librarians_merge_the_same_two() -> None:
    """The second one is told; nothing is changed a second time."""
    first, second = a_guardian(), a_guardian()
    merging.merge(Guardian.objects.get(pk=second.pk), into=first)

    with pytest.raises(merging.MergeError, match="One of these two is not on file any more"):
        merging.merge(second, into=first)


@pytest.mark.django_db
def test_what_was_done_to_the_second_entry_is_told_of_the_first() -> None:
    """So that erasing this person later empties these entries, too."""
    first, second = a_guardian(), a_guardian(name="N. Okafor")
    second.email = "new@home.example"
    second.save()

    merging.merge(second, into=first)

    entries = LogEntry.objects.get_for_model(Guardian)
    assert set(entries.values_list("object_id", flat=True)) <= {first.pk, None}
    assert "Two entries of one guardian became one." in entries.values_list("object_repr", flat=True)
