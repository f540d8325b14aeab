"""The statements of a look ahead, in the order in which they run. Each says what it promises.

None of them decides anything: what a run would do is decided by the statements of the run (``notices.scan_sql``),
which a loop inside the database makes once for each day. So their number, and that of the answers that wait for each
other, is the same for one day and for ninety; and the database prepares each statement once.
"""

from notices import recipients
from notices.scan import WINDOW
from notices.scan_sql import NOTE_BY_CHANNEL, NOTE_JUDGED, NOTE_NOBODY, NOTE_TOO_SOON, PLAN, SAY, TABLES

# Promises: of circulation, all that a run of these loans reads: with them what else their readers have, which letters
# list as also out. A hundred rows are then joined to hundreds, not to the whole library. Who is at home is looked up
# for each patron, so that has its index.
FEW = """
CREATE TEMPORARY TABLE circulation_loan ON COMMIT DROP AS
    WITH asked AS MATERIALIZED (SELECT * FROM public.circulation_loan WHERE id = ANY(%(only)s))
    SELECT * FROM asked
    UNION ALL
    SELECT loan.* FROM public.circulation_loan loan
    WHERE loan.returned_on IS NULL AND loan.patron_id = ANY(ARRAY(SELECT DISTINCT patron_id FROM asked))
      AND loan.id <> ALL(%(only)s);
CREATE TEMPORARY TABLE circulation_item ON COMMIT DROP AS
    SELECT * FROM public.circulation_item WHERE id IN (SELECT item_id FROM circulation_loan);
CREATE TEMPORARY TABLE circulation_patron ON COMMIT DROP AS
    SELECT * FROM public.circulation_patron WHERE id IN (SELECT patron_id FROM circulation_loan);
CREATE TEMPORARY TABLE circulation_guardianship ON COMMIT DROP AS
    SELECT * FROM public.circulation_guardianship WHERE patron_id IN (SELECT id FROM circulation_patron);
CREATE TEMPORARY TABLE circulation_guardian ON COMMIT DROP AS
    SELECT * FROM public.circulation_guardian WHERE id IN (SELECT guardian_id FROM circulation_guardianship);
CREATE INDEX ON circulation_guardianship (patron_id);
CREATE INDEX ON circulation_guardian (id);
"""

# Promises: the scan finds in them what it would find in the real ones: what stands in the ledger about present due
# dates, letters young enough for *days between letters*, and those that could not be written, with their notices.
# What is planned here has ids of its own, far from the real ones.
LETTERS = """
CREATE TEMPORARY TABLE notices_letter ON COMMIT DROP AS
    SELECT * FROM public.notices_letter letter WHERE (state IN ('failed', 'held') OR day > %(since)s)
"""

# Promises: the letters to their readers. In a busy week the others are a hundred thousand.
LETTERS_OF_FEW = f"""{LETTERS} AND (
    patron_id = ANY(ARRAY(SELECT id FROM circulation_patron))
    OR guardian_id = ANY(ARRAY(SELECT id FROM circulation_guardian))
    OR also_guardian_id = ANY(ARRAY(SELECT id FROM circulation_guardian))
    OR group_id = ANY(ARRAY(SELECT DISTINCT group_id FROM circulation_patron))
    OR partner_id = ANY(ARRAY(SELECT DISTINCT partner_id FROM circulation_loan WHERE partner_id IS NOT NULL)))
"""

_LEDGER = """;
CREATE TEMPORARY TABLE notices_notice ON COMMIT DROP AS
    SELECT notice.* FROM public.notices_notice notice
    JOIN circulation_loan loan ON loan.id = notice.loan_id AND loan.due_on = notice.due_on
    WHERE loan.returned_on IS NULL AND notice.undone_at IS NULL AND notice.taken_back_at IS NULL
      AND notice.number <> 0;
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

# The windows of all days that are looked at together.
_WINDOWS = """
CREATE TEMPORARY TABLE coming_window ON COMMIT DROP AS
    SELECT '2000-01-01'::date AS on_day, due_window.* FROM due_window WITH NO DATA;
"""

ALL_LOANS = f"{LETTERS}{_LEDGER}{TABLES}{_WINDOWS}"
FEW_LOANS = f"{FEW}{LETTERS_OF_FEW}{_LEDGER}{TABLES}{_WINDOWS}"

# Promises: every group and collection that these loans have together, and each of the groups with none (0): a run
# asks so for collections that no schedule names.
PAIRS = """
SELECT patron.group_id, coalesce(item.collection_id, 0)
FROM circulation_loan loan
JOIN circulation_item item ON item.id = loan.item_id
JOIN circulation_patron patron ON patron.id = loan.patron_id
WHERE loan.service = 'circulation'
UNION
SELECT group_id, 0 FROM circulation_patron
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

_OF_A_DAY = "due_window", "loans_at_step", "became", "told_to", "said", "planned"
_EMPTY = " ".join(f"DELETE FROM {table};" for table in _OF_A_DAY)
_EMPTY_MANY = f"TRUNCATE {', '.join(_OF_A_DAY)};"
_COLUMNS = ", ".join(WINDOW)


def days(*, many: bool, days_between: bool, noting: str = "") -> str:
    """Promises: each day as a run of it would go, in order; the last one's tables stay as it left them.

    ``noting``: what is done after each day, in statements or PL/pgSQL; ``the.on_day`` is the day. ``many``: among all
    loans of a library the planner is told how large its intermediate results are, as in a run; among few, plans that
    are made once cost less than better ones.
    """

    def look(tables: str) -> str:
        return f"ANALYZE {tables};" if many else ""

    return f"""
DO $days$
DECLARE the record;
BEGIN
FOR the IN
    SELECT * FROM (VALUES %(days)s) AS day (on_day, first_due, last_due, weekday, by_hand, run_id) ORDER BY on_day
LOOP
    {_EMPTY_MANY if many else _EMPTY}
    INSERT INTO due_window ({_COLUMNS}) SELECT {_COLUMNS} FROM coming_window WHERE on_day = the.on_day;
    {look("due_window")}
    {NOTE_JUDGED};
    IF EXISTS (SELECT FROM loans_at_step) THEN
        {look("loans_at_step")}
        {recipients.FIND};
        {look("told_to")}
        {NOTE_NOBODY};
        {f"{NOTE_TOO_SOON};" if days_between else ""}
        {NOTE_BY_CHANNEL};
        {SAY};
        {PLAN}
        {look("notices_notice, notices_letter, notices_line")}
    END IF;
    {noting}
END LOOP;
END $days$
"""
