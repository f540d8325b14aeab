"""The list of loans: its tabs and filters, and what is done with the ticked ones (product.md, C3)."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from circulation import search
from circulation.models import Loan
from circulation.views.loan_listing import EMPTY, WORDS
from library import lists
from library.lists import Page
from notices import presets
from notices.models import Notice, Run, Step
from tests.builders import a_collection, a_group, a_loan, a_partner, a_patron, an_item
from tests.pages.words import words

Status = Loan.Status


@pytest.fixture
def day() -> date:
    """Views read the library's own date."""
    return timezone.localdate()


def _list(client: Client, **query: object) -> Page[Loan]:
    found: Page[Loan] = client.get("/loans/", query).context["list"]
    return found


def _told(answer: object) -> list[str]:
    """What was told after the redirect."""
    return [str(message) for message in answer.context["messages"]]  # type: ignore[attr-defined]


def test_every_tab_lists_as_many_as_its_number_says(librarian: Client, day: date) -> None:
    """One loan in every status, and one that came back."""
    for status in Status:
        a_loan(due=day, status=status, service="ill_borrowing")
    a_loan(due=day, returned=day)

    tabs = _list(librarian).tabs
    listed = {tab.key: len(_list(librarian, tab=tab.key).rows) for tab in tabs}

    assert {tab.key: tab.number for tab in tabs} == {**listed, "returned": None}
    assert {tab: listed[tab] for tab in WORDS} == {**dict.fromkeys(WORDS, 1), "between": 3}


def test_numbers_follow_the_filter(librarian: Client, day: date) -> None:
    """7B alone."""
    group = a_group(name="7B")
    for status in (Status.ON_LOAN, Status.LOST):
        a_loan(due=day, status=status, patron=a_patron(group=group))
        a_loan(due=day, status=status)

    tabs = {tab.key: tab.number for tab in _list(librarian, group=group.pk).tabs}

    assert (tabs["on-loan"], tabs["lost"], tabs["billed"]) == (1, 1, 0)


@pytest.mark.parametrize(
    ("late", "days"),
    [("in-time", [-1, 0]), ("late", [1, 7, 8, 28, 29]), ("week", [1, 7]), ("month", [8, 28]), ("longer", [29])],
)
def test_how_late_is_counted_in_days(librarian: Client, day: date, late: str, days: list[int]) -> None:
    """Due today is not late; the parts meet without a gap."""
    loans = {a_loan(due=day - timedelta(days=since)).pk: since for since in (-1, 0, 1, 7, 8, 28, 29)}

    listed = [loans[loan.pk] for loan in _list(librarian, late=late, sort="-due").things]

    assert listed == days


