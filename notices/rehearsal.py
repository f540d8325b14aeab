"""Runs of days that have not come: the scan's own statements over a ledger that nobody keeps (product.md, N9 to N12).

For the length of one transaction the ledger's tables are hidden behind temporary ones of the same names, filled with
what the scan reads of them; where few loans are asked about, so are the tables of loans and people. So the statements
that judge, say and plan letters are those of the real run to the last character, each day finds what the days before
it said, and composing reads the planned letters like any others. It writes nothing that outlives it, waits for nobody
and keeps nobody waiting.

What it supposes: nothing is lent, returned or changed, what is held is let go today, and every letter that is planned
can be written.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date, timedelta

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from circulation.calendar import OpenDays
from notices import ready, scan
from notices.models import Run, RunSettings, Schedule

ONE_DAY = timedelta(days=1)
AHEAD = 366
"""How far a next run is looked for before it is taken for never."""

# Promises: the scan finds in them what it would find in the real ones: what stands in the ledger about present due
# dates, letters young enough for *days between letters*, and those that could not be written, with their notices.
# What is planned here has ids of its own, far from the real ones.
LETTERS = """
CREATE TEMPORARY TABLE notices_letter ON COMMIT DROP AS
    SELECT * FROM public.notices_letter letter WHERE (state IN ('failed', 'held') OR day > %(since)s)
"""
SHADOWS = """
CREATE TEMPORARY TABLE notices_notice ON COMMIT DROP AS
    SELECT notice.* FROM public.notices_notice notice
    JOIN circulation_loan loan ON loan.id = notice.loan_id AND loan.due_on = notice.due_on
    WHERE loan.returned_on IS NULL AND notice.undone_at IS NULL AND notice.taken_back_at IS NULL AND notice.number <> 0
      AND (%(only)s::bigint[] IS NULL OR notice.loan_id = ANY(%(only)s));
CREATE TEMPORARY TABLE notices_line ON COMMIT DROP AS
    SELECT line.* FROM public.notices_line line JOIN notices_letter letter ON letter.id = line.letter_id
    WHERE letter.state = 'failed';
UPDATE notices_notice SET said_on = %(on)s, run_id = NULL
WHERE run_id IN (SELECT id FROM notices_run WHERE held_at IS NOT NULL AND let_go_at IS NULL AND dropped_at IS NULL);
UPDATE notices_letter SET day = %(on)s WHERE state = 'held';
CREATE TEMPORARY SEQUENCE imagined_notice START 1000000000000;
CREATE TEMPORARY SEQUENCE imagined_letter OWNED BY notices_letter.id START 1000000000000;
ALTER TABLE notices_notice ALTER id SET DEFAULT nextval('imagined_notice');
ALTER TABLE notices_letter ALTER id SET DEFAULT nextval('imagined_letter');
CREATE UNIQUE INDEX ON notices_notice (loan_id, due_on, number, occurrence);
CREATE TEMPORARY TABLE became (loan_id bigint, outcome text) ON COMMIT DROP;
"""

# Promises: of circulation, all that a run of these loans reads: with them what else their readers have, which letters
# list as also out. A hundred rows are then joined to hundreds, not to the whole library.
FEW = """
CREATE TEMPORARY TABLE circulation_loan ON COMMIT DROP AS
    SELECT * FROM public.circulation_loan WHERE id = ANY(%(only)s)
    UNION
    SELECT * FROM public.circulation_loan WHERE returned_on IS NULL
      AND patron_id IN (SELECT patron_id FROM public.circulation_loan WHERE id = ANY(%(only)s));
CREATE TEMPORARY TABLE circulation_item ON COMMIT DROP AS
    SELECT * FROM public.circulation_item WHERE id IN (SELECT item_id FROM circulation_loan);
CREATE TEMPORARY TABLE circulation_patron ON COMMIT DROP AS
    SELECT * FROM public.circulation_patron WHERE id IN (SELECT patron_id FROM circulation_loan);
CREATE TEMPORARY TABLE circulation_guardianship ON COMMIT DROP AS
    SELECT * FROM public.circulation_guardianship WHERE patron_id IN (SELECT id FROM circulation_patron);
CREATE TEMPORARY TABLE circulation_guardian ON COMMIT DROP AS
    SELECT * FROM public.circulation_guardian WHERE id IN (SELECT guardian_id FROM circulation_guardianship);
"""

# Promises: the letters to their readers. In a busy week the others are a hundred thousand.
LETTERS_OF_FEW = f"""{LETTERS} AND (
    patron_id = ANY(ARRAY(SELECT id FROM circulation_patron))
    OR guardian_id = ANY(ARRAY(SELECT id FROM circulation_guardian))
    OR also_guardian_id = ANY(ARRAY(SELECT id FROM circulation_guardian))
    OR group_id = ANY(ARRAY(SELECT DISTINCT group_id FROM circulation_patron))
    OR partner_id = ANY(ARRAY(SELECT DISTINCT partner_id FROM circulation_loan WHERE partner_id IS NOT NULL)))
