"""Talk SMTP, step by step, each step named.

smtplib raises the same exception for a drop before MAIL and after the final dot; here every step answers with a verdict
of its own. Nothing is read from or written to the database, and nothing is tried twice. RFC 5321, with STARTTLS (3207),
AUTH (4954: PLAIN, LOGIN, CRAM-MD5), SIZE (1870), 8BITMIME (6152) and SMTPUTF8 (6531) where they are offered.
"""

import base64
import contextlib
import hmac
import re
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Self

from library.secrets import SecretError
from smtp_gateway import verdict
from smtp_gateway.models import Gateway
from smtp_gateway.verdict import How, Stage, Verdict

#: Octets of one reply, all lines together. RFC 5321 4.5.3.1.5 promises 512 a line; six hundred lines are no reply.
LONGEST_REPLY = 64 * 1024
BLOCK = 64 * 1024
LONGEST_WORDS = 2000
#: Linux has it; elsewhere a text and its dot travel apart.
MORE = getattr(socket, "MSG_MORE", 0)
BLOT = "••••••"

_REPLY_LINE = re.compile(rb"([2-5][0-9]{2})([ -]?)([^\r\n]*)")
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)")
_NOT_PRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds for each kind of step, as RFC 5321 4.5.3.2 has them. A shorter ``dot`` makes duplicates."""

    connect: float = 30
    command: float = 300
    data: float = 120
    block: float = 180
    dot: float = 600
    quit: float = 5

    @classmethod
    def for_a_page(cls) -> Self:
        """For somebody who looks at a page meanwhile."""
        return cls(connect=10, command=20, data=20, block=20, dot=20, quit=2)

    def scaled(self, factor: float) -> "Timeouts":
        return Timeouts(
            connect=self.connect * factor,
            command=self.command * factor,
            data=self.data * factor,
            block=self.block * factor,
            dot=self.dot * factor,
            quit=self.quit * factor,
        )

    @property
    def opening(self) -> float:
        """The longest that a connection may take to be ready: TCP, banner, EHLO twice, STARTTLS, TLS, login."""
        return self.connect + 8 * self.command

    @property
    def message(self) -> float:
        """The longest between two commits: a text with its dot, and the commands of the next message."""
        return 4 * self.block + self.dot + 3 * self.command + self.data


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where to connect and how; a copy of the settings, taken once for each session."""

    host: str
    port: int
    security: str = Gateway.Security.STARTTLS
    ehlo_name: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    may_send_password_in_clear: bool = False
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the conversation as people may see it: secrets are blotted out."""

    ours: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Who sends what to whom: the arguments of MAIL and RCPT, in the form in which they travel."""

    sender: str
    to: str
    size: int = 0
    eight_bit: bool = False
    utf8: bool = False


class OpeningError(Exception):
    """The conversation could not be opened; no message was named yet."""

    def __init__(self, found: Verdict) -> None:
        super().__init__(found.sentence)
        self.verdict = found


class SilenceError(Exception):
    """No usable reply came."""

    def __init__(self, how: How, detail: str = "") -> None:
        super().__init__(detail or how)
        self.how = how
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Reply:
    code: int
    enhanced: str
    text: str
    lines: tuple[str, ...] = ()


