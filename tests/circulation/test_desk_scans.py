"""What a scan means at the desk, in each mode, and what is told when it was the wrong one (product.md, C2)."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore

from circulation.models import Group, Loan, Patron
from circulation.views.just_happened import JustHappened
from circulation.views.sitting import Mode, Sitting, Told
from tests.builders import a_group, a_loan, a_partner, a_patron, an_item

pytestmark = pytest.mark.django_db

LEND, RETURN, RENEW = Mode.LEND, Mode.RETURN, Mode.RENEW


@pytest.fixture
def session() -> SessionStore:
    return SessionStore()


@pytest.fixture
def seven_b() -> Group:
    return a_group(name="7B", max_loans=5)


@pytest.fixture
def mia(seven_b: Group) -> Patron:
    return a_patron(first_name="Mia", last_name="Chen", barcode="P100417", group=seven_b)


@pytest.fixture
def zayd(seven_b: Group) -> Patron:
    return a_patron(first_name="Zayd", last_name="Rahimi", barcode="P100500", group=seven_b)


@pytest.fixture
def sit(session: SessionStore, noon: datetime) -> Any:
    """A sitting at noon, or a little later."""

    def sit(
        mode: Mode = LEND, patron: Patron | None = None, *, at: datetime = noon, is_librarian: bool = True
    ) -> Sitting:
        happened = JustHappened(session, at=at)
        return Sitting(by=None, at=at, mode=mode, patron=patron, happened=happened, is_librarian=is_librarian)

    return sit


def words(told: list[Told]) -> list[str]:
    """What stands in the alerts, with the buttons."""
    return [
        " ".join([one.heading, one.title + one.sentence, *(f"[{offer.button}]" for offer in one.offers)])
        for one in told
    ]


def lines(sitting: Sitting) -> list[str]:
    """What stands under *Just happened*; an asterisk where Undo is offered."""
    return [
        f"{one.before} {one.title}{one.after} | {one.small}{' *' if one.seconds else ''}"
        for one in sitting.happened.shown()
    ]


def test_a_card_and_a_book_are_a_loan(sit: Any, mia: Patron) -> None:
    """Two scans, and the due date is said."""
    an_item(title="Blueback", barcode="3000001530")
    sitting = sit()

    sitting.scan("P100417\r")
    sitting.scan("3000001530\r")

    assert sitting.patron == mia
    assert [(loan.patron, loan.due_on) for loan in Loan.objects.open()] == [(mia, date(2026, 12, 7))]
    assert lines(sitting) == ["Lent Blueback to Mia Chen | 12:00 · due Mon 7 Dec *"]
    assert sitting.told == []


def test_the_next_card_is_the_next_patron(sit: Any, mia: Patron, zayd: Patron) -> None:
    """Thirty children in a queue: nobody presses anything in between."""
    sitting = sit(patron=mia)

    sitting.scan(zayd.barcode)

    assert sitting.patron == zayd


def test_what_is_out_can_be_returned_and_lent_on_in_one_go(sit: Any, mia: Patron, zayd: Patron, today: date) -> None:
    """The book on the desk belongs to another child's loan."""
    holes = an_item(title="Holes")
    loan = a_loan(item=holes, patron=zayd, due=date(2026, 12, 4))
    sitting = sit(patron=mia)

    sitting.scan(holes.barcode)
    told = words(sitting.told)
    sitting.hand_over(loan)

    assert told == ["Not lent. Holes is on loan to Zayd Rahimi, 7B, until Fri 4 Dec. [Return it and lend it to Mia]"]
    assert lines(sitting) == [
        "Lent Holes to Mia Chen | 12:00 · due Mon 7 Dec *",
        "Returned Holes, Zayd Rahimi, 7B | 12:00 · in time *",
        "Not lent: Holes | 12:00 · with Zayd Rahimi until Fri 4 Dec",
    ]