@pytest.mark.parametrize("few", [0, search.AMONG])
def test_a_loan_is_found_by_borrower_thing_and_reference(
    librarian: Client, day: date, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """Words of a name, of a title, a card, a barcode, a partner library, or a whole reference number.

    Of very many people and things that have a word, their loans are looked for in another way.
    """
    monkeypatch.setattr(search, "AMONG", few)
    a_loan(due=day)
    mias = a_loan(
        due=day,
        patron=a_patron(first_name="Mia", last_name="Quince", barcode="P777"),
        item=an_item(title="Nevermoor Again", barcode="3999"),
    )
    theirs = a_loan(due=day, partner=a_partner(name="Jarrah Library", symbol="JARR"), our_reference="ILL-12")

    found = {
        typed: [loan.pk for loan in _list(librarian, q=typed).things]
        for typed in ("mia q", "P777", "again", "3999", "jarrah", "jarr", "ill-12", "ill-1", "nobody")
    }

    assert found == {
        **{typed: [mias.pk] for typed in ("mia q", "P777", "again", "3999")},
        **{typed: [theirs.pk] for typed in ("jarrah", "jarr", "ill-12")},
        **{typed: [] for typed in ("ill-1", "nobody")},
    }


def test_other_filters_narrow(librarian: Client, day: date) -> None:
    """Collection, service and the days between which it is due."""
    collection = a_collection()
    near = a_loan(due=day + timedelta(days=2), item=an_item(collection=collection))
    far = a_loan(due=day + timedelta(days=9), partner=a_partner())

    found = [
        [loan.pk for loan in _list(librarian, **asked).things]
        for asked in (
            {"collection": collection.pk},
            {"service": "ill_lending"},
            {"due_from": day + timedelta(days=3)},
            {"due_until": day + timedelta(days=3)},
            {"due_until": "nonsense"},
        )
    ]

    assert found == [[near.pk], [far.pk], [far.pk], [near.pk], [near.pk, far.pk]]


def test_ready_to_bill_was_told_the_step_that_asks_for_it(librarian: Client, day: date) -> None:
    """About this due date, and still on loan; what was taken back was not told."""
    step = Step.objects.get(schedule=presets.load("secondary_school"), ready_to_bill=True)
    run = Run.objects.create(day=day, started_at=timezone.now())
    ready, renewed, quiet, paid = (a_loan(due=day - timedelta(days=30)) for _ in range(4))
    said = {"number": step.number, "step": step, "run": run, "said_on": day}
    Notice.objects.create(loan=ready, due_on=ready.due_on, **said)
    Notice.objects.create(loan=renewed, due_on=renewed.due_on - timedelta(days=14), **said)
    Notice.objects.create(loan=quiet, due_on=quiet.due_on, taken_back_at=timezone.now(), **said)
    Notice.objects.create(loan=paid, due_on=paid.due_on, **said)
    Loan.objects.filter(pk=paid.pk).update(status=Status.BILLED)

    listed = _list(librarian, tab="ready-to-bill")

    home = librarian.get("/").context["needs"]
    assert listed.things == [ready]
    assert {tab.key: tab.number for tab in listed.tabs}["ready-to-bill"] == 1
    assert [need.sentence for need in home if "bill" in need.sentence] == ["1 loan is ready to bill."]


def test_last_said_is_what_home_counts(librarian: Client, day: date) -> None:
    """Every bar on Home leads to as many loans as it says."""
    for number in (-2, -1, 1, 2, 2):
        loan = a_loan(due=day)
        Notice.objects.create(loan=loan, due_on=day, number=-1, said_on=day)
        Notice.objects.update_or_create(loan=loan, due_on=day, number=number, defaults={"said_on": day})
    a_loan(due=day)

    home = librarian.get("/").context
    counted = {str(step.number): step.loans for step in home["steps"]} | {"any": home["steps_all"], "none": 1}

    assert counted == {"-1": 2, "1": 1, "2": 2, "any": 5, "none": 1}
    pages = {said: _list(librarian, said=said) for said in counted}
    assert {said: len(page.rows) for said, page in pages.items()} == counted
    assert {said: page.tabs[0].number for said, page in pages.items()} == counted


def test_what_came_back_is_found_by_what_was_last_said(librarian: Client, day: date) -> None:
    """Although it was due before anything that is still open; of open ones, so is the very first."""
    long_ago = a_loan(due=day - timedelta(days=90), returned=day - timedelta(days=60))
    first, second = (a_loan(due=day - timedelta(days=since)) for since in (9, 8))
    for loan in (long_ago, first):
        Notice.objects.create(loan=loan, due_on=loan.due_on, number=1, said_on=day)

    found = [
        [_list(librarian, tab=tab, said=said).things for said in ("1", "any", "none")]
        for tab in ("returned", "on-loan")
    ]

    assert found == [[[long_ago], [long_ago], []], [[first], [first], [second]]]


def test_a_loan_that_lost_its_borrower_is_listed(librarian: Client, day: date) -> None:
    """Closed loans forget who had them after a time; page, file and the loan's own page still open."""
    loan = a_loan(due=day, returned=day, item=an_item(title="Holes"))
    Loan.objects.update(patron=None)

    rows = _list(librarian, tab="returned").rows
    answers = [librarian.get("/loans/?tab=returned&as=csv"), librarian.get(reverse("loan", args=[loan.pk]))]
    answers.append(librarian.get(reverse("item", args=[loan.item_id])))

    assert [(row.thing, row.label) for row in rows] == [(loan, "Holes, with Somebody no longer kept")]
    assert [answer.status_code for answer in answers] == [200, 200, 200]


@pytest.mark.parametrize("tab", list(EMPTY))
def test_an_empty_tab_says_what_comes_here(librarian: Client, tab: str) -> None:
    """Nothing is out yet."""
    page = librarian.get("/loans/", {"tab": tab}).content.decode()

    assert EMPTY[tab].heading in page


def test_the_file_has_what_the_list_has(librarian: Client, day: date) -> None:
    """Filtered, in the order of the list, without the private reason."""
    group = a_group(name="7B")
    a_loan(due=day)
    late = a_loan(due=day - timedelta(days=3), patron=a_patron(group=group), status_reason="The house burnt down.")
    early = a_loan(due=day - timedelta(days=4), patron=a_patron(group=group))

    answer = librarian.get("/loans/", {"group": group.pk, "as": "csv"})

    lines = answer.getvalue().decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert [line.split(",")[6] for line in lines] == ["Barcode", early.item.barcode, late.item.barcode]
    assert not any("burnt" in line for line in lines)


@pytest.mark.parametrize("tab", ["on-loan", "returned"])
def test_more_loans_take_no_more_queries(librarian: Client, day: date, tab: str) -> None:
    """Borrowers, groups and things come with the rows."""
    librarian.get("/loans/")

    queries = []
    for _ in range(2):
        for number in range(4):
            a_loan(due=day + timedelta(days=number), returned=day if tab == "returned" else None)
        with CaptureQueriesContext(connection) as asked:
            librarian.get("/loans/", {"tab": tab})
        queries.append(len(asked))

    assert queries[0] == queries[1]


# What is done with the ticked ones


def _do(client: Client, verb: str, *loans: Loan, **more: object) -> object:
    given = {"verb": verb, "id": [loan.pk for loan in loans], "next": "/loans/?tab=lost", **more}
    return client.post(reverse("loans-do"), given, follow=True)


@pytest.mark.parametrize(
    ("verb", "before", "after", "told"),
    [
        ("says-back", Status.ON_LOAN, Status.SAYS_BACK, "are looked for on the next shelf checks, and quiet."),
        ("on-loan", Status.LOST, Status.ON_LOAN, "are on loan again, and letters go on."),
    ],
)
def test_what_can_be_taken_back_happens_at_once(
    librarian: Client, day: date, verb: str, before: str, after: str, told: str
) -> None:
    """Two loans, one click, back to where the ticks were."""
    loans = [a_loan(due=day, status=before) for _ in range(2)]

    answer = _do(librarian, verb, *loans)

    assert {loan.status for loan in Loan.objects.all()} == {after}
    assert _told(answer) == [f"2 loans {told}"]
    assert answer.redirect_chain[-1][0] == "/loans/?tab=lost"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("verb", "form", "field", "value"),
    [
        ("lost", {"reason": "Flood"}, "status", Status.LOST),
        ("bill", {"reason": "Invoice 12"}, "status", Status.BILLED),
        ("no-letters", {"reason": "In hospital"}, "status", Status.NO_LETTERS),
        ("new-due", {"due": "2027-02-10"}, "due_on", date(2027, 2, 10)),
    ],
)
def test_what_needs_a_word_more_asks_first(
    librarian: Client, day: date, verb: str, form: dict[str, str], field: str, value: object
) -> None:
    """The page names the loans; nothing has happened yet. Then it happens."""
    loan = a_loan(due=day)
    asked = _do(librarian, verb, loan)
    untouched = Loan.objects.get()

    _do(librarian, verb, loan, sure="1", **form)

    assert [one for one, _ in asked.context["rows"]] == [loan]  # type: ignore[attr-defined]
    assert (untouched.status, untouched.due_on) == (Status.ON_LOAN, day)
    assert getattr(Loan.objects.get(), field) == value
    assert Loan.objects.get().status_reason == form.get("reason", "")


