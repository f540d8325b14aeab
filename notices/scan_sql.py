"""The statements of the scan, in the order in which they run. Each says what it promises.

Those that settle loans end in one of two ways: the run counts them by outcome, a look ahead (``notices.rehearsal``)
notes each of them in ``became``. What is decided is the same statement.
"""

from notices.wanted import BY_THEMSELVES, HAS_HOME, HOME_MAY_BE_TOLD, WRITTEN_ABOUT


def _counted(deciding: str, settled: str) -> str:
    return f"{deciding}\nSELECT outcome, count(*) FROM ({settled}) AS one GROUP BY outcome"


def _noted(deciding: str, settled: str) -> str:
    return f"{deciding}\nINSERT INTO became (loan_id, outcome) SELECT loan_id, outcome FROM ({settled}) AS one"


# The day's rules as rows, so that loans can be joined to them, and what the statements below hand on to each other.
# They live as long as the transaction.
TABLES = """
CREATE TEMPORARY TABLE falls_under (
    service text, group_id bigint, collection_id bigint, schedule_id bigint) ON COMMIT DROP;
CREATE TEMPORARY TABLE due_window (
    schedule_id bigint, step_id bigint, number smallint, due_from date, due_to date, set_before date, after smallint,
    said_by date, is_last boolean, repeat_days smallint, repeat_times smallint, who text, how text) ON COMMIT DROP;
CREATE TEMPORARY TABLE loans_at_step (
    loan_id bigint, due_on date, schedule_id bigint, step_id bigint, number smallint, occurrence smallint,
    patron_id bigint, partner_id bigint, service text, letter_per_loan boolean, days_between smallint,
    who text, how text) ON COMMIT DROP;
CREATE TEMPORARY TABLE told_to (
    loan_id bigint, step_id bigint, audience text, patron_id bigint, guardian_id bigint, also_guardian_id bigint,
    group_id bigint, partner_id bigint, channel text, address text) ON COMMIT DROP;
CREATE TEMPORARY TABLE said (
    notice_id bigint, loan_id bigint, step_id bigint, number smallint, service text, letter_per_loan boolean)
    ON COMMIT DROP;
CREATE TEMPORARY TABLE planned (
    letter_id bigint, service text, audience text, channel text, patron_id bigint, guardian_id bigint,
    also_guardian_id bigint, group_id bigint, partner_id bigint, address text, number smallint, notices bigint[])
    ON COMMIT DROP;
"""

# Tables: loan, item, patron, falls_under.
COVERS = """(
    falls_under.service = loan.service
    AND falls_under.group_id = CASE loan.service WHEN 'circulation' THEN patron.group_id ELSE 0 END
    AND falls_under.collection_id = CASE loan.service WHEN 'circulation' THEN coalesce(item.collection_id, 0) ELSE 0 END
)"""

# Tables: loan. Parameters: first, last, only.
_LOOKED_AT = """
    loan.returned_on IS NULL AND loan.due_on BETWEEN %(first)s AND %(last)s
    AND (%(only)s::bigint[] IS NULL OR loan.id = ANY(%(only)s))
"""

