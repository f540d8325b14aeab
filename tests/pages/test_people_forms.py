"""Forms of patrons, groups, guardians and partner libraries: sentences for what cannot be (product.md, C1)."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from circulation import erase
from circulation.models import Group, Guardian, Guardianship, PartnerLibrary, Patron
from library.access import Role
from tests.builders import a_group, a_guardian, a_guardianship, a_loan, a_partner, a_patron
from tests.pages.words import words

pytestmark = pytest.mark.django_db

GROUP = {"name": "9C", "loan_days": "14", "max_renewals": "2"}
PARTNER = {"name": "Karri University", "symbol": "KU", "post_days": "5"}


@pytest.fixture
def mia() -> Patron:
    return a_patron(first_name="Mia", last_name="Chen", barcode="P100417", group=a_group(name="7B"))


def test_a_patron_is_added(librarian: Client) -> None:
    """With blanks around and doubled inside taken out, as an import would."""
    fields = {"barcode": " P1 ", "last_name": "van  Dyk", "first_name": "Anna", "group": str(a_group(name="7B").pk)}

    page = librarian.post(reverse("patron-add"), fields, follow=True)

    patron = Patron.objects.get()
    assert (patron.barcode, patron.full_name, str(patron.group)) == ("P1", "Anna van Dyk", "7B")
    assert page.redirect_chain == [(reverse("patron", args=[patron.pk]), 302)]


def test_a_new_patron_of_a_group(librarian: Client) -> None:
    """From the group's page, the group is chosen already."""
    group = a_group(name="7B")

    page = librarian.get(f"{reverse('patron-add')}?group={group.pk}")

    assert page.context["form"].initial["group"] == group


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("barcode", "", "Type the number on the card, or scan it."),
        ("barcode", "P100417", "P100417 is the card of Mia Chen, 7B. Two people cannot share a number."),
        ("last_name", "", "Type a last name."),
        ("last_name", "=cmd|'x'", "“=cmd|'x'” begins like a formula, as no last name does."),
        ("email", "mia@", "“mia@” is not an email address. Correct it, or leave it empty."),
        ("email", "a@b.example, c@d.example", "“a@b.example, c@d.example” holds two addresses. Keep one."),
        ("group", "", "Choose a group: it decides how long and how many."),
    ],
)
def test_what_a_patron_cannot_be(librarian: Client, mia: Patron, field: str, typed: str, sentence: str) -> None:
    """A sentence under the field; what was typed stays."""
    fields = {"barcode": "P2", "last_name": "Lee", "group": str(mia.group_id), "address": "1 Wattle Road"} | {
        field: typed
    }

    page = librarian.post(reverse("patron-add"), fields)

    assert list(page.context["form"].errors.items()) == [(field, [sentence])]
    assert sentence in words(page.content)
    assert "1 Wattle Road" in words(page.content)
    assert Patron.objects.count() == 1


def test_a_card_of_somebody_who_was_erased_is_not_given_again(librarian: Client, mia: Patron) -> None:
    """As by an import."""
    erase.erase(mia, at=timezone.now())
    fields = {"barcode": "P100417", "last_name": "Lee", "group": str(mia.group_id)}

    page = librarian.post(reverse("patron-add"), fields)

    assert page.context["form"].errors["barcode"] == ["Whoever had P100417 was erased. Choose another number."]


def test_an_address_that_changes_is_said(librarian: Client, mia: Patron) -> None:
    """Through the verb: letters that wait follow."""
    fields = {"barcode": "P100417", "last_name": "Chen", "first_name": "Mia", "email": "m@new.example"}

    librarian.post(reverse("patron-edit", args=[mia.pk]), fields | {"group": str(mia.group_id)})

    mia.refresh_from_db()
    assert mia.email == "m@new.example"


def test_a_group_is_added_and_changed(librarian: Client) -> None:
    """Its page is its form."""
    librarian.post(reverse("group-add"), GROUP | {"active": "on", "auto_send": "on"})
    group = Group.objects.get()
    librarian.post(reverse("group", args=[group.pk]), GROUP | {"active": "on", "last_due_date": "2026-12-11"})

    group.refresh_from_db()
    assert (group.name, group.auto_send, str(group.last_due_date)) == ("9C", False, "2026-12-11")


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("name", "7b", "There is a group 7b already. Choose another name."),
        ("loan_days", "a fortnight", "This is not a whole number."),
        ("last_due_date", "31 November", "This is not a date. Write it as 2026-12-04, or choose a day."),
        ("contact_email", "mr lee", "“mr lee” is not an email address. Correct it, or leave it empty."),
    ],
)
def test_what_a_group_cannot_be(librarian: Client, mia: Patron, field: str, typed: str, sentence: str) -> None:
    """Sentences again."""
    page = librarian.post(reverse("group-add"), GROUP | {field: typed})

    assert list(page.context["form"].errors.items()) == [(field, [sentence])]
    assert typed in page.content.decode()


