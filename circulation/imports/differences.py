"""Some of what a planned import changes: whose it is, what was, what will be. Reads the staged rows, in one statement
for each kind of file.
"""

from datetime import date

from circulation.imports.loans import MISSING, Loans
from circulation.imports.plan import Difference
from circulation.imports.staging import Importer
from circulation.models import ImportFile
from circulation.words import a_day

SHOWN = 50


def of(importer: Importer, *, on: date) -> list[Difference]:
    """The first changes in the order of the file, at most fifty. To be called after ``plan``."""
    if isinstance(importer, Loans):
        return _of_loans(importer, on=on)
    rows = importer.all(PATRONS if importer.kind == ImportFile.Kind.PATRONS else ITEMS, SHOWN)
    return [Difference(who=who, what=what, was=was, becomes=becomes) for who, what, was, becomes in rows]


def _of_loans(importer: Loans, *, on: date) -> list[Difference]:
    return [
        Difference(
            who=f"{title} ({person})" if person else title,
            what="Due date" if deed == "due" else "Loan",
            was=a_day(was, on=on) if deed == "due" else was_said,
            becomes=a_day(becomes, on=on) if deed == "due" else becomes_said,
        )
        for title, person, deed, was, becomes, was_said, becomes_said in importer.all(LOANS, *importer.missing(), SHOWN)
    ]


PATRONS = """
    SELECT who, what, was, becomes
      FROM (SELECT i.line, thing.place, trim(concat_ws(' ', p.first_name, p.last_name)) AS who,
                   thing.what, thing.was, thing.becomes
              FROM incoming i
              JOIN circulation_patron p ON p.id = i.patron_id
              JOIN circulation_group g ON g.id = p.group_id,
                   LATERAL (VALUES
                       (1, 'First name', p.first_name, coalesce(i.first_name, p.first_name)),
                       (2, 'Last name', p.last_name, coalesce(i.last_name, p.last_name)),
                       (3, 'Known as', p.known_as, coalesce(i.known_as, p.known_as)),
                       (4, 'Name in letters home', p.name_at_home, coalesce(i.name_at_home, p.name_at_home)),
                       (5, 'Group', g.name,
                           CASE WHEN i.group_id = g.id THEN g.name ELSE coalesce(nullif(i.group_name, ''), g.name) END),
                       (6, 'Email', p.email, coalesce(i.email, p.email)),
                       (7, 'Address', p.address, coalesce(i.address, p.address))
                   ) thing (place, what, was, becomes)
             WHERE i.causes <> '{}' AND thing.was <> thing.becomes
             UNION ALL
            SELECT c.line, 10 + c.place, trim(concat_ws(' ', p.first_name, p.last_name)),
                   CASE WHEN s.id IS NULL THEN 'Guardian' WHEN c.moves OR c.relinks THEN 'Email of ' || c.name
                        ELSE 'Relationship of ' || c.name END,
                   CASE WHEN s.id IS NULL THEN '' WHEN c.moves OR c.relinks THEN g.email ELSE s.relationship END,
                   CASE WHEN s.id IS NULL THEN concat_ws(', ', c.name, nullif(c.email, ''))
                        WHEN c.moves OR c.relinks THEN c.email ELSE c.relationship END
              FROM incoming_guardian c
              JOIN circulation_patron p ON p.id = c.patron_id
              LEFT JOIN circulation_guardianship s ON s.id = c.link_id
              LEFT JOIN circulation_guardian g ON g.id = s.guardian_id
             WHERE c.link_id IS NULL OR c.moves OR c.relinks
                OR (c.relationship <> '' AND c.relationship <> s.relationship)) changes
     ORDER BY line, place LIMIT %s
"""

ITEMS = """
    SELECT t.title, thing.what, thing.was, thing.becomes
      FROM incoming i
      JOIN circulation_item t ON t.id = i.item_id
      LEFT JOIN circulation_collection c ON c.id = t.collection_id,
           LATERAL (VALUES
               (1, 'Title', t.title, coalesce(i.title, t.title)),
               (2, 'Author', t.author, coalesce(i.author, t.author)),
               (3, 'Call number', t.call_number, coalesce(i.call_number, t.call_number)),
               (4, 'Collection', coalesce(c.name, ''),
                   CASE WHEN i.collection IS NULL OR (i.collection_id = c.id) THEN coalesce(c.name, '')
                        ELSE i.collection END),
               (5, 'Replacement cost', coalesce(t.replacement_cost::text, ''),
                   CASE WHEN i.has_cost THEN coalesce(i.cost::text, '') ELSE coalesce(t.replacement_cost::text, '') END)
           ) thing (place, what, was, becomes)
     WHERE i.changes AND thing.was <> thing.becomes
     ORDER BY i.line, thing.place LIMIT %s
"""

#: Changed due dates, loans listed again and things in other hands, in the order of the file; then what comes back.
LOANS = f"""
    SELECT title, person, deed, due_on, becomes, was_said, becomes_said
      FROM (SELECT i.line, t.title, trim(concat_ws(' ', p.first_name, p.last_name)) AS person, i.deed, l.due_on,
                   i.due_on AS becomes,
                   CASE i.deed WHEN 'again' THEN 'returned' ELSE 'on loan' END AS was_said,
                   CASE i.deed WHEN 'again' THEN 'on loan again' ELSE 'in other hands' END AS becomes_said
              FROM incoming i
              JOIN circulation_loan l ON l.id = i.loan_id
              JOIN circulation_item t ON t.id = l.item_id
              JOIN circulation_patron p ON p.id = l.patron_id
             WHERE i.deed IN ('due', 'again', 'hand')
             UNION ALL
            SELECT 2147483647, t.title, trim(concat_ws(' ', p.first_name, p.last_name)), 'back', l.due_on, l.due_on,
                   'on loan', 'returned'
              FROM circulation_loan l
              JOIN circulation_item t ON t.id = l.item_id
              JOIN circulation_patron p ON p.id = l.patron_id
             WHERE l.id IN ({MISSING})) changes
     ORDER BY line, title LIMIT %s
"""