# Promises: every open loan in range is either counted under exactly one outcome, or it is in loans_at_step (once for
# each step that it has reached today; two steps may share a day).
#   in_window windows that hold the due date; ``is_said`` where that settles it: the step was said and is not repeated
#   told      what the ledger holds about the present due date of the other loans
#   reached   those other windows, and whether the ledger lets this step be said now
#   only      what a person ticked; without it, every loan
_JUDGE = f"""
WITH looked AS MATERIALIZED (
    SELECT loan.id AS loan_id, loan.due_on, loan.due_set_on, loan.patron_id, loan.partner_id, loan.service,
           schedule.id AS schedule_id, schedule.letter_per_loan, schedule.days_between,
           CASE
             WHEN NOT %(by_hand)s AND (
                 (schedule.weekdays <> '{{}}' AND NOT %(weekday)s = ANY (schedule.weekdays))
                 OR (schedule.on_library_day AND grp.library_day <> %(weekday)s)) THEN 'closed'
             WHEN NOT {WRITTEN_ABOUT} THEN 'status'
             WHEN schedule.id IS NULL OR schedule.no_letters THEN 'no_schedule'
             WHEN loan.due_on < %(on)s - schedule.stop_after THEN 'past_stop'
           END AS settled,
           CASE
             WHEN NOT %(by_hand)s AND NOT {BY_THEMSELVES} THEN 'no_auto_send'
             WHEN patron.no_letters_until > %(on)s THEN 'no_letters'
           END AS hushed
    FROM circulation_loan loan
    -- A collection that no schedule names falls under what covers any: then nobody reads through all things.
    LEFT JOIN (SELECT id, collection_id FROM circulation_item
               WHERE collection_id IN (SELECT collection_id FROM notices_schedule_collections)) AS item
        ON item.id = loan.item_id
    LEFT JOIN circulation_patron patron ON patron.id = loan.patron_id
    LEFT JOIN circulation_group grp ON grp.id = patron.group_id
    LEFT JOIN circulation_partnerlibrary partner ON partner.id = loan.partner_id
    LEFT JOIN falls_under ON {COVERS}
    LEFT JOIN notices_schedule schedule ON schedule.id = falls_under.schedule_id
    WHERE {_LOOKED_AT}
),
in_window AS MATERIALIZED (
    SELECT looked.loan_id, looked.due_on, due.step_id, due.number, due.after, due.said_by, due.is_last, due.repeat_days,
           due.repeat_times, due.who, due.how, due.repeat_days IS NULL AND notice.id IS NOT NULL AS is_said
    FROM looked
    JOIN due_window due ON due.schedule_id = looked.schedule_id AND looked.due_on BETWEEN due.due_from AND due.due_to
    LEFT JOIN notices_notice notice
        ON notice.loan_id = looked.loan_id AND notice.due_on = looked.due_on AND notice.number = due.number
        AND notice.occurrence = 0 AND notice.undone_at IS NULL AND notice.taken_back_at IS NULL
    WHERE looked.settled IS NULL AND (due.set_before IS NULL OR looked.due_set_on < due.set_before)
),
entry AS MATERIALIZED (
    SELECT notice.loan_id, notice.number, count(*) AS times, max(notice.occurrence) AS occurrence,
           max(notice.said_on) AS said_on,
           -- What is held, or stands in a letter that could not be written, was not told yet: climbing waits for it.
           min(CASE WHEN run.held_at IS NOT NULL AND run.let_go_at IS NULL AND run.dropped_at IS NULL
                      OR notice.id IN (SELECT line.notice_id FROM notices_line line
                                       JOIN notices_letter letter ON letter.id = line.letter_id
                                       WHERE letter.state = 'failed')
                    THEN %(on)s ELSE notice.said_on END) AS first_said_on,
           bool_or(notice.dropped_at IS NULL) AS heard
    FROM notices_notice notice
    LEFT JOIN notices_run run ON run.id = notice.run_id
    JOIN (SELECT DISTINCT loan_id, due_on FROM in_window WHERE NOT is_said) AS loan USING (loan_id, due_on)
    WHERE notice.undone_at IS NULL AND notice.taken_back_at IS NULL
    GROUP BY notice.loan_id, notice.number
),
told AS MATERIALIZED (
    SELECT loan_id, max(number) AS top, bool_or(heard) AS heard,
           (array_agg(first_said_on ORDER BY number DESC))[1] AS first_said_on
    FROM entry
    WHERE number > 0
    GROUP BY loan_id
),
reached AS MATERIALIZED (
    SELECT window_.*, entry.occurrence,
           CASE
             WHEN entry.loan_id IS NOT NULL THEN
               CASE WHEN window_.repeat_days IS NOT NULL AND window_.number >= coalesce(told.top, window_.number)
                         AND entry.said_on + window_.repeat_days <= %(on)s
                         AND entry.times <= coalesce(window_.repeat_times, 32000)
                    THEN 'again' ELSE 'already_told' END
             WHEN window_.number < coalesce(told.top, -32000) THEN 'already_told'
             WHEN window_.after IS NULL THEN 'now'
             WHEN coalesce(told.top, 0) < window_.after THEN 'not_yet'
             WHEN told.first_said_on > window_.said_by THEN 'not_yet'
             WHEN window_.is_last AND window_.after > 0 AND NOT told.heard THEN 'not_yet'
             ELSE 'now'
           END AS verdict
    FROM in_window window_
    LEFT JOIN entry ON entry.loan_id = window_.loan_id AND entry.number = window_.number
    LEFT JOIN told ON told.loan_id = window_.loan_id
    WHERE NOT window_.is_said
),
summary AS MATERIALIZED (
    SELECT loan_id, bool_or(verdict = 'now') AS now, bool_or(verdict = 'again') AS again,
           bool_or(verdict = 'already_told') AS already_told
    FROM reached
    GROUP BY loan_id
),
judged AS MATERIALIZED (
    SELECT looked.*, coalesce(settled, CASE
               WHEN summary.now OR summary.again THEN hushed
               WHEN summary.already_told OR looked.loan_id IN (SELECT loan_id FROM in_window WHERE is_said)
               THEN 'already_told'
               ELSE 'not_yet' END) AS outcome,
           coalesce(summary.now, FALSE) AS now
    FROM looked
    LEFT JOIN summary USING (loan_id)
),
kept AS (
    INSERT INTO loans_at_step
    SELECT judged.loan_id, judged.due_on, judged.schedule_id, reached.step_id, reached.number,
           CASE reached.verdict WHEN 'again' THEN reached.occurrence + 1 ELSE 0 END,
           judged.patron_id, judged.partner_id, judged.service, judged.letter_per_loan, judged.days_between,
           reached.who, reached.how
    FROM judged
    JOIN reached ON reached.loan_id = judged.loan_id
        AND reached.verdict = CASE WHEN judged.now THEN 'now' ELSE 'again' END
    WHERE judged.outcome IS NULL
)"""
_SETTLED = "SELECT loan_id, outcome FROM judged WHERE outcome IS NOT NULL"
JUDGE = f"""{_counted(_JUDGE, _SETTLED)}
UNION ALL
-- Of the same instant as the outcomes, but not by way of them: what does not add up is found out.
SELECT 'looked_at', count(*) FROM circulation_loan loan WHERE {_LOOKED_AT}
"""
NOTE_JUDGED = _noted(_JUDGE, _SETTLED)

