"""Letters by hand (product.md, L1): who is shown and who stays out, and what is sent is what was shown."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from circulation import desk
from circulation.models import Group, Loan, Patron
from library import today as today_page
from notices import compose, daily, letters, on_other_pages, standing
from notices.models import Audience, Letter, Notice, Run, Template, TemplateVersion
from smtp_gateway.errors import OutboxError
from smtp_gateway.models import Gateway, OutboundMessage
from tests.builders import a_group, a_guardian, a_guardianship, a_loan, a_patron, an_item
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

pytestmark = pytest.mark.django_db

PATRON, GUARDIAN = Audience.PATRON, Audience.GUARDIAN
BOOKS = "Dear {{ dear }}, {{ count }}: {% for book in books %}{{ book.title }}. {% endfor %}"


@pytest.fixture(autouse=True)
def _ready() -> None:
    a_gateway_with_an_address()
    wording(1, 2, 3, audiences=[PATRON], body=BOOKS)
    wording(1, 2, 3, audiences=[GUARDIAN])


@pytest.fixture
def test_group() -> Group:
    """BiblioTECH's TEST group: its letters do not go by themselves."""
    return a_group(name="TEST", auto_send=False)


def drafted(group: Group, today: date, number: int = 1, audience: Audience = PATRON, days_late: int = 1) -> Run:
    return letters.draft(number, audience=audience, groups=[group], days_late=days_late, on=today, by=None)


def sent(run: Run, today: date) -> letters.Sent:
    """Everything that was shown."""
    return letters.send(run, set(run.letters_of.values_list("pk", flat=True)), on=today, by=None)


def recipients(run: Run) -> list[tuple[str, str]]:
    return sorted(Letter.objects.of_run(run).values_list("channel", "to"))


def stays_out(run: Run) -> dict[int, str]:
    assert run.choice is not None
    return dict(run.choice["left_out"])


def test_late_loans_of_the_chosen_groups_are_shown_whatever_auto_send_says(today: date, test_group: Group) -> None:
    """One is late, one is due today, one is late in another group."""
    mia = a_patron(group=test_group, email="mia@students.example")
    a_loan(due=on_day(today, -2), patron=mia)
    a_loan(due=today, patron=mia)
    a_loan(due=on_day(today, -2), patron=a_patron())

    run = drafted(test_group, today)

    assert recipients(run) == [("email", "mia@students.example")]
    assert (run.looked_at, run.email, run.letters) == (1, 1, 1)


def test_how_late_is_asked(today: date, test_group: Group) -> None:
    """*At least 7 days late* leaves the one of six days alone."""
    for days in (6, 7):
        a_loan(due=on_day(today, -days), patron=a_patron(group=test_group, email=f"late{days}@students.example"))

    run = drafted(test_group, today, days_late=7)

    assert recipients(run) == [("email", "late7@students.example")]


def test_who_has_no_address_or_prefers_paper_gets_paper(today: date, test_group: Group) -> None:
    a_loan(due=on_day(today, -2), patron=a_patron(group=test_group, email=""))
    a_loan(due=on_day(today, -2), patron=a_patron(group=test_group, prefers_paper=True))
    a_loan(due=on_day(today, -2), patron=a_patron(group=test_group, email="mia@students.example"))

    run = drafted(test_group, today)

    assert recipients(run) == [("email", "mia@students.example"), ("paper", ""), ("paper", "")]
    assert (run.email, run.paper) == (1, 2)


def test_nothing_is_said_by_looking(today: date, test_group: Group) -> None:
    """The outbox is empty, the ledger holds nothing, and the morning's run says the step."""
    a_schedule(1)
    patron = a_patron(group=a_group(name="7B"))
    loan = a_loan(due=on_day(today, -1), patron=patron)

    drafted(patron.group, today)

    assert OutboundMessage.objects.count() == 0
    assert list(Notice.objects.standing()) == []
    assert compose.write_planned(on=today) == 0
    by_the_clock(today)
    assert told(loan) == [(1, 0)]