"""

# Promises: whoever shares a reader with one of these loans, so that the days between two letters are counted right:
# siblings by their guardians, and the siblings of those; all that a partner library has of ours.
# OFFSET 0 keeps each step a look into an index: PostgreSQL expects a tenth of the school in a family.
RELATED = """
WITH RECURSIVE kin AS (
    SELECT DISTINCT patron_id FROM circulation_loan WHERE id = ANY(%(loans)s) AND patron_id IS NOT NULL
    UNION
    SELECT sibling.patron_id
    FROM kin
    CROSS JOIN LATERAL (
        SELECT other.patron_id
        FROM circulation_guardianship own
        JOIN circulation_guardianship other USING (guardian_id)
        WHERE own.patron_id = kin.patron_id
        OFFSET 0) AS sibling
)
SELECT loan.id
FROM kin
CROSS JOIN LATERAL (
    SELECT id FROM circulation_loan WHERE patron_id = kin.patron_id AND returned_on IS NULL OFFSET 0) AS loan
UNION
SELECT loan.id FROM circulation_loan loan
WHERE loan.returned_on IS NULL
  AND loan.partner_id IN (SELECT partner_id FROM circulation_loan WHERE id = ANY(%(loans)s))
"""

TURN_THE_PAGE = "DROP TABLE IF EXISTS told_to, said, planned; TRUNCATE due_window, loans_at_step, became"
TURN_A_SMALL_PAGE = """
DROP TABLE IF EXISTS told_to, said, planned;
DELETE FROM due_window; DELETE FROM loans_at_step; DELETE FROM became
"""


class Rehearsal:
    """Looks at one day after the other; what a day says is in the ledger of the next ones."""

    def __init__(self, cursor: CursorWrapper, *, only: Collection[int] | None) -> None:
        self.cursor = cursor
        self.schedules = list(Schedule.objects.in_force())
        self.open_days = OpenDays.load()
        self._only = only
        self._began = False

    def look(self, on: date, *, by_clock: bool = True) -> bool:
        """What a run of this day would decide: loans and outcomes in ``became``, people in ``told_to``, letters in
        ``planned``. Returns whether it would say anything; where not, the last two do not exist.
        """
        if self._began:
            self.cursor.execute(TURN_THE_PAGE if self._only is None else TURN_A_SMALL_PAGE)
            scan.write_windows(self.cursor, self.schedules, on=on, open_days=self.open_days)
        else:
            scan.write_rules(self.cursor, self.schedules, on=on, open_days=self.open_days)
            self._began = True
        question = scan.Question(on=on, by_clock=by_clock, only=self._only)
        if not scan.note(self.cursor, question, self.schedules, open_days=self.open_days):
            return False
        scan.say(self.cursor, run_id=-on.toordinal(), on=on)  # each day's run is another one, and none that is kept
        return True

    @property
    def has_looked(self) -> bool:
        return self._began

    def days(self, *, after: date) -> Iterator[tuple[date, str | None]]:
        """From the next run's day on, as if the daily run were switched on today: each with why it is quiet."""
        settings = RunSettings.the()
        ran = Run.objects.of_day(after).by_the_clock().exists()
        day = max(after if settings.enabled and not ran else after + ONE_DAY, settings.first_day or after)
        for _ in range(AHEAD):
            yield day, ready.why_quiet(settings, on=day, open_days=self.open_days)
            day += ONE_DAY

    def runs(self, *, after: date) -> Iterator[date]:
        """The days on which it writes."""
        return (day for day, quiet in self.days(after=after) if quiet is None)


@contextmanager
def rehearsal(*, on: date, only: Collection[int] | None = None) -> Iterator[Rehearsal]:
    """Imagined runs from the day ``on``, of all loans or of these ids. Raises CalendarError, as a run would.

    Inside, models of these tables read the imagined rows: what else a caller wants of them it reads before or after.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        between = max((schedule.days_between for schedule in Schedule.objects.in_force()), default=0)
        values = {"on": on, "since": on - timedelta(days=between), "only": None if only is None else list(only)}
        if only is None:
            cursor.execute("SET LOCAL statement_timeout = 0")
        else:
            cursor.execute(FEW, values)
        cursor.execute(LETTERS if only is None else LETTERS_OF_FEW, values)
        cursor.execute(SHADOWS, values)
        cursor.execute(scan.ALL_AT_ONCE)
        yield Rehearsal(cursor, only=only)
        transaction.set_rollback(True)


def related(loan_ids: Collection[int]) -> list[int]:
    """These loans and every other that can share a letter with one of them, by a home or a partner library."""
    with connection.cursor() as cursor:
        cursor.execute(RELATED, {"loans": list(loan_ids)})
        return sorted({*loan_ids, *(pk for (pk,) in cursor.fetchall())})
