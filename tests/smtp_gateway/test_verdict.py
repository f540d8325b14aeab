"""The table "Whose fault", cell by cell: what a reply, or the lack of one, means at each step."""

from datetime import timedelta

import pytest

from smtp_gateway.verdict import How, Meaning, Stage, judge, judge_silence

BEFORE_A_MESSAGE = [Stage.CONNECT, Stage.BANNER, Stage.EHLO, Stage.STARTTLS, Stage.TLS, Stage.LOGIN]
G, L, B, U = Meaning.GOOD, Meaning.LATER, Meaning.BAD, Meaning.UNCERTAIN
LOST, AWAY, WRONG, LOGIN, NONE = (
    Meaning.LOST,
    Meaning.UNREACHABLE,
    Meaning.WRONG_SETTINGS,
    Meaning.LOGIN_REFUSED,
    Meaning.NOTHING,
)

#: Columns: 4xx, 5xx, 421, drop, hang, garbage.
TABLE = {
    Stage.BANNER: (AWAY, AWAY, AWAY, AWAY, AWAY, AWAY),
    Stage.EHLO: (AWAY, AWAY, AWAY, AWAY, AWAY, AWAY),
    Stage.STARTTLS: (AWAY, WRONG, AWAY, AWAY, AWAY, AWAY),
    Stage.LOGIN: (AWAY, LOGIN, AWAY, AWAY, AWAY, AWAY),
    Stage.MAIL: (AWAY, WRONG, AWAY, AWAY, AWAY, AWAY),
    Stage.RCPT: (L, B, LOST, LOST, LOST, LOST),
    Stage.DATA: (L, B, LOST, LOST, LOST, LOST),
    Stage.DOT: (L, B, L, U, U, U),
    Stage.RSET: (NONE, NONE, NONE, NONE, NONE, NONE),
    Stage.QUIT: (NONE, NONE, NONE, NONE, NONE, NONE),
}


@pytest.mark.parametrize("stage", TABLE)
def test_every_cell_of_the_table(stage):
    """Stage by fault, as gateway.md has it."""
    seen = (
        judge(stage=stage, code=450, text="not now").meaning,
        judge(stage=stage, code=550, text="no").meaning,
        judge(stage=stage, code=421, text="closing").meaning,
        judge_silence(stage=stage, how=How.DROP).meaning,
        judge_silence(stage=stage, how=How.TIMEOUT).meaning,
        judge_silence(stage=stage, how=How.GARBAGE).meaning,
    )

    assert seen == TABLE[stage]


@pytest.mark.parametrize("code", [400, 420, 422, 431, 442, 447, 450, 451, 452, 454, 455, 471, 499])
def test_every_4xx_is_later_whatever_its_number(code):
    """Codes are judged by their first digit: a list forgets the one that comes tomorrow."""
    seen = {judge(stage=stage, code=code).meaning for stage in (Stage.RCPT, Stage.DATA, Stage.DOT)}

    assert seen == {Meaning.LATER}


@pytest.mark.parametrize("code", [500, 501, 503, 510, 541, 550, 551, 552, 553, 554, 555, 556, 599])
def test_every_5xx_is_bad_whatever_its_number(code):
    """At the recipient, before the text and after it."""
    seen = {judge(stage=stage, code=code).meaning for stage in (Stage.RCPT, Stage.DATA, Stage.DOT)}

    assert seen == {Meaning.BAD}


@pytest.mark.parametrize(("stage", "code"), [(Stage.MAIL, 250), (Stage.RCPT, 251), (Stage.DATA, 354), (Stage.DOT, 250)])
def test_a_good_reply_is_good(stage, code):
    """2xx everywhere, 3xx at DATA."""
    assert judge(stage=stage, code=code).meaning is Meaning.GOOD


@pytest.mark.parametrize(("stage", "code"), [(Stage.RCPT, 354), (Stage.DATA, 250)])
def test_a_reply_that_fits_another_step_breaks_the_session(stage, code):
    """We and the server no longer speak of the same thing."""
    found = judge(stage=stage, code=code)

    assert (found.meaning, found.closing) == (Meaning.LOST, True)


def test_a_drop_in_the_middle_of_the_text_is_not_uncertain():
    """Without its dot the server has nothing."""
    assert judge_silence(stage=Stage.BODY, how=How.DROP).meaning is Meaning.LOST


@pytest.mark.parametrize(("code", "enhanced"), [(552, ""), (552, "5.3.4"), (554, "5.3.4")])
def test_a_message_too_large_at_mail_is_the_messages_fault(code, enhanced):
    """The only 5xx at MAIL that says nothing about our settings."""
    found = judge(stage=Stage.MAIL, code=code, enhanced=enhanced, text="too big")

    assert (found.meaning, found.sentence) == (Meaning.BAD, "The message is larger than the server takes.")


