"""The print queue: checked at the moment of printing, marked as shown, each letter printed once or told."""

from datetime import date, datetime, timedelta

import pytest
from django.contrib.auth.models import User

from circulation import desk, people
from circulation.models import Group, Loan, Patron
from notices import compose, paper, scan
from notices.models import Audience, Letter, Notice
from tests.builders import a_group, a_guardian, a_guardianship, a_loan, a_partner, a_patron, an_item
from tests.notices.builders import a_gateway_with_an_address, a_schedule, morning_of, on_day, wording

pytestmark = pytest.mark.django_db

BODY = "Dear {{ dear }}, bring {% for book in books %}{{ book.title }} {% endfor %}by {{ act_by }}."


@pytest.fixture(autouse=True)
def _gateway() -> None:
    a_gateway_with_an_address()
    wording(1, 2, body=BODY, audiences=[Audience.PATRON])
    wording(1, 2, audiences=[Audience.GUARDIAN, Audience.PARTNER])


@pytest.fixture
def class_7b() -> Group:
    a_schedule(1)
    return a_group(name="7B", year_level=7)


@pytest.fixture
def helen() -> User:
    return User.objects.create_user("helen", first_name="Helen", last_name="Marsh")


def on_paper(group: Group, *, due: date, titles: tuple[str, ...] = ("Holes",), **fields: object) -> Patron:
    """A patron without an address who has these books."""
    patron = a_patron(group=group, email="", **fields)
    for title in titles:
        a_loan(due=due, patron=patron, item=an_item(title=title))
    return patron


def written(on: date) -> None:
    scan.run(on=on)
    compose.write_planned(on=on)


def shown(on: date, key: int | None = None) -> dict[int, int]:
    """What lies on the page: id and revision."""
    piles = paper.to_print(key, on=on)
    return {sheet.letter.pk: sheet.letter.revision for pile in piles for sheet in pile.sheets}


def texts() -> list[str]:
    return sorted(Letter.objects.to_print().values_list("text", flat=True))


def test_letters_lie_in_piles_by_class(today: date) -> None:
    """The youngest class first; a home's letter lies with its youngest child, other libraries come last."""
    a_schedule(1)
    a_schedule(1, service="ill_lending", who="partner")
    wording(1, service="ill_lending", audiences=[Audience.PARTNER])
    older, younger = a_group(name="7A", year_level=7), a_group(name="5B", year_level=5)
    yesterday = on_day(today, -1)
    on_paper(older, due=yesterday, last_name="Chen")
    on_paper(younger, due=yesterday, last_name="Lee")
    kim = a_guardian(email="", address="1 Elm Street")
    schedule = a_schedule(1, groups=[older, younger], who="guardians")
    for group in (older, younger):
        a_loan(due=yesterday, patron=a_patron(group=group, email="", guardians=[kim]))
    a_loan(due=yesterday, partner=a_partner(email="", address="2 Oak Avenue"))
    assert schedule.groups.count() == 2
    written(today)

    counts = [(count.name, count.letters) for count in paper.counts(paper.waiting())]
    piles = [(pile.name, len(pile.sheets), pile.by_post) for pile in paper.to_print(None, on=today)]

    assert counts == [("5B", 2), ("7A", 1), ("Other libraries", 1)]
    assert piles == [("5B", 2, 1), ("7A", 1, 0), ("Other libraries", 1, 1)]


def test_a_book_that_came_back_is_not_on_paper(today: date, class_7b: Group) -> None:
    """Of two books one came back at noon: the letter is written again without it, at once."""
    mia = on_paper(class_7b, due=on_day(today, -1), titles=("Holes", "Blueback"))
    tom = on_paper(class_7b, due=on_day(today, -1))
    written(today)
    for patron, title in ((mia, "Blueback"), (tom, "Holes")):
        desk.take_back(Loan.objects.get(patron=patron, item__title=title), on=today, at=morning_of(today))

    done = paper.prepare(None, on=today, at=morning_of(today), by=None)

    assert (done.taken_back, done.rewritten) == (0, 1)  # Tom's was taken back by the desk
    assert [("Holes" in text, "Blueback" in text) for text in texts()] == [(True, False)]
    assert Letter.objects.get(patron=tom).state == Letter.State.TAKEN_BACK


def test_what_no_verb_told_of_is_found_at_the_printer(today: date, class_7b: Group) -> None:
    """Rows changed behind the program's back: printing looks itself, and writes again at once."""
    mia = on_paper(class_7b, due=on_day(today, -1), titles=("Holes", "Blueback"))
    tom = on_paper(class_7b, due=on_day(today, -1))
    written(today)
    Loan.objects.filter(patron=mia, item__title="Blueback").update(returned_on=today)
    Patron.objects.filter(pk=tom.pk).update(no_letters_until=on_day(today, 30))
    assert shown(today) == {}

    done = paper.prepare(None, on=today, at=morning_of(today), by=None)

    assert (done.taken_back, done.rewritten) == (1, 1)
    assert [("Holes" in text, "Blueback" in text) for text in texts()] == [(True, False)]
    assert shown(today) == {Letter.objects.get(patron=mia).pk: 1}


def test_fridays_letter_printed_on_monday_speaks_of_monday(today: date, class_7b: Group) -> None:
    """What it asks for by a day must not lie in the past."""
    friday = on_day(today, -3)
    on_paper(class_7b, due=on_day(friday, -1))
    written(friday)
    assert Letter.objects.get().text.endswith("by Tuesday 1 December.\n")

    paper.prepare(None, on=today, at=morning_of(today), by=None)

    assert Letter.objects.get().text.endswith("by Friday 4 December.\n")


