"""Which failure means what, and whose fault it is: the gateway's or the message's.

Pure: a step of the conversation and the server's reply (or what happened instead of one) go in, a verdict comes out.
The table is gateway.md's "Whose fault"; codes are judged by their first digit (RFC 5321 4.2.1), never by a list.
What follows from a verdict is done in ``delivery`` and ``lifecycle``.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache

ACCEPTED = "The server accepted it."


class Stage(StrEnum):
    """The steps of a conversation, in their order."""

    CONNECT = "connect"
    BANNER = "banner"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    TLS = "tls"
    LOGIN = "login"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    DOT = "dot"
    RSET = "rset"
    QUIT = "quit"


class How(StrEnum):
    """What happened where a reply was expected, or why a step was not even tried."""

    UNKNOWN_HOST = "unknown_host"
    NO_ANSWER = "no_answer"
    DROP = "drop"
    TIMEOUT = "timeout"
    GARBAGE = "garbage"
    BAD_CERTIFICATE = "bad_certificate"
    NO_STARTTLS = "no_starttls"
    NO_LOGIN_METHOD = "no_login_method"
    UNPROTECTED_PASSWORD = "unprotected_password"
    UNREADABLE_PASSWORD = "unreadable_password"
    NO_SETTINGS = "no_settings"
    TOO_LARGE = "too_large"
    NEEDS_SMTPUTF8 = "needs_smtputf8"
    NEEDS_8BITMIME = "needs_8bitmime"
    BAD_ADDRESS = "bad_address"


class Meaning(StrEnum):
    """
    GOOD            the step was accepted; at the final dot: the server has the message
    LATER           this message again after a growing pause
    BAD             this message never
    UNCERTAIN       this message may have arrived
    LOST            the session broke before the text went out: this message waits, a new session goes on
    SUSPICIOUS      this refusal says more about us than about the recipient: the gateway stops
    TOO_FAST        the whole gateway pauses
    UNREACHABLE     the whole gateway pauses; nothing is charged to any message
    LOGIN_REFUSED   twice running it is WRONG_SETTINGS
    WRONG_SETTINGS  the gateway stops; no message is touched
    NOTHING         it makes no difference any more
    """

    GOOD = "good"
    LATER = "later"
    BAD = "bad"
    UNCERTAIN = "uncertain"
    LOST = "lost"
    SUSPICIOUS = "suspicious"
    TOO_FAST = "too_fast"
    UNREACHABLE = "unreachable"
    LOGIN_REFUSED = "login_refused"
    WRONG_SETTINGS = "wrong_settings"
    NOTHING = "nothing"

    @property
    def is_the_gateways(self) -> bool:
        """The message in hand is not charged."""
        return self in {self.SUSPICIOUS, self.TOO_FAST, self.UNREACHABLE, self.LOGIN_REFUSED, self.WRONG_SETTINGS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a reply means. ``sentence`` is for people, ``words`` are the server's own."""

    meaning: Meaning
    stage: Stage
    sentence: str = ""
    code: int | None = None
    enhanced: str = ""
    words: str = ""
    wait: timedelta | None = None
    """How long the server asked us to wait, where it said so."""
    nobody_there: bool = False
    """Refused because there is no such mailbox, which says nothing against us."""
    closing: bool = False
    """The session is over after this."""

    @property
    def is_good(self) -> bool:
        return self.meaning is Meaning.GOOD


_NOBODY = re.compile(
    r"no such|user unknown|unknown (user|recipient|mailbox|address|local)|(user|recipient|mailbox|address)\b.{0,40}"
    r"\b(not found|unknown|does ?n.t exist|does not exist)|invalid (recipient|mailbox)|no mailbox|not a known user",
    re.IGNORECASE | re.DOTALL,
)
_ABOUT_US = re.compile(
    r"relay(ing)?\b.{0,20}\b(denied|not (permitted|allowed)|prohibited)|(unable|not (permitted|allowed)) to relay"
    r"|sender\b.{0,20}\b(rejected|refused|denied)|not owned by|authentication (is )?required|not authenticated",
    re.IGNORECASE | re.DOTALL,
)
_TOO_FAST = re.compile(r"too many|slow down|rate.?limit|throttl|too (fast|quickly)", re.IGNORECASE)
_WAIT = re.compile(
    r"(?:again|retry|wait)\b.{0,20}?\b(?:in|after|for)\s+(\d{1,6})\s*(h|m|s)?", re.IGNORECASE | re.DOTALL
)
_GREYLISTED = re.compile(r"gr[ae]y.?list", re.IGNORECASE)
_FULL = re.compile(r"full|quota", re.IGNORECASE)
_LONGEST_WAIT = timedelta(hours=4)