class Conversation:
    """One session with the server. Open it, hand over messages one by one, close it.

    ``talk`` fills with what was said when ``record`` is set: for *Try the connection*, where no reader is named.
    """

    def __init__(self, server: Server, *, timeouts: Timeouts, record: bool = False) -> None:
        self.server = server
        self.timeouts = timeouts
        self.extensions: dict[str, str] = {}
        self.talk: list[Line] = []
        self.is_open = False
        self._record = record
        self._secrets: list[str] = []  # what no reply to the login may repeat; some servers quote what they refuse
        self._socket: socket.socket | None = None
        self._unread = b""

    # Opening ----------------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """TCP, banner, EHLO, TLS, login. Raises OpeningError with the verdict at the step that failed."""
        try:
            self._connect()
            self._greet()
            if self.server.security == Gateway.Security.STARTTLS:
                self._start_tls()
            if self.server.username:
                self._login()
        except BaseException:
            self.drop()
            raise
        self.is_open = True

    def _connect(self) -> None:
        server = self.server
        self._note(f"connecting to {server.host}, port {server.port}")
        try:
            self._socket = socket.create_connection((server.host, server.port), timeout=self.timeouts.connect)
        except (socket.gaierror, UnicodeError) as error:
            raise self._fault(Stage.CONNECT, How.UNKNOWN_HOST, str(error)) from None
        except OSError as error:
            raise self._fault(Stage.CONNECT, How.NO_ANSWER, str(error)) from None
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if server.security == Gateway.Security.TLS:
            self._wrap()
        self._expect(Stage.BANNER, self.timeouts.command)

    def _greet(self) -> None:
        self._say(f"EHLO {self._own_name()}")
        reply = self._expect(Stage.EHLO, self.timeouts.command)
        words = (line.split(maxsplit=1) for line in reply.lines[1:] if line.strip())
        self.extensions = {word[0].upper(): (word[1] if len(word) > 1 else "") for word in words}

    def _start_tls(self) -> None:
        if "STARTTLS" not in self.extensions:
            raise self._fault(Stage.STARTTLS, How.NO_STARTTLS)
        self._say("STARTTLS")
        self._expect(Stage.STARTTLS, self.timeouts.command)
        self._unread = b""  # RFC 3207 6: what was said before the handshake is forgotten, or an attacker said it
        self._wrap()
        self._greet()

    def _wrap(self) -> None:
        assert self._socket is not None
        self._socket.settimeout(self.timeouts.command)
        try:
            self._socket = self.server.tls().wrap_socket(self._socket, server_hostname=self.server.host)
        except ssl.SSLCertVerificationError as error:
            raise self._fault(Stage.TLS, How.BAD_CERTIFICATE, error.verify_message) from None
        except TimeoutError:
            raise self._fault(Stage.TLS, How.TIMEOUT) from None
        except (ssl.SSLError, OSError, ValueError) as error:
            raise self._fault(Stage.TLS, How.DROP, str(error)) from None
        self._note(f"protected with {self._socket.version()}")

    def _login(self) -> None:
        protected = isinstance(self._socket, ssl.SSLSocket)
        if not protected and not self.server.may_send_password_in_clear:
            raise self._fault(Stage.LOGIN, How.UNPROTECTED_PASSWORD)
        offered = self.extensions.get("AUTH", "").upper().split()
        ways = {"PLAIN": self._login_plain, "LOGIN": self._login_login, "CRAM-MD5": self._login_cram_md5}
        order = ["PLAIN", "LOGIN", "CRAM-MD5"] if protected else ["CRAM-MD5", "PLAIN", "LOGIN"]
        way = next((ways[name] for name in order if name in offered), None)
        if way is None:
            raise self._fault(Stage.LOGIN, How.NO_LOGIN_METHOD, f"offered: {' '.join(offered) or 'nothing'}")
        spelled = [self._plain(), _base64(self.server.password.encode())]
        self._secrets = [secret for secret in (*spelled, self.server.password) if secret]
        way()  # they stay secret: a server may quote a login later, too

    def _plain(self) -> str:
        return _base64(f"\0{self.server.username}\0{self.server.password}".encode())

    def _login_plain(self) -> None:
        self._say("AUTH PLAIN " + self._plain(), shown=f"AUTH PLAIN {BLOT}")
        self._expect(Stage.LOGIN, self.timeouts.command)

    def _login_login(self) -> None:
        self._say("AUTH LOGIN")
        for secret in (self.server.username, self.server.password):
            self._challenge()
            self._say(_base64(secret.encode()), shown=BLOT)
        self._expect(Stage.LOGIN, self.timeouts.command)

    def _login_cram_md5(self) -> None:
        self._say("AUTH CRAM-MD5")
        try:
            challenge = base64.b64decode(self._challenge(), validate=True)
        except ValueError:
            raise self._fault(Stage.LOGIN, How.GARBAGE) from None
        digest = hmac.new(self.server.password.encode(), challenge, "md5").hexdigest()
        answer = _base64(f"{self.server.username} {digest}".encode())
        self._secrets.append(answer)
        self._say(answer, shown=BLOT)
        self._expect(Stage.LOGIN, self.timeouts.command)

    def _challenge(self) -> str:
        try:
            reply = self._reply(self.timeouts.command, challenge=True)
        except SilenceError as broken:
            raise self._fault(Stage.LOGIN, broken.how, broken.detail) from None
        if reply.code == 334:
            return reply.text
        found = verdict.judge(stage=Stage.LOGIN, code=reply.code, enhanced=reply.enhanced, text=reply.text)
        if not found.is_good:
            raise OpeningError(found)
        raise self._fault(Stage.LOGIN, How.GARBAGE)

    # A message --------------------------------------------------------------------------------------------------------

    @property
    def may_pipeline(self) -> bool:
        return "PIPELINING" in self.extensions

    def fault_of(self, envelope: Envelope) -> Verdict | None:
        """What the server told us at EHLO that it will not take; None if it may be tried."""
        if envelope.utf8 and "SMTPUTF8" not in self.extensions:
            return verdict.judge_silence(stage=Stage.MAIL, how=How.NEEDS_SMTPUTF8)
        if envelope.eight_bit and "8BITMIME" not in self.extensions:
            return verdict.judge_silence(stage=Stage.MAIL, how=How.NEEDS_8BITMIME)
        limit = self.extensions.get("SIZE", "")
        if limit.isdigit() and 0 < int(limit) < envelope.size:
            return verdict.judge_silence(stage=Stage.MAIL, how=How.TOO_LARGE)
        return None

    def name(self, envelope: Envelope) -> Verdict:
        """MAIL, RCPT, DATA, each after the reply to the one before; the first that is not good decides."""
        found = self.mail(envelope)
        if found.is_good:
            found = self.rcpt(envelope)
        if found.is_good:
            found = self._step(Stage.DATA, "DATA", self.timeouts.data)
        return found

    def mail(self, envelope: Envelope) -> Verdict:
        return self._step(Stage.MAIL, self._mail_command(envelope), self.timeouts.command)

    def rcpt(self, envelope: Envelope) -> Verdict:
        return self._step(Stage.RCPT, f"RCPT TO:<{envelope.to}>", self.timeouts.command)

    def text(self, content: bytes, *, following: Envelope | None = None) -> tuple[Verdict, Verdict | None]:
        """The text with its final dot; and, where the server pipelines, the next message's MAIL, RCPT and DATA at once.

        Two verdicts: of this message, and of the next one's envelope if it was named and answered. The dot is written
        after the text: a text that did not get through is not uncertain. Replies belong to the commands in their order
        (RFC 2920 3.1).
        """
        try:
            self._write(stuffed(content), more=True)
        except SilenceError as broken:
            return self._silence(Stage.BODY, broken), None
        self._note(f"the message, {len(content)} bytes, and a dot")
        commands = [self._mail_command(following), f"RCPT TO:<{following.to}>", "DATA"] if following else []
        try:
            self._write(b".\r\n" + b"".join(map(_line, commands)))
            found = self._verdict(Stage.DOT, self.timeouts.dot)
        except SilenceError as broken:
            return self._silence(Stage.DOT, broken), None
        return found, self._replies_ahead() if following and self.is_open else None

    def _replies_ahead(self) -> Verdict:
        """The replies to MAIL, RCPT and DATA that were sent ahead; the first that is not good decides."""
        decided = None
        for stage, seconds in (
            (Stage.MAIL, self.timeouts.command),
            (Stage.RCPT, self.timeouts.command),
            (Stage.DATA, self.timeouts.data),
        ):
            try:
                found = self._verdict(stage, seconds)
            except SilenceError as broken:
                found = self._silence(stage, broken)
            if not found.is_good:
                decided = decided or found
            if not self.is_open:
                break
        if decided and found.is_good:  # 354 though nobody is to get it: RFC 2920 3.1 wants a lone dot
            self._step(Stage.RSET, ".", self.timeouts.dot)
        return decided or found

    def _mail_command(self, envelope: Envelope) -> str:
        """MAIL FROM, with the parameters that the server knows."""
        parameters = ""
        if envelope.size and "SIZE" in self.extensions:
            parameters += f" SIZE={envelope.size}"
        if envelope.eight_bit and "8BITMIME" in self.extensions:
            parameters += " BODY=8BITMIME"
        if envelope.utf8:
            parameters += " SMTPUTF8"
        return f"MAIL FROM:<{envelope.sender}>{parameters}"

    def rset(self) -> None:
        """Forget the message that was begun. Whether it worked shows at the next step."""
        self._step(Stage.RSET, "RSET", self.timeouts.command)

    # Closing ----------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """QUIT, politely and briefly: everything is settled already."""
        if self.is_open:
            self._step(Stage.QUIT, "QUIT", self.timeouts.quit)
        self.drop()

    def drop(self) -> None:
        """Close the connection without a word."""
        self.is_open = False
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
            self._socket = None

    # Lines ------------------------------------------------------------------------------------------------------------

    def _step(self, stage: Stage, command: str, seconds: float) -> Verdict:
        try:
            self._say(command)
            return self._verdict(stage, seconds)
        except SilenceError as broken:
            return self._silence(stage, broken)

    def _verdict(self, stage: Stage, seconds: float) -> Verdict:
        reply = self._reply(seconds)
        found = verdict.judge(stage=stage, code=reply.code, enhanced=reply.enhanced, text=reply.text)
        if found.closing:
            self.drop()
        return found

    def _silence(self, stage: Stage, broken: SilenceError) -> Verdict:
        self.drop()
        return verdict.judge_silence(stage=stage, how=broken.how, detail=broken.detail)

    def _expect(self, stage: Stage, seconds: float) -> Reply:
        """A good reply while opening. Raises OpeningError."""
        try:
            reply = self._reply(seconds)
        except SilenceError as broken:
            raise self._fault(stage, broken.how, broken.detail) from None
        found = verdict.judge(stage=stage, code=reply.code, enhanced=reply.enhanced, text=reply.text)
        if not found.is_good:
            raise OpeningError(found)
        return reply

    def _fault(self, stage: Stage, how: How, detail: str = "") -> OpeningError:
        if detail:
            self._note(detail)
        return OpeningError(verdict.judge_silence(stage=stage, how=how, detail=detail))

    def _say(self, command: str, *, shown: str = "") -> None:
        line = _line(command)
        self._note(shown or command)
        self._write(line)

    def _write(self, octets: bytes, *, more: bool = False) -> None:
        """``more``: something follows at once, and the two may share a packet."""
        if self._socket is None:
            raise SilenceError(How.DROP)
        self._socket.settimeout(self.timeouts.block)
        flags = MORE if more and not isinstance(self._socket, ssl.SSLSocket) else 0
        try:
            view = memoryview(octets)
            for start in range(0, len(octets), BLOCK):
                self._socket.sendall(view[start : start + BLOCK], flags)
        except TimeoutError:
            raise SilenceError(How.TIMEOUT) from None
        except OSError as error:
            raise SilenceError(How.DROP, str(error)) from None

    def _reply(self, seconds: float, *, challenge: bool = False) -> Reply:
        """One whole reply within so many seconds; a ``challenge`` as it came. Raises SilenceError."""
        deadline = time.monotonic() + seconds
        lines: list[str] = []
        total = 0
        while True:
            raw = self._line(deadline)
            total += len(raw)
            found = _REPLY_LINE.fullmatch(raw)
            if found is None or total > LONGEST_REPLY:
                self._note(self._heard(raw[:200]), ours=False)
                raise SilenceError(How.GARBAGE, _shown(self._heard(raw)))
            as_it_came = challenge and found[1] == b"334"
            lines.append(found[3].decode(errors="replace") if as_it_came else self._heard(found[3]))
            self._note(self._heard(raw), ours=False)
            if found[2] != b"-":
                return _reply(int(found[1]), tuple(lines))

    def _heard(self, octets: bytes) -> str:
        """What the server said as it may be shown and kept."""
        words = octets.decode("utf-8", errors="replace")
        for secret in self._secrets:
            words = words.replace(secret, BLOT)
        return words

    def _line(self, deadline: float) -> bytes:
        while (end := self._unread.find(b"\n")) < 0:
            if len(self._unread) > LONGEST_REPLY:
                raise SilenceError(How.GARBAGE, _shown(self._heard(self._unread[:200])))
            self._unread += self._read(deadline)
        line, self._unread = self._unread[:end], self._unread[end + 1 :]
        return line.removesuffix(b"\r")

    def _read(self, deadline: float) -> bytes:
        if self._socket is None:
            raise SilenceError(How.DROP)
        left = deadline - time.monotonic()
        if left <= 0:
            raise SilenceError(How.TIMEOUT)
        self._socket.settimeout(left)
        try:
            octets = self._socket.recv(BLOCK)
        except TimeoutError:
            raise SilenceError(How.TIMEOUT) from None
        except OSError as error:
            raise SilenceError(How.DROP, str(error)) from None
        if not octets:
            raise SilenceError(How.DROP)
        return octets

    def _note(self, text: str, *, ours: bool = True) -> None:
        if self._record:
            self.talk.append(Line(ours, _NOT_PRINTABLE.sub(" ", text)))

    def _own_name(self) -> str:
        return self.server.ehlo_name or _full_host_name() or self._address_literal()

    def _address_literal(self) -> str:
        """RFC 5321 4.1.3: a host without a name says its number in brackets."""
        assert self._socket is not None
        number = self._socket.getsockname()[0]
        return f"[IPv6:{number}]" if ":" in number else f"[{number}]"


