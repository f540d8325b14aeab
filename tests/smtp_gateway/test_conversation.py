"""The conversation with the server: login, protection, what is offered; secrets never show."""

import ssl

import pytest

from smtp_gateway.conversation import Conversation, Envelope, OpeningError, Server, Timeouts, stuffed
from smtp_gateway.verdict import Meaning, Stage
from tests.smtp_gateway.certificate import write as write_certificate
from tests.smtp_gateway.outgoing import SHORT
from tests.smtp_gateway.scripted import DROP, ENDLESS, GARBAGE, HALF_A_LINE, HANG

LOGIN = {"username": "library", "password": "sesame and more"}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for ``localhost``, and the file that makes it trusted."""
    return write_certificate(tmp_path_factory.mktemp("tls") / "server.pem")


@pytest.fixture
def tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusting(certificate):
    return lambda: ssl.create_default_context(cafile=str(certificate))


@pytest.fixture
def converse(server):
    """Make conversations with the scripted server; whatever the test did, they are closed."""
    made = []

    def make(*, host="127.0.0.1", security="none", timeouts=SHORT, ehlo_name="library.example", **more):
        settings = Server(host=host, port=server.port, security=security, ehlo_name=ehlo_name, **more)
        made.append(Conversation(settings, timeouts=timeouts, record=True))
        return made[-1]

    yield make
    for each in made:
        each.drop()


def said(conversation):
    return [line.text for line in conversation.talk if line.ours]


def test_a_message_goes_over_the_wire_as_it_is(server, converse):
    """Leading dots are doubled on the way and single at the end."""
    talk = converse()
    talk.open()
    content = b"Subject: dots\r\n\r\n.\r\n..two\r\n.one\r\nlast"

    named = talk.name(Envelope(sender="library@b.example", to="mia@f.example"))
    found, _ = talk.text(content)
    talk.close()

    assert (named.meaning, found.meaning) == (Meaning.GOOD, Meaning.GOOD)
    assert [(each.sender, each.to, each.content) for each in server.received] == [
        ("library@b.example", "mia@f.example", content + b"\r\n")
    ]


def test_a_text_that_begins_with_a_dot():
    """RFC 5321 4.5.2 holds for the first line, too."""
    assert stuffed(b".\r\nx\r\n..y") == b"..\r\nx\r\n...y\r\n"


def test_starttls_protects_before_the_login(server, tls, trusting, converse):
    """And what was offered before the handshake is asked again."""
    server.tls = tls
    server.extensions.append("AUTH PLAIN LOGIN")
    server.users = {"library": "sesame and more"}
    talk = converse(host="localhost", security="starttls", tls=trusting, **LOGIN)

    talk.open()
    talk.close()

    assert [command.split()[0] for command in server.commands] == ["EHLO", "STARTTLS", "EHLO", "AUTH", "QUIT"]


def test_tls_from_the_first_byte(server, tls, trusting, converse):
    """Port 465."""
    server.tls, server.tls_at_once = tls, True
    talk = converse(host="localhost", security="tls", tls=trusting)

    talk.open()
    talk.close()

    assert [command.split()[0] for command in server.commands] == ["EHLO", "QUIT"]


@pytest.mark.parametrize("ways", ["PLAIN", "LOGIN", "PLAIN LOGIN"])
def test_no_secret_is_ever_shown(server, tls, trusting, ways, converse):
    """Neither as it is nor as base64."""
    server.tls, server.users = tls, {"library": "sesame and more"}
    server.extensions.append(f"AUTH {ways}")
    talk = converse(host="localhost", security="starttls", tls=trusting, **LOGIN)

    talk.open()
    shown = " ".join(line.text for line in talk.talk)

    assert "••••••" in shown
    assert [secret for secret in ("sesame", "c2VzYW1l", "bGlicmFyeQBzZXNhbWU") if secret in shown] == []


def fault_of(talk):
    with pytest.raises(OpeningError) as fault:
        talk.open()
    return fault.value.verdict


def test_a_certificate_for_another_name_is_a_wrong_setting(server, tls, trusting, converse):
    """The password has not been sent."""
    server.tls = tls
    server.extensions.append("AUTH PLAIN")

    found = fault_of(converse(host="127.0.0.1", security="starttls", tls=trusting, **LOGIN))

    assert (found.meaning, found.stage) == (Meaning.WRONG_SETTINGS, Stage.TLS)
    assert [command for command in server.commands if command.startswith("AUTH")] == []


def test_a_certificate_nobody_signed_is_a_wrong_setting(server, tls, converse):
    """Trust comes from the system's list."""
    server.tls = tls

    found = fault_of(converse(host="localhost", security="starttls"))

    assert (found.meaning, found.stage) == (Meaning.WRONG_SETTINGS, Stage.TLS)