_BEFORE_A_MESSAGE = {Stage.CONNECT, Stage.BANNER, Stage.EHLO, Stage.STARTTLS, Stage.TLS, Stage.LOGIN}
_AFTER_EVERYTHING = {Stage.RSET, Stage.QUIT}

_AT = {
    Stage.CONNECT: "when we tried to connect",
    Stage.BANNER: "when we connected",
    Stage.EHLO: "when we greeted it",
    Stage.STARTTLS: "when we asked for a protected connection",
    Stage.TLS: "while the protected connection was made",
    Stage.LOGIN: "at the login",
    Stage.MAIL: "at the sender's address",
    Stage.RCPT: "at the recipient's address",
    Stage.DATA: "before the text",
    Stage.BODY: "while it was taking the text",
    Stage.DOT: "after the text",
    Stage.RSET: "between two messages",
    Stage.QUIT: "at the end",
}


@lru_cache(maxsize=256)
def judge(*, stage: Stage, code: int, enhanced: str = "", text: str = "") -> Verdict:
    """What the server's reply at this step means."""
    verdict = _judge_reply(stage, code, enhanced, text)
    return Verdict(
        meaning=verdict.meaning,
        sentence=verdict.sentence,
        wait=verdict.wait,
        nobody_there=verdict.nobody_there,
        stage=stage,
        code=code,
        enhanced=enhanced,
        words=text,
        closing=code == 421 or verdict.closing,
    )


def judge_silence(*, stage: Stage, how: How, detail: str = "") -> Verdict:
    """What it means that no usable reply came, or that the step could not be tried. ``detail``: for IT."""
    meaning, sentence = _judge_silence(stage, how)
    return Verdict(
        meaning=meaning,
        stage=stage,
        sentence=sentence,
        words=detail,
        nobody_there=meaning is Meaning.BAD,
        closing=how in {How.DROP, How.TIMEOUT, How.GARBAGE},
    )


def _judge_reply(stage: Stage, code: int, enhanced: str, text: str) -> Verdict:
    if stage in _AFTER_EVERYTHING:
        return Verdict(meaning=Meaning.NOTHING, stage=stage)
    digit = code // 100
    if digit == (3 if stage is Stage.DATA else 2):
        return Verdict(meaning=Meaning.GOOD, stage=stage, sentence=ACCEPTED)
    if digit == 4:
        return _judge_4xx(stage, code, enhanced, text)
    if digit == 5:
        return _judge_5xx(stage, code, enhanced, text)
    meaning, sentence = _judge_silence(stage, How.GARBAGE)
    return Verdict(meaning=meaning, stage=stage, sentence=sentence, closing=True)


def _judge_4xx(stage: Stage, code: int, enhanced: str, text: str) -> Verdict:
    wait = _wait(text)
    greylisted = _GREYLISTED.search(text) is not None
    if not greylisted and (code == 432 or enhanced == "4.3.2" or wait or _TOO_FAST.search(text)):
        sentence = "The server asks us to slow down."
        return Verdict(meaning=Meaning.TOO_FAST, stage=stage, sentence=sentence, wait=wait)
    if stage in _BEFORE_A_MESSAGE or stage is Stage.MAIL:
        sentence = f"The server takes no mail just now; it said so {_AT[stage]}."
        return Verdict(meaning=Meaning.UNREACHABLE, stage=stage, sentence=sentence)
    if code == 421 and stage in {Stage.RCPT, Stage.DATA}:
        return Verdict(meaning=Meaning.LOST, stage=stage, sentence=f"The server closed the connection {_AT[stage]}.")
    sentence = (
        "The server wants to see us twice (greylisting)." if greylisted else "The server asks us to try it later."
    )
    return Verdict(meaning=Meaning.LATER, stage=stage, sentence=sentence, wait=wait)


