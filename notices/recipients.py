"""Who is told about a loan, and how: patron, parents and carers, the group's contact, or a partner library.

Set-based: reads a temporary table of loans at a step, writes one of people. Decides nothing about *whether* a loan
is due. An audience never grows here: a guardianship switched off, a child with *no letters* or an erased person is
simply not among the recipients (product.md, C1, N5, S3).

What a step says and what happens, in order:
- *guardians* of somebody with no guardian on file, of staff, or of a patron who said *do not write home*: the patron;
- by email where there is an address and paper is not preferred; else what the step says: paper, guardians, nobody;
- two guardians of one child at one address: one letter with both names; of different children: letters apart.
"""

from datetime import date

from django.db.backends.utils import CursorWrapper

from notices.wanted import CARER_MAY_BE_TOLD, HAS_HOME

# Promises: every row of loans_at_step gets one row in told_to for each person who is told, or none at all.
FIND = f"""
INSERT INTO told_to
WITH borrower AS (
    SELECT due.loan_id, due.step_id, due.who, due.how, patron.id AS patron_id, patron.email, patron.prefers_paper,
           {HAS_HOME} AS has_home,
           grp.id AS group_id, grp.contact_email
    FROM loans_at_step due
    JOIN circulation_patron patron ON patron.id = due.patron_id
    JOIN circulation_group grp ON grp.id = patron.group_id
    WHERE patron.erased_at IS NULL
),
home AS (
    SELECT loan_id, step_id, patron_id, how
    FROM borrower
    WHERE has_home AND (who IN ('guardians', 'both')
        OR (who = 'patron' AND how = 'email_or_guardians' AND email = '' AND NOT prefers_paper))
),
reader AS (
    SELECT home.loan_id, home.step_id, carer.id AS guardian_id,
           CASE WHEN home.how = 'paper' OR carer.prefers_paper THEN 'paper'
                WHEN carer.email <> '' THEN 'email'
                WHEN home.how = 'email_or_paper' THEN 'paper' END AS channel,
           carer.email, lower(carer.email) AS email_key, lower(carer.address) AS address_key
    FROM home
    JOIN circulation_guardianship link ON link.patron_id = home.patron_id
    JOIN circulation_guardian carer ON carer.id = link.guardian_id
    WHERE {CARER_MAY_BE_TOLD}
),
household AS (
    SELECT loan_id, step_id, channel, (array_agg(email ORDER BY guardian_id))[1] AS email,
           array_agg(guardian_id ORDER BY guardian_id) AS guardians
    FROM reader
    WHERE channel IS NOT NULL
    GROUP BY loan_id, step_id, channel, CASE channel WHEN 'email' THEN email_key ELSE address_key END,
             -- No address is nobody's shared address.
             CASE WHEN channel = 'paper' AND address_key = '' THEN guardian_id END
)
SELECT loan_id, step_id, 'patron' AS audience, patron_id, NULL::bigint AS guardian_id,
       NULL::bigint AS also_guardian_id, NULL::bigint AS group_id, NULL::bigint AS partner_id, channel,
       CASE channel WHEN 'email' THEN email ELSE '' END AS address
FROM (SELECT *, CASE WHEN how = 'paper' OR prefers_paper THEN 'paper'
                     WHEN email <> '' THEN 'email'
                     WHEN how = 'email_or_paper' THEN 'paper' END AS channel
      FROM borrower
      WHERE who IN ('patron', 'both') OR (who = 'guardians' AND NOT has_home)) AS self
WHERE channel IS NOT NULL
UNION ALL
SELECT loan_id, step_id, 'guardian', NULL, guardians[1], guardians[2], NULL, NULL, channel,
       CASE channel WHEN 'email' THEN email ELSE '' END
FROM household
UNION ALL
SELECT loan_id, step_id, 'contact', NULL, NULL, NULL, group_id, NULL,
       CASE WHEN how <> 'paper' AND contact_email <> '' THEN 'email' ELSE 'paper' END,
       CASE WHEN how <> 'paper' THEN contact_email ELSE '' END
FROM borrower
WHERE who = 'contact' AND (contact_email <> '' OR how IN ('paper', 'email_or_paper'))
UNION ALL
SELECT due.loan_id, due.step_id, 'partner', NULL, NULL, NULL, NULL, partner.id,
       CASE WHEN due.how <> 'paper' AND partner.email <> '' THEN 'email' ELSE 'paper' END,
       CASE WHEN due.how <> 'paper' THEN partner.email ELSE '' END
FROM loans_at_step due
JOIN circulation_partnerlibrary partner ON partner.id = due.partner_id
WHERE (due.how <> 'paper' AND partner.email <> '')
   OR (due.how IN ('paper', 'email_or_paper') AND partner.address <> '')
"""


def find(cursor: CursorWrapper, *, on: date) -> None:
    """Fill the temporary table ``told_to`` from ``loans_at_step``: who hears of which loan at which step, and how."""
    cursor.execute(FIND, {"on": on})
    cursor.execute("ANALYZE told_to")