def test_no_letters_needs_a_reason(librarian: Client, day: date) -> None:
    """The page comes back with a sentence under the field."""
    loan = a_loan(due=day)

    answer = _do(librarian, "no-letters", loan, sure="1", reason=" ")

    sentence = "Say why: whoever looks at this next must know why it is quiet."
    assert answer.context["form"].errors == {"reason": [sentence]}  # type: ignore[attr-defined]
    assert Loan.objects.get().status == Status.ON_LOAN


def test_a_day_that_cannot_be_is_told_on_the_page_that_asks(librarian: Client, day: date) -> None:
    """Nothing was done with any of them, so the day can be mended."""
    loans = [a_loan(due=day) for _ in range(2)]

    answer = _do(librarian, "new-due", *loans, sure="1", due=str(date(2020, 1, 2)))

    sentence = "Thu 2 Jan 2020 has passed. Choose a later day."
    assert answer.context["form"].errors == {"due": [sentence]}  # type: ignore[attr-defined]


def test_those_that_could_not_are_told_why_and_the_others_are_done(librarian: Client, day: date) -> None:
    """One was renewed as often as its group may."""
    group = a_group(name="7B", max_renewals=2)
    tired = a_loan(due=day, patron=a_patron(group=group), item=an_item(title="Holes"), renewals=2)
    fresh = a_loan(due=day, patron=a_patron(group=group))

    answer = _do(librarian, "renew", tired, fresh)

    assert _told(answer) == ["1 loan was renewed.", "Holes was renewed 2 times, as often as 7B may."]
    assert [loan.renewals for loan in Loan.objects.order_by("pk")] == [2, 1]