def _judge_5xx(stage: Stage, code: int, enhanced: str, text: str) -> Verdict:
    if stage is Stage.LOGIN:
        sentence = "The server refuses the user ID or the password."
        return Verdict(meaning=Meaning.LOGIN_REFUSED, stage=stage, sentence=sentence)
    if stage is Stage.STARTTLS:
        sentence = "The server refuses to protect the connection with STARTTLS."
        return Verdict(meaning=Meaning.WRONG_SETTINGS, stage=stage, sentence=sentence)
    if stage in _BEFORE_A_MESSAGE:
        sentence = f"The server refused us {_AT[stage]}."
        return Verdict(meaning=Meaning.UNREACHABLE, stage=stage, sentence=sentence)
    if stage is Stage.MAIL and not (code == 552 or enhanced == "5.3.4"):
        sentence = "The server refuses mail from the library's From address."
        return Verdict(meaning=Meaning.WRONG_SETTINGS, stage=stage, sentence=sentence)
    if stage is Stage.RCPT and _is_about_us(code, enhanced, text):
        sentence = "The server refused a recipient in words that are about us, not about the recipient."
        return Verdict(meaning=Meaning.SUSPICIOUS, stage=stage, sentence=sentence)
    nobody = enhanced.startswith("5.1.") or (not enhanced and _NOBODY.search(text) is not None)
    return Verdict(
        meaning=Meaning.BAD, stage=stage, sentence=_why_bad(code, enhanced, text, nobody), nobody_there=nobody
    )


def _is_about_us(code: int, enhanced: str, text: str) -> bool:
    """5.7.x is policy and 5.1.7, 5.1.8 are bad *senders* (RFC 3463); servers often say all of it only at RCPT."""
    return (
        code == 530
        or enhanced.startswith("5.7.")
        or enhanced in {"5.1.7", "5.1.8"}
        or _ABOUT_US.search(text) is not None
    )


def _why_bad(code: int, enhanced: str, text: str, nobody: bool) -> str:
    if enhanced == "5.3.4" or (code == 552 and not _FULL.search(text) and enhanced != "5.2.2"):
        return "The message is larger than the server takes."
    if enhanced == "5.2.2" or _FULL.search(text):
        return "The mailbox is full."
    if enhanced == "5.1.2" or enhanced == "5.1.10":
        return "The part of the address after the @ takes no mail."
    if nobody:
        return "There is no such mailbox."
    return "The server refused it for good."


def _judge_silence(stage: Stage, how: How) -> tuple[Meaning, str]:
    if stage in _AFTER_EVERYTHING:
        return Meaning.NOTHING, ""
    if how in _SENTENCES:
        return _SENTENCES[how]
    event = {
        How.DROP: "The server closed the connection",
        How.TIMEOUT: "The server did not answer",
        How.GARBAGE: "The server answered something that is not SMTP",
    }[how]
    if stage is Stage.DOT:
        return Meaning.UNCERTAIN, f"{event} {_AT[stage]}. The message may or may not have arrived."
    if stage in {Stage.RCPT, Stage.DATA, Stage.BODY}:
        return Meaning.LOST, f"{event} {_AT[stage]}."
    return Meaning.UNREACHABLE, f"{event} {_AT[stage]}."


_SENTENCES = {
    How.UNKNOWN_HOST: (Meaning.UNREACHABLE, "No server of that name can be found."),
    How.NO_ANSWER: (Meaning.UNREACHABLE, "The server cannot be reached."),
    How.BAD_CERTIFICATE: (
        Meaning.WRONG_SETTINGS,
        "The server's certificate is not valid for the name in the settings.",
    ),
    How.NO_STARTTLS: (Meaning.WRONG_SETTINGS, "The server does not offer STARTTLS, which the settings ask for."),
    How.NO_LOGIN_METHOD: (Meaning.WRONG_SETTINGS, "The server offers no way to log in that we know."),
    How.UNPROTECTED_PASSWORD: (
        Meaning.WRONG_SETTINGS,
        "The password would travel unprotected. Choose STARTTLS or TLS, or allow it, twice.",
    ),
    How.UNREADABLE_PASSWORD: (
        Meaning.WRONG_SETTINGS,
        "The stored password cannot be read: it was saved with another SECRET_KEY. Type it again and save.",
    ),
    How.NO_SETTINGS: (Meaning.WRONG_SETTINGS, "The SMTP host or the From address is missing."),
    How.TOO_LARGE: (Meaning.BAD, "The message is larger than the server takes."),
    How.NEEDS_SMTPUTF8: (Meaning.BAD, "The server takes no addresses with letters like these before the @."),
    How.BAD_ADDRESS: (Meaning.BAD, "The address cannot be right."),
    How.NEEDS_8BITMIME: (Meaning.BAD, "The server takes no text in this form (8-bit)."),
}


def _wait(text: str) -> timedelta | None:
    found = _WAIT.search(text)
    if found is None:
        return None
    seconds = int(found[1]) * {"h": 3600, "m": 60, "s": 1}[(found[2] or "s").lower()]
    return min(timedelta(seconds=seconds), _LONGEST_WAIT)
