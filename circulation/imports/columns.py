"""Which of our fields each column of a file is.

Koha, BiblioTECH, MicroLibrarian and our own exports are known by their headers. Anything else is matched by a person
once, as ``chosen``: header → field. A column that is nobody's is not used.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from circulation.imports.read import FileError, legible
from circulation.models import ImportFile

Kind = ImportFile.Kind
GUARDIANS = 4
"""How many guardians one row can name."""

OURS = "our own columns"


def _guardian_columns() -> dict[str, str]:
    known = {}
    for place in range(1, GUARDIANS + 1):
        for field in ("name", "email", "relationship"):
            known[f"guardian{place}{field}"] = f"guardian{place}_{field}"
    known |= {f"guardian{field}": f"guardian1_{field}" for field in ("name", "email", "relationship")}
    return known


KNOWN: dict[str, dict[str, dict[str, str]]] = {
    Kind.PATRONS: {
        OURS: {
            "barcode": "barcode",
            "lastname": "last_name",
            "firstname": "first_name",
            "knownas": "known_as",
            "nameinlettershome": "name_at_home",
            "nameathome": "name_at_home",
            "group": "group",
            "yearlevel": "year_level",
            "email": "email",
            "address": "address",
            **_guardian_columns(),
        },
        "Koha": {
            "cardnumber": "barcode",
            "surname": "last_name",
            "firstname": "first_name",
            "categorycode": "group",
            "email": "email",
            "streetnumber": "street_number",
            "streettype": "street_type",
            "address": "street",
            "address2": "street2",
            "city": "city",
            "state": "state",
            "zipcode": "postcode",
            "country": "country",
        },
        "BiblioTECH": {
            "stkey": "barcode",
            "surname": "last_name",
            "firstname": "first_name",
            "pgroup": "group",
            "level": "year_level",
            "email": "email",
        },
        "MicroLibrarian": {
            "managementsystemid": "barcode",
            "surname": "last_name",
            "forename": "first_name",
            "tutorgroup": "group",
            "yeargroup": "year_level",
            "email": "email",
        },
    },
    Kind.ITEMS: {
        OURS: {
            "barcode": "barcode",
            "title": "title",
            "author": "author",
            "callnumber": "call_number",
            "collection": "collection",
            "replacementcost": "replacement_cost",
        },
        "Koha": {
            "barcode": "barcode",
            "title": "title",
            "author": "author",
            "itemcallnumber": "call_number",
            "itype": "collection",
            "replacementprice": "replacement_cost",
        },
    },
    Kind.LOANS: {
        OURS: {
            "barcode": "barcode",
            "title": "title",
            "author": "author",
            "callnumber": "call_number",
            "patronbarcode": "patron",
            "borrowed": "lent_on",
            "due": "due_on",
            "renewals": "renewals",
        },
        "Koha": {
            "barcode": "barcode",
            "title": "title",
            "author": "author",
            "itemcallnumber": "call_number",
            "cardnumber": "patron",
            "issuedate": "lent_on",
            "datedue": "due_on",
            "renewals": "renewals",
        },
    },
}


def _guardian_fields() -> dict[str, str]:
    words = {"name": "Name of guardian", "email": "Email of guardian", "relationship": "Relationship of guardian"}
    return {
        f"guardian{place}_{field}": f"{what} {place}"
        for place in range(1, GUARDIANS + 1)
        for field, what in words.items()
    }


FIELDS: dict[str, dict[str, str]] = {
    Kind.PATRONS: {
        "barcode": "Barcode",
        "first_name": "First name",
        "last_name": "Last name",
        "known_as": "Known as",
        "name_at_home": "Name in letters home",
        "group": "Group",
        "year_level": "Year level",
        "email": "Email",
        "address": "Postal address, whole",
        "street_number": "House number",
        "street": "Street",
        "street_type": "Kind of street",
        "street2": "Second line of the address",
        "city": "Town",
        "state": "State",
        "postcode": "Postcode",
        "country": "Country",
        **_guardian_fields(),
    },
    Kind.ITEMS: {
        "barcode": "Barcode",
        "title": "Title",
        "author": "Author",
        "call_number": "Call number",
        "collection": "Collection",
        "replacement_cost": "Replacement cost",
    },
    Kind.LOANS: {
        "barcode": "Barcode of the item",
        "patron": "Card of the borrower",
        "due_on": "Due date",
        "lent_on": "Lent on",
        "renewals": "Renewals",
        "title": "Title",
        "author": "Author",
        "call_number": "Call number",
    },
}
"""What a person calls our fields, in the order in which they are offered."""

NEEDED = {
    Kind.PATRONS: {"barcode": "the barcode of each patron"},
    Kind.ITEMS: {"barcode": "the barcode of each item"},
    Kind.LOANS: {
        "barcode": "the barcode of each item",
        "patron": "the card of each borrower",
        "due_on": "each due date",
    },
}


class UnknownColumns(FileError):
    """A column that is needed was not found; a person can say which it is."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each of our fields stands in a row, what the file calls it, and whose export it looks like."""

    system: str
    positions: Mapping[str, int]
    headers: Mapping[str, str]
    unused: tuple[str, ...] = ()

    def __contains__(self, field: str) -> bool:
        return field in self.positions

    def values(self, cells: list[str]) -> dict[str, str]:
        return {field: cells[position] for field, position in self.positions.items() if position < len(cells)}

    def in_words(self, *, kind: str) -> list[tuple[str, str]]:
        """Each header and what it is to us, in the order of the file; the unused last."""
        used = sorted(self.positions, key=self.positions.__getitem__)
        words = FIELDS[ImportFile.Kind(kind)]
        known = [(legible(self.headers[field]), words[field]) for field in used]
        return known + [(legible(name), "") for name in self.unused]


def match(header: list[str], *, kind: str, chosen: Mapping[str, str] | None = None, strict: bool = True) -> Columns:
    """The columns of a file of this ``kind``.

    Raises UnknownColumns when one that is needed is missing, FileError when one stands twice; not so when ``strict`` is
    off, for a person who is about to say which is which.
    """
    if chosen:
        known = {_folded(name): field for name, field in chosen.items()}
        system = "columns matched by hand"
    else:
        system, known = _likeliest(header, KNOWN[kind])
    positions: dict[str, int] = {}
    for position, name in enumerate(header):
        field = known.get(_folded(name))
        if field in positions and not strict:
            continue
        if field in positions:
            raise FileError(f"Two columns are called “{legible(name)}”. Keep the one that is meant.")
        if field:
            positions[field] = position
    missing = [what for field, what in NEEDED[ImportFile.Kind(kind)].items() if field not in positions]
    if missing and strict:
        raise UnknownColumns(f"No column holds {' and '.join(missing)}. The columns are: {_listed(header)}.")
    used = set(positions.values())
    return Columns(
        system,
        positions,
        {field: header[position] for field, position in positions.items()},
        tuple(name for position, name in enumerate(header) if name and position not in used),
    )


def _likeliest(header: list[str], systems: dict[str, dict[str, str]]) -> tuple[str, dict[str, str]]:
    """The system that knows most of these columns; between equals, the one named first."""
    names = {_folded(name) for name in header}
    system = max(systems, key=lambda name: len(names & systems[name].keys()))
    return system, systems[system]


def _folded(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())


def _listed(header: list[str]) -> str:
    shown = [legible(name[:40]) for name in header if name][:12]
    return ", ".join(shown) + (" …" if len(header) > len(shown) else "")
