"""People and rules change while letters wait: each letter still reaches its reader, and says no more than it may."""

from collections.abc import Callable
from datetime import date

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from circulation import people
from circulation.calendar import OpenDays
from circulation.signals import Cause
from library.models import Library
from notices import compose, held, scan, schedules, take_back
from notices.letter_data import LibraryData
from notices.letter_rows import Reader
from notices.models import Letter, Schedule, Step
from smtp_gateway.models import OutboundMessage
from tests.builders import a_collection, a_group, a_guardian, a_loan, a_patron, an_item
from tests.notices.builders import a_gateway_with_an_address, a_notice, a_schedule, by_the_clock, on_day, told, wording
from tests.notices.test_letters_are_written import text_of

Who, How, State = Step.Who, Step.How, OutboundMessage.State


# ---- what stops everybody's letters


@pytest.mark.django_db
def test_the_other_guardian_still_hears(today: date) -> None:
    """One letter to both at one address; his guardianship is switched off: hers is written again, at once."""
    a_gateway_with_an_address()
    wording(1)
    a_schedule(7, who=Who.BOTH)
    mother, father = a_guardian(email="us@home.example"), a_guardian(email="us@home.example")
    tom = a_patron(guardians=[mother, father])
    a_loan(due=on_day(today, -7), patron=tom)
    scan.run(on=today)
    compose.write_planned(on=today)

    people.change_guardianship(tom.guardianships.get(guardian=father), library_letters=False)
    compose.write_planned(on=today)
    by_hand = on_day(today, 1)
    scan.run(on=by_hand)
    compose.write_planned(on=by_hand)

    assert OutboundMessage.objects.filter(to="us@home.example", state=State.WAITING).count() == 1


@pytest.mark.django_db
def test_the_teacher_of_the_old_class_is_not_told(today: date) -> None:
    """Tom moves from 7A to 7B while the letter to 7A's teacher waits."""
    a_gateway_with_an_address()
    wording(1)
    a_schedule(7, who=Who.CONTACT)
    old, new = a_group(contact_email="a@school.example"), a_group(contact_email="b@school.example")
    tom = a_patron(group=old)
    a_loan(due=on_day(today, -7), patron=tom)
    scan.run(on=today)
    compose.write_planned(on=today)

    tom.group = new
    people.save_patron(tom, changed=["group"])
    compose.write_planned(on=today)

    assert list(OutboundMessage.objects.filter(state=State.WAITING).values_list("to", flat=True)) == []


@pytest.mark.django_db
def test_a_guardian_who_left_the_shared_mailbox(today: date) -> None:
    """One letter to both; she gets an address of her own. The shared letter must not go to it in both names."""
    a_gateway_with_an_address()
    wording(1)
    a_schedule(7, who=Who.GUARDIANS)
    mother = a_guardian(name="Ms Okafor", email="us@home.example")
    father = a_guardian(name="Mr Novak", email="us@home.example")
    a_loan(due=on_day(today, -7), patron=a_patron(guardians=[mother, father]))
    scan.run(on=today)
    compose.write_planned(on=today)

    mother.email = "new@her.example"
    people.save_guardian(mother, changed=["email"])
    compose.write_planned(on=today)

    waiting = OutboundMessage.objects.filter(state=State.WAITING)
    assert [text_of(one) for one in waiting if "Novak" in text_of(one) and one.to == "new@her.example"] == []


@pytest.mark.django_db
def test_a_name_that_changed_is_not_sent(today: date) -> None:
    """*Known as* is corrected while the letter waits."""
    a_gateway_with_an_address()
    wording(1)
    a_schedule(1)
    kit = a_patron(first_name="Kit", known_as="Kitty")
    a_loan(due=on_day(today, -1), patron=kit)
    scan.run(on=today)
    compose.write_planned(on=today)

    kit.known_as = ""
    people.save_patron(kit, changed=["known_as"])
    compose.write_planned(on=today)

    assert [text_of(one) for one in OutboundMessage.objects.filter(state=State.WAITING)] == [
        "Dear Kit, this is step 1 about 1."
    ]


@pytest.mark.django_db
def test_a_returned_book_leaves_the_list_of_what_is_also_out(today: date) -> None:
    """The letter waits and lists a second book as still out; that one comes home."""
    a_gateway_with_an_address()
    wording(1, body="{% for book in also_out %}{{ book.title }}{% endfor %}.")
    a_schedule(1, 30)
    mia = a_patron()
    other = a_loan(due=on_day(today, -5), patron=mia, item=an_item(title="Blueback"))
    a_notice(loan=other, number=1, said=on_day(today, -4))
    a_loan(due=on_day(today, -1), patron=mia)
    scan.run(on=today)
    compose.write_planned(on=today)
    assert text_of(OutboundMessage.objects.get()) == "Blueback."

    other.returned_on = today
    other.save()
    take_back.about_loans([other.pk], cause=Cause.RETURNED, on=today)
    compose.write_planned(on=today)

    assert [text_of(one) for one in OutboundMessage.objects.filter(state=State.WAITING)] == ["."]


