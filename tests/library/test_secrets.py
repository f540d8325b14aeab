"""The installation's secret, and what is locked with it."""

import os
import stat

import pytest

from library import secrets


def test_what_was_locked_can_be_opened_again(monkeypatch):
    """The mail server's password goes into the database as a token and comes out as it was."""
    monkeypatch.setenv("SECRET_KEY", "one")

    token = secrets.encrypt("pässword")

    assert "pässword" not in token
    assert secrets.decrypt(token) == "pässword"


def test_another_installations_key_opens_nothing(monkeypatch):
    """A database restored beside another secret says what to do about it."""
    monkeypatch.setenv("SECRET_KEY", "one")
    token = secrets.encrypt("password")
    monkeypatch.setenv("SECRET_KEY", "two")

    with pytest.raises(secrets.SecretError) as refusal:
        secrets.decrypt(token)

    assert str(refusal.value) == (
        "The stored password cannot be read: it was saved with another SECRET_KEY. Type the password again and save."
    )


def test_a_key_that_was_replaced_still_opens_what_it_locked(monkeypatch):
    """A new SECRET_KEY beside the old one in SECRET_KEY_FALLBACKS asks nobody for the password again."""
    monkeypatch.setenv("SECRET_KEY", "one")
    token = secrets.encrypt("password")
    monkeypatch.setenv("SECRET_KEY", "two")
    monkeypatch.setenv("SECRET_KEY_FALLBACKS", "zero one")

    text = secrets.decrypt(token)

    assert text == "password"


def test_without_a_variable_the_key_is_a_file_of_its_owner(monkeypatch, tmp_path):
    """Made on first use, the same ever after, and closed to everybody else."""
    monkeypatch.delenv("SECRET_KEY")
    monkeypatch.setenv("LIBRARY_VAR", str(tmp_path / "var"))

    first, second = secrets.secret_key(), secrets.secret_key()

    assert first == second
    assert len(first) >= 50
    assert stat.S_IMODE((tmp_path / "var" / "secret-key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret-key"]


def test_the_folder_of_an_installation_is_closed_to_others(monkeypatch, tmp_path):
    """Made on first use; as root the embedded servers, which run as somebody else, may pass through it."""
    monkeypatch.delenv("SECRET_KEY")
    monkeypatch.setenv("LIBRARY_VAR", str(tmp_path / "var"))

    secrets.secret_key()

    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == (0o711 if os.geteuid() == 0 else 0o700)
