"""Take a step back by hand, and say sorry to whom it was said (product.md, N15)."""

from datetime import date

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from circulation import people
from circulation.models import Loan, Patron
from notices import compose, corrections, held, letters, standing, undo
from notices.models import Audience, Letter, Notice, Run, Step, Template
from smtp_gateway.models import OutboundMessage
from tests.builders import a_group, a_guardian, a_loan, a_patron, an_item
from tests.notices.builders import (
    a_gateway_with_an_address,
    a_notice,
    a_schedule,
    by_the_clock,
    on_day,
    told,
)
from tests.notices.test_letters_are_written import text_of

pytestmark = pytest.mark.django_db

State = OutboundMessage.State


@pytest.fixture(autouse=True)
def _ready() -> None:
    a_gateway_with_an_address()
    standing.set_up()


@pytest.fixture
def clerk() -> User:
    return User.objects.create(username="park", first_name="J.")


@pytest.fixture
def mia() -> Patron:
    return a_patron(group=a_group(name="7B"), first_name="Mia", last_name="Chen", email="mia@students.example")


def said_by_run(on: date) -> Run:
    """The day's run, let go and written; its messages have gone out."""
    run = by_the_clock(on)
    held.let_go(run, by=None, on=on)
    compose.write_planned(on=on)
    they_go()
    return run


def they_go() -> None:
    """The gateway sends all that waits."""
    now = timezone.now()
    OutboundMessage.objects.filter(state=State.WAITING).update(state=State.SENT, sent_at=now, finished_at=now)


def steps_of(run: Run) -> list[int]:
    return list(undo.of_run(run).values_list("pk", flat=True))


def test_a_step_taken_back_can_be_said_again(today: date, mia: Patron, clerk: User) -> None:
    """Who and why stay with it."""
    a_schedule(1)
    loan = a_loan(due=on_day(today, -1), patron=mia)
    run = said_by_run(today)

    undone = undo.undo(steps_of(run), reason="It was on our shelf.", by=clerk, on=today)
    again = by_the_clock(on_day(today, 1))

    first = Notice.objects.get(run=run)
    assert undone == undo.Undone(steps=1)
    assert (first.undone_by, first.why, first.undone_at is not None) == (clerk, "It was on our shelf.", True)
    assert (again.email, told(loan)) == (1, [(1, 0)])


def test_without_a_reason_nothing_is_taken_back(today: date, mia: Patron) -> None:
    loan = a_loan(due=on_day(today, -1), patron=mia)
    notice = a_notice(loan=loan, number=1, said=today)

    with pytest.raises(undo.UndoError, match="say why"):
        undo.undo([notice.pk], reason="  ", by=None, on=today)

    assert told(loan) == [(1, 0)]


def test_letters_that_wait_follow(today: date, mia: Patron) -> None:
    """One letter is about one of the books only and goes; the other is written again without it."""
    a_schedule(1, who=Step.Who.BOTH)
    brother = a_patron(group=mia.group)
    kim = a_guardian()
    kim.guardianships.create(patron=mia)
    kim.guardianships.create(patron=brother)
    wrong = a_loan(due=on_day(today, -1), patron=mia, item=an_item(title="Holes"))
    a_loan(due=on_day(today, -1), patron=brother, item=an_item(title="Blueback"))
    run = by_the_clock(today)
    held.let_go(run, by=None, on=today)
    compose.write_planned(on=today)

    undone = undo.undo([undo.last_steps([wrong.pk])[0].pk], reason="By mistake.", by=None, on=today)

    letter_home = Letter.objects.get(audience=Audience.GUARDIAN)
    assert undone == undo.Undone(steps=1, letters=2)
    assert Letter.objects.get(patron=mia).state == Letter.State.TAKEN_BACK
    assert (letter_home.state, letter_home.lines.filter(taken_out_at=None).count()) == (Letter.State.PLANNED, 1)


