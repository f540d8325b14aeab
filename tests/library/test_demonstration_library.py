"""The demonstration library: a school, made for one day."""

from collections import Counter
from datetime import date

import pytest

from circulation.models import Loan
from library import standing
from library.demo import load
from notices import scan
from notices.models import Notice

pytestmark = pytest.mark.django_db


def test_scratch(today: date) -> None:
    import time
    from django.db import connection
    standing.set_up()
    t = time.perf_counter()
    told = load.make(on=today)
    print("make", time.perf_counter() - t, told)
    t = time.perf_counter()
    run = scan.run(on=today)
    print("scan", time.perf_counter() - t, run.outcomes(), run.letters)
    print(Counter(Loan.objects.values_list("service", "status")))
    print(Counter(run.letters_of.values_list("service", "audience", "channel", "number")))
    print(Counter(Notice.objects.filter(run=run).values_list("step__schedule__name", "number")))
    assert 0
