"""How long a scan takes at the desk of a large library, and a search among 200,000 names.

``python -m benchmarks.desk`` fills a database of its own with 200,000 patrons, 500,000 items and 1,000,000 loans (a
third of them open), then asks the desk's pages as a browser does, without the network, 300 times each.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from benchmarks.drain import installation, row

if TYPE_CHECKING:
    from django.test import Client

FIRST = "Mia Tom Grace Asha Ruby Zayd Lena Oisín Thảo Tāmati Selam Noah Ava Leo Isla Jack Amelia Harper Ngozi Łukasz"
LAST = "Chen Okafor Lee Perkins Rahimi Novák Haddad Walker Nguyễn Tesfaye O’Brien Smith Jones Silva Müller Singh Kaur"

FILL = [
    "SET statement_timeout = 0",
    """INSERT INTO circulation_group (name, is_staff, active, contact_name, contact_email, loan_days, max_renewals,
              auto_send, home_reads_titles, contact_reads_titles)
       SELECT 'Class ' || n, false, true, '', '', 14, 2, true, true, false FROM generate_series(1, 200) n""",
    """INSERT INTO circulation_patron (barcode, first_name, last_name, known_as, name_at_home, email, address, group_id,
              prefers_paper, auto_send, may_write_home, no_letters_reason, added_at)
       SELECT 'P' || 1000000 + n, (%(first)s)[1 + n %% cardinality(%(first)s)],
              (%(last)s)[1 + n / 7 %% cardinality(%(last)s)] || CASE WHEN n %% 3 = 0 THEN '' ELSE
                  '-' || initcap(translate((n / 11 %% 4000)::text, '0123456789', 'aeiourstln')) END,
              '', '', 'pupil' || n || '@students.example', '', (SELECT min(id) FROM circulation_group) + n %% 200,
              false, 'group', true, '', now()
         FROM generate_series(1, %(patrons)s) n""",
    """INSERT INTO circulation_item (barcode, title, author, call_number, added_at)
       SELECT 3000000000 + n, 'The book of ' || translate((n / 5)::text, '0123456789', 'aeiourstln') || ' and salt',
              (%(last)s)[1 + n / 9 %% cardinality(%(last)s)], 'A' || n %% 1000, now()
         FROM generate_series(1, %(items)s) n""",
    """INSERT INTO circulation_loan (item_id, service, patron_id, lent_on, due_on, due_set_on, renewals, status,
              status_reason, shelf_checks_left, returned_on, our_reference, their_reference, conditions, from_file)
       SELECT i.first + (n - 1) %% %(items)s, 'circulation', p.first + (n * 7) %% %(patrons)s, day, day + 14, day, 0,
              'on_loan', '', 0, CASE WHEN n > %(open)s THEN day + 10 END, '', '', '', false
         FROM (SELECT n, current_date - (n %% 40) AS day FROM generate_series(1, %(loans)s) n) made,
              (SELECT min(id) AS first FROM circulation_item) i, (SELECT min(id) AS first FROM circulation_patron) p""",
    "ANALYZE",
    "RESET statement_timeout",
]


def fill(*, patrons: int, items: int, loans: int) -> None:
    from django.db import connection

    figures = {"patrons": patrons, "items": items, "loans": loans, "open": loans // 3}
    with connection.cursor() as cursor:
        for statement in FILL:
            cursor.execute(statement, {"first": FIRST.split(), "last": LAST.split(), **figures})


def signed_in() -> "Client":
    from django.contrib.auth.models import Group, User
    from django.test import Client

    from library import access

    access.make_roles()
    helen = User.objects.create_user("helen")
    helen.groups.add(Group.objects.get(name=access.Role.LIBRARIAN.label))
    client = Client(headers={"HX-Request": "true", "Host": "localhost"})
    client.force_login(helen)
    return client


def measure(times: int, *, patrons: int, items: int, loans: int) -> None:
    from circulation.models import Patron

    client, chance = signed_in(), random.Random(7)
    first = Patron.objects.order_by("pk").values_list("pk", flat=True)[0]
    fresh = iter(chance.sample(range(loans // 3 + 1, items), times))
    out = iter(chance.sample(range(1, loans // 3), 2 * times))

    def card() -> dict[str, object]:
        return {"do": "lend", "scan": f"P{1_000_001 + chance.randrange(patrons - 1)}"}

    def lend() -> dict[str, object]:
        return {"do": "lend", "scan": 3_000_000_000 + next(fresh), "patron": first + chance.randrange(patrons)}

    def item(mode: str) -> Callable[[], dict[str, object]]:
        return lambda: {"do": mode, "scan": 3_000_000_000 + next(out)}

    def typed(text: str, mode: str = "lend") -> Callable[[], dict[str, object]]:
        return lambda: {"do": mode, "scan": text}

    row("", "p50", "p95", "most")
    for name, asked in (
        ("scan a card", card),
        ("lend", lend),
        ("return", item("return")),
        ("renew", item("renew")),
        ("find “chen m”", typed("chen m")),
        ("find “chen”", typed("chen")),
        ("find “m”", typed("m")),
        ("find an address", typed("pupil1234@students")),
        ("find a title", typed("book salt chen", "return")),
    ):
        spent = sorted(_milliseconds(client, asked()) for _ in range(times))
        row(name, *(f"{value:.1f} ms" for value in (statistics.median(spent), spent[int(times * 0.95)], spent[-1])))


def _milliseconds(client: "Client", values: dict[str, object]) -> float:
    started = time.perf_counter()
    answer = client.post("/desk/scan/", values)
    assert answer.status_code == 200, answer
    return (time.perf_counter() - started) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patrons", type=int, default=200_000)
    parser.add_argument("--items", type=int, default=500_000)
    parser.add_argument("--loans", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=300)
    options = parser.parse_args()
    size = {"patrons": options.patrons, "items": options.items, "loans": options.loans}
    with installation():
        from django.core.management import call_command

        call_command("collectstatic", verbosity=0, interactive=False)
        started = time.perf_counter()
        fill(**size)
        row("filled", *(f"{many:,} {name}" for name, many in size.items()), f"{time.perf_counter() - started:.0f} s")
        measure(options.times, **size)


if __name__ == "__main__":
    main()