# Promises: from here to the commit nobody changes these loans. What a desk or an import changed meanwhile (we waited
# for it) is left out; what they change next waits for us, and then finds the letters that must be taken back.
STILL_SO = f"""
WITH same AS MATERIALIZED (
    SELECT loan.id
    FROM circulation_loan loan
    JOIN (SELECT DISTINCT loan_id, due_on FROM loans_at_step) AS due
        ON due.loan_id = loan.id AND due.due_on = loan.due_on
    WHERE loan.returned_on IS NULL AND {WRITTEN_ABOUT}
    FOR SHARE OF loan
),
gone AS (
    DELETE FROM loans_at_step due WHERE NOT EXISTS (SELECT FROM same WHERE same.id = due.loan_id) RETURNING due.loan_id
)
SELECT DISTINCT loan_id FROM gone
"""

# Promises: a loan that leaves here leaves with an outcome. What remains in loans_at_step has somebody to be told.
_NOBODY = f"""
WITH gone AS (
    DELETE FROM loans_at_step due
    WHERE NOT EXISTS (SELECT FROM told_to WHERE told_to.loan_id = due.loan_id)
    RETURNING due.loan_id, due.patron_id, due.who
),
loan AS (
    SELECT gone.loan_id, bool_and(gone.who = 'guardians' AND {HAS_HOME} AND NOT {HOME_MAY_BE_TOLD}) AS home_is_off
    FROM gone
    LEFT JOIN circulation_patron patron ON patron.id = gone.patron_id
    LEFT JOIN circulation_group grp ON grp.id = patron.group_id
    GROUP BY gone.loan_id
)"""
_UNTOLD = "SELECT loan_id, CASE WHEN home_is_off THEN 'no_letters' ELSE 'no_address' END AS outcome FROM loan"
NOBODY = _counted(_NOBODY, _UNTOLD)
NOTE_NOBODY = _noted(_NOBODY, _UNTOLD)