def test_a_guardian_of_two_gets_one_letter(today: date, test_group: Group) -> None:
    """The household's letter, not the children's."""
    kim = a_guardian(email="kim@home.example")
    for _ in range(2):
        a_loan(due=on_day(today, -2), patron=a_patron(group=test_group, guardians=[kim]))

    run = drafted(test_group, today, audience=GUARDIAN)

    assert recipients(run) == [("email", "kim@home.example")]
    assert Letter.objects.get(run=run).lines.count() == 2


def test_guardianship_no_always_holds(today: date, test_group: Group) -> None:
    """One home said no, one child has nobody at home on file; neither child is written to instead."""
    silent = a_patron(group=test_group)
    a_guardianship(patron=silent, library_letters=False)
    off = a_loan(due=on_day(today, -2), patron=silent)
    alone = a_loan(due=on_day(today, -2), patron=a_patron(group=test_group))

    run = drafted(test_group, today, audience=GUARDIAN)

    assert recipients(run) == []
    assert stays_out(run) == {off.pk: "no_letters", alone.pk: "no_address"}


def test_why_a_loan_stays_out(today: date, test_group: Group) -> None:
    """No letters until later, billed, the same step said, a higher step said, a schedule without letters."""
    quiet_group = a_group(name="Staff")
    a_schedule(no_letters=True, groups=[quiet_group])
    due = on_day(today, -9)
    quiet = a_loan(due=due, patron=a_patron(group=test_group, no_letters_until=on_day(today, 1)))
    billed = a_loan(due=due, patron=a_patron(group=test_group), status=Loan.Status.BILLED)
    said = a_loan(due=due, patron=a_patron(group=test_group))
    a_notice(loan=said, number=1, said=on_day(today, -8))
    higher = a_loan(due=due, patron=a_patron(group=test_group))
    a_notice(loan=higher, number=2, said=on_day(today, -4))
    staff = a_loan(due=due, patron=a_patron(group=quiet_group))

    run = letters.draft(1, audience=PATRON, groups=[test_group, quiet_group], on=today, by=None)

    assert recipients(run) == []
    assert stays_out(run) == {
        quiet.pk: "no_letters",
        billed.pk: "status",
        said.pk: "already_told",
        higher.pk: "already_told",
        staff.pk: "no_schedule",
    }
    assert run.looked_at == 5


def test_who_was_written_to_in_the_last_three_days_is_known(today: date, test_group: Group) -> None:
    """Two days ago counts, three days ago does not."""
    common = {"service": "circulation", "audience": "patron", "channel": "paper", "number": -1, "state": "printed"}
    for days in (2, 3):
        patron = a_patron(group=test_group, last_name=str(days))
        a_loan(due=on_day(today, -5), patron=patron)
        Letter.objects.create(patron=patron, day=on_day(today, -days), **common)
    run = drafted(test_group, today)

    recent = letters.written_to(Letter.objects.of_run(run), on=today)

    assert recent == {Letter.objects.of_run(run).get(patron__last_name="2").pk: on_day(today, -2)}


def test_what_is_sent_is_what_was_shown(today: date, test_group: Group) -> None:
    """New wording after looking changes nothing; the message has the draft's words, and the ledger the step."""
    loan = a_loan(
        due=on_day(today, -2), patron=a_patron(group=test_group, first_name="Mia"), item=an_item(title="Holes")
    )
    run = drafted(test_group, today)
    shown = Letter.objects.get(run=run)
    template = Template.objects.get(number=1, audience="patron")
    template.current = TemplateVersion.objects.create(template=template, number=2, subject="New", body="New words.")
    template.save()

    result = sent(run, today)

    [message] = OutboundMessage.objects.all()
    letter = Letter.objects.get(run=run)
    assert result == letters.Sent(by_email=1)
    assert (message.kind, message.state, message.subject) == ("by_hand", "waiting", shown.subject)
    assert text_of(message) == shown.text.strip() == "Dear Mia, 1: Holes."
    assert (letter.state, letter.message, letter.text) == (Letter.State.QUEUED, message, "")
    assert told(loan) == [(1, 0)]


