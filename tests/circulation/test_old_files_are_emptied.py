"""What a file said is forgotten after sixty days; what it did stays, in numbers."""

from datetime import timedelta

import pytest

from circulation.imports import pruning
from circulation.models import ImportFile
from tests.circulation.conftest import NOON, bring_in

pytestmark = pytest.mark.django_db

ROWS = "barcode,last_name,first_name,group,email\nP1,Chen,Mia,7B,\nP2,Lee,Tom,7B,nonsense\n"


def test_an_old_file_keeps_its_numbers_alone() -> None:
    """Sixty days and a minute ago; yesterday's is as it was."""
    for days in (1, 60):
        bring_in("patrons", ROWS, skip_refused=True)
        ImportFile.objects.filter(pk=ImportFile.objects.latest("pk").pk).update(
            uploaded_at=NOON - timedelta(days=days, minutes=1)
        )

    count = pruning.prune(at=NOON)

    old, new = ImportFile.objects.order_by("uploaded_at")
    assert (count, pruning.prune(at=NOON)) == (1, 0)
    assert (bytes(old.content), old.refused, old.notes, old.shown, old.emptied_at) == (b"", [], [], {}, NOON)
    assert (old.rows, old.unchanged, old.state) == (2, 1, "applied")
    assert (bytes(new.content), len(new.refused), new.emptied_at) == (ROWS.encode(), 1, None)
