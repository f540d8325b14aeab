"""Composing: emails go to the outbox, paper to the print queue, and one bad letter stops nobody."""

from datetime import date, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from django.utils import timezone

from notices import compose, scan
from notices.models import Letter, Notice, Run, Step, Template
from smtp_gateway.errors import OutboxError
from smtp_gateway.models import OutboundMessage
from tests.builders import a_group, a_guardian, a_loan, a_patron, an_item
from tests.notices.builders import a_gateway_with_an_address, a_schedule, wording

pytestmark = pytest.mark.django_db

Who = Step.Who


@pytest.fixture(autouse=True)
def _gateway() -> None:
    a_gateway_with_an_address()


def text_of(message: OutboundMessage) -> str:
    parsed = message_from_bytes(bytes(message.content), policy=policy.default)
    body = parsed.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n").strip()


def test_an_email_goes_to_the_outbox(today: date) -> None:
    """The words are in the message alone; the letter remembers which wording and which message."""
    a_schedule(1)
    wording(1)
    loan = a_loan(due=today - timedelta(days=1), patron=a_patron(first_name="Mia", email="mia@students.example"))
    scan.run(on=today)

    written = compose.write_planned(on=today)

    [message] = OutboundMessage.objects.all()
    letter = Letter.objects.get()
    assert written == 1
    assert (message.to, message.subject, message.state) == ("mia@students.example", "Library book", "waiting")
    assert text_of(message) == "Dear Mia, this is step 1 about 1."
    assert (letter.state, letter.message, letter.text) == (Letter.State.QUEUED, message, "")
    assert letter.template_version == Template.objects.get(audience="patron").current
    assert list(letter.notices.all()) == [Notice.objects.get(loan=loan)]


def test_paper_goes_to_the_print_queue(today: date) -> None:
    """Nothing enters the outbox; the letter keeps its words."""
    a_schedule(1)
    wording(1)
    a_loan(due=today - timedelta(days=1), patron=a_patron(first_name="Tom", email=""))
    scan.run(on=today)

    compose.write_planned(on=today)

    letter = Letter.objects.get()
    assert OutboundMessage.objects.count() == 0
    assert (letter.state, letter.text.strip()) == (Letter.State.TO_PRINT, "Dear Tom, this is step 1 about 1.")


def test_written_once_however_often_it_is_asked(today: date) -> None:
    """The second look finds nothing planned."""
    a_schedule(1)
    wording(1)
    a_loan(due=today - timedelta(days=1))
    scan.run(on=today)

    written = [compose.write_planned(on=today) for _ in range(2)]

    assert written == [1, 0]
    assert OutboundMessage.objects.count() == 1


def test_missing_wording_fails_that_letter_loudly(today: date) -> None:
    """The patron's wording is there, the home's is not: one letter goes, the other says why, the sums agree."""
    a_schedule(7, who=Who.BOTH)
    wording(1, audiences=["patron"])
    a_loan(due=today - timedelta(days=7), patron=a_patron(guardians=[a_guardian()]))
    lonely = a_loan(due=today - timedelta(days=8), patron=a_patron(may_write_home=False))
    a_schedule(7, who=Who.CONTACT, groups=[lonely.patron.group])  # type: ignore[union-attr]
    run = scan.run(on=today)

    compose.write_planned(on=today)

    failed = Letter.objects.filter(state=Letter.State.FAILED).order_by("audience")
    run.refresh_from_db()
    assert [letter.audience for letter in failed] == ["contact", "guardian"]
    assert failed[1].why == (
        "There is no wording for Overdue 1 to this reader (Circulation, Parent or carer). "
        "Write it under Templates; then the letter can be written again."
    )
    assert OutboundMessage.objects.count() == 1
    assert (run.looked_at, run.email, run.paper, run.failed) == (2, 1, 0, 1)


def test_without_a_from_address_nothing_is_lost(today: date) -> None:
    """The gateway is not set up yet: letters stay planned until it is."""
    a_schedule(1)
    wording(1)
    a_loan(due=today - timedelta(days=1))
    scan.run(on=today)
    a_gateway_with_an_address(from_address="")

    with pytest.raises(OutboxError):
        compose.write_planned(on=today)

    assert Letter.objects.get().state == Letter.State.PLANNED


def test_what_came_back_before_the_writing_is_left_out(today: date) -> None:
    """Two books planned, one returned while the letter waited to be written: its notice is taken back."""
    a_schedule(1)
    wording(1)
    mia = a_patron(first_name="Mia")
    kept, returned = [a_loan(due=today - timedelta(days=1), patron=mia) for _ in range(2)]
    scan.run(on=today)
    returned.returned_on = today
    returned.save()

    compose.write_planned(on=today)

    assert text_of(OutboundMessage.objects.get()) == "Dear Mia, this is step 1 about 1."
    assert [notice.loan for notice in Notice.objects.told()] == [kept]


def test_titles_stay_private_where_the_class_says_so(today: date) -> None:
    """The home of an older pupil reads how many books, not which: the title is not in the bytes."""
    a_schedule(7, who=Who.GUARDIANS)
    titles = "{% for book in child.books %}[{{ book.title }}]{% endfor %}"
    wording(1, body="{% for child in children %}{{ child.name }}: " + titles + "{% endfor %}")
    private, public = a_group(home_reads_titles=False), a_group()
    for group, title in ((private, "Private Peaceful"), (public, "Open Water")):
        patron = a_patron(group=group, first_name="Ruby", guardians=[a_guardian(email=f"{group.pk}@home.example")])
        a_loan(due=today - timedelta(days=7), patron=patron, item=an_item(title=title))
    scan.run(on=today)

    compose.write_planned(on=today)

    texts = {message.to: text_of(message) for message in OutboundMessage.objects.all()}
    assert texts == {f"{private.pk}@home.example": "Ruby: []", f"{public.pk}@home.example": "Ruby: [Open Water]"}


def test_letters_expire(today: date) -> None:
    """A reminder with its due date, another when the next step comes or after a week."""
    a_schedule(-3, 1, 3, 30)
    wording(-1, 1, 2)
    for days in (-3, 1, 3):
        a_loan(due=today - timedelta(days=days))
    scan.run(on=today)

    compose.write_planned(on=today)

    ends = {letter.number: local(letter.expires_at) for letter in Letter.objects.all()}
    assert ends == {-1: date(2026, 11, 27), 1: date(2026, 11, 25), 2: date(2026, 11, 30)}


def local(moment: datetime | None) -> date | None:
    return moment and timezone.localtime(moment).date()


def test_two_processes_would_not_write_one_letter_twice(today: date) -> None:
    """A rewritten letter is another message; the same revision is the same one."""
    a_schedule(1)
    wording(1)
    a_loan(due=today - timedelta(days=1))
    scan.run(on=today)
    compose.write_planned(on=today)

    Letter.objects.update(state=Letter.State.PLANNED)
    compose.write_planned(on=today)

    assert OutboundMessage.objects.count() == 1
    assert Run.objects.count() == 1
