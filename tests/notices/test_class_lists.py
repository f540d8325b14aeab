"""Class lists: late only, names and numbers, to the contact of a group; the ledger is left alone (product.md, L3)."""

from datetime import date
from typing import Any

import pytest

from circulation import desk, people
from circulation.models import Group, Loan, Patron
from notices import class_lists, compose, letters, paper, scan, standing
from notices.models import Audience, Letter, Notice, Run
from smtp_gateway.models import OutboundMessage
from tests.builders import a_closed_day, a_group, a_loan, a_patron, an_item
from tests.notices.builders import a_gateway_with_an_address, a_schedule, morning_of, on_day

pytestmark = pytest.mark.django_db

THURSDAY = 3


@pytest.fixture(autouse=True)
def _wording() -> None:
    standing.set_up()
    a_gateway_with_an_address()


@pytest.fixture
def class_8c() -> Group:
    return a_group(
        name="8C", year_level=8, contact_name="Mr Lee", contact_email="lee@school.example", library_day=THURSDAY
    )


def a_student(group: Group, first: str, last: str, *titles: str, due: date, **fields: Any) -> Patron:
    patron = a_patron(group=group, first_name=first, last_name=last, **fields)
    for title in titles:
        a_loan(due=due, patron=patron, item=an_item(title=title))
    return patron


def shown(group: Group, on: date, *, slips: bool = False) -> Run:
    return class_lists.draft([group], slips=slips, on=on, by=None)


def the_list(run: Run) -> Letter:
    return run.letters_of.get(audience=Audience.CONTACT)


def send_all(run: Run, on: date) -> letters.Sent:
    return letters.send(run, list(run.letters_of.values_list("pk", flat=True)), on=on, by=None)


def test_names_and_numbers_and_no_titles(today: date, class_8c: Group) -> None:
    """As in E7: first names with an initial, how many books each, the lesson, and what not to do with it."""
    a_student(class_8c, "Tom", "Okafor", "The Hobbit", due=on_day(today, -7))
    a_student(class_8c, "Grace", "Lee", "Nevermoor", "Blueback", due=on_day(today, -1))
    a_student(class_8c, "Not", "Late", "Storm Boy", due=today)
    back = a_student(class_8c, "Ahmed", "Salem", due=today)
    a_loan(due=on_day(today, -5), patron=back, returned=on_day(today, -4))

    letter = the_list(shown(class_8c, today))

    assert letter.subject == "8C library list for Thursday: 2 students"
    assert letter.text.startswith(
        "Dear Mr Lee,\n\n"
        "Please hand these students their folded slips before Thursday’s library lesson.\n\n"
        "   Grace L., 2 books\n"
        "   Tom O., 1 book\n\n"
        "The slips hold the titles, because what students read is private. "
        "Please do not read this list out or pin it up.\n"
    )
    assert "Last week 1 student of 8C brought books back." in letter.text
    assert [title for title in ("Hobbit", "Nevermoor", "Blueback", "Storm Boy") if title in letter.html] == []


def test_titles_only_if_an_administrator_says_so(today: date, class_8c: Group) -> None:
    a_student(class_8c, "Tom", "Okafor", "The Hobbit", due=on_day(today, -7))
    class_8c.contact_reads_titles = True
    people.save_group(class_8c, changed=["contact_reads_titles"])

    assert "Tom O., 1 book · The Hobbit" in the_list(shown(class_8c, today)).text


def test_who_gets_no_letters_stands_on_no_list(today: date, class_8c: Group) -> None:
    """Neither on the list, nor with a slip, nor in the count of the page where classes are chosen."""
    a_student(class_8c, "Tom", "Okafor", "The Hobbit", due=on_day(today, -7))
    a_student(class_8c, "Ruby", "Novak", "Holes", due=on_day(today, -7), no_letters_until=on_day(today, 30))

    run = shown(class_8c, today, slips=True)

    assert "Tom O." in the_list(run).text
    assert "Ruby" not in the_list(run).text
    assert [letter.patron.first_name for letter in run.letters_of.filter(kind="slip") if letter.patron] == ["Tom"]
    assert [(one.group, one.students) for one in class_lists.classes(library_day=THURSDAY, on=today)] == [(class_8c, 1)]


def test_what_is_quiet_stands_on_no_list(today: date, class_8c: Group) -> None:
    """Billed, said to be back, or under a schedule of no letters."""
    for status in (Loan.Status.BILLED, Loan.Status.SAYS_BACK):
        Loan.objects.filter(patron=a_student(class_8c, "Quiet", "One", "Holes", due=on_day(today, -7))).update(
            status=status
        )
    run = shown(class_8c, today)

    assert list(run.letters_of.all()) == []