def test_what_another_desk_took_back_is_not_handed_over(sit: Any, mia: Patron, zayd: Patron, today: date) -> None:
    """The offer was about Zayd's loan; since then it came back and went to somebody else."""
    loan = a_loan(item=an_item(title="Holes"), patron=zayd, due=today, returned=today)
    a_loan(item=loan.item, patron=a_patron(), due=today)
    sitting = sit(patron=mia)

    sitting.hand_over(loan)

    assert words(sitting.told) == ["Not returned. Holes came back on Mon 23 Nov."]
    assert Loan.objects.of_patron(mia).count() == 0


def test_a_book_scanned_twice_is_lent_once(sit: Any, mia: Patron, noon: datetime) -> None:
    """The scanner beeped twice; an hour later she brings it again and may want it for longer."""
    blueback = an_item(title="Blueback")
    sit(patron=mia).scan(blueback.barcode)

    at_once, later = sit(patron=mia), sit(patron=mia, at=noon + timedelta(hours=1))
    at_once.scan(blueback.barcode)
    later.scan(blueback.barcode)

    assert words(at_once.told) == ["Scanned twice. Blueback is with Mia Chen already, until Mon 7 Dec."]
    assert words(later.told) == ["Not lent. Blueback is with Mia Chen already, until Mon 7 Dec. [Renew it]"]
    assert Loan.objects.count() == 1


def test_a_book_without_a_card_says_what_is_missing(sit: Any, zayd: Patron, today: date) -> None:
    """One stands on the shelf, as far as we know; one is out and may be meant as a return."""
    a_loan(item=an_item(title="Holes", barcode="301"), patron=zayd, due=today)
    an_item(title="Atlas", barcode="302")
    sitting = sit()

    sitting.scan("301")
    sitting.scan("302")

    assert words(sitting.told) == [
        "Not lent. Holes is an item, and nobody is at the desk. Scan a patron’s card first. [Take it back]",
        "Not lent. Atlas is an item, and nobody is at the desk. Scan a patron’s card first.",
    ]


def test_a_card_is_no_return(sit: Any, mia: Patron) -> None:
    """A wrong scan says what it was."""
    sitting = sit(RETURN)

    sitting.scan(mia.barcode)

    assert words(sitting.told) == [
        "Not returned. That is a patron’s card: Mia Chen, 7B. To take something back, scan the thing itself. "
        "[Lend to Mia]"
    ]
    assert sitting.patron is None


def test_a_number_of_nothing_says_so(sit: Any, mia: Patron) -> None:
    """A card of another school, and a word that nobody and nothing has."""
    sitting, lending, returning, helper = sit(), sit(patron=mia), sit(RETURN), sit(RETURN, is_librarian=False)

    sitting.scan("99999")
    sitting.scan("Quince")
    lending.scan("Quince")
    returning.scan("Quince")
    helper.scan("Quince")

    assert words(sitting.told + lending.told + returning.told + helper.told) == [
        "Not found. No card and no item has the number 99999.",
        "Not found. Nobody’s name has words that begin with “Quince”.",
        "Not found. Nobody’s name and no title has words that begin with “Quince”.",
        "Not found. No title has words that begin with “Quince”.",
        "Not found. No item has the number Quince.",
    ]


def test_an_empty_field_is_no_scan(sit: Any) -> None:
    """Somebody leaned on Enter."""
    sitting = sit()

    sitting.scan("  \r")

    assert (sitting.told, sitting.choices, sitting.patron) == ([], None, None)


def test_the_beginning_of_a_name_opens_the_only_one_or_asks(sit: Any, mia: Patron, zayd: Patron) -> None:
    """Two Chens are a question, one is not."""
    leo = a_patron(first_name="Leo", last_name="Chen", group=mia.group)
    one, two = sit(), sit()

    one.scan("chen m")
    two.scan("chen")

    assert (one.patron, one.choices) == (mia, None)
    assert two.patron is None
    assert two.choices.patrons == [leo, mia]


