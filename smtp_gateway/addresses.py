"""Which strings are addresses that can be put into an envelope.

Stricter than RFC 5321 where its freedom only serves attackers: no quoted local parts, no comments, no address literals,
nothing that could end a line or a command. Whether somebody reads the mailbox is for the server to say.
"""

import re
from functools import lru_cache

from smtp_gateway.errors import OutboxError

#: RFC 5321 4.5.3.1: octets of a local part, of a domain, and of a path with its two angle brackets.
LONGEST_LOCAL_PART = 64
LONGEST_DOMAIN = 253
LONGEST_ADDRESS = 254

_LOCAL_PART = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u00a1-\U0010ffff]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u00a1-\U0010ffff]+)*"
)
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9\-]{0,61}[A-Za-z0-9])?")
_NEVER = re.compile(r"[\s\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ud800-\udfff<>]")


def checked(address: str) -> str:
    """The address as it may be queued. Raises OutboxError with a sentence that does not repeat the address."""
    if not address:
        raise OutboxError("There is no address to send it to.")
    if _NEVER.search(address):
        raise OutboxError("The address holds a space, a line break or another character that no address may have.")
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        raise OutboxError("The address has no @ with a name before it and a server after it.")
    if len(local.encode()) > LONGEST_LOCAL_PART or not _LOCAL_PART.fullmatch(local):
        raise OutboxError("The part of the address before the @ cannot be right.")
    _ascii_domain(domain)
    if len(address.encode()) > LONGEST_ADDRESS:
        raise OutboxError("The address is longer than any address may be.")
    return address


def for_envelope(address: str) -> str:
    """The address with its domain as punycode (RFC 5891); its local part may still be in any script (RFC 6531)."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{_ascii_domain(domain)}"


def needs_smtputf8(address: str) -> bool:
    """Whether the local part can only travel where the server offers SMTPUTF8."""
    return not address.rpartition("@")[0].isascii()


@lru_cache(maxsize=512)
def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        ascii_domain = domain
    else:
        try:
            ascii_domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            raise OutboxError("The part of the address after the @ cannot be right.") from None
    labels = ascii_domain.split(".")
    if len(ascii_domain) > LONGEST_DOMAIN or not all(_LABEL.fullmatch(label) for label in labels):
        raise OutboxError("The part of the address after the @ cannot be right.")
    return ascii_domain