def test_a_slip_for_each_student(today: date, class_8c: Group) -> None:
    """On paper and by hand, whatever address they have, with the titles: it is their own."""
    tom = a_student(class_8c, "Tom", "Okafor", "The Hobbit", due=on_day(today, -7), address="1 Elm Street")
    run = shown(class_8c, today, slips=True)

    sent = send_all(run, today)

    assert (sent.by_email, sent.on_paper, sent.left_out) == (1, 1, [])
    [pile] = paper.to_print(class_8c.pk, on=today)
    [slip] = pile.slips
    assert (slip.pupil, slip.letter.patron, "The Hobbit" in slip.body) == ("Tom Okafor, 8C", tom, True)
    assert pile.letters == []


def test_nothing_goes_that_was_not_shown(today: date, class_8c: Group) -> None:
    """To the byte: what was drafted is in the outbox; looking put nothing there."""
    a_student(class_8c, "Tom", "Okafor", "The Hobbit", due=on_day(today, -7))
    run = shown(class_8c, today)
    words = the_list(run).text
    assert OutboundMessage.objects.count() == 0

    send_all(run, today)

    [message] = OutboundMessage.objects.all()
    assert (message.to, message.subject) == ("lee@school.example", "8C library list for Thursday: 1 student")
    assert words.splitlines()[4].strip() == "Tom O., 1 book"
    assert b"Tom O., 1 book" in bytes(message.content)


def test_the_ledger_is_left_alone(today: date, class_8c: Group) -> None:
    """Twice in a week, and the morning's run says its step all the same."""
    a_schedule(1, how="email_only")
    a_student(class_8c, "Tom", "Okafor", "The Hobbit", due=on_day(today, -7))
    for _ in range(2):
        send_all(shown(class_8c, today, slips=True), today)

    run = scan.run(on=today)

    assert list(Notice.objects.standing().values_list("number", "run")) == [(1, run.pk)]
    assert Letter.objects.filter(kind="class_list", state=Letter.State.QUEUED).count() == 2


def test_without_an_address_it_is_printed(today: date) -> None:
    """It lies on top of its class's paper."""
    group = a_group(name="5B", year_level=5, contact_name="Ms Hall")
    a_student(group, "Asha", "Okafor", "Blueback", due=on_day(today, -2))
    send_all(shown(group, today, slips=True), today)

    [pile] = paper.to_print(group.pk, on=today)

    assert [sheet.window for sheet in pile.letters] == [["By hand", "Ms Hall, 5B"]]
    assert [sheet.pupil for sheet in pile.slips] == ["Asha Okafor, 5B"]


@pytest.mark.parametrize("email", ["lee@school.example", ""])
def test_taken_off_the_list_while_it_waits(today: date, class_8c: Group, email: str) -> None:
    """A book comes back and a child falls silent, with the list in the outbox or in the print queue."""
    Group.objects.filter(pk=class_8c.pk).update(contact_email=email)
    tom = a_student(class_8c, "Tom", "Okafor", "The Hobbit", due=on_day(today, -7))
    ruby = a_student(class_8c, "Ruby", "Novak", "Holes", due=on_day(today, -7))
    a_student(class_8c, "Grace", "Lee", "Nevermoor", due=on_day(today, -7))
    send_all(shown(class_8c, today, slips=True), today)

    desk.take_back(Loan.objects.get(patron=tom), on=today, at=morning_of(today))
    people.stop_letters([ruby.pk], reason="A hard week")
    compose.write_planned(on=today)

    [pile] = paper.to_print(class_8c.pk, on=today)
    assert [sheet.pupil for sheet in pile.slips] == ["Grace Lee, 8C"]
    [letter] = Letter.objects.filter(kind="class_list")
    words = letter.text or bytes(letter.message.content).decode()  # type: ignore[union-attr]
    assert [name in words for name in ("Grace L.", "Tom O.", "Ruby N.")] == [True, False, False]


@pytest.mark.parametrize(("closed", "lesson"), [([], "Thursday"), ([3], "Thursday"), (None, "")])
def test_which_lesson(today: date, class_8c: Group, closed: list[int] | None, lesson: str) -> None:
    """The next library day; where the library is closed then, the one after; a group without one has none."""
    a_student(class_8c, "Tom", "Okafor", "The Hobbit", due=on_day(today, -7))
    for days in closed or []:
        a_closed_day(day=on_day(today, days))
    if closed is None:
        Group.objects.filter(pk=class_8c.pk).update(library_day=None)

    subject = the_list(shown(class_8c, today)).subject

    assert subject == f"8C library list{f' for {lesson}' if lesson else ''}: 1 student"


def test_a_slip_delays_no_letter(today: date, class_8c: Group) -> None:
    """Two letters lie three days apart; a slip handed over in class is none of them."""
    a_schedule(7, days_between=3)
    tom = a_student(class_8c, "Tom", "Okafor", "The Hobbit", due=on_day(today, -7))
    send_all(shown(class_8c, on_day(today, -1), slips=True), on_day(today, -1))

    run = scan.run(on=today)

    assert (run.email, run.too_soon) == (1, 0)
    assert list(Notice.objects.standing().filter(loan__patron=tom).values_list("number", flat=True)) == [1]
