"""The secret of this installation, and what is locked with it.

The key comes from the environment (SECRET_KEY) or from a file made on first start; passwords that we must be able to
use again (the mail server's) are stored encrypted with a key derived from it. No app's data is known here.
"""

import base64
import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

BASE_DIR = Path(__file__).resolve().parent.parent
PURPOSE = b"library.secrets v1: passwords kept in the database"


class SecretError(Exception):
    """Something that cannot be unlocked, as a sentence."""


def folder() -> Path:
    """Where this installation keeps its own files: ``var/``, or what LIBRARY_VAR says."""
    return Path(os.environ.get("LIBRARY_VAR") or BASE_DIR / "var")


def secret_key() -> str:
    """SECRET_KEY, or the content of ``var/secret-key``, which is made on first use with mode 0600."""
    return os.environ.get("SECRET_KEY") or kept_in(folder() / "secret-key")


def encrypt(text: str) -> str:
    """A token that only this installation's key (or one that replaced it) can open."""
    return _locks(secret_key(), former_keys()).encrypt(text.encode()).decode("ascii")


def decrypt(token: str) -> str:
    """Raises SecretError when the token was locked with another key."""
    with _readable():
        return _locks(secret_key(), former_keys()).decrypt(token.encode("ascii", errors="replace")).decode()


def lock_again(token: str) -> str:
    """The same under the key that is in use now. Raises SecretError when the token was locked with another key."""
    with _readable():
        return _locks(secret_key(), former_keys()).rotate(token.encode("ascii", errors="replace")).decode("ascii")


def former_keys() -> tuple[str, ...]:
    """SECRET_KEY_FALLBACKS, separated by spaces: keys that still open what they locked."""
    return tuple(os.environ.get("SECRET_KEY_FALLBACKS", "").split())


def kept_in(path: Path) -> str:
    """The secret in this file, which is made on first use and readable by its owner only."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_text(encoding="ascii").strip()
    path.parent.mkdir(mode=_folder_mode(), parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):  # another process was first: its secret is the secret
        write_private(path, secrets.token_urlsafe(50))
    return path.read_text(encoding="ascii").strip()


def write_private(path: Path, text: str) -> None:
    """Write a new file whole, or not at all, that nobody else may read. Raises FileExistsError."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text + "\n")
        os.link(draft, path)
    finally:
        Path(draft).unlink()


def _folder_mode() -> int:
    """Nobody else's; as root, the embedded servers run as *nobody* and must come through, though they need not look."""
    return 0o711 if os.geteuid() == 0 else 0o700


@contextlib.contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except InvalidToken:
        raise SecretError(
            "The stored password cannot be read: it was saved with another SECRET_KEY. "
            "Type the password again and save."
        ) from None


@cache
def _locks(current: str, former: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derive(key)) for key in (current, *former)])


def _derive(key: str) -> bytes:
    """RFC 5869: the key that locks passwords says nothing about the one that signs sessions."""
    return base64.urlsafe_b64encode(HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(key.encode()))