def test_starttls_that_is_not_offered_is_a_wrong_setting(converse):
    """We never go on without it."""
    found = fault_of(converse(security="starttls"))

    assert (found.meaning, found.stage) == (Meaning.WRONG_SETTINGS, Stage.STARTTLS)


def test_a_password_does_not_travel_unprotected(server, converse):
    """Unless told otherwise, twice."""
    server.extensions.append("AUTH PLAIN")

    found = fault_of(converse(**LOGIN))

    assert (found.meaning, found.sentence) == (
        Meaning.WRONG_SETTINGS,
        "The password would travel unprotected. Choose STARTTLS or TLS, or allow it, twice.",
    )


def test_a_password_may_travel_unprotected_when_told_so(server, converse):
    """For a server on the same machine."""
    server.extensions.append("AUTH PLAIN")
    server.users = {"library": "sesame and more"}
    talk = converse(may_send_password_in_clear=True, **LOGIN)

    talk.open()

    assert talk.is_open


def test_a_refused_login_is_told_with_the_servers_words(server, converse):
    """Twice running it stops the gateway; here it is only judged."""
    server.extensions.append("AUTH PLAIN")

    found = fault_of(converse(may_send_password_in_clear=True, **LOGIN))

    assert (found.meaning, found.code, found.enhanced, found.words) == (
        Meaning.LOGIN_REFUSED,
        535,
        "5.7.8",
        "wrong user or password",
    )


@pytest.mark.parametrize("offered", ["AUTH XOAUTH2", "SIZE 100"])
def test_no_common_way_to_log_in_is_a_wrong_setting(server, offered, converse):
    """OAuth is not spoken here yet."""
    server.extensions = [offered]

    found = fault_of(converse(may_send_password_in_clear=True, **LOGIN))

    assert (found.meaning, found.stage) == (Meaning.WRONG_SETTINGS, Stage.LOGIN)


@pytest.mark.parametrize("step", ["banner", "ehlo"])
@pytest.mark.parametrize(
    "mischief", [DROP, HANG, GARBAGE, HALF_A_LINE, ENDLESS, "421 4.3.0 no", "450 no", "554 no"], ids=repr
)
def test_a_server_that_is_not_well_is_unreachable(server, step, mischief, converse):
    """Whatever it does instead of answering, and within its time-out."""
    server.answers[step] = mischief

    found = fault_of(converse(timeouts=Timeouts(command=0.3).scaled(0.5)))

    assert (found.meaning, found.stage) == (Meaning.UNREACHABLE, Stage(step))


def test_nobody_listens(server, converse):
    """A port without a server."""
    server.__exit__()

    found = fault_of(converse())

    assert (found.meaning, found.stage) == (Meaning.UNREACHABLE, Stage.CONNECT)


def test_an_unknown_host():
    """A typing mistake looks like this."""
    talk = Conversation(Server(host="mail.invalid", port=25, security="none"), timeouts=SHORT)

    found = fault_of(talk)

    assert (found.meaning, found.sentence) == (Meaning.UNREACHABLE, "No server of that name can be found.")


def test_what_the_server_will_not_take_is_not_tried(server, converse):
    """SIZE, SMTPUTF8 and 8BITMIME are read from its greeting."""
    server.extensions = ["SIZE 1000"]
    talk = converse()
    talk.open()

    faults = [
        talk.fault_of(Envelope(sender="library@b.example", to="mia@f.example", size=1001)),
        talk.fault_of(Envelope(sender="library@b.example", to="zoë@f.example", size=10, utf8=True)),
        talk.fault_of(Envelope(sender="library@b.example", to="mia@f.example", size=10, eight_bit=True)),
        talk.fault_of(Envelope(sender="library@b.example", to="mia@f.example", size=1000)),
    ]

    assert [fault and fault.meaning for fault in faults] == [Meaning.BAD, Meaning.BAD, Meaning.BAD, None]


def test_parameters_are_named_only_where_they_are_known(server, converse):
    """An old server gets the old command."""
    server.extensions = []
    talk = converse()
    talk.open()

    talk.mail(Envelope(sender="library@b.example", to="mia@f.example", size=100, eight_bit=True))

    assert said(talk)[-1] == "MAIL FROM:<library@b.example>"


def test_no_command_can_hold_a_second_one(converse):
    """Addresses were checked before; this is the last door."""
    talk = converse()
    talk.open()

    with pytest.raises(ValueError, match="a command is one line"):
        talk.rcpt(Envelope(sender="library@b.example", to="mia@f.example>\r\nRCPT TO:<all@f.example"))


def test_a_machine_without_a_name_greets_with_its_number(server, converse):
    """RFC 5321 4.1.3; with a name it greets with that."""
    named, unnamed = converse(), converse(ehlo_name="")

    named.open()
    unnamed.open()

    assert server.commands[0] == "EHLO library.example"
    assert server.commands[1].split()[1] not in {"", "localhost"}
