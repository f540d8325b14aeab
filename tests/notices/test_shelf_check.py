"""The shelf check: what is written about today and what people say is back, along the shelves (product.md, N16)."""

from datetime import date

import pytest

from circulation import desk
from circulation.models import Loan
from notices import compose, held, scan, shelf_check
from notices.models import Letter, Run, RunSettings
from smtp_gateway.models import OutboundMessage
from tests.builders import a_group, a_loan, a_patron, an_item
from tests.notices.builders import a_gateway_with_an_address, a_schedule, by_the_clock, morning_of, on_day, wording

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _schedule() -> None:
    a_gateway_with_an_address()
    a_schedule(1, 7)
    wording(1, 2)


def a_late_one(call_number: str, *, due: date, **fields: object) -> Loan:
    return a_loan(due=due, item=an_item(call_number=call_number, title=f"Book at {call_number}"), **fields)


def the_run_comes_today() -> None:
    RunSettings(pk=1, enabled=True, weekdays=list(range(7))).save()


def to_look_for(on: date) -> list[tuple[str, str]]:
    return [(place.loan.item.call_number, place.why) for place in shelf_check.places(on=on)]


def test_before_the_run_it_is_what_the_run_will_write_about(today: date) -> None:
    """By call number; what has none comes last, and what is not due does not come at all."""
    the_run_comes_today()
    a_late_one("F WIN", due=on_day(today, -7))
    a_late_one("", due=on_day(today, -1))
    a_late_one("598 BIR", due=on_day(today, -1))
    a_late_one("f ADA", due=on_day(today, -1))
    a_late_one("F NOT", due=on_day(today, 5))

    assert to_look_for(today) == [
        ("598 BIR", "Overdue 1 goes today"),
        ("f ADA", "Overdue 1 goes today"),
        ("F WIN", "Overdue 2 goes today"),
        ("", "Overdue 1 goes today"),
    ]
    assert Letter.objects.count() == 0


def test_after_the_run_it_is_what_still_waits(today: date) -> None:
    """In the outbox, held and for the printer; what has gone is not looked for."""
    the_run_comes_today()
    a_late_one("1", due=on_day(today, -1))
    a_late_one("2", due=on_day(today, -1), patron=a_patron(email=""))
    gone = a_late_one("3", due=on_day(today, -1))
    by_the_clock(today)
    assert [number for number, _ in to_look_for(today)] == ["1", "2", "3"]
    scan_is_let_go(today)

    message = OutboundMessage.objects.get(letter__notices__loan=gone)
    sent = {"state": OutboundMessage.State.SENT, "sent_at": morning_of(today), "finished_at": morning_of(today)}
    OutboundMessage.objects.filter(pk=message.pk).update(**sent)

    assert [number for number, _ in to_look_for(today)] == ["1", "2"]


def scan_is_let_go(today: date) -> None:
    """The first run is held for a person, who looks and lets it go."""
    for run in Run.objects.held_for_a_person():
        held.let_go(run, by=None, on=today)
    compose.write_planned(on=today)


def test_on_a_day_without_a_run_nothing_is_looked_for(today: date) -> None:
    """The daily run is off: what would be due is nobody's errand."""
    a_late_one("1", due=on_day(today, -1))

    assert to_look_for(today) == []


def test_what_people_say_is_back_is_looked_for_three_times(today: date) -> None:
    """Quiet meanwhile; then a person decides, and it is on no list any more."""
    loan = a_late_one("1", due=on_day(today, -1))
    desk.says_it_is_back(loan, on=today)
    left = []

    for _ in range(3):
        [place] = shelf_check.places(on=today)
        left.append(place.checks_left)
        assert desk.looked_for({place.loan.pk: place.checks_left}) == 1

    assert (left, to_look_for(today), shelf_check.not_found_in_time()) == ([3, 2, 1], [], 1)


def test_a_check_that_two_people_finish_counts_once(today: date) -> None:
    loan = a_late_one("1", due=on_day(today, -1))
    desk.says_it_is_back(loan, on=today)

    counted = [desk.looked_for({loan.pk: 3}) for _ in range(2)]

    loan.refresh_from_db()
    assert (counted, loan.shelf_checks_left) == ([1, 0], 2)


def test_what_was_found_meanwhile_is_not_counted(today: date) -> None:
    found, missing = (a_late_one(number, due=on_day(today, -1)) for number in ("1", "2"))
    for loan in (found, missing):
        desk.says_it_is_back(loan, on=today)
    desk.take_back(found, on=today, at=morning_of(today))

    assert desk.looked_for({found.pk: 3, missing.pk: 3}) == 1


def test_found_on_the_shelf_stops_the_letter(today: date) -> None:
    """The letter waits in the outbox until after the check; the book stands where it belongs."""
    loan = a_late_one("1", due=on_day(today, -1), patron=a_patron(group=a_group()))
    scan.run(on=today)
    compose.write_planned(on=today)
    [place] = shelf_check.places(on=today)

    desk.take_back(place.loan, on=today, at=morning_of(today))

    assert shelf_check.places(on=today) == []
    assert OutboundMessage.objects.get(letter__notices__loan=loan).state == OutboundMessage.State.CANCELLED
