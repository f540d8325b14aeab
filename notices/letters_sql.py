"""The statements of letters by hand, in the order in which they run. Each says what it promises."""

from notices.models import Template
from notices.wanted import HAS_HOME, HOME_MAY_BE_TOLD, WRITTEN_ABOUT

OPEN = "loan.returned_on IS NULL AND loan.due_on <= %(due_until)s"

#: Which loans a kind of letter is about, and which of them may be written about now. Tables: loan. Parameters: on,
#: due_until, back_since. *All clear* is for what was billed or given up as lost and is home now; once.
ABOUT = {
    Template.Kind.ALL_CLEAR: (
        """loan.returned_on >= %(back_since)s AND loan.status IN ('billed', 'lost') AND NOT EXISTS (
            SELECT FROM notices_notice notice
            JOIN notices_line line ON line.notice_id = notice.id AND line.taken_out_at IS NULL
            JOIN notices_letter letter ON letter.id = line.letter_id
            WHERE notice.loan_id = loan.id AND letter.kind = 'all_clear' AND notice.taken_back_at IS NULL)""",
        "TRUE",
    ),
    Template.Kind.RECALL: (f"{OPEN} AND loan.status = 'recalled'", "TRUE"),
}


def choose(kind: str) -> str:
    """Promises: every loan that the letter could be about, of the chosen people, is either in loans_at_step, or it
    comes back with why it stays out.

    A step that the loan's schedule does not have is step 0 here: the letter then promises no next one.
    """
    which, written_about = ABOUT.get(Template.Kind(kind), (OPEN, WRITTEN_ABOUT))
    return f"""
WITH asked AS MATERIALIZED (
    SELECT loan.id AS loan_id, loan.due_on, loan.service, loan.patron_id, loan.partner_id, schedule.id AS schedule_id,
           coalesce(schedule.letter_per_loan, FALSE) AS letter_per_loan, coalesce(step.id, 0) AS step_id,
           CASE
             WHEN NOT {written_about} THEN 'status'
             WHEN schedule.no_letters THEN 'no_schedule'
             WHEN %(counts)s AND EXISTS (
                 SELECT FROM notices_notice notice
                 WHERE notice.loan_id = loan.id AND notice.due_on = loan.due_on AND notice.number >= %(number)s
                   AND notice.undone_at IS NULL AND notice.taken_back_at IS NULL) THEN 'already_told'
             WHEN patron.no_letters_until > %(on)s THEN 'no_letters'
           END AS outcome
    FROM circulation_loan loan
    JOIN circulation_item item ON item.id = loan.item_id
    LEFT JOIN circulation_patron patron ON patron.id = loan.patron_id
    LEFT JOIN falls_under ON falls_under.service = loan.service
        AND falls_under.group_id = CASE loan.service WHEN 'circulation' THEN patron.group_id ELSE 0 END
        AND falls_under.collection_id =
            CASE loan.service WHEN 'circulation' THEN coalesce(item.collection_id, 0) ELSE 0 END
    LEFT JOIN notices_schedule schedule ON schedule.id = falls_under.schedule_id
    LEFT JOIN notices_step step ON step.schedule_id = schedule.id AND step.number = %(number)s
    WHERE loan.service = %(service)s AND {which}
      AND (loan.patron_id IS NULL OR patron.erased_at IS NULL AND CASE
           WHEN cardinality(%(patrons)s::bigint[]) > 0 THEN patron.id = ANY(%(patrons)s::bigint[])
           ELSE patron.group_id = ANY(%(groups)s::bigint[]) END)
),
kept AS (
    INSERT INTO loans_at_step
    SELECT loan_id, due_on, schedule_id, step_id, CASE WHEN %(counts)s THEN %(number)s ELSE 0 END, 0, patron_id,
           partner_id, service, letter_per_loan, 0, %(who)s, %(how)s
    FROM asked WHERE outcome IS NULL
)
SELECT loan_id, outcome FROM asked WHERE outcome IS NOT NULL ORDER BY loan_id
"""


# Promises: a letter goes to whom it was chosen for. The daily run tells the patron where nobody at home is on file; a
# person who chose Guardian sees these loans named instead.
ONLY_CHOSEN = "DELETE FROM told_to WHERE audience <> %(audience)s"