def test_a_partner_library_is_added_and_changed(librarian: Client) -> None:
    """Its symbol belongs to one library alone."""
    a_partner(symbol="KU", name="Karri")

    refused = librarian.post(reverse("partner-add"), PARTNER)
    librarian.post(reverse("partner-add"), PARTNER | {"symbol": "KU2", "active": "on"})
    new = PartnerLibrary.objects.get(symbol="KU2")
    librarian.post(reverse("partner-edit", args=[new.pk]), PARTNER | {"symbol": "KU2", "email": "ill@karri.example"})

    new.refresh_from_db()
    assert refused.context["form"].errors["symbol"] == ["KU is the symbol of Karri. Two libraries cannot share one."]
    assert (new.email, new.active) == ("ill@karri.example", False)


def test_somebody_new_becomes_a_guardian(librarian: Client, mia: Patron) -> None:
    """Name, address and relationship in one form."""
    _add(librarian, mia, name="Wei Chen", email="wei@home.example", relationship="Mother")

    link = Guardianship.objects.select_related("guardian").get()
    assert (link.patron, link.guardian.name, link.relationship) == (mia, "Wei Chen", "Mother")


def test_the_same_name_at_the_same_address_is_the_same_person(librarian: Client, mia: Patron) -> None:
    """A sister's mother is not made twice; the family gets one letter."""
    wei = a_guardian(name="Wei Chen", email="wei@home.example")

    _add(librarian, mia, name="wei chen", email="WEI@home.example")

    assert list(mia.guardians.all()) == [wei]
    assert Guardian.objects.count() == 1


def test_the_same_address_alone_asks(librarian: Client, mia: Patron) -> None:
    """Families share mailboxes: nothing is saved before a person has said who is meant."""
    a_guardian(name="Wei Chen", email="family@home.example")

    asked = _add(librarian, mia, name="Grace Chen", email="family@home.example")
    before = Guardian.objects.count()
    _add(librarian, mia, name="Grace Chen", email="family@home.example", same_as="0")

    assert "Is this the same person?" in words(asked)
    assert (before, Guardian.objects.count()) == (1, 2)
    assert [str(one) for one in mia.guardians.all()] == ["Grace Chen"]


def test_or_it_is_the_same_person(librarian: Client, mia: Patron) -> None:
    """The other answer to the question."""
    wei = a_guardian(name="Wei Chen", email="family@home.example")

    librarian.post(reverse("guardianship-add", args=[mia.pk]), {"on_file": wei.pk})

    assert list(mia.guardians.all()) == [wei]


@pytest.mark.parametrize(
    ("name", "email", "goes"),
    [
        ("Wei Chen", "other@home.example", False),
        ("W. Chen", "WEI@home.example", False),
        ("Grace Chen", "grace@home.example", True),
    ],
    ids=["the same name", "the same address", "somebody else"],
)
def test_who_looks_like_a_guardian_that_is_switched_off_begins_switched_off(
    librarian: Client, mia: Patron, name: str, email: str, goes: bool
) -> None:
    """A court order is not got round by typing the father in once more; a person may still say yes."""
    a_guardianship(patron=mia, guardian=a_guardian(name="Wei Chen", email="wei@home.example"), library_letters=False)

    page = _add(librarian, mia, name=name, email=email, same_as="0")

    assert Guardianship.objects.get(guardian__name=name, guardian__email=email).library_letters is goes
    assert ("Letters begin switched off" in words(page)) is not goes


def test_who_moves_to_an_address_that_is_switched_off_is_switched_off(librarian: Client, mia: Patron) -> None:
    """As an import would; about her brother nothing was said, so his letters go on."""
    wei, grace = a_guardian(name="Wei Chen", email="wei@home.example"), a_guardian(name="Grace Chen", email="")
    a_guardianship(patron=mia, guardian=wei, library_letters=False, reason="Court order")
    a_guardianship(patron=mia, guardian=grace)
    a_guardianship(patron=a_patron(), guardian=grace)

    fields = {"name": "Grace Chen", "email": "wei@home.example"}
    page = librarian.post(reverse("guardian-edit", args=[grace.pk]), fields, follow=True)

    answers = grace.guardianships.order_by("pk").values_list("library_letters", flat=True)
    assert list(answers) == [False, True]
    assert "Letters about Mia Chen are off at this address" in words(page.content)


def test_a_guardian_who_is_switched_off_for_a_sister_is_asked_about(librarian: Client, mia: Patron) -> None:
    """Letters begin, because nothing was said about Mia; but the librarian hears of the sister."""
    wei, leo = a_guardian(name="Wei Chen"), a_patron(first_name="Leo", last_name="Chen")
    a_guardianship(patron=leo, guardian=wei, library_letters=False, reason="Court order")

    page = librarian.post(reverse("guardianship-add", args=[mia.pk]), {"on_file": wei.pk}, follow=True)

    assert "Letters to Wei Chen about Leo Chen are off. Are they meant to go about Mia Chen?" in words(page.content)
    assert Guardianship.objects.get(patron=mia).library_letters is True


