"""Patrons of a file: who is new, who changed, who is no longer listed.

A column that the file lacks leaves what is on file alone; an empty cell empties it. Groups that are new are made.
Guardians are planned by ``guardians``. Whoever is not listed stays, or goes to *Unmatched* when asked (staff excepted).
"""

import re
from typing import Any

from circulation import erased_numbers
from circulation.imports import fields
from circulation.imports.guardians import Guardians
from circulation.imports.plan import Plan
from circulation.imports.read import Row
from circulation.imports.staging import Cleaner, Importer, RowError
from circulation.models import Group, ImportFile, Patron
from circulation.people import announce
from circulation.signals import Cause
from circulation.words import several

UNMATCHED = "Unmatched"
HIGHEST_YEAR = 13
SHOWN = 50
"""How many absent patrons are named; the rest is a number."""

CHANGES = {
    Cause.NAME: ("first_name", "last_name", "known_as", "name_at_home"),
    Cause.ADDRESS: ("email", "address"),
    Cause.GROUP: ("group_id",),
}
"""The columns of a patron whose change matters to letters, by the cause that is said."""

IN_WORDS = {Cause.GROUP: "group", Cause.ADDRESS: "address", Cause.NAME: "name", Cause.GUARDIANSHIP: "guardian"}

OWN_COLUMNS = [column for columns in CHANGES.values() for column in columns]