def test_half_a_number_opens_nobody_without_asking(sit: Any, mia: Patron, zayd: Patron) -> None:
    """A card that was read badly must not open the loans of the only child whose number begins so."""
    sitting = sit(patron=zayd)

    sitting.scan("P1004")

    assert (sitting.patron, sitting.choices.patrons) == (None, [mia])


def test_after_an_unknown_number_nothing_more_is_lent_to_the_child_before(sit: Any, mia: Patron) -> None:
    """It may have been the next card, and the next book may be scanned before anybody looks up."""
    an_item(title="Blueback", barcode="303")
    sitting = sit(patron=mia)

    sitting.scan("P99999")
    sitting.scan("303")

    assert words(sitting.told) == [
        "Not found. No card and no item has the number P99999. It may have been the next card, so nothing more is "
        "lent to Mia Chen now. [Go on with Mia]",
        "Not lent. Blueback is an item, and nobody is at the desk. Scan a patron’s card first.",
    ]
    assert Loan.objects.count() == 0


def test_a_librarian_types_a_title_and_a_helper_does_not(sit: Any, zayd: Patron, today: date) -> None:
    """No search by title for helpers (product.md, S1); the number works for both."""
    loan = a_loan(item=an_item(title="Holes", barcode="3000001530"), patron=zayd, due=today)
    librarian, helper, by_number = sit(RETURN), sit(RETURN, is_librarian=False), sit(RETURN, is_librarian=False)

    librarian.scan("holes")
    helper.scan("holes")
    by_number.scan("30000015")

    assert librarian.choices.items == by_number.choices.items == [(loan.item, loan)]
    assert words(helper.told) == ["Not found. No item has the number holes."]


def test_a_librarian_finds_an_interlibrary_loan_by_its_reference(sit: Any, today: date) -> None:
    """The slip in the book has the other library's number and no barcode."""
    loan = a_loan(due=today, partner=a_partner(), their_reference="KU-7731")
    librarian, helper = sit(RETURN), sit(RETURN, is_librarian=False)

    librarian.scan("ku-7731")
    helper.scan("ku-7731")

    assert librarian.choices.items == [(loan.item, loan)]
    assert helper.choices is None


def test_returning_needs_only_the_item_and_says_how_late(sit: Any, zayd: Patron, today: date) -> None:
    """No card; the patron at the desk, if any, is not touched."""
    for number, due in (("301", date(2026, 11, 19)), ("302", date(2026, 12, 4))):
        a_loan(item=an_item(title="Holes", barcode=number), patron=zayd, due=due)
    sitting = sit(RETURN)

    sitting.scan("301")
    sitting.scan("302")

    assert lines(sitting) == [
        "Returned Holes, Zayd Rahimi, 7B | 12:00 · in time *",
        "Returned Holes, Zayd Rahimi, 7B | 12:00 · 4 days late *",
    ]
    assert Loan.objects.open().count() == 0


def test_what_is_not_on_loan_cannot_come_back(sit: Any) -> None:
    """Somebody scanned the trolley."""
    atlas = an_item(title="Atlas")
    returning, renewing = sit(RETURN), sit(RENEW)

    returning.scan(atlas.barcode)
    renewing.scan(atlas.barcode)

    assert words(returning.told) == ["Not returned. Atlas is not on loan."]
    assert words(renewing.told) == ["Not renewed. Atlas is not on loan."]


def test_what_came_back_and_may_not_simply_go_on_the_shelf(sit: Any, zayd: Patron, today: date) -> None:
    """Billed, given up as lost, or another library's."""
    karri = a_partner(name="Karri University Library")
    a_loan(item=an_item(title="Holes", barcode="301"), patron=zayd, due=today, status=Loan.Status.BILLED)
    a_loan(item=an_item(title="Atlas", barcode="302"), patron=zayd, due=today, status=Loan.Status.LOST)
    a_loan(
        item=an_item(title="A History of Salt", barcode="303", owner=karri),
        patron=zayd,
        due=today,
        service=Loan.Service.ILL_BORROWING,
        due_to_lender=date(2026, 12, 1),
    )
    sitting = sit(RETURN)

    for number in ("301", "302", "303"):
        sitting.scan(number)

    assert words(sitting.told) == [
        "Returned. Holes is back. It was billed to Zayd Rahimi, 7B: tell the office.",
        "Returned. Atlas is back. It was given up as lost: tell the office if it was paid for.",
        "Returned. A History of Salt belongs to Karri University Library: send it home by Tue 1 Dec.",
    ]
    assert [one.to_do for one in sitting.happened.shown()] == [
        "Send it home by Tue 1 Dec",
        "Was lost: tell the office",
        "Billed: tell the office",
    ]


