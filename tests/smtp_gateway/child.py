"""A worker in a process of its own, to be killed: ``python -m tests.smtp_gateway.child`` runs one check.

The database is the one in DATABASE_URL, which ``a_worker`` sets to the test's own.
"""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from django.db import connection

ROOT = Path(__file__).resolve().parents[2]


def a_worker(*, minute: float = 1.0, timeout: float = 0.5, until: float = 0) -> "subprocess.Popen[bytes]":
    """Start one; ``minute`` is the length of a minute in seconds. With ``until`` it ticks for so many seconds."""
    database = connection.settings_dict
    address = (
        f"postgresql://{quote(database['USER'])}:{quote(database['PASSWORD'])}"
        f"@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    )
    return subprocess.Popen(
        [sys.executable, "-m", "tests.smtp_gateway.child", str(minute), str(timeout), str(until)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "library.settings"},
    )


def main(minute: float, timeout: float, until: float) -> None:
    import time

    import django

    django.setup()
    from smtp_gateway import delivery
    from smtp_gateway.conversation import Timeouts
    from smtp_gateway.pace import Pace

    timeouts = Timeouts(connect=timeout, command=timeout, data=timeout, block=timeout, dot=timeout, quit=timeout)
    end = time.monotonic() + until
    while True:
        delivery.check(pace=Pace(minute=minute), timeouts=timeouts)
        if time.monotonic() >= end:
            return
        time.sleep(0.02)


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
