"""Direct email: a message filled for the librarian's own mail program (product.md, C6; RFC 6068)."""

from datetime import date
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from circulation.models import Patron
from circulation.models.people import FOREVER
from library.models import Library
from notices import direct_email, letters, standing
from notices.models import Audience, Letter, Notice, Template
from smtp_gateway.models import OutboundMessage
from tests.builders import a_group, a_guardian, a_guardianship, a_loan, a_patron, an_item
from tests.notices.builders import a_gateway_with_an_address, on_day, told


@pytest.fixture
def clerk() -> User:
    return User(username="park", first_name="Jo", last_name="Park")


@pytest.fixture
def grace(db: None) -> Patron:
    standing.set_up()
    Library.the()
    Library.objects.update(name="Banksia College Library")
    return a_patron(group=a_group(name="7B"), first_name="Grace", last_name="Lee", email="grace+lib@students.example")


def message_to(recipient: direct_email.Recipient, on: date, by: User | None = None) -> direct_email.Filled:
    return direct_email.filled(recipient, direct_email.loans_of(recipient.patron), by=by, on=on)


def read(link: str) -> tuple[str, str, str]:
    """As a mail program reads it (RFC 6068, section 2): address, subject, body."""
    parts = urlsplit(link)
    fields = parse_qs(parts.query.replace("+", "%2B"), strict_parsing=True)
    return unquote(parts.path), fields["subject"][0], fields.get("body", [""])[0]


def test_the_message_lists_what_is_out(today: date, grace: Patron, clerk: User) -> None:
    """E10 of wording.md."""
    a_loan(due=on_day(today, 3), patron=grace, item=an_item(title="Nevermoor", author="Jessica Townsend"))
    a_loan(due=on_day(today, -14), patron=grace, item=an_item(title="Blueback", author="Tim Winton"))
    a_loan(due=on_day(today, -14), patron=grace, returned=on_day(today, -1))

    filled = message_to(direct_email.whom(grace, on=today)[0], today, clerk)

    assert filled.text == (
        "Hi Grace,\n\nThis is what you have from the library today, Monday 23 November:\n\n"
        "   Blueback, by Tim Winton, was due Mon 9 Nov\n"
        "   Nevermoor, by Jessica Townsend, due Thu 26 Nov\n\n"
        "Do you need more time, or is something wrong on this list? Just reply to me.\n\nJo, Banksia College Library\n"
    )
    assert read(filled.link) == (
        "grace+lib@students.example",
        "Your library loans",
        "\r\n".join(filled.text.splitlines()),
    )


def test_a_link_is_never_too_long_and_says_how_many_more(today: date, grace: Patron) -> None:
    for number in range(30):
        a_loan(due=on_day(today, number), patron=grace, item=an_item(title=f"Ένα μεγάλο βιβλίο {number}"))

    filled = message_to(direct_email.whom(grace, on=today)[0], today)

    listed = filled.text.count("Ένα μεγάλο")
    assert len(filled.link) <= direct_email.LONGEST_LINK
    assert 0 < listed < 30
    assert f"and {30 - listed} more" in filled.text


@given(
    to=st.from_regex(r"[a-z0-9!#$%&'*+/=?^_{|}~-]{1,20}@[a-z]{1,10}\.example", fullmatch=True),
    subject=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40),
    lines=st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=40), max_size=5),
)
def test_whatever_stands_in_it_a_mail_program_reads_the_same(to: str, subject: str, lines: list[str]) -> None:
    """No name or title can add a field of its own, such as a Bcc."""
    link = direct_email.mailto(to, subject=subject, body="\n".join(lines))

    assert link.isascii()
    assert link.count("&") <= 1
    assert read(link) == (to, subject, "\r\n".join("\n".join(lines).splitlines()))


@pytest.mark.django_db
def test_a_home_reads_titles_only_where_the_group_allows_it(today: date) -> None:
    standing.set_up()
    seen = []
    for allowed in (True, False):
        group = a_group(home_reads_titles=allowed)
        child = a_patron(group=group, first_name="Tom", known_as="Tomcat", guardians=[a_guardian()])
        a_loan(due=today, patron=child, item=an_item(title="Holes"))

        text = message_to(direct_email.whom(child, on=today)[1], today).text
        seen.append(["Holes" in text, "Tomcat" in text, "Tom" in text])

    assert seen == [[True, False, True], [False, False, True]]


def test_who_is_not_offered_and_why(today: date, grace: Patron) -> None:
    a_guardianship(patron=grace, guardian=a_guardian(name="Ana"))
    a_guardianship(patron=grace, guardian=a_guardian(name="Ben"), library_letters=False)
    a_guardianship(patron=grace, guardian=a_guardian(name="Cem"), no_letters_until=on_day(today, 2))
    a_guardianship(patron=grace, guardian=a_guardian(name="Dot", email=""))

    why_not = [(one.name, one.why_not) for one in direct_email.whom(grace, on=today)]

    assert why_not == [
        ("Grace Lee", ""),
        ("Ana", ""),
        ("Ben", "Letters to this guardian are off."),
        ("Cem", "Letters to this guardian are off until Wed 25 Nov."),
        ("Dot", "Dot has no email address on file."),
    ]


@pytest.mark.parametrize(
    ("switched", "sentence"),
    [
        ({"no_letters_until": FOREVER}, "Letters about Grace Lee are off."),
        ({"may_write_home": False}, "We may not write home about Grace Lee."),
    ],
)
def test_nobody_at_home_is_offered_when_the_patron_is_off(
    today: date, grace: Patron, switched: dict[str, object], sentence: str
) -> None:
    a_guardianship(patron=grace)
    Patron.objects.filter(pk=grace.pk).update(**switched)
    grace.refresh_from_db()

    assert direct_email.whom(grace, on=today)[1].why_not == sentence


def test_opening_is_kept_in_the_history_and_says_nothing_in_the_ledger(today: date, grace: Patron) -> None:
    """Nobody knows whether it was sent."""
    clerk = User.objects.create(username="park", first_name="Jo", last_name="Park")
    loan = a_loan(due=on_day(today, -9), patron=grace)
    recipient = direct_email.whom(grace, on=today)[0]

    direct_email.opened(recipient, direct_email.loans_of(grace), by=clerk, on=today)

    letter = Letter.objects.get()
    assert (letter.get_state_display(), letter.why) == (
        "Opened in mail program",
        "Opened in the mail program of Jo Park.",
    )
    assert (told(loan), OutboundMessage.objects.count()) == ([], 0)
    assert [notice.number for notice in Notice.objects.filter(loan=loan)] == [0]


def test_through_the_gateway_it_is_a_letter_by_hand_to_this_one_guardian(today: date, grace: Patron) -> None:
    """The other one, at the same address, does not stand in it."""
    a_gateway_with_an_address()
    ana, ben = (a_guardian(name=name, salutation=name, email="home@home.example") for name in ("Ana", "Ben"))
    for guardian in (ana, ben):
        a_guardianship(patron=grace, guardian=guardian)
    a_loan(due=on_day(today, 3), patron=grace)

    run = letters.draft(
        kind=Template.Kind.DIRECT,
        audience=Audience.GUARDIAN,
        guardian=ben,
        patrons=[grace],
        days_late=None,
        on=today,
        by=None,
    )

    letter = Letter.objects.get(run=run)
    assert (letter.guardian, letter.also_guardian, letter.to) == (ben, None, "home@home.example")
    assert letter.text.startswith("Dear Ben,")
