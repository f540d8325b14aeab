"""Whether a line of a letter may still be said, as one SQL condition for writing, taking back, letting go and paper.

A line is wanted while its loan is open, written about and due when the notice said, nobody asked for silence, and
its reader may still be told about this child (product.md, C1, C3, N6).
"""

#: Tables: line, letter, run (may be absent), notice, loan, patron, grp, partner. Parameter: on.
WANTED = """(
    loan.returned_on IS NULL
    AND loan.due_on = notice.due_on
    AND (loan.status = 'on_loan' OR (loan.status = 'extension_asked' AND loan.quiet_until <= %(on)s))
    AND notice.undone_at IS NULL AND notice.dropped_at IS NULL AND notice.taken_back_at IS NULL
    AND (patron.id IS NULL OR (patron.erased_at IS NULL
         AND (patron.no_letters_until IS NULL OR patron.no_letters_until <= %(on)s)))
    AND (NOT coalesce(run.by_clock, FALSE) OR coalesce(
         grp.active AND (patron.auto_send = 'yes' OR (patron.auto_send = 'group' AND grp.auto_send)),
         partner.active AND partner.auto_send))
    AND (letter.audience <> 'guardian' OR (patron.may_write_home AND NOT grp.is_staff
         AND (SELECT count(*) FROM circulation_guardianship link
              JOIN circulation_guardian guardian ON guardian.id = link.guardian_id
              WHERE link.patron_id = patron.id AND link.guardian_id IN (letter.guardian_id, letter.also_guardian_id)
                AND link.library_letters AND guardian.erased_at IS NULL
                AND (link.no_letters_until IS NULL OR link.no_letters_until <= %(on)s))
             = CASE WHEN letter.also_guardian_id IS NULL THEN 1 ELSE 2 END))
)"""

TABLES = """
    notices_line line
    JOIN notices_letter letter ON letter.id = line.letter_id
    LEFT JOIN notices_run run ON run.id = letter.run_id
    JOIN notices_notice notice ON notice.id = line.notice_id
    JOIN circulation_loan loan ON loan.id = notice.loan_id
    LEFT JOIN circulation_patron patron ON patron.id = loan.patron_id
    LEFT JOIN circulation_group grp ON grp.id = patron.group_id
    LEFT JOIN circulation_partnerlibrary partner ON partner.id = loan.partner_id
"""
