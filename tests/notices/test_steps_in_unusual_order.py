"""Repeats, shared days, held runs, late letters: steps still come in order, each book once, none forgotten."""

import threading
from datetime import date

import pytest
from django.db import connections, transaction

from circulation.calendar import OpenDays
from circulation.models import Loan
from library.models import Library
from notices import compose, held, scan
from notices.letter_data import LibraryData
from notices.letter_rows import Reader
from notices.models import Letter, Notice, Step
from smtp_gateway.models import OutboundMessage
from tests.builders import a_collection, a_group, a_guardian, a_loan, a_patron, an_item
from tests.notices.builders import (
    a_gateway_with_an_address,
    a_notice,
    a_schedule,
    by_the_clock,
    morning_of,
    on_day,
    told,
    wording,
)
from tests.notices.test_letters_are_written import text_of

Who, How, State = Step.Who, Step.How, OutboundMessage.State


# ---- what stops everybody's letters


@pytest.mark.django_db
def test_a_repeat_does_not_keep_the_next_step_away(today: date) -> None:
    """Climbing; overdue 1 repeats every 3 days, overdue 2 is 7 days later: it comes 7 days after 1 was first told."""
    schedule = a_schedule(7, 14, climb=True)
    schedule.steps.filter(number=1).update(repeat_days=3)
    loan = a_loan(due=on_day(today, -7))

    for day in range(15):
        scan.run(on=on_day(today, day))

    assert Notice.objects.filter(loan=loan, number=2).count() == 1


@pytest.mark.django_db
def test_steps_of_one_day_climb_on_when_one_has_nobody(today: date) -> None:
    """Day 7: child (1) and home (2), who has no address by email only. Overdue 3 on day 14 must come."""
    schedule = a_schedule(7, 14, climb=True)
    schedule.steps.filter(number=2).update(number=3)
    Step.objects.create(schedule=schedule, number=2, days=7, who=Who.GUARDIANS, how=How.EMAIL_ONLY)
    loan = a_loan(due=on_day(today, -7), patron=a_patron(guardians=[a_guardian(email="")]))

    for day in range(10):
        scan.run(on=on_day(today, day))

    assert told(loan) == [(1, 0), (3, 0)]


@pytest.mark.django_db
def test_a_step_that_was_taken_out_of_the_schedule_does_not_end_the_climb(today: date) -> None:
    """Told 1 and 2; then the librarian deletes step 2. Overdue 3 still comes."""
    schedule = a_schedule(7, 14, 28, climb=True)
    loan = a_loan(due=on_day(today, -28))
    a_notice(loan=loan, number=1, said=on_day(today, -21))
    a_notice(loan=loan, number=2, said=on_day(today, -14))
    schedule.steps.filter(number=2).delete()

    for day in range(30):
        scan.run(on=on_day(today, day))

    assert told(loan) == [(1, 0), (2, 0), (3, 0)]


@pytest.mark.django_db
@pytest.mark.parametrize("climb", [False, True])
def test_letting_go_late_does_not_send_two_steps_together(today: date, climb: bool) -> None:
    """The first run is held for a week. Nobody gets overdue 2 first, nor both on one morning."""
    a_gateway_with_an_address()
    wording(1, 2)
    a_schedule(1, 7, climb=climb)
    a_loan(due=on_day(today, -1))
    first = by_the_clock(today)
    compose.write_planned(on=today)
    assert first.is_held

    by_the_clock(on_day(today, 6))
    held.let_go(first, by=None, on=on_day(today, 6))
    compose.write_planned(on=on_day(today, 6))

    assert OutboundMessage.objects.count() == 1


@pytest.mark.django_db
def test_a_reminder_let_go_after_the_due_date_is_not_printed(today: date) -> None:
    """*Is due on Thursday*, on the Monday after, on paper."""
    a_gateway_with_an_address()
    wording(-1)
    a_schedule(-3)
    a_loan(due=on_day(today, 3), patron=a_patron(email=""))
    run = by_the_clock(today)
    compose.write_planned(on=today)

    held.let_go(run, by=None, on=on_day(today, 7))
    compose.write_planned(on=on_day(today, 7))

    assert Letter.objects.to_print().count() == 0


@pytest.mark.django_db
def test_what_was_planned_before_let_go_speaks_from_the_day_it_is_let_go(today: date) -> None:
    """The gateway had no address: the held letters are still planned when a person lets them go eight days later."""
    a_gateway_with_an_address()
    wording(1)
    a_schedule(1)
    a_loan(due=on_day(today, -1))
    run = by_the_clock(today)

    held.let_go(run, by=None, on=on_day(today, 8))
    compose.write_planned(on=on_day(today, 8))

    letter = Letter.objects.get()
    assert letter.day == on_day(today, 8)
    assert letter.expires_at > morning_of(on_day(today, 8))  # type: ignore[operator]


