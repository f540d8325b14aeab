"""How long large files take, and how much memory: 50,000 patrons and 100,000 open loans of another system.

``python -m benchmarks.imports`` fills a database of its own with 200,000 patrons, 500,000 items and 1,000,000 loans,
writes the files, and keeps in RESULTS.md the seconds to look at a file and to apply it, and the most memory that its
process used. Each deed has a process of its own, as a command of the night has. ``--quick``: a tenth of everything.
"""

import argparse
import csv
import io
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from multiprocessing.connection import Connection

from benchmarks import results
from benchmarks.drain import installation
from benchmarks.large_library import Size, fill

PATRONS, LOANS = 50_000, 100_000
PEOPLE = ("barcode", "last_name", "first_name", "group", "email", "guardian1_name", "guardian1_email")
OUT = ("barcode", "title", "author", "patron_barcode", "borrowed", "due", "renewals")


def people(number_of: int, *, year: int, first: int) -> bytes:
    """From card ``first`` on, all in another class each ``year``, each with somebody at home."""
    return _written(
        PEOPLE,
        (
            (
                f"P{first + number}",
                f"Family {number}",
                "Mia",
                f"Class {(number + year) % 200 + 1}",
                f"pupil{number}@students.example",
                f"Parent {number // 2}",
                f"family{number // 2}@home.example",
            )
            for number in range(number_of)
        ),
    )


def loans(number_of: int, *, day: date, later: int = 0, without: int = 0) -> bytes:
    """What is out on ``day``, things that are not on file yet. ``later``: days by which every tenth is renewed."""
    return _written(
        OUT,
        (
            (
                4_000_000_000 + number,
                f"The book of {number}",
                "Anon",
                f"P{1_000_001 + number}",
                day,
                day + timedelta(days=14 + (later if number % 10 == 0 else 0)),
                0,
            )
            for number in range(without, number_of)
        ),
    )


def _written(header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def look(kind: str, content: bytes) -> str:
    """As the page does it, the rehearsal among it."""
    from django.utils import timezone

    from circulation.imports import apply as imports

    file = imports.a_file(content, kind=kind, name="list.csv")
    plan = imports.preview(file, on=date.today(), at=timezone.now()).plan
    return f"{plan.added:,} to add, {plan.changed:,} to change, {plan.returned:,} to return"


def apply(kind: str, content: bytes) -> str:
    """As the command of the night does it."""
    from django.utils import timezone

    from circulation.imports import apply as imports
    from circulation.imports.plan import Options

    file = imports.a_file(content, kind=kind, name="list.csv")
    options = Options(allow_returns=1_000_000, skip_refused=True)
    plan = imports.apply(file, on=date.today(), at=timezone.now(), options=options)
    return f"{plan.added:,} added, {plan.changed:,} changed, {plan.returned:,} returned"


def measured(deed: Callable[[str, bytes], str], kind: str, content: bytes) -> tuple[str, float, float]:
    """What it says, its seconds, and the megabytes of its process at the most."""
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(target=_alone, args=(theirs, deed, kind, content))
    child.start()
    theirs.close()
    said, seconds, megabytes = ours.recv()
    child.join()
    return said, seconds, megabytes


def _alone(
    pipe: "Connection[tuple[str, float, float], None]", deed: Callable[[str, bytes], str], *args: object
) -> None:
    import django

    django.setup()
    began = time.perf_counter()
    said = deed(*args)  # type: ignore[arg-type]
    seconds = time.perf_counter() - began
    pipe.send((said, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    share = 10 if options.quick else 1
    size, patrons, out, today = Size().divided(share), PATRONS // share, LOANS // share, date.today()
    with installation():
        from django.db import connection

        fill(size, with_letters=False)
        with connection.cursor() as cursor:
            # What is out here is the other system's: only its own loans can be missing from its file.
            cursor.execute("UPDATE circulation_loan SET returned_on = due_on WHERE returned_on IS NULL")
            cursor.execute("VACUUM ANALYZE")
        connection.close()
        half_new = 1_000_000 + size.patrons - patrons // 2
        files = (
            (f"{patrons:,} patrons, half of them new", "patrons", people(patrons, year=1, first=half_new)),
            ("the same next year", "patrons", people(patrons, year=2, first=half_new)),
            (f"{out:,} open loans, all new", "loans", loans(out, day=today)),
            (
                "the same next night: a tenth renewed, a tenth returned",
                "loans",
                loans(out, day=today, later=7, without=out // 10),
            ),
        )
        rows = []
        for name, kind, content in files:
            for word, deed in (("look", look), ("apply", apply)):
                said, seconds, megabytes = measured(deed, kind, content)
                rows.append(
                    (
                        f"{word} at {name}" if word == "look" else f"{word} it",
                        said,
                        f"{seconds:.1f}",
                        f"{megabytes:.0f}",
                    )
                )
                sys.stdout.write(" | ".join(rows[-1]) + "\n")
                sys.stdout.flush()
    lines = [
        f"Into {size.patrons:,} patrons, {size.items:,} items and {size.loans:,} loans.",
        "",
        *results.table(("", "what", "seconds", "MB at most"), rows),
    ]
    results.write("Import", lines, quick=options.quick)


if __name__ == "__main__":
    main()
