"""SECRET_KEY is replaced: the gateway knows its database and its password, and the old key can go after one start."""

import pytest

from library.secrets import SecretError
from smtp_gateway import identity, lifecycle
from smtp_gateway.models import Gateway

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def locked(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a password, under the first key; then the installation gets the second."""
    monkeypatch.setenv("SECRET_KEY", "the-first-key")
    gateway.identity = identity.here()
    gateway.set_password("geheim-77")
    gateway.save()
    monkeypatch.setenv("SECRET_KEY", "the-second-key")


def test_with_the_old_key_beside_it_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No copy, and the password can be read; by workers, too, that start before the installation is told."""
    monkeypatch.setenv("SECRET_KEY_FALLBACKS", "the-zeroth-key the-first-key")

    gateway = Gateway.the()

    assert (identity.is_ours(gateway), gateway.password()) == (True, "geheim-77")


def test_after_one_start_the_old_key_is_needed_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """The start locks with the new key what the old one had locked."""
    monkeypatch.setenv("SECRET_KEY_FALLBACKS", "the-first-key")
    lifecycle.boot()
    monkeypatch.delenv("SECRET_KEY_FALLBACKS")

    gateway = Gateway.the()

    assert (identity.is_ours(gateway), gateway.password()) == (True, "geheim-77")


def test_without_the_old_key_it_is_a_copy_and_the_password_is_asked_for() -> None:
    """As when the database is restored beside another secret."""
    lifecycle.boot()

    gateway = Gateway.the()

    assert gateway.stop_cause == Gateway.StopCause.COPY
    with pytest.raises(SecretError):
        gateway.password()
