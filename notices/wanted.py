"""What may be said of a loan, and to whom, as SQL conditions: one for the scan, for writing, taking back and paper.

A line of a letter is wanted while its loan is open, written about and due when the notice said, nobody asked for
silence, and its reader may still be told about this child (product.md, C1, C3, N6). Of the loan's side a correction
asks nothing, and an *All clear* that it is home; of the reader's side every letter asks the same.
"""

#: Tables: loan. Parameter: on. An extension without an end is quiet until somebody gives it one.
WRITTEN_ABOUT = """(
    loan.status = 'on_loan' OR coalesce(loan.status = 'extension_asked' AND loan.quiet_until <= %(on)s, FALSE)
)"""

#: Tables: patron and grp, or partner (the other side is NULL).
BY_THEMSELVES = """coalesce(
    grp.active AND (patron.auto_send = 'yes' OR (patron.auto_send = 'group' AND grp.auto_send)),
    partner.active AND partner.auto_send
)"""

#: Tables: link (the guardianship), carer (the guardian). Parameter: on.
CARER_MAY_BE_TOLD = """(
    link.library_letters AND (link.no_letters_until IS NULL OR link.no_letters_until <= %(on)s)
    AND carer.erased_at IS NULL
)"""

# Inside EXISTS the carer is looked up by a subquery of its own: as a join it would be read through for every patron
# while the scan has nested loops switched off.

#: Tables: patron, grp. Somebody at home is on file, and the patron lets us write there.
HAS_HOME = """(
    patron.may_write_home AND NOT grp.is_staff AND EXISTS (
        SELECT FROM circulation_guardianship link
        WHERE link.patron_id = patron.id
          AND (SELECT carer.erased_at IS NULL FROM circulation_guardian carer WHERE carer.id = link.guardian_id))
)"""

#: Tables: patron, grp. Parameter: on. And at least one of them may be told.
HOME_MAY_BE_TOLD = f"""(
    patron.may_write_home AND NOT grp.is_staff AND EXISTS (
        SELECT FROM circulation_guardianship link
        WHERE link.patron_id = patron.id
          AND (SELECT {CARER_MAY_BE_TOLD} FROM circulation_guardian carer WHERE carer.id = link.guardian_id))
)"""

#: Tables: letter, notice, loan. Parameter: on.
TO_BE_SPOKEN_OF = f"""(CASE letter.kind
    WHEN 'correction' THEN TRUE
    WHEN 'all_clear' THEN loan.returned_on IS NOT NULL
    WHEN 'recall' THEN loan.returned_on IS NULL AND loan.due_on = notice.due_on AND loan.status = 'recalled'
    ELSE loan.returned_on IS NULL AND loan.due_on = notice.due_on AND {WRITTEN_ABOUT}
END)"""

#: Tables: those of LINES_OF_LETTERS. Parameter: on.
#: A reminder is over with the due date; a step is over when a later run has said a higher one.
WANTED = f"""(
    {TO_BE_SPOKEN_OF}
    AND notice.undone_at IS NULL AND notice.dropped_at IS NULL AND notice.taken_back_at IS NULL
    AND (notice.number >= 0 OR loan.due_on >= %(on)s)
    AND (notice.number = 0 OR NOT EXISTS (
        SELECT FROM notices_notice later
        WHERE later.loan_id = notice.loan_id AND later.due_on = notice.due_on AND later.number > notice.number
          AND later.number > 0 AND later.run_id IS DISTINCT FROM notice.run_id
          AND later.undone_at IS NULL AND later.taken_back_at IS NULL AND later.dropped_at IS NULL))
    AND (patron.id IS NULL OR (patron.erased_at IS NULL
         AND (patron.no_letters_until IS NULL OR patron.no_letters_until <= %(on)s)))
    AND (NOT coalesce(run.by_clock, FALSE) OR {BY_THEMSELVES})
    AND (letter.audience <> 'contact' OR letter.group_id = patron.group_id)
    AND (letter.audience <> 'guardian' OR (patron.may_write_home AND NOT grp.is_staff AND EXISTS (
         SELECT FROM circulation_guardianship link
         WHERE link.patron_id = patron.id AND link.guardian_id = letter.guardian_id
           AND (SELECT {CARER_MAY_BE_TOLD} FROM circulation_guardian carer WHERE carer.id = link.guardian_id))))
)"""

LINES_OF_LETTERS = """
    notices_line line
    JOIN notices_letter letter ON letter.id = line.letter_id
    LEFT JOIN notices_run run ON run.id = letter.run_id
    JOIN notices_notice notice ON notice.id = line.notice_id
    JOIN circulation_loan loan ON loan.id = notice.loan_id
    LEFT JOIN circulation_patron patron ON patron.id = loan.patron_id
    LEFT JOIN circulation_group grp ON grp.id = patron.group_id
    LEFT JOIN circulation_partnerlibrary partner ON partner.id = loan.partner_id
"""
