"""How long pages of people and things take in a large library: lists, one row of them, and the search field.

``python -m benchmarks.lists`` fills a database of its own as ``benchmarks.desk`` does (200,000 patrons, 500,000 items,
1,000,000 loans, a third of them open) and asks each page as a browser does, without the network.
"""

import argparse
import statistics
import time
from typing import TYPE_CHECKING

from benchmarks.desk import fill, signed_in
from benchmarks.drain import installation, row

if TYPE_CHECKING:
    from django.test import Client

PAGES = {
    "loans": "/loans/",
    "loans, a later page": "/loans/?after={loan}",
    "loans by borrower": "/loans/?sort=borrower",
    "loans by title, downwards": "/loans/?sort=-item",
    "loans of a class, late": "/loans/?group={group}&late=late",
    "loans of “chen”": "/loans/?q=chen",
    "loans of “aeiou”": "/loans/?q=aeiou",
    "ready to bill": "/loans/?tab=ready-to-bill",
    "lost": "/loans/?tab=lost",
    "returned": "/loans/?tab=returned",
    "returned, a later page": "/loans/?tab=returned&after={returned}",
    "one loan": "/loans/{loan}/",
    "items": "/items/",
    "items, a later page": "/items/?after={item}",
    "items by author": "/items/?sort=author",
    "items by call number, downwards": "/items/?sort=-shelf",
    "items of “salt chen”": "/items/?q=salt+chen",
    "items on loan": "/items/?where=out",
    "items in the library": "/items/?where=in",
    "one item": "/items/{item}/",
    "find “chen m”": "/find/?q=chen+m",
    "find “book”": "/find/?q=book",
    "find an address": "/find/?q=pupil1234@students.example",
    "find a number": "/find/?q=P1001234",
    "patrons": "/patrons/",
    "patrons of “chen m”": "/patrons/?q=chen+m",
    "one patron": "/patrons/{patron}/",
}


def measure(times: int) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from circulation.models import Group, Item, Loan, Patron

    client = signed_in()
    middle = {
        "loan": Loan.objects.open().order_by("pk").values_list("pk", flat=True)[5_000],
        "returned": Loan.objects.exclude(returned_on=None).order_by("pk").values_list("pk", flat=True)[5_000],
        "item": Item.objects.order_by("pk").values_list("pk", flat=True)[5_000],
        "patron": Patron.objects.order_by("pk").values_list("pk", flat=True)[5_000],
        "group": Group.objects.order_by("pk").values_list("pk", flat=True)[50],
    }
    row("", "queries", "p50", "p95", "most")
    for name, address in PAGES.items():
        url = address.format(**middle)
        with CaptureQueriesContext(connection) as asked:
            _milliseconds(client, url)
        queries = len(asked)
        spent = sorted(_milliseconds(client, url) for _ in range(times))
        figures = (statistics.median(spent), spent[int(times * 0.95)], spent[-1])
        row(name, str(queries), *(f"{value:.0f} ms" for value in figures))


def _milliseconds(client: "Client", url: str) -> float:
    started = time.perf_counter()
    answer = client.get(url)
    assert answer.status_code in (200, 302), answer
    return (time.perf_counter() - started) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patrons", type=int, default=200_000)
    parser.add_argument("--items", type=int, default=500_000)
    parser.add_argument("--loans", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=20)
    options = parser.parse_args()
    size = {"patrons": options.patrons, "items": options.items, "loans": options.loans}
    with installation():
        from django.core.management import call_command

        call_command("collectstatic", verbosity=0, interactive=False)
        fill(**size)
        row("filled", *(f"{many:,} {name}" for name, many in size.items()))
        measure(options.times)


if __name__ == "__main__":
    main()
