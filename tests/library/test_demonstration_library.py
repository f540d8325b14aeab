"""The demonstration library: a school made for one day, with somebody at every step of every schedule in use."""

from collections import Counter
from datetime import date

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import transaction

from circulation.calendar import OpenDays
from circulation.models import Guardian, Guardianship, Item, Loan, PartnerLibrary, Patron
from library import standing
from library.access import Role, role_of
from library.demo import cast, load
from library.demo.post import Mailbox
from notices import scan
from notices.models import Letter, Notice, Outcome, Run, RunSettings, Step
from smtp_gateway.models import Gateway, OutboundMessage
from tests.builders import a_patron

pytestmark = pytest.mark.django_db

MONDAY_IN_TERM = date(2026, 11, 23)
SATURDAY = date(2026, 11, 21)
CUP_DAY = date(2026, 11, 3)
CHRISTMAS = date(2026, 12, 25)
GOOD_FRIDAY = date(2027, 3, 26)
LAST_DAY_OF_THE_HOLIDAYS = date(2027, 1, 27)


@pytest.fixture(autouse=True)
def _standing_rows() -> None:
    standing.set_up()


def all_rows() -> dict[str, list[tuple[object, ...]]]:
    """The school as plain values, without the database's own numbers."""
    return {
        "patrons": list(Patron.objects.order_by("pk").values_list("barcode", "first_name", "email", "group__name")),
        "guardians": list(Guardian.objects.order_by("pk").values_list("name", "email", "address", "prefers_paper")),
        "families": list(
            Guardianship.objects.order_by("pk").values_list("patron__barcode", "guardian__name", "library_letters")
        ),
        "items": list(Item.objects.order_by("pk").values_list("barcode", "title", "owner__symbol")),
        "loans": list(
            Loan.objects.order_by("pk").values_list(
                "item__barcode", "patron__barcode", "partner__symbol", "lent_on", "due_on", "status", "returned_at"
            )
        ),
        "ledger": list(Notice.objects.order_by("pk").values_list("loan__item__barcode", "number", "said_on")),
    }


def test_one_day_makes_one_school():
    """Made twice for the same day, it is the same down to each row."""
    schools = []

    for _ in range(2):
        with transaction.atomic():
            load.make(on=MONDAY_IN_TERM)
            schools.append(all_rows())
            transaction.set_rollback(True)

    assert schools[0] == schools[1]


def test_another_day_has_the_same_people_and_shelves():
    """Only dates move with the day; whoever looks for Mia tomorrow finds her."""
    schools = []

    for day in (MONDAY_IN_TERM, CHRISTMAS):
        with transaction.atomic():
            load.make(on=day)
            schools.append(all_rows())
            transaction.set_rollback(True)

    first, second = schools
    assert [first[part] for part in ("patrons", "guardians", "families", "items")] == [
        second[part] for part in ("patrons", "guardians", "families", "items")
    ]
    assert first["loans"] != second["loans"]


def test_it_has_the_size_of_a_school():
    """Eighteen classes of twenty, forty staff, 1,500 items, 600 loans, six partners with loans both ways."""
    load.make(on=MONDAY_IN_TERM)

    classes = Counter(Patron.objects.values_list("group__name", flat=True))
    assert classes == {**{f"{year}{letter}": 20 for year in range(7, 13) for letter in "ABC"}, "Staff": 40}
    assert Item.objects.filter(owner=None).count() == 1_500
    assert Counter(Loan.objects.values_list("service", flat=True)) == {
        Loan.Service.CIRCULATION: 556,
        Loan.Service.ILL_BORROWING: 24,
        Loan.Service.ILL_LENDING: 20,
    }
    assert PartnerLibrary.objects.count() == 6