def test_paper_goes_to_the_print_queue_as_it_was_shown(today: date, test_group: Group) -> None:
    a_loan(due=on_day(today, -2), patron=a_patron(group=test_group, email=""))
    run = drafted(test_group, today)
    shown = Letter.objects.get(run=run)

    result = sent(run, today)

    letter = Letter.objects.get(run=run)
    assert result == letters.Sent(on_paper=1)
    assert (letter.state, letter.text, letter.html) == (Letter.State.TO_PRINT, shown.text, shown.html)


def test_pressed_twice_queues_once(today: date, test_group: Group) -> None:
    a_loan(due=on_day(today, -2), patron=a_patron(group=test_group))
    run = drafted(test_group, today)

    results = [sent(run, today) for _ in range(2)]

    assert results == [letters.Sent(by_email=1), letters.Sent()]
    assert OutboundMessage.objects.count() == 1


def test_what_is_not_ticked_is_not_said(today: date, test_group: Group) -> None:
    """Its draft is gone, and it may be said another time."""
    mia, tom = a_patron(group=test_group), a_patron(group=test_group)
    said, left = (a_loan(due=on_day(today, -2), patron=patron) for patron in (mia, tom))
    run = drafted(test_group, today)
    [ticked] = Letter.objects.of_run(run).filter(patron=mia).values_list("pk", flat=True)

    letters.send(run, {ticked}, on=today, by=None)

    run.refresh_from_db()
    assert [told(said), told(left)] == [[(1, 0)], []]
    assert list(run.letters_of.values_list("pk", flat=True)) == [ticked]
    assert (run.state, run.looked_at, run.email, run.letters) == (Run.State.SENT, 1, 1, 1)
    assert recipients(drafted(test_group, today)) == [("email", tom.email)]


def test_a_loan_returned_between_looking_and_sending_is_named_and_not_told(today: date, test_group: Group) -> None:
    """The letter goes without it: of two books the other."""
    mia = a_patron(group=test_group, first_name="Mia", last_name="Chen")
    back = a_loan(due=on_day(today, -5), patron=mia, item=an_item(title="Holes"))
    out = a_loan(due=on_day(today, -2), patron=mia, item=an_item(title="Blueback"))
    run = drafted(test_group, today)
    desk.take_back(back.item, on=today, at=morning_of(today))

    result = sent(run, today)

    assert result == letters.Sent(by_email=1, left_out=["Holes (Mia Chen, TEST) came back meanwhile."])
    assert text_of(OutboundMessage.objects.get()) == "Dear Mia, 1: Blueback."
    assert [told(back), told(out)] == [[], [(1, 0)]]


@pytest.mark.parametrize("change", [{"returned_on": date(2026, 11, 23)}, {"due_on": date(2026, 11, 30)}])
def test_losing_a_loan_is_the_only_change(today: date, test_group: Group, change: dict[str, date]) -> None:
    """One of two loans came back, or was renewed, and the reader has another name by now: the letter is not sent."""
    mia = a_patron(group=test_group, first_name="Mia", last_name="Chen")
    back, _ = [a_loan(due=on_day(today, -5), patron=mia, item=an_item(title=title)) for title in ("Holes", "Blueback")]
    run = drafted(test_group, today)
    Loan.objects.filter(pk=back.pk).update(**change)
    Patron.objects.filter(pk=mia.pk).update(first_name="Maya")

    result = sent(run, today)

    assert result.left_out == ["The letter to Maya Chen would say something else now: show it again."]
    assert [model.objects.count() for model in (Letter, Notice, OutboundMessage)] == [0, 0, 0]


def test_a_letter_goes_without_the_loan_that_was_renewed(today: date, test_group: Group) -> None:
    mia = a_patron(group=test_group, first_name="Mia", last_name="Chen")
    later, _ = [a_loan(due=on_day(today, -5), patron=mia, item=an_item(title=title)) for title in ("Holes", "Blueback")]
    run = drafted(test_group, today)
    Loan.objects.filter(pk=later.pk).update(due_on=on_day(today, 3))

    result = sent(run, today)

    assert result == letters.Sent(
        by_email=1, left_out=["Holes (Mia Chen, TEST) was renewed meanwhile, until Thu 26 Nov."]
    )
    assert text_of(OutboundMessage.objects.get()) == "Dear Mia, 1: Blueback."