@pytest.mark.parametrize("words_typed", ["chen w", "wei@home.example"])
def test_a_guardian_is_found_by_name_or_address(librarian: Client, mia: Patron, words_typed: str) -> None:
    """With whose guardian it is; never one who was erased."""
    wei = a_guardian(name="Wei Chen", email="wei@home.example")
    a_guardian(name="Wei Chen", email="wei@home.example", erased_at=timezone.now())

    page = librarian.get(reverse("guardianship-add", args=[mia.pk]), {"q": words_typed})

    assert page.context["found"] == [wei]


def test_a_guardian_twice_is_once(librarian: Client, mia: Patron) -> None:
    """And a switch that says no stays no."""
    wei = a_guardian(name="Wei Chen")
    link = a_guardianship(patron=mia, guardian=wei, library_letters=False, reason="Court order")

    page = librarian.post(reverse("guardianship-add", args=[mia.pk]), {"on_file": wei.pk}, follow=True)

    link.refresh_from_db()
    assert link.library_letters is False
    assert "Wei Chen is a guardian of Mia Chen already. Nothing was changed." in words(page.content)


def test_a_guardianship_is_changed_and_ended(librarian: Client, mia: Patron) -> None:
    """The relationship is for us; the end is the end, and the person stays on file."""
    link = a_guardianship(patron=mia)
    address = reverse("guardianship", args=[link.pk])

    librarian.post(address, {"relationship": "Aunt"})
    changed = Guardianship.objects.get().relationship
    librarian.post(address, {"verb": "end"})

    assert (changed, Guardianship.objects.count(), Guardian.objects.count()) == ("Aunt", 0, 1)


def test_a_guardians_address_changes(librarian: Client) -> None:
    """An empty address is paper."""
    wei = a_guardian(name="Wei Chen", email="old@home.example")

    librarian.post(reverse("guardian-edit", args=[wei.pk]), {"name": "Wei Chen", "email": "", "prefers_paper": "on"})

    wei.refresh_from_db()
    assert (wei.email, wei.prefers_paper) == ("", True)


def test_all_children_at_once(librarian: Client) -> None:
    """From the guardian's page, stop writing to my ex is one form for the whole family."""
    ex = a_guardian(name="Wei Chen")
    asha, tom = a_patron(first_name="Asha", last_name="Chen"), a_patron(first_name="Tom", last_name="Chen")
    for child in (asha, tom):
        a_guardianship(patron=child, guardian=ex)
    elsewhere = a_guardianship(patron=asha)

    page = librarian.post(
        reverse("guardian-letters", args=[ex.pk]), {"verb": "stop", "all-reason": "Court order"}, follow=True
    )

    elsewhere.refresh_from_db()
    assert set(ex.guardianships.values_list("library_letters", "reason")) == {(False, "Court order")}
    assert elsewhere.library_letters is True
    assert "No letters go to Wei Chen any more, about Asha Chen and Tom Chen." in words(page.content)
    assert "No library letters go to this person." in words(page.content)


def test_a_no_for_good_is_not_shortened_by_a_no_for_a_while(librarian: Client) -> None:
    """All children until February: the one about whom a court decided stays off after it, with its own reason."""
    ex = a_guardian(name="Wei Chen")
    for_good = a_guardianship(guardian=ex, library_letters=False, reason="Court order")
    a_while = a_guardianship(guardian=ex)
    until = timezone.localdate() + timedelta(days=60)
    fields = {"verb": "stop", "all-reason": "Abroad", "all-until": until.isoformat()}

    librarian.post(reverse("guardian-letters", args=[ex.pk]), fields)

    for_good.refresh_from_db()
    a_while.refresh_from_db()
    assert (for_good.library_letters, for_good.no_letters_until, for_good.reason) == (False, None, "Court order")
    assert (a_while.library_letters, a_while.no_letters_until, a_while.reason) == (True, until, "Abroad")


def test_only_an_administrator_erases(librarian: Client, people: dict[Role, User], mia: Patron) -> None:
    """A librarian sees neither the button nor the page."""
    address = reverse("patron-erase", args=[mia.pk])
    as_librarian = librarian.post(address).status_code
    button = "Erase Mia Chen" in words(librarian.get(reverse("patron", args=[mia.pk])).content)
    librarian.force_login(people[Role.ADMINISTRATOR])

    asked = librarian.get(address)
    done = librarian.post(address, follow=True)

    mia.refresh_from_db()
    assert (as_librarian, button) == (403, False)
    assert "Erase Mia Chen?" in words(asked.content)
    assert "1 patron erased, with all that was written." in words(done.content)
    assert mia.erased_at is not None


def test_erasing_is_refused_with_a_sentence(librarian: Client, people: dict[Role, User], mia: Patron) -> None:
    """Something is out: no button, and a post from elsewhere changes nothing."""
    loan = a_loan(patron=mia, due=timezone.localdate())
    librarian.force_login(people[Role.ADMINISTRATOR])

    page = librarian.post(reverse("patron-erase", args=[mia.pk]))

    mia.refresh_from_db()
    assert f"{loan.item} is still out. Take back or settle everything first" in words(page.content)
    assert mia.erased_at is None


def _add(client: Client, patron: Patron, **fields: str) -> bytes:
    return client.post(reverse("guardianship-add", args=[patron.pk]), fields, follow=True).content