@pytest.mark.django_db
def test_what_is_never_written_about_is_not_in_the_list_either(today: date) -> None:
    """Home readers fall under a schedule *no letters*; the quiet list names them all the same."""
    a_gateway_with_an_address()
    wording(1, body="{% for book in also_out %}{{ book.title }}{% endfor %}.")

    readers = a_collection()
    a_schedule(1)
    a_schedule(1, no_letters=True, collections=[readers])
    mia = a_patron()
    a_loan(due=on_day(today, -9), patron=mia, item=an_item(title="Secret", collection=readers))
    a_loan(due=on_day(today, -1), patron=mia)
    scan.run(on=today)

    compose.write_planned(on=today)

    assert text_of(OutboundMessage.objects.get()) == "."


@pytest.mark.django_db
def test_parents_named_in_another_order_get_one_letter(today: date) -> None:
    """Two children, the same two parents at one address, put on file in another order."""
    a_schedule(7, who=Who.GUARDIANS)
    mother, father = a_guardian(email="us@home.example"), a_guardian(email="us@home.example")
    for parents in ([mother, father], [father, mother]):
        a_loan(due=on_day(today, -7), patron=a_patron(guardians=parents))

    scan.run(on=today)

    assert Letter.objects.count() == 1


@pytest.mark.django_db
def test_parents_without_any_postal_address_are_not_one_household(today: date) -> None:
    """Separated parents, both on paper, no address on file: an empty address is not a shared one."""
    a_schedule(7, who=Who.GUARDIANS)
    mother, father = a_guardian(email=""), a_guardian(email="")
    a_loan(due=on_day(today, -7), patron=a_patron(guardians=[mother, father]))

    scan.run(on=today)

    assert {(letter.guardian, letter.also_guardian) for letter in Letter.objects.all()} == {
        (mother, None),
        (father, None),
    }


@pytest.mark.django_db
def test_an_erased_guardian_is_none_on_file(today: date) -> None:
    """The only guardian was erased: the step for guardians goes to the patron (N5)."""

    a_schedule(7, who=Who.GUARDIANS)
    gone = a_guardian(erased_at=timezone.now(), email="", name="")
    a_loan(due=on_day(today, -7), patron=a_patron(guardians=[gone]))

    run = scan.run(on=today)

    assert (run.email, run.no_address) == (1, 0)


@pytest.mark.django_db
def test_paper_by_preference_stays_when_another_book_comes_back(today: date) -> None:
    """Email-only step, patron prefers paper: two books on paper, one returned; the other's letter stays."""
    a_gateway_with_an_address()
    wording(1)
    a_schedule(1, how=How.EMAIL_ONLY)
    mia = a_patron(prefers_paper=True)
    back, out = [a_loan(due=on_day(today, -1), patron=mia) for _ in range(2)]
    scan.run(on=today)
    compose.write_planned(on=today)

    back.returned_on = today
    back.save()
    take_back.about_loans([back.pk], cause=Cause.RETURNED, on=today)
    compose.write_planned(on=today)

    assert told(out) == [(1, 0)]


@pytest.mark.django_db
def test_patron_letter_does_not_say_that_home_was_told_when_it_was_not(today: date) -> None:
    """The home's letter could not be written; the child still reads *today we also asked your family*."""
    a_gateway_with_an_address()
    wording(1, audiences=["patron"], body="{% if books[0].home_told_today %}asked{% else %}not{% endif %}")
    a_schedule(7, who=Who.BOTH)
    a_loan(due=on_day(today, -7), patron=a_patron(guardians=[a_guardian()]))
    scan.run(on=today)
    compose.write_planned(on=today)
    letter = Letter.objects.get(audience="patron")

    reader = Reader(library=LibraryData.of(Library.the()), open_days=OpenDays.load())
    [(_, lines)] = reader.lines([letter.pk], on=today)
    row = reader.row(lines)

    assert row.data.books[0].home_told_today is False


@pytest.mark.django_db
def test_an_unrelated_recheck_does_not_change_patrons_own_letter_to_a_merged_address(today: date) -> None:
    """A guardian takes the address of another: both letters stay, each in its own name."""
    a_gateway_with_an_address()
    wording(1)
    a_schedule(7, who=Who.GUARDIANS)
    mother, father = a_guardian(name="Ms A", email="a@home.example"), a_guardian(name="Mr B", email="b@home.example")
    a_loan(due=on_day(today, -7), patron=a_patron(guardians=[mother, father]))
    scan.run(on=today)
    compose.write_planned(on=today)

    mother.email = "b@home.example"
    people.save_guardian(mother, changed=["email"])
    compose.write_planned(on=today)

    waiting = OutboundMessage.objects.filter(state=State.WAITING).order_by("pk")
    assert sorted((one.to, one.to_name) for one in waiting) == [("b@home.example", "Mr B"), ("b@home.example", "Ms A")]


