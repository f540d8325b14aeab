"""*No letters until* and a guardianship switched off hold at every door (product.md, C1): each door is tried with a
child about whom letters are on, where it opens, and then with every way in which they are off, where it does not."""

from collections.abc import Callable
from datetime import date

import pytest
from django.utils import timezone

from circulation.models import Guardianship, Loan, Patron
from circulation.models.people import FOREVER
from notices import (
    class_lists,
    compose,
    corrections,
    direct_email,
    held,
    letter_kinds,
    letters,
    paper,
    scan,
    standing,
)
from notices.models import Audience, Letter, Notice, Step, Template
from smtp_gateway.models import OutboundMessage
from tests.builders import a_group, a_guardian, a_loan, a_patron
from tests.notices.builders import a_gateway_with_an_address, a_schedule, by_the_clock, morning_of, on_day

pytestmark = pytest.mark.django_db

Kind = Template.Kind
PATRON, GUARDIAN = Audience.PATRON, Audience.GUARDIAN

Door = Callable[[Patron, date], int]
"""Tries to have something said about the child; how many letters would leave the house."""


@pytest.fixture(autouse=True)
def _ready() -> None:
    a_gateway_with_an_address()
    standing.set_up()


@pytest.fixture
def child(today: date) -> Patron:
    """Late with one book; with an address of her own and a mother at home."""
    patron = a_patron(group=a_group(name="7B", contact_email="lee@school.example"), guardians=[a_guardian()])
    a_loan(due=on_day(today, -8), patron=patron)
    return patron


def written(on: date) -> int:
    """Composing writes what is planned; how many letters then wait to leave."""
    compose.write_planned(on=on)
    return Letter.objects.filter(state__in=[Letter.State.QUEUED, Letter.State.TO_PRINT]).count()


def daily_run(child: Patron, on: date) -> int:
    a_schedule(7, who=Step.Who.BOTH)
    held.let_go(by_the_clock(on), by=None, on=on)
    return written(on)


def due_notices_by_hand(child: Patron, on: date) -> int:
    a_schedule(7, who=Step.Who.BOTH)
    scan.run(on=on)
    return written(on)


def ticked_due_notices(child: Patron, on: date) -> int:
    a_schedule(7, who=Step.Who.BOTH)
    scan.run(on=on, only=list(child.loans.values_list("pk", flat=True)))
    return written(on)


def by_hand(kind: Template.Kind, number: int, audience: Audience, **asked: object) -> Door:
    def door(child: Patron, on: date) -> int:
        if kind == Kind.ALL_CLEAR:
            child.loans.update(status=Loan.Status.BILLED, returned_on=on)
        wishes: dict[str, object] = {"groups": [child.group], "days_late": None} | asked
        run = letters.draft(number, kind=kind, audience=audience, on=on, by=None, **wishes)  # type: ignore[arg-type]
        sent = letters.send(run, run.letters_of.values_list("pk", flat=True), on=on, by=None)
        return sent.by_email + sent.on_paper

    return door


def shown_before(child: Patron, on: date) -> int:
    """The drafts were looked at while letters were on."""
    switch = remembered(child)
    run = letters.draft(1, audience=GUARDIAN, groups=[child.group], on=on, by=None)
    switch()
    sent = letters.send(run, run.letters_of.values_list("pk", flat=True), on=on, by=None)
    return sent.by_email + sent.on_paper


def class_list(child: Patron, on: date) -> int:
    run = class_lists.draft([child.group], slips=True, on=on, by=None)
    sent = letters.send(run, run.letters_of.values_list("pk", flat=True), on=on, by=None)
    return sent.by_email + sent.on_paper


def printer(child: Patron, on: date) -> int:
    """The letters waited for the printer since yesterday."""
    switch = remembered(child)
    run = letters.draft(1, audience=GUARDIAN, on_paper=True, groups=[child.group], on=on, by=None)
    letters.send(run, run.letters_of.values_list("pk", flat=True), on=on, by=None)
    switch()
    paper.prepare(None, on=on, at=morning_of(on), by=None)
    return sum(len(pile.sheets) for pile in paper.to_print(None, on=on))


def composing(child: Patron, on: date) -> int:
    """The run planned them while letters were on."""
    switch = remembered(child)
    a_schedule(7, who=Step.Who.GUARDIANS)
    scan.run(on=on)
    switch()
    return written(on)