@pytest.mark.django_db
def test_a_letter_written_days_late_speaks_from_the_day_it_is_written(today: date) -> None:
    """Planned on Monday, written on Sunday: *by Friday* has passed."""
    a_gateway_with_an_address()
    wording(1, body="Please bring it by {{ act_by }}.")
    a_schedule(1)
    a_loan(due=on_day(today, -1))
    scan.run(on=today)

    compose.write_planned(on=on_day(today, 6))

    assert Letter.objects.get().day == on_day(today, 6)


@pytest.mark.django_db(transaction=True)
def test_letting_go_while_letters_are_written_leaves_none_behind(today: date) -> None:
    """Compose has read *held* and not committed; let_go does not see its letter, which then stays held for ever."""
    a_gateway_with_an_address()
    wording(1)
    a_schedule(1)
    a_loan(due=on_day(today, -1))
    run = by_the_clock(today)
    done = threading.Event()

    def let_go() -> None:
        held.let_go(run, by=None, on=today)
        done.set()
        connections.close_all()

    with transaction.atomic():
        compose._write(compose._take_some(), on=today)
        thread = threading.Thread(target=let_go)
        thread.start()
        done.wait(1)
    thread.join()
    compose.write_planned(on=today)

    assert Letter.objects.get().state == Letter.State.QUEUED


@pytest.mark.django_db
def test_an_extension_without_an_end_is_quiet(today: date) -> None:
    """NULL in quiet_until makes the condition NULL, and the loan is written about."""
    a_schedule(1)
    loan = a_loan(due=on_day(today, -1), status=Loan.Status.EXTENSION_ASKED, quiet_until=None)

    scan.run(on=today)

    assert told(loan) == []


# ---- the wrong person, or not the right one


@pytest.mark.django_db
def test_a_book_stands_in_a_letter_once(today: date) -> None:
    """Two steps on one day, to the patron and to the home; a patron with no home gets both: one book, not two."""
    a_gateway_with_an_address()
    wording(1, 2)
    schedule = a_schedule(7)
    Step.objects.create(schedule=schedule, number=2, days=7, who=Who.GUARDIANS)
    a_loan(due=on_day(today, -7), patron=a_patron(first_name="Mia"))
    scan.run(on=today)

    compose.write_planned(on=today)

    assert text_of(OutboundMessage.objects.get()) == "Dear Mia, this is step 2 about 1."


@pytest.mark.django_db
def test_a_failed_letter_tells_nobody_and_the_climb_waits(today: date) -> None:
    """No wording for overdue 1: overdue 2 must not be the first that a reader hears."""
    a_gateway_with_an_address()
    wording(2)
    a_schedule(1, 7, climb=True)
    loan = a_loan(due=on_day(today, -1))
    scan.run(on=today)
    compose.write_planned(on=today)

    scan.run(on=on_day(today, 6))

    assert Notice.objects.filter(loan=loan, number=2).count() == 0


@pytest.mark.django_db
def test_the_promised_day_is_the_groups_library_day(today: date) -> None:
    """Letters go on library day only (Monday here): the next one is promised for a Monday."""
    a_gateway_with_an_address()
    wording(1, 2, body="{{ books[0].number }} {{ next_step }}")
    group = a_group(library_day=today.weekday())
    a_schedule(1, 4, on_library_day=True)
    a_loan(due=on_day(today, -1), patron=a_patron(group=group))
    scan.run(on=today)

    reader = Reader(library=LibraryData.of(Library.the()), open_days=OpenDays.load())
    [(_, lines)] = reader.lines(list(Letter.objects.values_list("pk", flat=True)), on=today)
    row = reader.row(lines)

    assert row.data.books[0].next == on_day(today, 7)


# ---- second round


@pytest.mark.django_db
def test_a_reminder_in_the_letter_does_not_expire_the_overdue_news(today: date) -> None:
    """One book due today, one a week late: the letter may be delivered tomorrow about the late one."""
    a_gateway_with_an_address()
    wording(-1, 1)
    a_schedule(0, 7)
    mia = a_patron()
    a_loan(due=today, patron=mia)
    a_loan(due=on_day(today, -7), patron=mia)
    scan.run(on=today)

    compose.write_planned(on=today)

    assert Letter.objects.get().expires_at > morning_of(on_day(today, 2))  # type: ignore[operator]


@pytest.mark.django_db
def test_a_group_without_a_library_day_is_told(today: date) -> None:
    """On library day only, and the group has none: goes on any day rather than never."""
    a_schedule(1, on_library_day=True)
    loan = a_loan(due=on_day(today, -1))

    by_the_clock(today)

    assert told(loan) == [(1, 0)]


@pytest.mark.django_db
def test_a_collections_own_schedule_for_staff_and_no_group(today: date) -> None:
    """Without groups it covers every group; the collection wins over neither."""

    textbooks = a_collection()
    a_schedule(1)
    a_schedule(5, collections=[textbooks])
    plain = a_loan(due=on_day(today, -1))
    own = a_loan(due=on_day(today, -1), item=an_item(collection=textbooks))

    scan.run(on=today)

    assert (told(plain), told(own)) == ([(1, 0)], [])