@pytest.mark.parametrize(
    "on", [MONDAY_IN_TERM, SATURDAY, CUP_DAY, CHRISTMAS, LAST_DAY_OF_THE_HOLIDAYS, GOOD_FRIDAY], ids=str
)
def test_somebody_stands_at_every_step_whatever_the_day(on):
    """A Monday, a weekend, a public holiday, the holidays: every step is said to somebody, in less than 200 letters."""
    load.make(on=on)

    run = scan.run(on=on)

    said = set(Notice.objects.filter(run=run).values_list("step_id", flat=True))
    assert said == set(Step.objects.filter(schedule__active=True).values_list("pk", flat=True))
    assert 100 < run.letters < 200


@pytest.mark.parametrize("on", [MONDAY_IN_TERM, CUP_DAY, CHRISTMAS], ids=str)
def test_no_book_of_ours_is_due_on_a_closed_day(on):
    """As at the desk (product.md, C2); and nothing was lent before the library opened, or after today."""
    load.make(on=on)

    open_days = OpenDays.load()
    ours = Loan.objects.filter(service=Loan.Service.CIRCULATION)
    assert [loan.due_on for loan in ours if not open_days.is_open(loan.due_on)] == []
    assert [loan.lent_on for loan in Loan.objects.all() if not open_days.is_open(loan.lent_on)] == []
    assert list(Loan.objects.filter(due_set_on__gt=on)) == []


def test_every_address_is_one_that_nobody_has():
    """RFC 2606, section 2: names under .example are nobody's, so that no letter of a demonstration finds a reader."""
    load.make(on=MONDAY_IN_TERM)

    addresses = [
        *Patron.objects.exclude(email="").values_list("email", flat=True),
        *Guardian.objects.exclude(email="").values_list("email", flat=True),
        *Patron.objects.values_list("group__contact_email", flat=True).exclude(group__contact_email="").distinct(),
        *PartnerLibrary.objects.exclude(email="").values_list("email", flat=True),
    ]
    assert [address for address in addresses if not address.endswith(".example")] == []


def test_the_book_that_came_back_is_in_no_letter():
    """Selam's book has heard overdue 1 and would hear overdue 2 today; she returned it yesterday afternoon."""
    load.make(on=MONDAY_IN_TERM)
    name, title = cast.RETURNED_IN_TIME
    loan = Loan.objects.get(patron__first_name=name.split()[0], patron__group__name="9A", item__title=title)

    scan.run(on=MONDAY_IN_TERM)

    assert loan.returned_on == date(2026, 11, 20)
    assert [notice.number for notice in loan.notices.all()] == [1]
    assert list(Letter.objects.filter(lines__notice__loan=loan)) == []
    assert list(Letter.objects.filter(patron=loan.patron)) == []
    assert list(Letter.objects.filter(guardian__patrons=loan.patron)) == []


def test_the_book_that_came_back_would_have_been_written_about():
    """The same school, had it stayed out: so the test above has something that could leak."""
    load.make(on=MONDAY_IN_TERM)
    name, title = cast.RETURNED_IN_TIME
    loans = Loan.objects.filter(patron__first_name=name.split()[0], patron__group__name="9A", item__title=title)
    loans.update(returned_on=None, returned_at=None)

    scan.run(on=MONDAY_IN_TERM)

    assert sorted(Letter.objects.filter(lines__notice__loan=loans.get()).values_list("audience", flat=True)) == [
        "guardian",
        "patron",
    ]


def test_nobody_hears_about_the_child_without_letters():
    """Hana has one book to be reminded of and one that is a fortnight late; neither she nor her mother is told."""
    load.make(on=MONDAY_IN_TERM)
    hana = Patron.objects.get(first_name="Hana", last_name="Gebre", group__name="8A")

    run = scan.run(on=MONDAY_IN_TERM)

    assert hana.loans.count() == 2
    assert getattr(run, Outcome.NO_LETTERS.value) == 2
    assert list(Letter.objects.filter(lines__notice__loan__patron=hana)) == []
    assert list(Letter.objects.filter(guardian__patrons=hana)) == []


