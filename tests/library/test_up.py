"""``manage.py up``, which is all that ``make run`` does: from an empty folder to letters in a mailbox, and back."""

import json
import os
import signal
import subprocess
import sys
from contextlib import closing, suppress
from urllib.error import URLError
from urllib.request import urlopen

import psycopg2
import pytest

from library.embedded import Address, free_port
from tests.library.processes import PROJECT, eventually, sessions_alive, sessions_under

pytestmark = pytest.mark.slow


class Installation:
    """Everything on ports and in a folder of its own, as another checkout on this machine would be."""

    def __init__(self, folder):
        self.folder = folder
        self.web, self.smtp, self.mailbox, self.postgres, self.valkey = (free_port() for _ in range(5))
        self.log = ""

    def start(self):
        environment = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
        environment |= {
            "LIBRARY_VAR": str(self.folder),
            "LIBRARY_POSTGRES_PORT": str(self.postgres),
            "LIBRARY_VALKEY_PORT": str(self.valkey),
        }
        ports = ["--web", str(self.web), "--smtp", str(self.smtp), "--mailbox", str(self.mailbox)]
        command = [sys.executable, "manage.py", "up", *ports]
        self.process = subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip
        assert eventually(lambda: self.answers() or self.process.poll() is not None, seconds=120)

    def answers(self):
        with suppress(URLError), urlopen(f"http://127.0.0.1:{self.web}/health/") as response:
            return response.status == 200
        return False

    def letters(self):
        with urlopen(f"http://127.0.0.1:{self.mailbox}/messages.json") as response:
            return json.load(response)

    def patrons(self):
        address = Address(port=self.postgres, password=(self.folder / "servers-password").read_text().strip())
        with closing(psycopg2.connect(address.database_url)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM circulation_patron")
            return cursor.fetchone()[0]

    def stop(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.log, _ = self.process.communicate(timeout=90)
        return self.process.returncode


@pytest.fixture
def installation(tmp_path):
    made = Installation(tmp_path / "var")
    yield made
    made.process.kill()
    made.process.wait()


def test_ten_letters_arrive_and_nothing_is_left_behind(installation):
    """The promise of the first command in the README; the second start finds what the first one made."""
    installation.start()
    ten_came = eventually(lambda: len(installation.letters()) >= 10, seconds=15)
    sessions, patrons = sessions_under(installation.process.pid), installation.patrons()
    first = installation.stop()
    left = sessions_alive() & sessions

    installation.start()
    patrons_again = installation.patrons()
    second = installation.stop()

    assert ten_came
    assert (first, second, left) == (0, 0, set())
    assert patrons_again == patrons > 300
    assert f"http://127.0.0.1:{installation.web}/" in installation.log