def test_one_letter_for_each_loan_is_sent_as_it_was_shown(today: date) -> None:
    """ILLiad's way: neither letter lists the book of the other."""
    standing.set_up()
    a_schedule(2, service=Loan.Service.ILL_BORROWING, letter_per_loan=True)
    reader = a_patron()
    for _ in range(2):
        a_loan(due=on_day(today, -5), patron=reader, service=Loan.Service.ILL_BORROWING)
    run = letters.draft(1, service=Loan.Service.ILL_BORROWING, audience=PATRON, patrons=[reader], on=today, by=None)

    result = sent(run, today)

    assert result == letters.Sent(by_email=2)


def test_a_letter_with_nothing_left_to_say_is_not_sent(today: date, test_group: Group) -> None:
    mia = a_patron(group=test_group, first_name="Mia", last_name="Chen")
    loan = a_loan(due=on_day(today, -5), patron=mia, item=an_item(title="Holes"))
    run = drafted(test_group, today)
    Loan.objects.filter(pk=loan.pk).update(due_on=on_day(today, 3))

    result = sent(run, today)

    assert result == letters.Sent(left_out=["Holes (Mia Chen, TEST) was renewed meanwhile, until Thu 26 Nov."])
    assert [model.objects.count() for model in (Letter, Notice, OutboundMessage)] == [0, 0, 0]


def test_what_somebody_told_meanwhile_is_not_told_again(today: date, test_group: Group) -> None:
    """Two people look at the same letters; the second to send is told whose loans were told."""
    mia = a_patron(group=test_group, first_name="Mia", last_name="Chen")
    loan = a_loan(due=on_day(today, -5), patron=mia, item=an_item(title="Holes"))
    first, second = drafted(test_group, today), drafted(test_group, today)

    results = [sent(run, today) for run in (first, second)]

    assert results[0] == letters.Sent(by_email=1)
    assert results[1] == letters.Sent(left_out=["Holes (Mia Chen, TEST) was told Overdue 1 meanwhile."])
    assert told(loan) == [(1, 0)]
    assert OutboundMessage.objects.count() == 1


def test_letters_switched_off_between_looking_and_sending_stay_off(today: date, test_group: Group) -> None:
    """A guardianship that says no at five past eight."""
    mia = a_patron(group=test_group, first_name="Mia", last_name="Chen")
    link = a_guardianship(patron=mia)
    a_loan(due=on_day(today, -5), patron=mia, item=an_item(title="Holes"))
    run = drafted(test_group, today, audience=GUARDIAN)
    link.library_letters = False
    link.save()

    result = sent(run, today)

    assert result == letters.Sent(left_out=["Holes (Mia Chen, TEST): letters to this reader are off by now."])
    assert OutboundMessage.objects.count() == 0


def test_a_changed_address_or_name_is_shown_again_first(today: date, test_group: Group) -> None:
    """Neither letter goes to a reader, or in words, that nobody looked at."""
    moved = a_patron(group=test_group, first_name="Mia", last_name="Chen")
    renamed = a_patron(group=test_group, first_name="Tom", last_name="Lee")
    loans = [a_loan(due=on_day(today, -days), patron=one) for days, one in ((5, moved), (2, renamed))]
    run = drafted(test_group, today)
    type(moved).objects.filter(pk=moved.pk).update(email="other@students.example")
    type(renamed).objects.filter(pk=renamed.pk).update(first_name="Thomas")

    result = sent(run, today)

    assert result.left_out == [
        "The address of Mia Chen changed: show this letter again.",
        "The letter to Thomas Lee would say something else now: show it again.",
    ]
    assert [told(loan) for loan in loans] == [[], []]


def test_the_mornings_run_does_not_say_it_again(today: date) -> None:
    """Said by hand on Monday before the run; the run finds it told, and goes on with the next step in time."""
    a_schedule(1, 3)
    patron = a_patron(group=a_group(name="7B"))
    loan = a_loan(due=on_day(today, -1), patron=patron)
    sent(drafted(patron.group, today), today)

    runs = [by_the_clock(on_day(today, days)) for days in (0, 1, 2)]

    assert [(run.already_told, run.email) for run in runs] == [(1, 0), (1, 0), (0, 1)]
    assert told(loan) == [(1, 0), (2, 0)]