def direct(child: Patron, on: date) -> int:
    return sum(recipient.why_not == "" for recipient in direct_email.whom(child, on=on) if recipient.guardianship)


def direct_through_the_gateway(child: Patron, on: date) -> int:
    carer = child.guardians.get()
    return by_hand(Kind.DIRECT, 0, GUARDIAN, guardian=carer, patrons=[child])(child, on)


def correction(child: Patron, on: date) -> int:
    """The home was told by mistake while letters were on."""
    switch = remembered(child)
    run = letters.draft(1, audience=GUARDIAN, groups=[child.group], on=on, by=None)
    letters.send(run, run.letters_of.values_list("pk", flat=True), on=on, by=None)
    now = timezone.now()
    OutboundMessage.objects.update(state=OutboundMessage.State.SENT, sent_at=now, finished_at=now)
    switch()
    corrections.write(Notice.objects.values_list("pk", flat=True), by=None, on=on)
    compose.write_planned(on=on)
    return Letter.objects.filter(kind=Kind.CORRECTION, state=Letter.State.QUEUED).count()


def remembered(child: Patron) -> Callable[[], None]:
    """Letters are on for the moment; calling it puts back how they were switched, behind the program's back."""
    patron = Patron.objects.filter(pk=child.pk).values("no_letters_until").get()
    links = {link.pk: link for link in Guardianship.objects.filter(patron=child)}
    Patron.objects.filter(pk=child.pk).update(no_letters_until=None)
    Guardianship.objects.filter(patron=child).update(library_letters=True, no_letters_until=None)

    def switch() -> None:
        Patron.objects.filter(pk=child.pk).update(**patron)
        for link in links.values():
            link.save()

    return switch


ABOUT_THE_CHILD: dict[str, Door] = {
    "daily run": daily_run,
    "due notices by hand": due_notices_by_hand,
    "ticked due notices": ticked_due_notices,
    "class list and slips": class_list,
    **{
        f"L1 {kind} {number} patron": by_hand(kind, number, PATRON)
        for kind in letter_kinds.BY_HAND
        if kind != Kind.RECALL
        for number in ((1, 2, 3) if kind == Kind.STEP else (0,))
    },
    "L1 extra letter": by_hand(Kind.STEP, 1, PATRON, extra=True),
}
TO_THE_HOME: dict[str, Door] = {
    **{
        f"L1 {kind} {number} guardian": by_hand(kind, number, GUARDIAN)
        for kind in letter_kinds.BY_HAND
        if kind not in (Kind.RECALL, Kind.STAFF_LIST)
        for number in ((1, 2, 3) if kind == Kind.STEP else (0,))
    },
    "shown before": shown_before,
    "printer": printer,
    "composing": composing,
    "direct email": direct,
    "direct email through the gateway": direct_through_the_gateway,
    "correction": correction,
}
EVERY_DOOR = ABOUT_THE_CHILD | TO_THE_HOME


@pytest.mark.parametrize("door", EVERY_DOOR)
def test_where_letters_are_on_the_door_opens(today: date, child: Patron, door: str) -> None:
    """Or the tests below would prove nothing. The daily run tells child and home."""
    assert EVERY_DOOR[door](child, today) >= 1


@pytest.mark.parametrize("until", [1, None])
@pytest.mark.parametrize("door", EVERY_DOOR)
def test_no_letters_until_holds(today: date, child: Patron, door: str, until: int | None) -> None:
    """Until tomorrow, and for ever."""
    Patron.objects.filter(pk=child.pk).update(no_letters_until=on_day(today, until) if until else FOREVER)
    child.refresh_from_db()

    assert EVERY_DOOR[door](child, today) == 0


@pytest.mark.parametrize("off", [{"library_letters": False}, {"no_letters_until": FOREVER}])
@pytest.mark.parametrize("door", TO_THE_HOME)
def test_a_guardianship_switched_off_holds(today: date, child: Patron, door: str, off: dict[str, object]) -> None:
    """The only one at home: nothing goes there, and nobody is told in her place."""
    Guardianship.objects.filter(patron=child).update(**off)

    assert TO_THE_HOME[door](child, today) == 0


@pytest.mark.parametrize("door", EVERY_DOOR)
def test_no_letters_until_ends_on_its_day(today: date, child: Patron, door: str) -> None:
    """*Until* Monday: on Monday letters are on again."""
    Patron.objects.filter(pk=child.pk).update(no_letters_until=today)
    child.refresh_from_db()

    assert EVERY_DOOR[door](child, today) >= 1