class Patrons(Importer):
    kind = ImportFile.Kind.PATRONS
    table = "incoming"
    copied = {
        "barcode": "text",
        "first_name": "text",
        "last_name": "text",
        "known_as": "text",
        "name_at_home": "text",
        "email": "text",
        "address": "text",
        "group_name": "text",
        "year_level": "integer",
        "staff": "boolean",
    }
    worked_out = {
        "patron_id": "bigint",
        "group_id": "bigint",
        "causes": "text[] NOT NULL DEFAULT '{}'",
    }

    def stage(self, rows: Any) -> None:
        self.guardians = Guardians(self)
        super().stage(rows)
        self.guardians.stage()

    def clean(self, row: Row, values: dict[str, str]) -> tuple[Any, ...]:
        use = Cleaner(values).use
        barcode = use(fields.name, "barcode", "barcode", longest=40)
        if not barcode:
            raise RowError("There is no barcode, so nobody can be found by it.", field="barcode")
        first, last = use(fields.name, "first_name", "first name"), use(fields.name, "last_name", "last name")
        if (first, last) != (None, None) and not first and not last:
            raise RowError("There is no name.", field="last_name")
        group = use(fields.name, "group", "group", longest=60)
        year, staff = _level(group or "", values.get("year_level", ""))
        self.guardians.clean(row, use)
        return (
            barcode,
            first,
            last,
            use(fields.name, "known_as", "name known as"),
            use(fields.name, "name_at_home", "name in letters home"),
            use(fields.email, "email"),
            _address(use) if {"address", "street"} & values.keys() else None,
            group,
            year,
            staff,
        )

    def plan(self) -> Plan:
        self._refuse_doubled()
        self._find_on_file()
        self._refuse_erased()
        self._refuse_unusable_new()
        self.remember_refused_keys()
        self._compare()
        self.guardians.plan()
        self._count()
        self._say_what_it_does()
        return self.settle()

    def apply(self) -> None:
        self._make_groups()
        self._add()
        changed = self._change()
        concerned = self.guardians.apply()
        for cause, patron_ids in changed.items():
            announce(patron_ids, [], cause, by=self.by)
        self.guardians.announce(concerned)
        if self.options.unmatched:
            self._move_unmatched()

    def rehearse(self) -> None:
        self.run("DELETE FROM incoming_guardian WHERE patron_id IS NULL")
        self.run("DELETE FROM incoming WHERE patron_id IS NULL")
        self.apply()

    def rehearse_move(self) -> None:
        self.result.unmatched = self.result.unlisted
        try:
            self._move_unmatched()
        finally:  # nobody has decided it, and the desk may have their rows locked
            self.result.unmatched = 0

    def kinds_of_change(self) -> dict[str, int]:
        counted = dict(
            self.all(
                "SELECT cause, count(*) FROM incoming, unnest(causes) cause WHERE patron_id IS NOT NULL GROUP BY 1"
            )
        )
        return {words: counted[cause] for cause, words in IN_WORDS.items() if cause in counted}

    def absent(self) -> list[str]:
        rows = self.all(ABSENT, UNMATCHED, SHOWN) if self.result.unlisted else []
        return [f"{person}, {group}" for person, group in rows]

    def _refuse_doubled(self) -> None:
        """The first row of a barcode stands; the others are refused."""
        doubled = self.all(
            """
            WITH doubled AS (SELECT barcode, min(line) AS line FROM incoming GROUP BY barcode HAVING count(*) > 1)
            DELETE FROM incoming later USING doubled, incoming first
             WHERE doubled.barcode = later.barcode AND doubled.line < later.line AND first.line = doubled.line
            RETURNING later.line, later.barcode, first.line, trim(concat_ws(' ', first.first_name, first.last_name))
            """
        )
        for line, barcode, first, person in doubled:
            whose = f", for {person}" if person else ""
            reason = f"Line {first} has the same barcode{whose}. Both cannot have it."
            self.refuse(line, reason, key=barcode, field="barcode", found=barcode)

    def _find_on_file(self) -> None:
        self.run("UPDATE incoming SET patron_id = p.id FROM circulation_patron p WHERE p.barcode = incoming.barcode")
        self.run(
            f"""
            UPDATE incoming SET patron_id = p.id FROM circulation_patron p
             WHERE p.erased_at IS NOT NULL AND p.barcode = {erased_numbers.in_place_of_column("incoming.barcode")}
            """,
            erased_numbers.key(),
        )
        self.run(
            """
            UPDATE incoming SET group_id = g.id FROM circulation_group g
             WHERE lower(g.name) = lower(incoming.group_name)
            """
        )

    def _refuse_erased(self) -> None:
        """Who was erased does not come back through a list, not even as the next person with the same number."""
        for line, barcode in self.all(
            """
            DELETE FROM incoming i USING circulation_patron p
             WHERE p.id = i.patron_id AND p.erased_at IS NOT NULL RETURNING i.line, i.barcode
            """
        ):
            reason = f"Whoever had {barcode} was erased. Give this person another number."
            self.refuse(line, reason, key=barcode, field="barcode", found=barcode)

    def _refuse_unusable_new(self) -> None:
        """Whoever is not on file needs a name and a group to be put there."""
        for line, barcode, nameless in self.all(
            """
            DELETE FROM incoming WHERE patron_id IS NULL
               AND ((first_name IS NULL AND last_name IS NULL) OR coalesce(group_name, '') = '')
            RETURNING line, barcode, first_name IS NULL AND last_name IS NULL
            """
        ):
            what = "name" if nameless else "group"
            field = "barcode" if nameless else "group"
            self.refuse(
                line,
                f"{barcode} is not on file, and this row has no {what} to add a patron with.",
                key=barcode,
                field=field,
            )

    def _compare(self) -> None:
        """Which of the known patrons change, and why it matters to letters. An empty group changes nothing."""
        for cause, columns in CHANGES.items():
            differs = " OR ".join(f"coalesce(incoming.{name}, p.{name}) IS DISTINCT FROM p.{name}" for name in columns)
            if cause == Cause.GROUP:
                differs += " OR (incoming.group_id IS NULL AND coalesce(incoming.group_name, '') <> '')"
            self.run(
                f"""
                UPDATE incoming SET causes = causes || %s::text FROM circulation_patron p
                 WHERE p.id = incoming.patron_id AND ({differs})
                """,
                cause.value,
            )

    def _count(self) -> None:
        result = self.result
        known, result.added, result.changed = self.all(
            """
            SELECT count(patron_id), count(*) FILTER (WHERE patron_id IS NULL),
                   count(*) FILTER (WHERE patron_id IS NOT NULL AND causes <> '{}')
              FROM incoming
            """
        )[0]
        result.unchanged = known - result.changed

    def _say_what_it_does(self) -> None:
        remarks = self.result.remarks
        groups = self.ids(
            """
            SELECT min(group_name) FROM incoming WHERE group_id IS NULL AND group_name <> ''
             GROUP BY lower(group_name) ORDER BY 1
            """
        )
        if groups:
            remarks.append(f"{several(len(groups), 'group')} will be made: {', '.join(map(str, groups))}.")
        namesakes = self.one(NAMESAKES)
        if namesakes:
            who = several(namesakes, "new patron has the name", "new patrons have the name")
            remarks.append(f"{who} of somebody on file under another barcode. Are these the numbers on the cards?")
        left = self.one(LEFT)
        if left:
            remarks.append(f"{several(left, 'patron')} in this list left, as far as we know. Nothing changes that.")
        remarks += self.guardians.remarks()
        self.result.letters += self._letters()
        self.result.questions += self.guardians.questions()
        self._say_who_is_unlisted()

    def _say_who_is_unlisted(self) -> None:
        unlisted = self.one(f"SELECT count(*) FROM ({UNLISTED}) unlisted", UNMATCHED)
        if not unlisted:
            return
        who = f"{several(unlisted, 'patron')} on file, not in this list"
        if self.nameless:
            self.result.remarks.append(f"{who}. Some refused rows do not say whose they are, so nobody is moved.")
            return
        self.result.unlisted = unlisted
        if self.options.unmatched:
            self.result.remarks.append(f"{who}: they are moved to the group {UNMATCHED}.")
            self.result.unmatched = unlisted

    def _letters(self) -> list[str]:
        """What it does to letters: addresses that come, that change, and that go."""
        come, other, gone, gone_out, gone_home = self.all(
            """
            SELECT count(*) FILTER (WHERE p.email = ''), count(*) FILTER (WHERE p.email <> '' AND i.email <> ''),
                   count(*) FILTER (WHERE i.email = ''), count(*) FILTER (WHERE i.email = '' AND has_loans),
                   count(*) FILTER (WHERE i.email = '' AND has_loans AND has_home)
              FROM incoming i JOIN circulation_patron p ON p.id = i.patron_id,
                   LATERAL (SELECT EXISTS (SELECT 1 FROM circulation_loan l
                                            WHERE l.patron_id = p.id AND l.returned_on IS NULL) AS has_loans,
                                   EXISTS (SELECT 1 FROM circulation_guardianship s
                                             JOIN circulation_guardian g ON g.id = s.guardian_id
                                            WHERE s.patron_id = p.id AND s.library_letters
                                              AND g.email <> '') AS has_home
                   ) about
             WHERE i.email <> p.email
            """
        )[0]
        notes = []
        if come:
            notes.append(f"{several(come, 'address', 'addresses')} new, so {come:,} more by email.")
        if other:
            notes.append(f"{several(other, 'address', 'addresses')} changed: what waits is written again.")
        if gone:
            went = f"{several(gone, 'address', 'addresses')} gone"
            paper = "has something out and gets paper" if gone_out == 1 else "have something out and get paper"
            notes.append(f"{went}; {gone_out:,} of them {paper} ({gone_home:,} can be told at home).")
        return notes

    def _make_groups(self) -> None:
        missing = self.all(
            """
            SELECT min(group_name), max(year_level), bool_or(staff) FROM incoming
             WHERE group_id IS NULL AND group_name <> '' GROUP BY lower(group_name)
            """
        )
        Group.objects.bulk_create(Group(name=name, year_level=year, is_staff=staff) for name, year, staff in missing)
        self.run(
            """
            UPDATE incoming SET group_id = g.id FROM circulation_group g
             WHERE incoming.group_id IS NULL AND lower(g.name) = lower(incoming.group_name)
            """
        )

    def _add(self) -> None:
        self.run(
            """
            INSERT INTO circulation_patron
                   (barcode, first_name, last_name, known_as, name_at_home, email, address, group_id, prefers_paper,
                    auto_send, may_write_home, no_letters_reason, added_at)
            SELECT barcode, coalesce(first_name, ''), coalesce(last_name, ''), coalesce(known_as, ''),
                   coalesce(name_at_home, ''), coalesce(email, ''), coalesce(address, ''), group_id, false,
                   %s, true, '', %s
              FROM incoming WHERE patron_id IS NULL
            """,
            Patron.AutoSend.GROUP.value,
            self.at,
        )
        self.run(
            """
            UPDATE incoming SET patron_id = p.id FROM circulation_patron p
             WHERE incoming.patron_id IS NULL AND p.barcode = incoming.barcode
            """
        )

    def _change(self) -> dict[Cause, list[int]]:
        assignments = ", ".join(f"{name} = coalesce(i.{name}, p.{name})" for name in OWN_COLUMNS)
        self.run(
            f"""
            UPDATE circulation_patron p SET {assignments} FROM incoming i
             WHERE p.id = i.patron_id AND i.causes && %s::text[]
            """,
            [cause.value for cause in CHANGES],
        )
        return {
            cause: self.ids("SELECT patron_id FROM incoming WHERE %s = ANY (causes)", cause.value) for cause in CHANGES
        }

    def _move_unmatched(self) -> None:
        if not self.result.unmatched:
            return
        group, _ = Group.objects.get_or_create(name=UNMATCHED)
        moved = self.ids(
            f"UPDATE circulation_patron SET group_id = %s WHERE id IN ({UNLISTED}) RETURNING id", group.pk, UNMATCHED
        )
        announce(moved, [], Cause.GROUP, by=self.by)