def stuffed(content: bytes) -> bytes:
    """The text with its leading dots doubled (RFC 5321 4.5.2) and its last line ended."""
    octets = content if content.endswith(b"\r\n") else content + b"\r\n"
    if octets.startswith(b"."):
        octets = b"." + octets
    return octets.replace(b"\r\n.", b"\r\n..")


def server(gateway: Gateway) -> Server:
    """The gateway's settings as a session needs them. Raises OpeningError when they cannot even be tried."""
    if not gateway.host or not gateway.from_address:
        raise OpeningError(verdict.judge_silence(stage=Stage.CONNECT, how=How.NO_SETTINGS))
    try:
        password = gateway.password()
    except SecretError:
        raise OpeningError(verdict.judge_silence(stage=Stage.LOGIN, how=How.UNREADABLE_PASSWORD)) from None
    return Server(
        host=gateway.host.strip("[]"),
        port=gateway.port,
        security=gateway.security,
        ehlo_name=gateway.ehlo_name,
        username=gateway.username,
        password=password,
        may_send_password_in_clear=gateway.may_send_password_in_clear,
    )


@lru_cache(maxsize=256)
def _reply(code: int, lines: tuple[str, ...]) -> Reply:
    found = _ENHANCED.match(lines[0])
    enhanced = found[1] if found else ""
    cleaned = [_NOT_PRINTABLE.sub(" ", line.removeprefix(enhanced).strip()) for line in lines]
    return Reply(code, enhanced, "\n".join(cleaned)[:LONGEST_WORDS].strip(), tuple(cleaned))


def _line(command: str) -> bytes:
    if "\r" in command or "\n" in command:
        raise ValueError("a command is one line")
    return command.encode() + b"\r\n"


def _shown(words: str) -> str:
    return _NOT_PRINTABLE.sub(" ", words[:200])


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")


@cache
def _full_host_name() -> str:
    """This machine's full name, or nothing where it has none that a server would believe."""
    name = socket.getfqdn()
    return name if re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", name) and not name.startswith("localhost") else ""