def test_taken_back_twice_is_taken_back_once(today: date, mia: Patron, clerk: User) -> None:
    loan = a_loan(due=on_day(today, -1), patron=mia)
    notice = a_notice(loan=loan, number=1, said=today)

    results = [undo.undo([notice.pk], reason=why, by=clerk, on=today).steps for why in ("First.", "Second.")]

    notice.refresh_from_db()
    assert (results, notice.why) == ([1, 0], "First.")


def test_the_last_step_is_the_one_that_is_taken_back(today: date, mia: Patron) -> None:
    """Of the present due date, the highest number and the latest repeat."""
    loan = a_loan(due=on_day(today, -20), patron=mia)
    a_notice(loan=loan, number=1, said=on_day(today, -19))
    a_notice(loan=loan, number=2, said=on_day(today, -10))
    a_notice(loan=loan, number=2, occurrence=1, said=on_day(today, -3))
    Notice.objects.create(loan=loan, due_on=on_day(today, -60), number=3, said_on=on_day(today, -40))

    [last] = undo.last_steps([loan.pk])

    assert (last.number, last.occurrence, last.due_on) == (2, 1, loan.due_on)


def test_a_correction_goes_once_to_everybody_who_got_the_letter(today: date, mia: Patron, clerk: User) -> None:
    """The child by email, the home on paper; pressed twice, and asked for again tomorrow."""
    a_schedule(1, who=Step.Who.BOTH)
    kim = a_guardian(email="")
    kim.guardianships.create(patron=mia)
    a_loan(due=on_day(today, -1), patron=mia)
    run = said_by_run(today)
    Letter.objects.to_print().update(state=Letter.State.PRINTED)
    steps = steps_of(run)

    first = corrections.write(steps, by=clerk, on=today)
    others = [corrections.write(steps, by=clerk, on=on_day(today, days)).run for days in (0, 1)]
    compose.write_planned(on=today)

    sorry = Letter.objects.filter(kind=Template.Kind.CORRECTION)
    assert others == [None, None]
    assert sorted(sorry.values_list("audience", "channel", "state")) == [
        ("guardian", "paper", "to_print"),
        ("patron", "email", "queued"),
    ]
    assert first.run is not None
    assert (first.run.looked_at, first.run.email, first.run.letters, first.run.by) == (1, 1, 2, clerk)
    message = OutboundMessage.objects.get(letter__kind=Template.Kind.CORRECTION)
    assert (message.to, message.subject) == ("mia@students.example", "Sorry, our letter was a mistake")
    assert "Our letter of Monday 23 November was a mistake." in text_of(message).replace("\r\n", " ")


def test_who_had_not_got_the_letter_gets_no_correction(today: date, mia: Patron) -> None:
    """It still waits in the outbox: it is taken back, and there is nothing to be sorry for."""
    a_schedule(1)
    a_loan(due=on_day(today, -1), patron=mia)
    run = by_the_clock(today)
    held.let_go(run, by=None, on=today)
    compose.write_planned(on=today)
    steps = steps_of(run)
    undo.undo(steps, reason="By mistake.", by=None, on=today)

    corrected = corrections.write(steps, by=None, on=today)

    assert corrected == corrections.Corrected()
    assert Letter.objects.get().state == Letter.State.TAKEN_BACK


def test_two_wrong_letters_to_one_reader_are_one_correction(today: date, mia: Patron) -> None:
    """Of two days, so none is named."""
    for days in (2, 1):
        a_loan(due=on_day(today, -days), patron=mia)
        run = letters.draft(1, audience=Audience.PATRON, patrons=[mia], on=on_day(today, 1 - days), by=None)
        letters.send(run, set(run.letters_of.values_list("pk", flat=True)), on=on_day(today, 1 - days), by=None)
    they_go()

    corrections.write(list(Notice.objects.standing().values_list("pk", flat=True)), by=None, on=today)
    compose.write_planned(on=today)

    [message] = OutboundMessage.objects.filter(letter__kind=Template.Kind.CORRECTION)
    assert "Our letter was a mistake." in text_of(message)