def test_letters_by_hand_do_not_make_the_first_run_of_a_schedule_an_ordinary_one(today: date) -> None:
    """The first run by the clock is held all the same (product.md, N14)."""
    a_schedule(1)
    patron = a_patron(group=a_group(name="7B"))
    a_loan(due=on_day(today, -1), patron=patron)
    sent(drafted(patron.group, today), today)
    a_loan(due=on_day(today, -1), patron=a_patron(group=patron.group))

    run = by_the_clock(today)

    assert (run.letters, run.is_held) == (1, True)


def test_a_book_that_comes_back_after_sending_is_taken_out(today: date, test_group: Group) -> None:
    """As with every letter that waits in the outbox (product.md, N6)."""
    loan = a_loan(due=on_day(today, -2), patron=a_patron(group=test_group))
    sent(drafted(test_group, today), today)

    desk.take_back(loan.item, on=today, at=morning_of(today))

    assert [message.state for message in OutboundMessage.objects.all()] == ["cancelled"]
    assert told(loan) == []


def test_without_wording_it_says_so_and_cannot_be_sent(today: date, test_group: Group) -> None:
    Template.objects.filter(number=3).delete()
    loan = a_loan(due=on_day(today, -2), patron=a_patron(group=test_group))
    run = drafted(test_group, today, number=3)

    result = sent(run, today)

    assert result == letters.Sent()
    assert told(loan) == []


def test_a_letter_that_cannot_be_made_a_message_is_named(today: date, test_group: Group) -> None:
    """An address that no server takes: the letter is on file as one that could not be written."""
    mia = a_patron(group=test_group, first_name="Mia", last_name="Chen", email="mia chen@students.example")
    a_loan(due=on_day(today, -2), patron=mia)
    run = drafted(test_group, today)

    result = sent(run, today)

    letter = Letter.objects.get(run=run)
    assert (result.by_email, letter.state) == (0, Letter.State.FAILED)
    assert result.left_out == [f"The letter to Mia Chen could not be written: {letter.why}"]


def test_drafts_of_another_day_are_not_sent(today: date, test_group: Group) -> None:
    """Their words speak from that day; the next look at the clock forgets them."""
    a_loan(due=on_day(today, -2), patron=a_patron(group=test_group))
    run = drafted(test_group, today)
    tomorrow = today + timedelta(days=1)

    with pytest.raises(letters.LettersError, match="speak from another day"):
        sent(run, tomorrow)
    daily.look(at=morning_of(today))
    kept = Run.objects.filter(pk=run.pk).exists()
    daily.look(at=morning_of(tomorrow))

    assert kept
    assert [model.objects.count() for model in (Run, Letter, Notice, OutboundMessage)] == [0, 0, 0, 0]


def test_without_a_from_address_nothing_is_lost(today: date, test_group: Group) -> None:
    loan = a_loan(due=on_day(today, -2), patron=a_patron(group=test_group))
    run = drafted(test_group, today)
    Gateway.objects.update(from_address="")

    with pytest.raises(OutboxError, match="no From address"):
        sent(run, today)

    a_gateway_with_an_address()
    assert sent(run, today) == letters.Sent(by_email=1)
    assert told(loan) == [(1, 0)]


def test_the_daily_log_speaks_of_what_was_sent_and_not_of_drafts(today: date, test_group: Group) -> None:
    """Two loans were shown; one was sent. Home's figures are those of the runs that looked at every loan."""
    for _ in range(2):
        a_loan(due=on_day(today, -2), patron=a_patron(group=test_group))
    since = timezone.now()
    drafted(test_group, today)
    run = drafted(test_group, today)
    ticked = Letter.objects.of_run(run).values_list("pk", flat=True)[:1]

    letters.send(run, list(ticked), on=today, by=None)

    lines = [line.sentence for line in on_other_pages.log_lines(since, timezone.now())]
    assert len(lines) == 1
    assert lines[0].endswith(": 1 loan told by email, 0 on paper.")
    written = today_page.written(on=today)
    assert (written.run, written.letters) == (None, 0)
