"""Whatever is wrong with one letter, address or day stays there: the others go, and the counts still add up."""

import threading
from datetime import date

import pytest
from django.db import connection, connections, transaction

from circulation import people
from circulation.models import Loan
from library.models import Library
from notices import compose, daily, scan
from notices.models import Letter, Notice, Run, RunSettings, Step
from smtp_gateway.models import OutboundMessage
from tests.builders import a_closed_day, a_group, a_guardian, a_loan, a_patron
from tests.notices.builders import (
    a_gateway_with_an_address,
    a_schedule,
    by_the_clock,
    morning_of,
    on_day,
    wording,
)
from tests.notices.test_letters_are_written import text_of

Who, How, State = Step.Who, Step.How, OutboundMessage.State


# ---- what stops everybody's letters


@pytest.mark.django_db
def test_two_failed_letters_of_one_loan_stop_nobody(today: date) -> None:
    """Child on paper, home by email, both without wording: the loan is counted by email, once; others are written."""
    a_gateway_with_an_address()
    a_schedule(7, who=Who.BOTH)
    wording(1, audiences=["patron"], service="ill_borrowing")
    a_loan(due=on_day(today, -7), patron=a_patron(email="", guardians=[a_guardian()]))
    run = scan.run(on=today)

    compose.write_planned(on=today)

    run.refresh_from_db()
    assert (run.email, run.paper, run.failed) == (0, 0, 1)


@pytest.mark.django_db
def test_a_failed_letter_that_became_paper_stops_nobody(today: date) -> None:
    """Planned by email, the address gone before writing, then no wording."""
    a_gateway_with_an_address()
    a_schedule(1)
    mia = a_patron()
    a_loan(due=on_day(today, -1), patron=mia)
    run = scan.run(on=today)
    mia.email = ""
    people.save_patron(mia, changed=["email"])

    compose.write_planned(on=today)

    run.refresh_from_db()
    assert (run.email, run.paper, run.failed) == (0, 0, 1)


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["kim@[192.0.2.1]", '"kim lee"@home.example', "no address at all"])
def test_one_bad_address_stops_only_its_own_letter(today: date, address: str) -> None:
    """Django's validator takes the first two; the outbox takes none of them. daily.look hides the OutboxError."""
    a_gateway_with_an_address()
    a_schedule(1)
    wording(1)
    a_loan(due=on_day(today, -1), patron=a_patron(email=address))
    a_loan(due=on_day(today, -1), patron=a_patron(email="good@students.example"))
    scan.run(on=today)

    daily.look(at=morning_of(today))

    assert list(OutboundMessage.objects.values_list("to", flat=True)) == ["good@students.example"]
    assert Letter.objects.filter(state=Letter.State.FAILED).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_book_returned_during_the_scan_does_not_fail_the_day(today: date) -> None:
    """looked_at is counted by a later statement than the outcomes; a desk in between makes the sums differ."""
    a_schedule(1)
    a_loan(due=on_day(today, -1))
    other = a_loan(due=on_day(today, -1), patron=a_patron(group=a_group(auto_send=False)))
    states: list[str] = []

    def scan_now() -> None:
        try:
            states.append(by_the_clock(today).state)
        finally:
            connections.close_all()

    with connection.cursor() as cursor:
        cursor.execute("BEGIN; LOCK TABLE notices_letter IN EXCLUSIVE MODE")
        thread = threading.Thread(target=scan_now)
        thread.start()
        for _ in range(200):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'notices_letter'::regclass")
            if cursor.fetchone()[0]:
                break
            threading.Event().wait(0.02)
        cursor.execute("UPDATE circulation_loan SET returned_on = %s WHERE id = %s", [today, other.pk])
        cursor.execute("COMMIT")
    thread.join()

    assert states == [Run.State.DONE]


@pytest.mark.django_db
def test_a_calendar_with_a_typing_error_is_a_failed_letter_not_a_crash(today: date) -> None:
    """Holidays until 2062: the next open day cannot be found; write_planned raises for ever and names nothing."""
    a_gateway_with_an_address()
    a_schedule(1)
    wording(1)
    a_loan(due=on_day(today, -1))
    scan.run(on=today)
    a_closed_day(day=on_day(today, 1), until=date(2062, 1, 31))

    compose.write_planned(on=today)

    assert Letter.objects.get().state == Letter.State.FAILED