def test_marked_as_printed_is_what_was_shown(today: date, class_7b: Group, helen: User) -> None:
    """By whom and when is kept; nothing is left to print."""
    on_paper(class_7b, due=on_day(today, -1))
    on_paper(class_7b, due=on_day(today, -1))
    written(today)
    now = morning_of(today)

    done = paper.mark(shown(today), at=now, by=helen)

    assert (done.printed, done.left_out) == (2, [])
    kept = Letter.objects.order_by().values_list("state", "printed_by", "printed_at").distinct()
    assert list(kept) == [("printed", helen.pk, now)]
    assert paper.counts(paper.waiting()) == []


def test_a_letter_that_changed_while_it_was_printed_is_not_marked(today: date, class_7b: Group, helen: User) -> None:
    """The paper in her hand still names the book; the new letter waits."""
    mia = on_paper(class_7b, due=on_day(today, -1), titles=("Holes", "Blueback"), first_name="Mia", last_name="Chen")
    written(today)
    on_screen = shown(today)
    desk.take_back(Loan.objects.get(patron=mia, item__title="Blueback"), on=today, at=morning_of(today))
    compose.write_planned(on=today)

    done = paper.mark(on_screen, at=morning_of(today), by=helen)

    assert done.printed == 0
    assert done.left_out == [
        "The letter to Mia Chen changed meanwhile. Take it out of the pile; the new one waits here."
    ]
    assert Letter.objects.to_print().count() == 1


def test_a_letter_taken_back_while_it_was_printed_is_named(today: date, class_7b: Group, helen: User) -> None:
    mia = on_paper(class_7b, due=on_day(today, -1), first_name="Mia", last_name="Chen")
    written(today)
    on_screen = shown(today)
    desk.take_back(Loan.objects.get(patron=mia), on=today, at=morning_of(today))

    done = paper.mark(on_screen, at=morning_of(today), by=helen)

    assert done.left_out == ["The letter to Mia Chen was taken back meanwhile. Take it out of the pile."]


def test_who_marks_second_is_told(today: date, class_7b: Group, helen: User) -> None:
    """Two librarians with the same page: each letter is marked once, and who and when stay those of the first."""
    on_paper(class_7b, due=on_day(today, -1))
    written(today)
    on_screen = shown(today)
    paper.mark(on_screen, at=morning_of(today), by=helen)

    done = paper.mark(on_screen, at=morning_of(today) + timedelta(hours=1), by=None)

    assert (done.printed, Letter.objects.get().printed_by) == (0, helen)
    assert done.left_out == ["1 letter had been marked as printed by Helen Marsh before: do not post them twice."]


def test_who_opens_second_is_told_before_printing(today: date, class_7b: Group, helen: User) -> None:
    """For half an hour the first one stands at the printer; the second one's opening does not hide it."""
    jo = User.objects.create_user("jo")
    on_paper(class_7b, due=on_day(today, -1))
    written(today)
    now = morning_of(today)
    paper.prepare(None, on=today, at=now, by=helen)
    paper.prepare(None, on=today, at=now + timedelta(minutes=2), by=jo)

    def others(by: User, minutes: int) -> dict[User, datetime]:
        piles = paper.to_print(None, on=today)
        return paper.opened_by_others(piles, at=now + timedelta(minutes=minutes), by=by)

    assert (others(jo, 2), others(helen, 2), others(jo, 31)) == ({helen: now}, {}, {})


def test_printed_again_in_the_same_words(today: date, class_7b: Group, helen: User) -> None:
    """The paper jammed: yesterday's pile comes out as it was."""
    on_paper(class_7b, due=on_day(today, -2))
    yesterday = on_day(today, -1)
    written(yesterday)
    [words] = texts()
    paper.mark(shown(yesterday), at=morning_of(yesterday), by=helen)

    [pile] = paper.to_print_again(class_7b.pk, day=yesterday, on=today)

    assert [sheet.letter.text for sheet in pile.sheets] == [words]
    assert paper.days(until=today) == [(yesterday, 1)]


def test_printed_again_is_only_what_may_still_go(today: date, helen: User) -> None:
    """The guardianship was switched off after the letter was printed, and a book of another letter came home."""
    group = a_group(name="7B", year_level=7)
    a_schedule(1, who="guardians")
    off = a_guardianship(patron=a_patron(group=group), guardian=a_guardian(email=""))
    home = a_guardianship(patron=a_patron(group=group), guardian=a_guardian(email=""))
    fine = a_guardianship(patron=a_patron(group=group), guardian=a_guardian(email=""))
    for link in (off, home, fine):
        a_loan(due=on_day(today, -1), patron=link.patron)
    written(today)
    paper.mark(shown(today), at=morning_of(today), by=helen)

    people.change_guardianship(off, library_letters=False, reason="Court order")
    desk.take_back(Loan.objects.get(patron=home.patron), on=today, at=morning_of(today))
    piles = paper.to_print_again(None, day=today, on=today)

    assert [sheet.letter.guardian for pile in piles for sheet in pile.sheets] == [fine.guardian]


def test_the_ledger_does_not_hear_of_paper(today: date, class_7b: Group, helen: User) -> None:
    """Written again and printed, the step was said once."""
    on_paper(class_7b, due=on_day(today, -2))
    written(on_day(today, -1))

    paper.prepare(None, on=today, at=morning_of(today), by=helen)
    paper.mark(shown(today), at=morning_of(today), by=helen)

    assert list(Notice.objects.values_list("number", "occurrence", "taken_back_at")) == [(1, 0, None)]
