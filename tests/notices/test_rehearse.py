"""Rehearsals go to Test-To alone, marked, without names, and record nothing (product.md, L2)."""

from datetime import date, timedelta
from email import message_from_bytes, policy

import pytest

from circulation.models import Group
from notices import letters, rehearse, standing
from notices.models import Audience, Letter, Notice, Run, Template
from smtp_gateway.models import Gateway, OutboundMessage
from tests.builders import a_group, a_guardian, a_loan, a_patron, an_item
from tests.notices.builders import a_gateway_with_an_address, morning_of

pytestmark = pytest.mark.django_db

TO = "me@library.example"


@pytest.fixture(autouse=True)
def _ready() -> None:
    a_gateway_with_an_address(test_to=TO)
    standing.set_up()


@pytest.fixture
def group() -> Group:
    return a_group(name="7B")


def drafted(group: Group, on: date, audience: Audience = Audience.PATRON) -> Run:
    return letters.draft(
        kind=Template.Kind.TERM_ENDS, audience=audience, groups=[group], days_late=None, on=on, by=None
    )


def parts_of(message: OutboundMessage) -> list[str]:
    parsed = message_from_bytes(bytes(message.content), policy=policy.default)
    bodies = [parsed.get_body((kind,)) for kind in ("plain", "html")]
    return [str(body.get_content()) for body in bodies if body is not None]


def test_one_of_each_kind_goes_to_test_to(today: date, group: Group) -> None:
    """Two by email about one loan, one about two, one on paper: three kinds."""
    for _ in range(2):
        a_loan(due=today, patron=a_patron(group=group))
    for patron in [a_patron(group=group)] * 2 + [a_patron(group=group, email="")]:
        a_loan(due=today, patron=patron)
    run = drafted(group, today)

    number = rehearse.send(run, with_names=False, at=morning_of(today))

    messages = list(OutboundMessage.objects.values_list("to", "kind", "state"))
    assert (run.letters, number) == (4, 3)
    assert messages == [(TO, "test", "waiting")] * 3


def test_never_more_than_five(today: date, group: Group) -> None:
    """Eight kinds of letters home: by email and on paper, one loan and several, one child and two."""
    for email in ("a@home.example", ""):
        for loans, children in ((1, 1), (2, 1), (1, 2), (2, 2)):
            kim = a_guardian(email=email and f"k{loans}{children}@home.example")
            for child in [a_patron(group=group, guardians=[kim]) for _ in range(children)]:
                for _ in range(loans):
                    a_loan(due=today, patron=child)
    run = drafted(group, today, Audience.GUARDIAN)

    number = rehearse.send(run, with_names=False, at=morning_of(today))

    assert number == len(rehearse.one_of_each(run)) == 5


def test_it_is_marked_in_the_subject_and_at_the_top_of_both_parts(today: date, group: Group) -> None:
    a_loan(due=today, patron=a_patron(group=group))

    rehearse.send(drafted(group, today), with_names=False, at=morning_of(today))

    message = OutboundMessage.objects.get()
    text, html = parts_of(message)
    mark = "This is a rehearsal of Term ends to a patron. Nobody else got it, and nothing was recorded."
    assert message.subject == "Rehearsal: Library books before the end of term"
    assert text.replace("\r\n", " ").startswith(mark)
    assert html.index(mark) < html.index("Term ends soon")


def test_names_are_replaced_and_the_content_is_real(today: date, group: Group) -> None:
    """Two children of one mother: they stay apart, and the title stays."""
    kim = a_guardian(name="Ngozi Okafor", salutation="Ms Okafor")
    for name in ("Asha", "Ruby"):
        child = a_patron(group=group, first_name=name, last_name="Okafor", name_at_home=name, guardians=[kim])
        a_loan(due=today, patron=child, item=an_item(title=f"A book of {group}"))

    rehearse.send(drafted(group, today, Audience.GUARDIAN), with_names=False, at=morning_of(today))

    [text, html] = parts_of(OutboundMessage.objects.get())
    assert [name in text + html for name in ("Okafor", "Asha", "Ruby", "Ngozi")] == [False] * 4
    assert [word in text for word in ("Alex", "Robin", "Kim Sample", "A book of 7B")] == [True] * 4


def test_names_stand_where_a_person_wants_them(today: date, group: Group) -> None:
    a_loan(due=today, patron=a_patron(group=group, first_name="Asha"))

    rehearse.send(drafted(group, today), with_names=True, at=morning_of(today))

    assert "Hi Asha," in parts_of(OutboundMessage.objects.get())[0]


def test_nothing_is_recorded(today: date, group: Group) -> None:
    """The drafts stay drafts, and can still be sent."""
    a_loan(due=today, patron=a_patron(group=group))
    run = drafted(group, today)

    rehearse.send(run, with_names=False, at=morning_of(today))

    assert list(Letter.objects.values_list("state", "message")) == [("draft", None)]
    assert Notice.objects.spoken().count() == 0
    assert letters.send(run, Letter.objects.values_list("pk", flat=True), on=today, by=None).by_email == 1


def test_pressed_twice_in_a_second_is_one_and_later_is_another(today: date, group: Group) -> None:
    a_loan(due=today, patron=a_patron(group=group))
    run, now = drafted(group, today), morning_of(today)

    for at in (now, now, now + timedelta(seconds=1)):
        rehearse.send(run, with_names=False, at=at)

    assert OutboundMessage.objects.count() == 2


def test_without_an_address_for_tests_it_says_so(today: date, group: Group) -> None:
    a_loan(due=today, patron=a_patron(group=group))
    Gateway.objects.update(test_to="")

    with pytest.raises(rehearse.RehearsalError, match="no address for tests yet"):
        rehearse.send(drafted(group, today), with_names=False, at=morning_of(today))

    assert OutboundMessage.objects.count() == 0
