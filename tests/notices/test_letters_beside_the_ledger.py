"""Letters by hand that leave the ledger alone (product.md, L1): other kinds, and extra letters that do not count."""

from datetime import date

import pytest

from circulation import desk, people
from circulation.models import Group, Loan, Patron
from notices import compose, letter_kinds, letters, standing, take_back
from notices.models import Audience, Letter, Notice, Run, Template
from smtp_gateway.models import OutboundMessage
from tests.builders import a_group, a_guardian, a_loan, a_partner, a_patron, an_item
from tests.notices.builders import (
    a_gateway_with_an_address,
    a_notice,
    a_schedule,
    by_the_clock,
    morning_of,
    on_day,
    told,
)
from tests.notices.test_letters_are_written import text_of

pytestmark = pytest.mark.django_db

Kind = Template.Kind


@pytest.fixture(autouse=True)
def _ready() -> None:
    a_gateway_with_an_address()
    standing.set_up()


@pytest.fixture
def mia() -> Patron:
    return a_patron(group=a_group(name="7B"), first_name="Mia", last_name="Chen", email="mia@students.example")


def drafted(patron: Patron, on: date, kind: Template.Kind = Kind.TERM_ENDS, **asked: object) -> Run:
    wishes: dict[str, object] = {"audience": Audience.PATRON, "patrons": [patron], "days_late": None} | asked
    return letters.draft(kind=kind, on=on, by=None, **wishes)  # type: ignore[arg-type]


def sent(run: Run, on: date) -> letters.Sent:
    return letters.send(run, set(run.letters_of.values_list("pk", flat=True)), on=on, by=None)


def stays_out(run: Run) -> dict[int, str]:
    assert run.choice is not None
    return dict(run.choice["left_out"])


def test_term_ends_is_about_everything_that_is_out(today: date, mia: Patron) -> None:
    """One late, one not due for a month, one back."""
    a_loan(due=on_day(today, -2), patron=mia, item=an_item(title="Holes"))
    a_loan(due=on_day(today, 30), patron=mia, item=an_item(title="Blueback"))
    a_loan(due=on_day(today, -9), patron=mia, returned=on_day(today, -1))

    run = drafted(mia, today)
    result = sent(run, today)

    [message] = OutboundMessage.objects.all()
    assert (run.looked_at, result) == (2, letters.Sent(by_email=1))
    assert message.subject == "Library books before the end of term"
    assert [title in text_of(message) for title in ("Holes", "Blueback")] == [True, True]


def test_other_kinds_leave_the_ledger_alone(today: date, mia: Patron) -> None:
    """The morning's run says its step all the same, and the loan's history has both."""
    a_schedule(1)
    loan = a_loan(due=on_day(today, -1), patron=mia)
    sent(drafted(mia, today), today)

    run = by_the_clock(today)

    assert (run.email, run.already_told) == (1, 0)
    assert told(loan) == [(1, 0)]
    assert sorted(letter.step_name for letter in Letter.objects.all()) == ["Overdue 1", "Term ends"]


def test_an_extra_letter_does_not_count(today: date, mia: Patron) -> None:
    """Overdue 2 was told; it is written once more in its own words, and Overdue 3 comes when it would have come."""
    a_schedule(1, 7, 14, climb=True)
    loan = a_loan(due=on_day(today, -10), patron=mia)
    for number, days in ((1, -9), (2, -3)):
        a_notice(loan=loan, number=number, said=on_day(today, days))

    counted = letters.draft(2, audience=Audience.PATRON, patrons=[mia], on=today, by=None)
    extra = letters.draft(2, extra=True, audience=Audience.PATRON, patrons=[mia], on=today, by=None)
    sent(extra, today)

    [message] = OutboundMessage.objects.all()
    assert stays_out(counted) == {loan.pk: "already_told"}
    assert (message.subject, "last letter" in text_of(message)) == ("A library book we are still missing", False)
    assert told(loan) == [(1, 0), (2, 0)]
    assert [by_the_clock(on_day(today, days)).email for days in (3, 4)] == [0, 1]


def test_the_same_extra_letter_can_be_written_again_and_again(today: date, mia: Patron) -> None:
    loan = a_loan(due=on_day(today, -10), patron=mia)

    for _ in range(2):
        run = letters.draft(1, extra=True, audience=Audience.PATRON, patrons=[mia], on=today, by=None)
        sent(run, today)

    assert OutboundMessage.objects.count() == 2
    assert (told(loan), Notice.objects.spoken().filter(loan=loan, number=0).count()) == ([], 2)


@pytest.mark.parametrize("kind", [Kind.TERM_ENDS, Kind.LEAVING, Kind.STAFF_LIST, Kind.DIRECT])
def test_a_book_that_comes_back_is_taken_out(today: date, mia: Patron, kind: Template.Kind) -> None:
    """One of two before the message left: the letter is to be written again; then the other, and nothing goes."""
    first, second = (a_loan(due=on_day(today, -2), patron=mia) for _ in range(2))
    sent(drafted(mia, today, kind), today)
    letter = Letter.objects.get()

    states = []
    for loan in (first, second):
        desk.take_back(loan.item, on=today, at=morning_of(today))
        letter.refresh_from_db()
        states.append(letter.state)

    assert states == [Letter.State.PLANNED, Letter.State.TAKEN_BACK]
    assert [message.state for message in OutboundMessage.objects.all()] == ["cancelled"]