UNLISTED = """
    SELECT p.id FROM circulation_patron p JOIN circulation_group g ON g.id = p.group_id
     WHERE NOT g.is_staff AND g.name <> %s AND p.left_on IS NULL AND p.erased_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM incoming i WHERE i.barcode = p.barcode)
       AND NOT EXISTS (SELECT 1 FROM refused_key r WHERE r.key = p.barcode)
"""
"""Patrons whom the file does not name, not even in a refused row."""

ABSENT = f"""
    SELECT trim(concat_ws(' ', p.first_name, p.last_name)), g.name
      FROM circulation_patron p JOIN circulation_group g ON g.id = p.group_id
     WHERE p.id IN ({UNLISTED}) ORDER BY p.last_name, p.first_name, p.id LIMIT %s
"""

LEFT = """
    SELECT count(*) FROM incoming i JOIN circulation_patron p ON p.id = i.patron_id WHERE p.left_on IS NOT NULL
"""

NAMESAKES = """
    SELECT count(*) FROM incoming i
     WHERE i.patron_id IS NULL
       AND (lower(i.last_name), lower(i.first_name)) IN
           (SELECT lower(p.last_name), lower(p.first_name) FROM circulation_patron p WHERE p.left_on IS NULL)
"""


def _level(group: str, level: str) -> tuple[int | None, bool]:
    """The year level of a group, from a column of its own or from its name (7B, Year 12), and whether it is staff."""
    words = f"{group} {level}".casefold()
    staff = bool(re.search(r"\b(staff?|teachers?|faculty)\b", words))
    found = re.search(r"(?<!\d)(\d{1,2})(?!\d)", level) or re.search(r"(?<!\d)(\d{1,2})(?!\d)", group)
    year = int(found[1]) if found and not staff else None
    return (year if year is not None and year <= HIGHEST_YEAR else None), staff


def _address(use: Any) -> str:
    """Our postal address: one cell of ours, or Koha's many."""
    whole = use(fields.text, "address", "address", longest=500, lines=True)
    if whole is not None:
        return str(whole)

    def part(field: str) -> str:
        return use(fields.text, field, "address", longest=200) or ""

    street = " ".join(filter(None, [part("street_number"), part("street"), part("street_type")]))
    town = " ".join(filter(None, [part("city"), part("state"), part("postcode")]))
    return "\n".join(filter(None, [street, part("street2"), town, part("country")])) if street or town else ""