@pytest.mark.parametrize(
    ("code", "enhanced", "text"),
    [
        (554, "5.7.1", "<mia@families.example>: Relay access denied"),
        (550, "5.7.1", "Unable to relay"),
        (550, "", "relaying denied"),
        (550, "", "Relay not permitted"),
        (553, "5.7.1", "Sender address rejected: not owned by user"),
        (550, "5.1.8", "Bad sender's system address"),
        (553, "", "sorry, that sender is rejected"),
        (530, "", "5.7.0 Must issue a STARTTLS command first"),
        (550, "", "authentication required"),
    ],
)
def test_words_about_us_at_a_recipient_are_suspicious(code, enhanced, text):
    """Servers often judge sender, relaying and login only at RCPT."""
    assert judge(stage=Stage.RCPT, code=code, enhanced=enhanced, text=text).meaning is Meaning.SUSPICIOUS


@pytest.mark.parametrize(
    ("enhanced", "text", "nobody"),
    [
        ("5.1.1", "User unknown", True),
        ("5.1.2", "Bad destination system", True),
        ("5.1.10", "Domain takes no mail", True),
        ("", "No such user here", True),
        ("", "Recipient not found", True),
        ("5.2.1", "Mailbox disabled", False),
        ("", "refused", False),
        ("5.0.0", "", False),
    ],
)
def test_a_missing_mailbox_says_nothing_against_us(enhanced, text, nobody):
    """Five leavers in a row must not stop the gateway."""
    found = judge(stage=Stage.RCPT, code=550, enhanced=enhanced, text=text)

    assert (found.meaning, found.nobody_there) == (Meaning.BAD, nobody)


@pytest.mark.parametrize("stage", [Stage.BANNER, Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.DOT])
@pytest.mark.parametrize(
    ("code", "enhanced", "text", "wait"),
    [
        (432, "4.3.2", "STOREDRV.ClientSubmit; sender thread limit exceeded", None),
        (452, "4.3.2", "busy", None),
        (421, "", "Too many connections from your address", None),
        (450, "", "please try again in 90 seconds", 90),
        (450, "", "Retry after 5 minutes", 300),
        (451, "", "rate limit exceeded, wait for 1 hour", 3600),
    ],
)
def test_a_server_that_wants_us_slower_is_obeyed(stage, code, enhanced, text, wait):
    """The whole gateway pauses, as long as it said."""
    found = judge(stage=stage, code=code, enhanced=enhanced, text=text)

    assert (found.meaning, found.wait) == (Meaning.TOO_FAST, wait and timedelta(seconds=wait))


def test_greylisting_is_about_one_recipient():
    """Even when it says how long: nobody else need wait."""
    found = judge(stage=Stage.RCPT, code=450, enhanced="4.2.0", text="Greylisted, please try again in 300 seconds")

    assert (found.meaning, found.wait) == (Meaning.LATER, timedelta(seconds=300))


@pytest.mark.parametrize(
    ("how", "meaning"),
    [
        (How.UNKNOWN_HOST, Meaning.UNREACHABLE),
        (How.NO_ANSWER, Meaning.UNREACHABLE),
        (How.BAD_CERTIFICATE, Meaning.WRONG_SETTINGS),
        (How.NO_STARTTLS, Meaning.WRONG_SETTINGS),
        (How.NO_LOGIN_METHOD, Meaning.WRONG_SETTINGS),
        (How.UNPROTECTED_PASSWORD, Meaning.WRONG_SETTINGS),
        (How.UNREADABLE_PASSWORD, Meaning.WRONG_SETTINGS),
        (How.NO_SETTINGS, Meaning.WRONG_SETTINGS),
        (How.TOO_LARGE, Meaning.BAD),
        (How.NEEDS_SMTPUTF8, Meaning.BAD),
        (How.NEEDS_8BITMIME, Meaning.BAD),
    ],
)
def test_what_cannot_even_be_tried(how, meaning):
    """Wrong settings stop the gateway; a message that the server will not take is bad alone."""
    assert judge_silence(stage=Stage.LOGIN, how=how).meaning is meaning


@pytest.mark.parametrize("stage", TABLE)
def test_every_verdict_but_silence_at_the_end_has_a_sentence(stage):
    """A code alone helps nobody."""
    found = [judge(stage=stage, code=code) for code in (450, 550, 421)]
    found += [judge_silence(stage=stage, how=how) for how in (How.DROP, How.TIMEOUT, How.GARBAGE)]

    sentences = [each.sentence for each in found]

    assert all(sentences) or stage in {Stage.RSET, Stage.QUIT}