def test_ticks_of_what_came_back_meanwhile_change_nothing(librarian: Client, day: date) -> None:
    """Another desk was faster, or nothing was ticked."""
    loan = a_loan(due=day, returned=day)

    answers = [_do(librarian, "lost", loan, sure="1"), _do(librarian, "says-back")]

    sentence = "Nothing that is on loan was ticked, so nothing was changed."
    assert [_told(answer) for answer in answers] == [[sentence], [sentence]]
    assert Loan.objects.get().status == Status.ON_LOAN


def test_there_is_no_such_verb(librarian: Client) -> None:
    """A form can be written by anybody."""
    assert librarian.post(reverse("loans-do"), {"verb": "burn"}).status_code == 400


def test_a_very_long_filtered_list_says_that_it_has_more(
    librarian: Client, day: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counting stops at a number beyond which nobody reads; without a filter, and of other tabs, it is exact."""
    monkeypatch.setattr(lists, "MOST_COUNTED", 2)
    for _ in range(3):
        a_loan(due=day - timedelta(days=1))
        a_loan(due=day - timedelta(days=1), status=Status.LOST)

    answers = [librarian.get(f"/loans/{query}") for query in ("", "?late=late", "?late=late&tab=lost")]

    tabs = [{tab.key: (tab.number, tab.more) for tab in answer.context["list"].tabs} for answer in answers]
    assert [(one["on-loan"], one["lost"]) for one in tabs] == [
        ((3, False), (3, False)),
        ((2, True), (3, False)),
        ((2, True), (3, False)),
    ]
    assert ["More than 2 loans that are out fit." in words(answer.content) for answer in answers] == [False, True, True]
    assert [">2+</b>" in answer.content.decode() for answer in answers] == [False, True, True]