# Promises: nobody gets two letters of runs closer together than the schedule says; the whole loan waits, so that
# patron and home hear of a step on one day.
_TOO_SOON = """
WITH written AS MATERIALIZED (
    SELECT day, patron_id, guardian_id, also_guardian_id, partner_id
    FROM notices_letter
    WHERE day > %(on)s - (SELECT max(days_between)::integer FROM loans_at_step)
      AND state IN ('planned', 'held', 'queued', 'to_print', 'printed')
      AND kind <> 'slip'  -- handed over with a class list: it delays no letter
),
heard AS MATERIALIZED (
    SELECT kind, person, max(day) AS day
    FROM (SELECT 'patron' AS kind, patron_id AS person, day FROM written
          UNION ALL SELECT 'guardian', guardian_id, day FROM written
          UNION ALL SELECT 'guardian', also_guardian_id, day FROM written
          UNION ALL SELECT 'partner', partner_id, day FROM written) AS one
    WHERE person IS NOT NULL
    GROUP BY kind, person
),
telling AS MATERIALIZED (
    SELECT loan_id, 'patron' AS kind, patron_id AS person FROM told_to
    UNION ALL SELECT loan_id, 'guardian', guardian_id FROM told_to
    UNION ALL SELECT loan_id, 'guardian', also_guardian_id FROM told_to
    UNION ALL SELECT loan_id, 'partner', partner_id FROM told_to
),
recent AS MATERIALIZED (
    SELECT DISTINCT due.loan_id
    FROM loans_at_step due JOIN telling USING (loan_id) JOIN heard USING (kind, person)
    WHERE heard.day > %(on)s - due.days_between
),
gone AS (DELETE FROM loans_at_step due USING recent WHERE due.loan_id = recent.loan_id RETURNING due.loan_id)"""
_WAITING = "SELECT DISTINCT loan_id, 'too_soon' AS outcome FROM gone"
TOO_SOON = _counted(_TOO_SOON, _WAITING)
NOTE_TOO_SOON = _noted(_TOO_SOON, _WAITING)

_TOLD = """
SELECT told_to.loan_id, CASE WHEN bool_or(told_to.channel = 'email') THEN 'email' ELSE 'paper' END AS outcome
FROM told_to JOIN loans_at_step USING (loan_id, step_id)
GROUP BY told_to.loan_id"""
BY_CHANNEL = _counted("", _TOLD)
NOTE_BY_CHANNEL = _noted("", _TOLD)

# Promises: each (loan, due date, step, occurrence) once; where another process was quicker, its row stands and this
# one plans no letter.
SAY = """
WITH new AS (
    INSERT INTO notices_notice (loan_id, due_on, number, occurrence, step_id, run_id, said_on, why)
    SELECT due.loan_id, due.due_on, due.number, due.occurrence, due.step_id, %(run)s, %(on)s, ''
    FROM loans_at_step due
    WHERE EXISTS (SELECT FROM told_to WHERE told_to.loan_id = due.loan_id AND told_to.step_id = due.step_id)
    ON CONFLICT (loan_id, due_on, number, occurrence)
        WHERE undone_at IS NULL AND taken_back_at IS NULL AND number <> 0 DO NOTHING
    RETURNING id, loan_id, step_id, number
)
INSERT INTO said
SELECT new.id, new.loan_id, new.step_id, new.number, due.service, due.letter_per_loan
FROM new JOIN loans_at_step due USING (loan_id, step_id)
"""

# Promises: every notice in said stands in one letter to each of its people. Reminders stand apart from overdue
# letters to a home (product.md, N5). Both INSERTs see the same planned letters.
PLAN = """
INSERT INTO planned
SELECT nextval(pg_get_serial_sequence('notices_letter', 'id')) AS letter_id,
       said.service, told.audience, told.channel, told.patron_id, told.guardian_id, told.also_guardian_id,
       told.group_id, told.partner_id, min(told.address) AS address, max(said.number) AS number,
       array_agg(DISTINCT said.notice_id) AS notices
FROM said JOIN told_to told USING (loan_id, step_id)
GROUP BY said.service, told.audience, told.channel, told.patron_id, told.guardian_id, told.also_guardian_id,
         told.group_id, told.partner_id,
         CASE WHEN told.audience IN ('guardian', 'contact') THEN said.number < 0 END,
         CASE WHEN said.letter_per_loan THEN said.loan_id END
ORDER BY said.service, told.audience, told.patron_id, told.guardian_id, told.partner_id;
INSERT INTO notices_letter (
    id, run_id, service, audience, channel, state, kind, number, revision, day, patron_id, guardian_id,
    also_guardian_id, group_id, partner_id, "to", subject, text, html, why, made_at)
SELECT letter_id, %(run)s, service, audience, channel, 'planned', 'step', number, 0, %(on)s, patron_id, guardian_id,
       also_guardian_id, group_id, partner_id, address, '', '', '', '', now()
FROM planned;
INSERT INTO notices_line (letter_id, notice_id)
SELECT letter_id, unnest(notices) FROM planned;
"""

# As autovacuum asks: until a tenth was added, what the planner knows is good enough, and a sample of a long ledger
# costs more than a small run.
ADDED_MUCH = """
SELECT count(*) * 10 > (SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'notices_letter'::regclass)
FROM planned
"""

# They would go with the transaction; a caller may have more than one run in its own.
CLEAR = "DROP TABLE IF EXISTS falls_under, due_window, loans_at_step, told_to, said, planned"
