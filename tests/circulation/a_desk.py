"""A desk in a process of its own: for each day that it is told, it lends the item and answers in a line.

``python -m tests.circulation.a_desk ITEM PATRON``; the database is the one in DATABASE_URL, which ``a_desk`` sets to
the test's own.
"""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from urllib.parse import quote

from django.db import connection

ROOT = Path(__file__).resolve().parents[2]


def a_desk(item: int, patron: int) -> "subprocess.Popen[str]":
    """Start one. Write a day and an end of line to it; it answers ``lent`` or with the sentence that it was told."""
    database = connection.settings_dict
    address = (
        f"postgresql://{quote(database['USER'])}:{quote(database['PASSWORD'])}"
        f"@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    )
    return subprocess.Popen(
        [sys.executable, "-m", "tests.circulation.a_desk", str(item), str(patron)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "library.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )


def main(item: int, patron: int) -> None:
    import django

    django.setup()
    from circulation import desk
    from circulation.models import Item, Patron

    thing, borrower = Item.objects.get(pk=item), Patron.objects.get(pk=patron)
    for day in sys.stdin:
        try:
            desk.lend(thing, to=borrower, on=date.fromisoformat(day.strip()))
            answer = "lent"
        except desk.DeskError as refusal:
            answer = str(refusal)
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