def test_renewing_needs_only_the_item(sit: Any, zayd: Patron, today: date) -> None:
    """Once more is allowed, and then no more."""
    zayd.group.max_renewals = 1
    zayd.group.save()
    loan = a_loan(item=an_item(title="Holes"), patron=zayd, due=today)
    sitting = sit(RENEW)

    sitting.scan(loan.item.barcode)
    sitting.scan(loan.item.barcode)

    assert lines(sitting) == [
        "Not renewed: Holes | 12:00",
        "Renewed Holes, Zayd Rahimi, 7B | 12:00 · now due Mon 7 Dec *",
    ]
    assert words(sitting.told) == ["Not renewed. Holes was renewed 1 time, as often as 7B may."]


def test_the_groups_limit_and_who_left_are_told(sit: Any, mia: Patron, zayd: Patron, today: date) -> None:
    """In words, with nothing offered: no button mends these."""
    for _ in range(5):
        a_loan(patron=mia, due=today)
    zayd.left_on = date(2026, 11, 20)
    zayd.save()
    full, left = sit(patron=mia), sit(patron=zayd)
    atlas = an_item(title="Atlas")

    full.scan(atlas.barcode)
    left.scan(atlas.barcode)

    assert words(full.told + left.told) == [
        "Not lent. Mia Chen, 7B, has 5 loans already, as many as this group may have.",
        "Not lent. Zayd Rahimi, 7B, left on Fri 20 Nov.",
    ]


def test_after_the_last_day_a_librarian_chooses_the_date(sit: Any, mia: Patron, today: date) -> None:
    """The rule of the group gives none; a day in the past or a closed one is refused and asked for again."""
    mia.group.last_due_date = date(2026, 11, 20)
    mia.group.save()
    atlas = an_item(title="Atlas")
    helper, librarian = sit(patron=mia, is_librarian=False), sit(patron=mia)

    helper.scan(atlas.barcode)
    librarian.scan(atlas.barcode)
    librarian.lend(atlas, due=date(2026, 11, 28))
    librarian.lend(atlas, due=date(2026, 11, 30))

    assert words(helper.told) == [
        "Not lent. Nothing is lent to 7B after Fri 20 Nov. Choose a due date by hand. A librarian can do that."
    ]
    assert words(librarian.told) == [
        "Not lent. Nothing is lent to 7B after Fri 20 Nov. Choose a due date by hand. [Lend it until this day]",
        "Not lent. The library is closed on Sat 28 Nov. The next open day is Mon 30 Nov. [Lend it until this day]",
    ]
    assert Loan.objects.get().due_on == date(2026, 11, 30)


def test_each_deed_is_undone_within_a_minute(sit: Any, mia: Patron, zayd: Patron, noon: datetime) -> None:
    """Lent, returned and renewed; the list says so and offers it no more."""
    a_loan(item=an_item(title="Holes", barcode="301"), patron=zayd, due=date(2026, 12, 4))
    a_loan(item=an_item(title="Atlas", barcode="302"), patron=zayd, due=date(2026, 11, 24))
    an_item(title="Blueback", barcode="303")
    for mode, number in ((RETURN, "301"), (RENEW, "302"), (LEND, "303")):
        sit(mode, mia).scan(number)

    sitting = sit(patron=mia, at=noon + timedelta(seconds=59))
    for number in (3, 2, 1):
        sitting.undo(number)

    assert lines(sitting) == [
        "Lent Blueback to Mia Chen | 12:00 · undone",
        "Renewed Atlas, Zayd Rahimi, 7B | 12:00 · undone",
        "Returned Holes, Zayd Rahimi, 7B | 12:00 · undone",
    ]
    assert sitting.told == []
    assert sorted(str(loan.item) for loan in Loan.objects.open()) == ["Atlas", "Holes"]