def test_a_correction_says_what_of_the_letter_was_wrong(today: date, mia: Patron) -> None:
    """Of two books in the letter only one was; the other is still wanted."""
    a_schedule(1)
    wrong = a_loan(due=on_day(today, -1), patron=mia, item=an_item(title="Holes"))
    a_loan(due=on_day(today, -1), patron=mia, item=an_item(title="Blueback"))
    run = said_by_run(today)
    [step] = Notice.objects.filter(run=run, loan=wrong)

    corrections.write([step.pk], by=None, on=today)
    compose.write_planned(on=today)

    text = text_of(OutboundMessage.objects.get(letter__kind=Template.Kind.CORRECTION))
    assert "was wrong about this book" in text
    assert ["Holes" in text, "Blueback" in text] == [True, False]


def test_a_correction_goes_even_when_the_book_is_back(today: date, mia: Patron) -> None:
    """That is when most letters turn out to have been a mistake."""
    a_schedule(1)
    loan = a_loan(due=on_day(today, -1), patron=mia)
    run = said_by_run(today)
    Loan.objects.filter(pk=loan.pk).update(returned_on=today)

    corrections.write(steps_of(run), by=None, on=today)
    compose.write_planned(on=today)

    assert OutboundMessage.objects.filter(state=State.WAITING).count() == 1


def test_who_asked_for_silence_meanwhile_gets_none(today: date, mia: Patron) -> None:
    """And can get it later, when letters are on again."""
    a_schedule(1)
    a_loan(due=on_day(today, -1), patron=mia)
    run = said_by_run(today)
    Patron.objects.filter(pk=mia.pk).update(no_letters_until=on_day(today, 3))

    silent = corrections.write(steps_of(run), by=None, on=today)
    later = corrections.write(steps_of(run), by=None, on=on_day(today, 4))

    assert [str(letter.recipient) for letter in silent.left_out] == ["Mia Chen"]
    assert later.left_out == []
    assert Letter.objects.filter(kind=Template.Kind.CORRECTION).count() == 1


@pytest.mark.parametrize("off", [0, 1])
def test_one_of_two_at_home_is_off_by_now(today: date, off: int) -> None:
    """One letter went to both at one address; the other of them is told that it was a mistake, once."""
    a_schedule(1, who=Step.Who.GUARDIANS)
    carers = [a_guardian(name=name, email="us@home.example") for name in ("Ms A", "Mr B")]
    child = a_patron(guardians=carers)
    a_loan(due=on_day(today, -1), patron=child)
    run = said_by_run(today)
    people.change_guardianship(child.guardianships.get(guardian=carers[off]), library_letters=False)

    first = corrections.write(steps_of(run), by=None, on=today)
    second = corrections.write(steps_of(run), by=None, on=today)
    compose.write_planned(on=today)

    assert first.run is not None
    assert (first.run.letters, first.left_out, second.run) == (1, [], None)
    [message] = OutboundMessage.objects.filter(letter__kind=Template.Kind.CORRECTION)
    assert (message.to_name, message.state) == (carers[1 - off].name, State.WAITING)


def test_a_correction_names_no_money_and_no_private_title(today: date) -> None:
    """The step that is corrected forbade titles and led to a bill."""
    schedule = a_schedule(1, who=Step.Who.GUARDIANS)
    schedule.steps.update(home_reads_titles=False, ready_to_bill=True)
    kim = a_guardian()
    child = a_patron(group=a_group(name="5B"), guardians=[kim])
    items = [an_item(title=title, replacement_cost="24.95") for title in ("Holes", "Blueback")]
    loans = [a_loan(due=on_day(today, -1), patron=child, item=item) for item in items]
    run = said_by_run(today)
    [step] = Notice.objects.filter(run=run, loan=loans[0])

    corrections.write([step.pk], by=None, on=today)
    compose.write_planned(on=today)

    text = text_of(OutboundMessage.objects.get(letter__kind=Template.Kind.CORRECTION))
    assert [word in text for word in ("Holes", "Blueback", "24.95")] == [False, False, False]
