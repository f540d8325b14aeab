"""A day of the demonstration library, with everything that goes wrong in one: no log names a person or a title (S3).

What every process says, what the servers write into their files, and what the commands of the night print, is searched
for every address, surname, card number, barcode and title of the database.
"""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener, urlopen

import psycopg2
import pytest

from tests.journeys.system import PROJECT, System, eventually

pytestmark = pytest.mark.slow

WORDS = """
    SELECT email FROM circulation_patron UNION SELECT last_name FROM circulation_patron
    UNION SELECT barcode FROM circulation_patron UNION SELECT email FROM circulation_guardian
    UNION SELECT name FROM circulation_guardian UNION SELECT email FROM circulation_partnerlibrary
    UNION SELECT title FROM circulation_item UNION SELECT barcode FROM circulation_item
"""
#: What the pages, the daily run and the gateway cannot do without; each is missing for a while.
COLUMNS = [
    ("circulation_patron", "known_as"),
    ("smtp_gateway_outboundmessage", "subject"),
    ("circulation_item", "author"),
]
ADDRESSES = ["/patrons/?q={}", "/find/?q={}", "/loans/?q={}", "/items/?q={}", "/outbox/?q={}", "/due-notices/?q={}"]


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    """The school of the demonstration, as ``make run`` starts it."""
    system = System(tmp_path / "var")
    system.start(demo=True)
    yield system
    system.stop()


def test_no_log_names_a_person_or_a_title(system: System, tmp_path: Path) -> None:
    """Letters go out, pages are looked at, pages and tasks break, guesses at passwords, broken requests, bad files."""
    with closing(psycopg2.connect(system.database_url)) as database:
        surname, card = _one_of_them(database)
        eventually(lambda: len(_letters(system)) >= 3, seconds=60)
        browser = _signed_in(system, name="librarian", password="library")
        _look_around(system, browser, surname)
        with _columns_missing(database):
            _look_around(system, browser, surname)
            _scan(system, browser, card)
            eventually(lambda: "raised unexpected" in system.said(), seconds=90)  # a tick that needs a missing column
        _guess(system, name=f"{surname}@banksia.example")
        _send_what_gunicorn_cannot_read(system, surname)
        printed = _import_at_night(system, tmp_path / "patrons.csv", surname=surname, card=card)
        words = _words(database)

    logs = {"up": system.said(), "import_patrons --quiet": printed} | {
        str(path.relative_to(tmp_path)): path.read_text(errors="replace") for path in tmp_path.rglob("*.log")
    }

    assert "Internal Server Error: /patrons/" in logs["up"]
    assert "raised unexpected" in logs["up"]
    assert "Error handling request" in logs["up"]
    assert len(words) > 1000
    assert {(name, word) for name, text in logs.items() for word in _named_in(text, words)} == set()


def _one_of_them(database: "psycopg2.extensions.connection") -> tuple[str, str]:
    with database, database.cursor() as cursor:
        cursor.execute("SELECT last_name, barcode FROM circulation_patron WHERE email <> '' ORDER BY id LIMIT 1")
        found: tuple[str, str] = cursor.fetchone()
        return found


def _words(database: "psycopg2.extensions.connection") -> set[str]:
    with database, database.cursor() as cursor:
        cursor.execute(WORDS)
        return {word for (word,) in cursor.fetchall() if word}


def _named_in(text: str, words: set[str]) -> set[str]:
    """Whole words, with their capitals: a surname may be a word of every day."""
    return {word for word in words if word in text and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)}


def _letters(system: System) -> list[object]:
    with urlopen(f"http://127.0.0.1:{system.mailbox}/messages.json") as answer:
        letters: list[object] = json.load(answer)
        return letters


@contextmanager
def _columns_missing(database: "psycopg2.extensions.connection") -> Iterator[None]:
    """As after half an upgrade: whatever asks for them breaks."""
    for old, new in (("", "_away"), ("_away", "")):
        with database, database.cursor() as cursor:
            for table, column in COLUMNS:
                cursor.execute(f"ALTER TABLE {table} RENAME COLUMN {column}{old} TO {column}{new}")
        if not old:
            yield


def _signed_in(system: System, *, name: str, password: str) -> OpenerDirector:
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    assert _post(system, browser, "/sign-in/", on="/sign-in/", username=name, password=password) == 200
    return browser


def _guess(system: System, *, name: str) -> None:
    for _ in range(6):
        browser = build_opener(HTTPCookieProcessor(CookieJar()))
        _post(system, browser, "/sign-in/", on="/sign-in/", username=name, password="a guess")


def _look_around(system: System, browser: OpenerDirector, surname: str) -> None:
    for address in ADDRESSES:
        _open(browser, system.url + address.format(surname))


def _scan(system: System, browser: OpenerDirector, card: str) -> None:
    _post(system, browser, "/desk/scan/", on="/password/", scan=card, do="lend")


def _open(browser: OpenerDirector, address: str | Request) -> tuple[int, str]:
    try:
        with browser.open(address) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def _post(system: System, browser: OpenerDirector, address: str, *, on: str, **form: str) -> int:
    _, page = _open(browser, system.url + on)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    data = urlencode({"csrfmiddlewaretoken": token[1] if token else "", **form}).encode()
    return _open(browser, Request(system.url + address, data))[0]


def _send_what_gunicorn_cannot_read(system: System, surname: str) -> None:
    """A charset that is none, and a request that is no request."""
    for request in (
        f"GET /find/?q={surname} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain; charset=rot13\r\n\r\n",
        f"GET /find/?q={surname} HTTP/9.9\r\nHost: localhost\r\n\r\n",
        f"GET /find/?q={surname} HTTP/1.1\r\nHost: localhost\r\n{surname} : x\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", system.web)) as connection:
            connection.sendall(request.encode())
            connection.recv(4096)


def _import_at_night(system: System, file: Path, *, surname: str, card: str) -> str:
    """One row is refused, one names a doubled card: what cron would mail."""
    file.write_text(
        "barcode,last_name,first_name,group,email\n"
        f"{card},{surname},Mia,7B,not an address\n{card},{surname},Tom,7B,tom@home.example\n"
    )
    command = [sys.executable, "manage.py", "import_patrons", str(file), "--quiet"]
    done = subprocess.run(command, cwd=PROJECT, env=system.environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr
