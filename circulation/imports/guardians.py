"""Guardians that a file of patrons names.

A guardian is matched by address *and* name, never by address alone; one without an address only among the guardians of
the same child. The same name at the same child with another address is the same person, moved. Nobody is taken away
because a file does not name them. *No letters* stays no: a guardianship keeps its answer, and a new one that looks like
somebody who must not be written to about this child (same name, or same address) begins with no, and is asked about.
"""

from typing import TYPE_CHECKING, Any

from circulation import people
from circulation.imports import fields
from circulation.imports.columns import GUARDIANS
from circulation.imports.read import Row
from circulation.imports.staging import RowError
from circulation.signals import Cause
from circulation.words import several

if TYPE_CHECKING:
    from circulation.imports.patrons import Patrons

SHOWN = 100
"""How many questions are listed; the rest is a number."""


class Guardians:
    """The guardians of the patrons that ``host`` stages, in the same transaction."""

    table = "incoming_guardian"
    copied = {
        "place": "integer",
        "name": "text",
        "email": "text",
        "relationship": "text",
        "tells_email": "boolean",
    }
    worked_out = {
        "patron_id": "bigint",
        "guardian_id": "bigint",
        "link_id": "bigint",
        "relinks": "boolean NOT NULL DEFAULT false",
        "moves": "boolean NOT NULL DEFAULT false",
        "fresh": "boolean NOT NULL DEFAULT false",
        "barred": "boolean NOT NULL DEFAULT false",
    }
    """link_id: the guardianship on file that this row speaks of. relinks: it goes to another guardian. moves: the
    guardian gets another address. fresh: a guardian to be made. barred: begins, or goes on, without letters."""

    def __init__(self, host: "Patrons") -> None:
        self.host = host
        self.named: list[tuple[Any, ...]] = []

    def clean(self, row: Row, use: Any) -> None:
        """Remember the guardians of one row. Raises RowError for an address without a name."""
        seen = set()
        for place in range(1, GUARDIANS + 1):
            name = use(fields.name, f"guardian{place}_name", "guardian's name", longest=200)
            email = use(fields.email, f"guardian{place}_email") or ""
            relationship = use(fields.name, f"guardian{place}_relationship", "relationship", longest=60) or ""
            if email and not name:
                raise RowError("There is an address of a guardian, but no name.", field=f"guardian{place}_email")
            if name and (name.lower(), email.lower()) not in seen:
                seen.add((name.lower(), email.lower()))
                tells_email = f"guardian{place}_email" in self.host.columns
                self.named.append((row.line, place, name, email, relationship, tells_email))

    def stage(self) -> None:
        self.host.make_table(self.table, self.copied | self.worked_out)
        self.host.copy(self.table, self.copied, self.named)
        self.host.run("CREATE INDEX ON incoming_guardian (line)")
        self.named.clear()

    def plan(self) -> None:
        """Find each guardian on file, or make one; see who moved; mark the patrons whose guardians change."""
        run = self.host.run
        run("DELETE FROM incoming_guardian c WHERE NOT EXISTS (SELECT 1 FROM incoming i WHERE i.line = c.line)")
        run("UPDATE incoming_guardian c SET patron_id = i.patron_id FROM incoming i WHERE i.line = c.line")
        run(BY_ADDRESS_AND_NAME)
        run(LINKED_ALREADY)
        run(SAME_NAME_AT_THE_SAME_CHILD)
        run(STAYS)
        run(MOVES)
        run(FRESH)
        run(RELINKS)
        run(BARRED)
        run(MARK_PATRONS, Cause.GUARDIANSHIP.value)

    def remarks(self) -> list[str]:
        made = self.host.one("SELECT count(DISTINCT guardian_id) FROM incoming_guardian WHERE fresh")
        moved, gone = self.host.all(MOVED_AND_GONE)[0]
        links = self.host.one("SELECT count(*) FROM incoming_guardian WHERE link_id IS NULL")
        notes = []
        if made or links:
            notes.append(
                f"{several(made, 'guardian')} added, {several(links, 'child', 'children')} linked to a guardian."
            )
        if moved:
            notes.append(f"{several(moved, 'guardian')} moved to another address.")
        if gone:
            notes.append(f"{several(gone, 'guardian has', 'guardians have')} no address any more.")
        return notes

    def questions(self) -> list[str]:
        """What a person should look at: one address with two names, and who begins without letters."""
        shared = self.host.all(ONE_ADDRESS_TWO_NAMES)
        asked = [
            f"{email} belongs to {names}. Each gets letters of their own: are they one person?"
            for email, names in shared
        ]
        barred = self.host.all(
            """
            SELECT c.name, trim(concat_ws(' ', p.first_name, p.last_name))
              FROM incoming_guardian c JOIN circulation_patron p ON p.id = c.patron_id
             WHERE c.barred ORDER BY c.line
            """
        )
        asked += [
            f"{name} looks like somebody to whom letters about {child} are off, so they begin switched off."
            for name, child in barred
        ]
        more = len(asked) - SHOWN
        return [*asked[:SHOWN], f"And {several(more, 'question')} more of this kind."] if more > 0 else asked

    def apply(self) -> dict[Cause, tuple[list[int], list[int]]]:
        """Write them; the ids of patrons and guardians that are concerned, by cause."""
        host = self.host
        host.run("UPDATE incoming_guardian c SET patron_id = i.patron_id FROM incoming i WHERE i.line = c.line")
        host.run(ADD_GUARDIANS)
        moved = host.ids(MOVE_GUARDIANS)
        host.run(MOVE_GUARDIANSHIPS)
        linked = host.all(ADD_GUARDIANSHIPS, people.LOOKS_SWITCHED_OFF)
        host.run(SAY_RELATIONSHIP)
        relinked = host.all("SELECT patron_id, guardian_id FROM incoming_guardian WHERE relinks")
        both = linked + relinked + host.all(SWITCH_OFF, people.MOVED_IN)
        return {
            Cause.ADDRESS: ([], moved),
            Cause.GUARDIANSHIP: (sorted({pair[0] for pair in both}), sorted({pair[1] for pair in both})),
        }

    def announce(self, concerned: dict[Cause, tuple[list[int], list[int]]]) -> None:
        for cause, (patron_ids, guardian_ids) in concerned.items():
            people.announce(patron_ids, guardian_ids, cause, by=self.host.by)


# What follows are the rules, one statement each. ``c`` is a row of the file, ``g`` a guardian on file, ``s`` a link.

# Among several of that name at that address, whoever is linked to the child.
BY_ADDRESS_AND_NAME = """
    UPDATE incoming_guardian c SET guardian_id = found.id
      FROM (SELECT DISTINCT ON (o.line, o.place) o.line, o.place, g.id
              FROM incoming_guardian o
              JOIN circulation_guardian g ON lower(g.email) = lower(o.email) AND lower(g.name) = lower(o.name)
              LEFT JOIN circulation_guardianship s ON s.guardian_id = g.id AND s.patron_id = o.patron_id
             WHERE o.email <> '' AND g.erased_at IS NULL
             ORDER BY o.line, o.place, s.id IS NULL, g.id) found
     WHERE found.line = c.line AND found.place = c.place
"""

LINKED_ALREADY = """
    UPDATE incoming_guardian c SET link_id = s.id FROM circulation_guardianship s
     WHERE s.patron_id = c.patron_id AND s.guardian_id = c.guardian_id
"""

# Only where there is no doubt: one such name at the child, on file and in the row, that nothing else speaks of.
SAME_NAME_AT_THE_SAME_CHILD = """
    UPDATE incoming_guardian c SET link_id = link.id
      FROM (SELECT s.patron_id, lower(g.name) AS name, min(s.id) AS id
              FROM circulation_guardianship s JOIN circulation_guardian g ON g.id = s.guardian_id
             WHERE s.patron_id IN (SELECT patron_id FROM incoming_guardian)
               AND NOT EXISTS (SELECT 1 FROM incoming_guardian o WHERE o.link_id = s.id)
             GROUP BY s.patron_id, lower(g.name) HAVING count(*) = 1) link
     WHERE c.link_id IS NULL AND link.patron_id = c.patron_id AND link.name = lower(c.name)
       AND 1 = (SELECT count(*) FROM incoming_guardian o
                 WHERE o.line = c.line AND o.link_id IS NULL AND lower(o.name) = lower(c.name))
"""

STAYS = """
    UPDATE incoming_guardian c SET guardian_id = g.id
      FROM circulation_guardianship s JOIN circulation_guardian g ON g.id = s.guardian_id
     WHERE c.guardian_id IS NULL AND s.id = c.link_id AND (g.email = c.email OR NOT c.tells_email)
"""

# Everybody in the file agrees where this guardian went: the address changes. Otherwise the link of this one child
# goes to a guardian of the same name at the new address (FRESH, RELINKS), with its answers.
MOVES = """
    UPDATE incoming_guardian c SET guardian_id = everybody.guardian_id, moves = true
      FROM (SELECT s.guardian_id, min(o.email) AS email
              FROM incoming_guardian o JOIN circulation_guardianship s ON s.id = o.link_id
             GROUP BY s.guardian_id
            HAVING count(o.guardian_id) = 0 AND count(DISTINCT lower(o.email)) = 1) everybody,
           circulation_guardianship s
     WHERE c.guardian_id IS NULL AND s.id = c.link_id AND everybody.guardian_id = s.guardian_id
       AND NOT EXISTS (SELECT 1 FROM incoming_guardian o WHERE o.guardian_id = s.guardian_id)
"""

FRESH = """
    UPDATE incoming_guardian c SET guardian_id = made.id, fresh = true
      FROM (SELECT nextval(pg_get_serial_sequence('circulation_guardian', 'id')) AS id, key
              FROM (SELECT DISTINCT CASE WHEN email <> '' THEN lower(name) || chr(10) || lower(email)
                                         ELSE line || chr(10) || place END AS key
                      FROM incoming_guardian WHERE guardian_id IS NULL) keys) made
     WHERE c.guardian_id IS NULL
       AND made.key = CASE WHEN c.email <> '' THEN lower(c.name) || chr(10) || lower(c.email)
                           ELSE c.line || chr(10) || c.place END
"""

RELINKS = """
    UPDATE incoming_guardian c SET relinks = true FROM circulation_guardianship s
     WHERE s.id = c.link_id AND s.guardian_id <> c.guardian_id
"""

BARRED = """
    UPDATE incoming_guardian c SET barred = true
      FROM circulation_guardianship s JOIN circulation_guardian g ON g.id = s.guardian_id
     WHERE s.patron_id = c.patron_id AND s.id IS DISTINCT FROM c.link_id
       AND (NOT s.library_letters OR s.no_letters_until IS NOT NULL)
       AND ((c.link_id IS NULL AND lower(g.name) = lower(c.name))
            OR ((c.link_id IS NULL OR c.moves OR c.relinks) AND c.email <> '' AND lower(g.email) = lower(c.email)))
"""

MARK_PATRONS = """
    UPDATE incoming i SET causes = causes || %s::text
     WHERE EXISTS (SELECT 1 FROM incoming_guardian c LEFT JOIN circulation_guardianship s ON s.id = c.link_id
                    WHERE c.line = i.line
                      AND (c.moves OR c.relinks OR c.link_id IS NULL
                           OR (c.relationship <> '' AND c.relationship <> s.relationship)))
"""

ADD_GUARDIANS = """
    INSERT INTO circulation_guardian (id, name, salutation, email, address, prefers_paper)
    SELECT DISTINCT ON (guardian_id) guardian_id, name, '', email, '', false
      FROM incoming_guardian WHERE fresh ORDER BY guardian_id, line
"""

MOVE_GUARDIANS = """
    UPDATE circulation_guardian g SET email = c.email
      FROM (SELECT DISTINCT guardian_id, email FROM incoming_guardian WHERE moves) c
     WHERE g.id = c.guardian_id
    RETURNING g.id
"""

MOVE_GUARDIANSHIPS = """
    UPDATE circulation_guardianship s SET guardian_id = c.guardian_id
      FROM incoming_guardian c WHERE c.relinks AND s.id = c.link_id
"""

ADD_GUARDIANSHIPS = """
    INSERT INTO circulation_guardianship (patron_id, guardian_id, relationship, library_letters, reason)
    SELECT patron_id, guardian_id, max(relationship), NOT bool_or(barred),
           CASE WHEN bool_or(barred) THEN %s ELSE '' END
      FROM incoming_guardian WHERE link_id IS NULL GROUP BY patron_id, guardian_id
    RETURNING patron_id, guardian_id
"""

# Who moves to the address of somebody who must not be written to about this child: nobody writes there until asked.
SWITCH_OFF = """
    UPDATE circulation_guardianship s
       SET library_letters = false, reason = %s
      FROM incoming_guardian c WHERE c.barred AND s.id = c.link_id AND s.library_letters
    RETURNING s.patron_id, s.guardian_id
"""

MOVED_AND_GONE = """
    SELECT count(DISTINCT guardian_id) FILTER (WHERE email <> ''), count(DISTINCT guardian_id) FILTER (WHERE email = '')
      FROM incoming_guardian WHERE moves
"""

SAY_RELATIONSHIP = """
    UPDATE circulation_guardianship s SET relationship = c.relationship
      FROM incoming_guardian c
     WHERE s.id = c.link_id AND c.relationship <> '' AND c.relationship <> s.relationship
"""

ONE_ADDRESS_TWO_NAMES = """
    SELECT email, string_agg(name, ' and ' ORDER BY name)
      FROM (SELECT DISTINCT ON (lower(email), lower(name)) lower(email) AS email, name
              FROM (SELECT email, name FROM incoming_guardian
                    UNION ALL
                    SELECT email, name FROM circulation_guardian WHERE erased_at IS NULL) everyone
             WHERE lower(email) IN (SELECT lower(email) FROM incoming_guardian WHERE (fresh OR moves) AND email <> '')
             ORDER BY lower(email), lower(name)) people
     GROUP BY email HAVING count(*) > 1 ORDER BY email
"""