def test_after_a_minute_nothing_is_offered_and_nothing_undone(sit: Any, mia: Patron, noon: datetime) -> None:
    """A button that was pressed too late says why."""
    an_item(title="Blueback", barcode="303")
    sit(patron=mia).scan("303")

    sitting = sit(patron=mia, at=noon + timedelta(seconds=61))
    sitting.undo(1)

    assert lines(sitting) == ["Lent Blueback to Mia Chen | 12:00 · due Mon 7 Dec"]
    assert words(sitting.told) == ["Not undone. Blueback was lent more than a minute ago. Take it back instead."]
    assert Loan.objects.open().count() == 1


def test_nothing_is_undone_twice(sit: Any, mia: Patron) -> None:
    """Two windows of one browser; and a number that never was."""
    an_item(title="Blueback", barcode="303")
    sit(patron=mia).scan("303")
    sit(patron=mia).undo(1)

    sitting = sit(patron=mia)
    sitting.undo(1)
    sitting.undo(99)

    assert words(sitting.told) == ["Nothing to undo. It was undone, or it is too long ago."] * 2


def test_ctrl_z_means_the_last_thing_that_was_done(sit: Any, mia: Patron, zayd: Patron, today: date) -> None:
    """A refusal in between is not in its way."""
    a_loan(item=an_item(title="Holes", barcode="301"), patron=zayd, due=today)
    an_item(title="Blueback", barcode="303")
    sitting = sit(patron=mia)

    sitting.scan("303")
    sitting.scan("301")
    before = sitting.happened.last_done()
    sitting.undo(before)

    assert (before, sitting.happened.last_done()) == (1, 0)


def test_the_list_is_todays_and_a_dozen_long(sit: Any, mia: Patron, noon: datetime) -> None:
    """Yesterday's is gone in the morning."""
    for number in range(14):
        an_item(title=f"Volume {number}", barcode=f"9{number:03}")
        sit(RETURN).scan(f"9{number:03}")

    today, tomorrow = sit(), sit(at=noon + timedelta(days=1))

    assert len(lines(today)) == 12
    assert lines(today)[0] == "Not returned: Volume 13 | 12:00"
    assert lines(tomorrow) == []


def test_what_is_to_be_done_stays_in_the_list(sit: Any, zayd: Patron, today: date) -> None:
    """A box of returns: the alert about the first is gone with the next scan, the line is not gone with the box."""
    a_loan(item=an_item(title="Holes", barcode="301"), patron=zayd, due=today, status=Loan.Status.BILLED)
    sit(RETURN).scan("301")
    for number in range(14):
        a_loan(item=an_item(barcode=f"9{number:03}"), patron=zayd, due=today)
        sit(RETURN).scan(f"9{number:03}")

    sitting = sit(RETURN)

    assert len(lines(sitting)) == 13
    assert lines(sitting)[-1] == "Returned Holes, Zayd Rahimi, 7B | 12:00 · in time *"
    assert sitting.happened.shown()[-1].to_do == "Billed: tell the office"


def test_the_session_keeps_no_names(sit: Any, session: SessionStore, mia: Patron, zayd: Patron, today: date) -> None:
    """Numbers of rows and moments; a person who is erased is not remembered there."""
    a_loan(item=an_item(title="Holes", barcode="301"), patron=zayd, due=today)
    sitting = sit(patron=mia)
    sitting.scan("301")

    kept = str(dict(session))

    assert [word for word in ("Zayd", "Rahimi", "Mia", "Chen", "Holes") if word in kept] == []
