"""A mail server that does what a test tells it, on raw sockets: any reply, drop, hang or garbage, at any step.

It also remembers everything, so that a test can compare what we believe with what really arrived.
"""

import base64
import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self


class Mischief:
    """Something other than a reply."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


DROP = Mischief("drop")
HANG = Mischief("hang")
GARBAGE = Mischief("garbage")
HALF_A_LINE = Mischief("half a line")
ENDLESS = Mischief("an endless reply")

#: What a step answers: a reply, mischief, or a function of the command's words that gives one of them (None: as usual).
Answer = str | Mischief | Callable[[str], "str | Mischief | None"] | None


@dataclass
class Received:
    """A message that the server has taken, or would have."""

    sender: str
    to: str
    content: bytes

    @property
    def message_id(self) -> str:
        found = re.search(rb"^message-id:\s*(\S+)", self.content, re.IGNORECASE | re.MULTILINE)
        return found[1].decode() if found else ""


class _OverError(Exception):
    """This conversation is over."""


@dataclass
class ScriptedServer:
    """A context manager; ``answers`` maps a step to what is answered there.

    Steps: banner, ehlo, starttls, auth, mail, rcpt, data, body, dot, accepted, rset, quit. A DROP at ``body`` comes in
    the middle of the text, at ``dot`` it loses the message, at ``accepted`` the server keeps the message and is gone.
    """

    answers: dict[str, Answer] = field(default_factory=dict)
    extensions: list[str] = field(default_factory=lambda: ["PIPELINING", "SIZE 20000000", "8BITMIME", "SMTPUTF8"])
    users: dict[str, str] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    tls_at_once: bool = False
    says_354_to_anybody: bool = False
    """Take DATA after a refused recipient, too, as RFC 2920 allows."""
    received: list[Received] = field(default_factory=list)
    ahead: list[bytes] = field(default_factory=list)
    """What had come with each final dot, unasked."""
    commands: list[str] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port: int = self._listener.getsockname()[1]
        self._over = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._accepting.join(5)
        for thread in self._threads:
            thread.join(5)

    @property
    def message_ids(self) -> list[str]:
        return [each.message_id for each in self.received]

    def answer(self, step: str, arguments: str = "") -> "str | Mischief | None":
        told = self.answers.get(step)
        return told(arguments) if callable(told) else told

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(connection)
            thread = threading.Thread(target=self._talk, args=[connection], daemon=True)
            self._threads.append(thread)
            thread.start()

    def _talk(self, connection: socket.socket) -> None:
        session = _Session(self, connection, self._over)
        try:
            session.talk()
        except (_OverError, OSError, ssl.SSLError):
            pass
        finally:
            self._open.discard(session.connection)
            with contextlib.suppress(OSError):
                session.connection.close()


class _Session:
    def __init__(self, server: ScriptedServer, connection: socket.socket, over: threading.Event) -> None:
        self.server = server
        self.connection: socket.socket = connection
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.over = over
        self.unread = b""
        self.sender = self.to = ""

    def talk(self) -> None:
        if self.server.tls_at_once:
            self.wrap()
        self.say("banner", "220 scripted.example ESMTP")
        while True:
            line = self.line()
            verb, _, arguments = line.partition(" ")
            self.server.commands.append(line)
            getattr(self, f"on_{verb.lower()}", self.on_unknown)(arguments)

    def on_ehlo(self, arguments: str) -> None:
        offered = list(self.server.extensions)
        if self.server.tls and not isinstance(self.connection, ssl.SSLSocket):
            offered.append("STARTTLS")
        lines = ["scripted.example", *offered]
        usual = "\r\n".join(f"250{'-' if line is not lines[-1] else ' '}{line}" for line in lines)
        self.say("ehlo", usual, arguments)

    def on_starttls(self, arguments: str) -> None:
        if self.say("starttls", "220 go ahead", arguments).startswith("2"):
            self.wrap()

    def on_auth(self, arguments: str) -> None:
        told = self.server.answer("auth", arguments)
        if told is not None:
            self.say("auth", "")
            return
        way, _, initial = arguments.partition(" ")
        if way == "PLAIN":
            _, user, password = base64.b64decode(initial).decode().split("\0")
        else:
            user = self.ask("VXNlcm5hbWU6")
            password = self.ask("UGFzc3dvcmQ6")
        good = self.server.users.get(user) == password
        self.say("login", "235 2.7.0 welcome" if good else "535 5.7.8 wrong user or password")

    def ask(self, prompt: str) -> str:
        self.connection.sendall(f"334 {prompt}\r\n".encode())
        return base64.b64decode(self.line()).decode()

    def on_mail(self, arguments: str) -> None:
        self.to = ""
        self.sender = arguments.partition("<")[2].partition(">")[0]
        self.say("mail", "250 2.1.0 ok", arguments)

    def on_rcpt(self, arguments: str) -> None:
        named = arguments.partition("<")[2].partition(">")[0]
        self.to = ""
        if self.say("rcpt", "250 2.1.5 ok", named).startswith("2"):
            self.to = named

    def on_data(self, arguments: str) -> None:
        if not self.to and not self.server.says_354_to_anybody:
            self.connection.sendall(b"503 5.5.1 no valid recipients\r\n")
            return
        if not self.say("data", "354 go ahead", self.to).startswith("3"):
            return
        lines = []
        while (line := self.raw_line()) != b".\r\n":
            lines.append(line.removeprefix(b"."))
            if self.server.answer("body", self.to) is DROP:
                raise _OverError
        self.server.ahead.append(self.unread)
        if not self.to:
            self.server.commands.append(f"(a text of {len(b''.join(lines))} bytes for nobody)")
            self.connection.sendall(b"554 5.5.1 no valid recipients\r\n")
            return
        message = Received(self.sender, self.to, b"".join(lines))
        told = self.server.answer("dot", self.to)
        if told is None or (isinstance(told, str) and told.startswith("2")):
            self.server.received.append(message)
        if self.server.answer("accepted", self.to) is DROP:
            raise _OverError
        self.say("dot", "250 2.0.0 taken", self.to, told=told)

    def on_rset(self, arguments: str) -> None:
        self.say("rset", "250 2.0.0 ok")

    def on_quit(self, arguments: str) -> None:
        self.say("quit", "221 2.0.0 bye")
        raise _OverError

    def on_unknown(self, arguments: str) -> None:
        self.connection.sendall(b"500 5.5.2 what?\r\n")

    def wrap(self) -> None:
        assert self.server.tls is not None
        raw = self.connection
        self.connection = self.server.tls.wrap_socket(raw, server_side=True)
        self.server._open.discard(raw)
        self.server._open.add(self.connection)

    def say(self, step: str, usual: str, arguments: str = "", *, told: Any = ...) -> str:
        answer = self.server.answer(step, arguments) if told is ... else told
        if answer is None:
            answer = usual
        if isinstance(answer, Mischief):
            self.make(answer)
        else:
            self.connection.sendall(answer.encode() + b"\r\n")
            if answer.startswith("421"):
                raise _OverError
            return answer
        return ""

    def make(self, mischief: Mischief) -> None:
        if mischief is GARBAGE:
            self.connection.sendall(b"\x00\xffHTTP/1.1 400 Bad Request\r\n\r\n")
        elif mischief is HALF_A_LINE:
            self.connection.sendall(b"25")
        elif mischief is ENDLESS:
            for _ in range(600):
                self.connection.sendall(b"250-and so on" + b"x" * 200 + b"\r\n")
        if mischief is HANG:
            self.over.wait(60)
        raise _OverError

    def line(self) -> str:
        return self.raw_line().rstrip(b"\r\n").decode("utf-8", errors="replace")

    def raw_line(self) -> bytes:
        while b"\n" not in self.unread:
            octets = self.connection.recv(65536)
            if not octets:
                raise _OverError
            self.unread += octets
        line, _, self.unread = self.unread.partition(b"\n")
        return line + b"\n"