def test_a_step_that_the_run_says_leaves_the_other_letter_waiting(today: date, mia: Patron) -> None:
    """Only a step is over when a higher one was said; *Term ends* is no step."""
    a_schedule(1)
    a_loan(due=on_day(today, -1), patron=mia)
    sent(drafted(mia, today), today)
    by_the_clock(today)

    gone = take_back.unwanted(Letter.objects.values_list("pk", flat=True), on=today)

    assert gone == {}


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(Loan.Status.BILLED, "status"), (Loan.Status.SAYS_BACK, "status"), (Loan.Status.ON_LOAN, None)],
)
def test_only_what_is_on_loan_is_written_about(
    today: date, mia: Patron, status: Loan.Status, outcome: str | None
) -> None:
    loan = a_loan(due=on_day(today, -2), patron=mia, status=status)

    run = drafted(mia, today, Kind.LEAVING)

    assert stays_out(run).get(loan.pk) == outcome


def test_all_clear_is_for_what_was_billed_and_is_home(today: date, mia: Patron) -> None:
    """Once; not for what came back in the ordinary way, nor for what is still out."""
    billed = a_loan(due=on_day(today, -40), patron=mia, status=Loan.Status.BILLED, item=an_item(title="Holes"))
    a_loan(due=on_day(today, -40), patron=mia, status=Loan.Status.BILLED)
    a_loan(due=on_day(today, -4), patron=mia, returned=today)
    desk.take_back(billed.item, on=today, at=morning_of(today))

    first = drafted(mia, today, Kind.ALL_CLEAR)
    sent(first, today)
    second = drafted(mia, today, Kind.ALL_CLEAR)

    [message] = OutboundMessage.objects.all()
    assert (first.looked_at, second.looked_at) == (1, 0)
    assert (message.subject, "Holes" in text_of(message)) == ("Your library book is home", True)


def test_all_clear_is_taken_back_when_the_return_is_undone(today: date, mia: Patron) -> None:
    loan = a_loan(due=on_day(today, -40), patron=mia, status=Loan.Status.LOST)
    now = morning_of(today)
    desk.take_back(loan.item, on=today, at=now)
    sent(drafted(mia, today, Kind.ALL_CLEAR), today)

    desk.undo_return(Loan.objects.get(pk=loan.pk), at=now)

    assert [message.state for message in OutboundMessage.objects.all()] == ["cancelled"]


def test_a_home_reads_titles_of_other_kinds_where_the_group_allows_it(today: date) -> None:
    """There is no step to ask."""
    kim = a_guardian(email="kim@home.example")
    open_, private = a_group(name="3A"), a_group(name="9A", home_reads_titles=False)
    for group, title in ((open_, "Holes"), (private, "Blueback")):
        a_loan(due=today, patron=a_patron(group=group, guardians=[kim]), item=an_item(title=title))

    run = letters.draft(
        kind=Kind.TERM_ENDS,
        audience=Audience.GUARDIAN,
        groups=Group.objects.all(),
        days_late=None,
        on=today,
        by=None,
    )

    text = Letter.objects.get(run=run).text
    assert [title in text for title in ("Holes", "Blueback")] == [True, False]


def test_parents_who_part_while_it_waits_get_the_same_letter_each(today: date) -> None:
    """*Term ends* to both at one address; then he has an address of his own."""
    mother, father = a_guardian(email="us@home.example"), a_guardian(email="us@home.example")
    tom = a_patron(guardians=[mother, father], first_name="Tom")
    a_loan(due=on_day(today, 3), patron=tom)
    sent(drafted(tom, today, audience=Audience.GUARDIAN), today)
    before = OutboundMessage.objects.get().subject

    father.email = "father@home.example"
    people.save_guardian(father, changed=["email"])
    compose.write_planned(on=today)

    waiting = OutboundMessage.objects.filter(state="waiting").order_by("to")
    assert [(one.to, one.subject) for one in waiting] == [("father@home.example", before), ("us@home.example", before)]


def test_who_lost_their_address_gets_the_step_on_paper(today: date, mia: Patron) -> None:
    """Her schedule has no such step; a person chose *email, and print for the rest*."""
    a_loan(due=on_day(today, -2), patron=mia)
    sent(drafted(mia, today, kind=Kind.STEP, number=1), today)

    mia.email = ""
    people.save_patron(mia, changed=["email"])
    compose.write_planned(on=today)

    assert [(one.channel, one.state) for one in Letter.objects.all()] == [("paper", "to_print")]


def test_everybody_on_paper(today: date, mia: Patron) -> None:
    """Whoever has an address, too, when a person wants to hand the letters over."""
    a_loan(due=on_day(today, -2), patron=mia)

    run = drafted(mia, today, on_paper=True)

    assert sent(run, today) == letters.Sent(on_paper=1)
    assert Letter.objects.get(run=run).state == Letter.State.TO_PRINT


def test_partner_libraries_are_written_to_as_well(today: date) -> None:
    """ILL lending: to the libraries, whatever the groups."""
    loan = a_loan(due=on_day(today, -2), partner=a_partner(email="ill@karri.example"))

    run = letters.draft(1, service=Loan.Service.ILL_LENDING, audience=Audience.PARTNER, on=today, by=None)
    result = sent(run, today)

    assert [message.to for message in OutboundMessage.objects.all()] == ["ill@karri.example"]
    assert (result, told(loan)) == (letters.Sent(by_email=1), [(1, 0)])


def test_an_overdue_letter_is_never_about_what_is_not_late(today: date, mia: Patron) -> None:
    a_loan(due=today, patron=mia)

    run = letters.draft(1, audience=Audience.PATRON, patrons=[mia], days_late=None, on=today, by=None)

    assert (run.looked_at, run.letters) == (0, 0)


def test_interlibrary_letters_are_offered_once_a_partner_exists() -> None:
    before = {one.service for one in letter_kinds.every()}
    a_partner()

    after = {one.service for one in letter_kinds.every()}

    assert before == {Loan.Service.CIRCULATION}
    assert after == set(Loan.Service)