# Promises: one of the people at home, and nobody with her.
ONLY_GUARDIAN = """
DELETE FROM told_to WHERE guardian_id <> %(guardian)s AND also_guardian_id IS DISTINCT FROM %(guardian)s;
UPDATE told_to SET guardian_id = %(guardian)s, also_guardian_id = NULL;
"""

# Promises: what remains in loans_at_step has somebody to be told.
NOBODY = f"""
WITH gone AS (
    DELETE FROM loans_at_step due
    WHERE NOT EXISTS (SELECT FROM told_to WHERE told_to.loan_id = due.loan_id)
    RETURNING due.loan_id, due.patron_id
)
SELECT gone.loan_id, CASE WHEN {HAS_HOME} AND NOT {HOME_MAY_BE_TOLD} THEN 'no_letters' ELSE 'no_address' END
FROM gone
LEFT JOIN circulation_patron patron ON patron.id = gone.patron_id
LEFT JOIN circulation_group grp ON grp.id = patron.group_id
ORDER BY gone.loan_id
"""

# Promises: whoever stands on a class list gets a slip of their own, by hand.
SLIPS = """
INSERT INTO told_to (loan_id, step_id, audience, patron_id, channel, address)
SELECT loan_id, step_id, 'patron', patron_id, 'paper', '' FROM loans_at_step
"""

# Promises: nothing is said by this. Notices of drafts stand as taken back, so the ledger passes them over.
DRAFT = """
WITH new AS (
    INSERT INTO notices_notice (loan_id, due_on, number, occurrence, step_id, run_id, said_on, taken_back_at, why)
    SELECT due.loan_id, due.due_on, due.number, 0, nullif(due.step_id, 0), %(run)s, %(on)s, now(),
           'Shown to a person, not sent.'
    FROM loans_at_step due
    RETURNING id, loan_id, step_id, number
)
INSERT INTO said
SELECT new.id, new.loan_id, coalesce(new.step_id, 0), new.number, due.service, due.letter_per_loan
FROM new JOIN loans_at_step due USING (loan_id)
"""

# Promises: from here to the commit nobody changes what decides whether these letters may go. Who is changing it just
# now is waited for. Patrons before loans, as the desk locks them.
STAND_STILL = """
SELECT FROM circulation_patron WHERE id IN (
    SELECT loan.patron_id FROM circulation_loan loan JOIN notices_notice notice ON notice.loan_id = loan.id
    WHERE notice.run_id = %(run)s) ORDER BY id FOR SHARE;
SELECT FROM circulation_loan WHERE id IN (
    SELECT loan_id FROM notices_notice WHERE run_id = %(run)s) ORDER BY id FOR SHARE;
SELECT FROM circulation_guardianship WHERE guardian_id IN (
    SELECT guardian_id FROM notices_letter WHERE run_id = %(run)s
    UNION SELECT also_guardian_id FROM notices_letter WHERE run_id = %(run)s) ORDER BY id FOR SHARE;
SELECT FROM circulation_guardian WHERE id IN (
    SELECT guardian_id FROM notices_letter WHERE run_id = %(run)s
    UNION SELECT also_guardian_id FROM notices_letter WHERE run_id = %(run)s) ORDER BY id FOR SHARE;
"""

# Promises: each (loan, due date, step) is said once. What somebody told meanwhile stays as it is here: taken back.
# What leaves the ledger alone (0) is said as often as a person wishes.
SAY = """
UPDATE notices_notice notice SET taken_back_at = NULL, why = ''
WHERE notice.id IN (SELECT notice_id FROM notices_line WHERE letter_id = ANY(%(letters)s))
  AND (notice.number = 0 OR NOT EXISTS (
      SELECT FROM notices_notice other
      WHERE other.loan_id = notice.loan_id AND other.due_on = notice.due_on AND other.number = notice.number
        AND other.occurrence = notice.occurrence AND other.undone_at IS NULL AND other.taken_back_at IS NULL))
"""

# Promises: the counts keep their sum (the constraint run_counts_add_up). By email goes before on paper.
COUNT_SENT = """
WITH loan AS (
    SELECT notice.loan_id, bool_or(letter.channel = 'email') AS by_email
    FROM notices_letter letter
    JOIN notices_line line ON line.letter_id = letter.id
    JOIN notices_notice notice ON notice.id = line.notice_id
    WHERE letter.run_id = %(run)s
    GROUP BY notice.loan_id
)
SELECT count(*) FILTER (WHERE by_email), count(*) FILTER (WHERE NOT by_email) FROM loan
"""