def test_nobody_is_told_a_second_time_what_the_history_holds():
    """The ledger of past weeks and today's run know no step of a loan twice; nobody's first letter is the last one."""
    load.make(on=MONDAY_IN_TERM)

    run = scan.run(on=MONDAY_IN_TERM)

    steps = Counter(Notice.objects.filter(step__schedule__preset="secondary_school").values_list("loan", "number"))
    assert set(steps.values()) == {1}
    lasts = Notice.objects.filter(run=run, number=3, step__schedule__preset="secondary_school")
    assert [list(last.loan.notices.order_by("number").values_list("number", flat=True)) for last in lasts] == [
        [1, 2, 3]
    ] * lasts.count()


def test_loading_sets_it_going():
    """Letters written, the emails among them waiting in the outbox, the gateway on, the daily run from tomorrow."""
    made = load.load(on=MONDAY_IN_TERM, mailbox=Mailbox(port=2025))

    by_channel = Counter(Letter.objects.filter(day=MONDAY_IN_TERM).values_list("channel", "state"))
    gateway = Gateway.the()
    assert by_channel.total() == made.letters
    assert set(by_channel) == {("email", "queued"), ("paper", "to_print")}
    assert OutboundMessage.objects.filter(state=OutboundMessage.State.WAITING).count() == by_channel["email", "queued"]
    assert (gateway.state, gateway.host, gateway.port) == (Gateway.State.ON, "127.0.0.1", 2025)
    assert (RunSettings.the().enabled, RunSettings.the().first_day) == (True, date(2026, 11, 24))


def test_it_has_a_past():
    """Every morning's letters went, by email or on paper, but two: one address is gone, of one nobody knows."""
    load.load(on=MONDAY_IN_TERM, mailbox=Mailbox())

    past = Letter.objects.filter(day__lt=MONDAY_IN_TERM)
    ends = Counter(past.values_list("state", "message__state"))
    told = Counter(
        Notice.objects.filter(said_on__lt=MONDAY_IN_TERM).exclude(run=None).values_list("run__day", flat=True)
    )
    assert set(ends) == {("queued", "sent"), ("queued", "bad"), ("queued", "uncertain"), ("printed", None)}
    assert (ends["queued", "bad"], ends["queued", "uncertain"]) == (1, 1)
    assert {run.day: run.notices_said for run in Run.objects.filter(by_clock=True)} == told
    assert set(past.values_list("lines__notice__loan__patron__no_letters_until", flat=True)) == {None}


def test_three_people_can_sign_in():
    """One for each role, with the password that the command names."""
    load.load(on=MONDAY_IN_TERM, mailbox=Mailbox())

    users = User.objects.filter(is_active=True)
    assert {user.username: role_of(user) for user in users} == {
        "admin": Role.ADMINISTRATOR,
        "librarian": Role.LIBRARIAN,
        "desk": Role.DESK_HELPER,
    }
    assert [user.check_password("library") for user in users] == [True, True, True]


def test_a_library_in_use_is_left_alone():
    """One patron is enough: the command says why, and nothing is made."""
    a_patron()

    with pytest.raises(CommandError) as refused:
        call_command("load_demo", "--on", "2026-11-23")

    assert str(refused.value) == (
        "This database holds 1 patron already. The demonstration library is made on an empty one only."
    )
    assert (Patron.objects.count(), Item.objects.count(), Letter.objects.count()) == (1, 0, 0)


def test_a_gateway_that_knows_a_mail_server_is_left_alone():
    """Letters about invented people never go through the school's own server."""
    Gateway.objects.update(host="smtp.school.example")

    with pytest.raises(load.DemoError) as refused:
        load.load(on=MONDAY_IN_TERM, mailbox=Mailbox())

    assert str(refused.value) == (
        "The gateway sends through smtp.school.example already. "
        "The demonstration library is made where nothing is set up."
    )
    assert (Patron.objects.count(), Gateway.the().host) == (0, "smtp.school.example")


def test_the_command_says_what_there_is(capsys):
    """Figures, and how to sign in."""
    call_command("load_demo", "--on", "2026-11-23")

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Wattle Grove College has 400 patrons with ")
    assert lines[2] == "Sign in as admin, librarian, desk; the password is library."
