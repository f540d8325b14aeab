"""To which readers a letter lies held: until a person decides, the daily run keeps its distance and says nothing else.

Only finds the words for it; that held letters count for *days between letters* is the scan's rule (product.md, N14).
"""

from collections.abc import Collection
from datetime import date

from django.db import connection

# Promises: of each loan the day of the oldest held run with a letter to one of its readers, whatever that is about.
HELD_TO_A_READER = """
SELECT loan.id, min(run.day)
FROM circulation_loan loan
JOIN notices_letter letter ON letter.state = 'held' AND (
    letter.patron_id = loan.patron_id OR letter.partner_id = loan.partner_id
    OR EXISTS (
        SELECT FROM circulation_guardianship link
        WHERE link.patron_id = loan.patron_id AND link.guardian_id IN (letter.guardian_id, letter.also_guardian_id)))
JOIN notices_run run ON run.id = letter.run_id
WHERE loan.id = ANY(%s)
GROUP BY loan.id
"""


def since(loan_ids: Collection[int]) -> dict[int, date]:
    """The day since when a letter to a reader of these loans is held, by loan; nothing is asked about no loan."""
    if not loan_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(HELD_TO_A_READER, [list(loan_ids)])
        return dict(cursor.fetchall())