# ---- silently stuck, told twice, or out of order


@pytest.mark.django_db
def test_a_loan_that_failed_in_one_letter_and_stands_in_another_is_told(today: date) -> None:
    """Two steps share a day, the home's wording is missing: the loan was told by the child's letter, and not failed."""
    a_gateway_with_an_address()
    wording(1)
    schedule = a_schedule(7)
    Step.objects.create(schedule=schedule, number=2, days=7, who=Who.GUARDIANS)
    a_loan(due=on_day(today, -7), patron=a_patron(guardians=[a_guardian()]))
    run = scan.run(on=today)

    compose.write_planned(on=today)

    run.refresh_from_db()
    assert (run.email, run.failed) == (1, 0)


@pytest.mark.django_db
def test_an_exception_in_the_scan_does_not_keep_written_letters_back(today: date) -> None:
    """The calendar is broken for the run (open days counted); yesterday's planned letters are still written."""
    a_gateway_with_an_address()
    wording(1)
    a_schedule(1)
    a_loan(due=on_day(today, -1), patron=a_patron(email="mia@students.example"))
    scan.run(on=today)
    settings = RunSettings.the()
    settings.enabled = settings.on_closed_days = True
    settings.save()

    library = Library.the()
    library.open_weekdays = []
    library.save()
    a_schedule(-3, count="open")

    daily.look(at=morning_of(today))

    assert Run.objects.by_the_clock().get().state == Run.State.FAILED


@pytest.mark.django_db
def test_a_letter_with_nothing_left_does_not_spin(today: date) -> None:
    """A planned letter whose loan was deleted has no lines: write_planned takes it again and again."""
    a_gateway_with_an_address()
    wording(1)
    a_schedule(1)
    loan = a_loan(due=on_day(today, -1))
    scan.run(on=today)
    loan.delete()

    compose.write_planned(on=today, seconds=1)

    assert Letter.objects.to_write().count() == 0


@pytest.mark.django_db
def test_gateway_text_is_not_mixed_up_by_percent_signs(today: date) -> None:
    """Names with percent signs and braces pass the SQL unharmed."""
    a_gateway_with_an_address()
    wording(1)
    a_schedule(1, name="100 % {} %s %(on)s")
    a_loan(due=on_day(today, -1), patron=a_patron(first_name="Mia %s %(on)s {}", email="a%s@students.example"))
    scan.run(on=today)

    compose.write_planned(on=today)

    assert text_of(OutboundMessage.objects.get()) == "Dear Mia %s %(on)s {}, this is step 1 about 1."


@pytest.mark.django_db
def test_a_letter_can_be_written_again_when_its_wording_is_there(today: date) -> None:
    """The missing template was written at nine; one click, and the run's counts are as if it had always been there."""
    a_gateway_with_an_address()
    a_schedule(1)
    loan = a_loan(due=on_day(today, -1))
    run = scan.run(on=today)
    compose.write_planned(on=today)
    wording(1)

    again = compose.write_again(Letter.objects.values_list("pk", flat=True))
    compose.write_planned(on=today)

    run.refresh_from_db()
    assert again == 1
    assert (run.email, run.failed) == (1, 0)
    assert OutboundMessage.objects.get().to == loan.patron.email  # type: ignore[union-attr]


@pytest.mark.django_db(transaction=True)
def test_a_return_that_is_not_committed_yet_is_waited_for(today: date) -> None:
    """An import has taken the book back and is still busy when the scan comes: nobody is told about it."""
    a_schedule(1)
    loan, other = [a_loan(due=on_day(today, -1)) for _ in range(2)]
    runs: list[Run] = []

    def scan_now() -> None:
        try:
            runs.append(by_the_clock(today))
        finally:
            connections.close_all()

    with transaction.atomic():
        Loan.objects.filter(pk=loan.pk).update(returned_on=today)
        thread = threading.Thread(target=scan_now)
        thread.start()
        thread.join(timeout=1)
        waited = thread.is_alive()
    thread.join()

    assert waited
    assert [notice.loan for notice in Notice.objects.told()] == [other]
    assert (runs[0].looked_at, runs[0].email, runs[0].status) == (2, 1, 1)