@pytest.mark.django_db
def test_titles_forbidden_for_a_group_leave_what_waits(today: date) -> None:
    """The group is switched to private while the home's letter waits."""
    a_gateway_with_an_address()
    wording(
        1, body="{% for child in children %}{% for book in child.books %}[{{ book.title }}]{% endfor %}{% endfor %}."
    )
    a_schedule(7, who=Who.GUARDIANS)
    group = a_group()
    tom = a_patron(group=group, guardians=[a_guardian()])
    a_loan(due=on_day(today, -7), patron=tom, item=an_item(title="Private Peaceful"))
    scan.run(on=today)
    compose.write_planned(on=today)

    group.home_reads_titles = False
    people.save_group(group, changed=["home_reads_titles"])
    compose.write_planned(on=today)

    assert [text_of(one) for one in OutboundMessage.objects.filter(state=State.WAITING)] == ["[]."]


@pytest.mark.django_db
def test_titles_forbidden_by_a_step_leave_what_waits(today: date) -> None:
    """A held letter home names the title; the step is switched to private before it is let go."""
    a_gateway_with_an_address()
    wording(
        1, body="{% for child in children %}{% for book in child.books %}[{{ book.title }}]{% endfor %}{% endfor %}."
    )
    a_schedule(7, who=Who.GUARDIANS)
    a_loan(due=on_day(today, -7), patron=a_patron(guardians=[a_guardian()]), item=an_item(title="Private Peaceful"))
    run = by_the_clock(today)
    compose.write_planned(on=today)
    Step.objects.update(home_reads_titles=False)

    held.let_go(run, by=None, on=today)
    compose.write_planned(on=today)

    assert text_of(OutboundMessage.objects.get()) == "[]."


def on_its_page(schedule: Schedule, step: Step, client: Client) -> None:
    step.home_reads_titles = False
    schedules.save_steps(schedule, [step], on=timezone.localdate())


def in_django_admin(schedule: Schedule, step: Step, client: Client) -> None:
    client.force_login(User.objects.create_superuser("admin"))
    form = {name: getattr(schedule, name) for name in ("name", "service", "count", "stop_after", "days_between")}
    row = {name: getattr(step, name) for name in ("number", "days", "who", "how")} | {"id": step.pk}
    posted = {"active": "on", "weekdays": "", "steps-TOTAL_FORMS": 1, "steps-INITIAL_FORMS": 1}
    posted |= {f"steps-0-{name}": value for name, value in (row | {"schedule": schedule.pk}).items()}
    answer = client.post(f"/admin/notices/schedule/{schedule.pk}/change/", form | posted)
    assert answer.status_code == 302, answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("saved", [on_its_page, in_django_admin])
def test_titles_forbidden_by_a_step_leave_the_outbox(
    today: date, client: Client, saved: Callable[[Schedule, Step, Client], None]
) -> None:
    """A letter home that names the title waits in the outbox when an administrator saves the step without titles."""
    a_gateway_with_an_address()
    wording(
        1, body="{% for child in children %}{% for book in child.books %}[{{ book.title }}]{% endfor %}{% endfor %}."
    )
    schedule = a_schedule(7, who=Who.GUARDIANS)
    a_loan(due=on_day(today, -7), patron=a_patron(guardians=[a_guardian()]), item=an_item(title="Private Peaceful"))
    scan.run(on=today)
    compose.write_planned(on=today)

    saved(schedule, schedule.steps.get(), client)
    compose.write_planned(on=today)

    assert [text_of(one) for one in OutboundMessage.objects.filter(state=State.WAITING)] == ["[]."]


@pytest.mark.django_db
def test_a_group_that_becomes_staff_is_not_written_home_about(today: date) -> None:
    """A letter home waits; then somebody ticks that these are staff."""
    a_gateway_with_an_address()
    wording(1)
    a_schedule(7, who=Who.GUARDIANS)
    group = a_group()
    loan = a_loan(due=on_day(today, -7), patron=a_patron(group=group, guardians=[a_guardian()]))
    scan.run(on=today)
    compose.write_planned(on=today)

    group.is_staff = True
    people.save_group(group, changed=["is_staff"])
    compose.write_planned(on=today)

    assert not OutboundMessage.objects.filter(state=State.WAITING).exists()
    assert told(loan) == []


@pytest.mark.django_db
def test_a_class_with_another_name_is_called_by_it(today: date) -> None:
    """Letters home name the class: one that waits is written again."""
    a_gateway_with_an_address()
    wording(1, body="{% for child in children %}{{ child.label }}{% endfor %}.")
    a_schedule(7, who=Who.GUARDIANS)
    group = a_group(name="7A")
    a_loan(due=on_day(today, -7), patron=a_patron(group=group, first_name="Asha", guardians=[a_guardian()]))
    scan.run(on=today)
    compose.write_planned(on=today)

    group.name = "8A"
    people.save_group(group, changed=["name"])
    compose.write_planned(on=today)

    assert [text_of(one) for one in OutboundMessage.objects.filter(state=State.WAITING)] == ["Asha (8A)."]
