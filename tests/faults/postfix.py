"""A real Postfix as a relay on the loopback, with folders and ports of its own; the machine's is never touched.

Three doors into one queue: one that accepts, one that knows leavers, one that greylists. All of them want a login over
STARTTLS before they relay. What they take goes on to the sink, so that one witness serves all tests. Logins are checked
by a server of ours in the protocol that Postfix speaks to Dovecot (its own SASL would want a password file that only
another package can write), and so are greylisted triplets in its policy protocol.
"""

import base64
import os
import pwd
import shutil
import signal
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

from library.embedded import free_port, leashed
from tests.smtp_gateway import certificate

PROGRAM = shutil.which("postfix", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
MASTER_PROGRAM = Path("/usr/lib/postfix/sbin/master")

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.banksia.example
mydestination =
local_recipient_maps =
alias_maps =
mynetworks =
relayhost = [127.0.0.1]:{next_hop}
disable_dns_lookups = yes
smtp_tls_security_level = none
smtpd_peername_lookup = no
smtpd_tls_chain_files = {folder}/server.pem
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{logins}
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions =
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
message_size_limit = 1000000
greylisting = check_policy_service inet:127.0.0.1:{greylist}
knowing_leavers = check_recipient_access inline:{{ {{ {leaver} = 550 5.1.1 No such user here }} }}
"""

MASTER = """
{accepting}  inet  n - n - - smtpd
{refusing}   inet  n - n - - smtpd -o smtpd_recipient_restrictions=$knowing_leavers
{greylisting} inet n - n - - smtpd -o smtpd_recipient_restrictions=$greylisting
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
error     unix  - - n - - error
retry     unix  - - n - - error
smtp      unix  - - n - - smtp
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""

LEAVER = "leaver@families.example"


def why_not() -> str:
    """Why it cannot be started here; empty if it can."""
    if PROGRAM is None or not MASTER_PROGRAM.exists():
        return "Postfix is not installed (Debian: apt install postfix)."
    if os.geteuid() != 0:
        return "Only root can start Postfix."
    with suppress(KeyError):
        pwd.getpwnam("postfix")
        return ""
    return "There is no user called postfix."


class Postfix:
    """``with Postfix(next_hop=sink.port) as postfix``; it is up when the block begins and gone when it ends."""

    def __init__(self, *, next_hop: int, users: dict[str, str]) -> None:
        self.accepting, self.refusing, self.greylisting = free_port(), free_port(), free_port()
        self._next_hop = next_hop
        self._logins = Logins(users)
        self.greylist = Greylist()

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="library-postfix-"))
        self.folder.chmod(0o755)
        self.certificate = certificate.write(self.folder / "server.pem")
        self._write_configuration()
        self._logins.start()
        self.greylist.start()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._logins.stop()
        self.greylist.stop()
        shutil.rmtree(self.folder)

    def start(self) -> None:
        """Its master runs as our child; ``postfix start`` would send it into a session where nobody could end it."""
        assert PROGRAM is not None
        config = str(self.folder / "config")
        with (self.folder / "says").open("ab") as says:
            subprocess.run([PROGRAM, "-c", config, "check"], stdout=says, stderr=says, check=True)
            self._process = subprocess.Popen(
                leashed([str(MASTER_PROGRAM), "-c", config, "-d"]),
                stdin=subprocess.DEVNULL, stdout=says, stderr=says, start_new_session=True,
            )  # fmt: skip
        until = time.monotonic() + 20
        while not self._answers():
            assert time.monotonic() < until, (self.folder / "says").read_text()
            assert self._process.poll() is None, (self.folder / "says").read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        """SIGTERM to the master and its children, who are its session."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(20)

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.accepting), timeout=5) as talk:
            return talk.recv(3) == b"220"
        return False

    def _write_configuration(self) -> None:
        config, data, queue = (self.folder / name for name in ("config", "data", "queue"))
        for folder in (config, data, queue):
            folder.mkdir()
        postfix = pwd.getpwnam("postfix")
        os.chown(data, postfix.pw_uid, postfix.pw_gid)
        (config / "main.cf").write_text(
            MAIN.format(
                folder=self.folder, next_hop=self._next_hop, leaver=LEAVER, logins=self._logins.port,
                greylist=self.greylist.port,
            )
        )  # fmt: skip
        (config / "master.cf").write_text(
            MASTER.format(accepting=self.accepting, refusing=self.refusing, greylisting=self.greylisting)
        )


class _Helper(socketserver.ThreadingTCPServer):
    """A server of ours that Postfix asks, line by line, on a thread of its own."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, handler: type[socketserver.StreamRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.port: int = self.server_address[1]

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, args=[0.05], daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class Logins(_Helper):
    """Dovecot's authentication protocol, as much of it as Postfix needs: PLAIN."""

    def __init__(self, users: dict[str, str]) -> None:
        super().__init__(_LoginDialogue)
        self.users = users


class _LoginDialogue(socketserver.StreamRequestHandler):
    server: Logins

    def handle(self) -> None:
        self.say("VERSION\t1\t1", "MECH\tPLAIN\tplaintext", "SPID\t1", "CUID\t1", f"COOKIE\t{'0' * 32}", "DONE")
        for line in self.rfile:
            verb, _, rest = line.decode().rstrip("\n").partition("\t")
            if verb == "AUTH":
                number, *fields = rest.split("\t")
                given = next(each for each in fields if each.startswith("resp=")).removeprefix("resp=")
                _, user, password = base64.b64decode(given).decode().split("\0")
                good = self.server.users.get(user) == password
                self.say(f"OK\t{number}\tuser={user}" if good else f"FAIL\t{number}\tuser={user}")

    def say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\n" for line in lines).encode())


class Greylist(_Helper):
    """Postfix's policy protocol: who is new comes again after ``seconds``."""

    def __init__(self) -> None:
        super().__init__(_Policy)
        self.seconds = 0.3
        self.first_seen: dict[tuple[str, str], float] = {}


class _Policy(socketserver.StreamRequestHandler):
    server: Greylist

    def handle(self) -> None:
        asked: dict[str, str] = {}
        for line in self.rfile:
            name, equals, value = line.decode().rstrip("\n").partition("=")
            if equals:
                asked[name] = value
                continue
            triplet = (asked["sender"], asked["recipient"])
            first = self.server.first_seen.setdefault(triplet, time.monotonic())
            is_new = time.monotonic() - first < self.server.seconds
            self.wfile.write(b"action=%s\n\n" % (b"defer Greylisted, please come again" if is_new else b"dunno"))
            asked = {}
