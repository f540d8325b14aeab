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

NEEDED = {
    Kind.PATRONS: {"barcode": "the barcode of each patron"},
    Kind.ITEMS: {"barcode": "the barcode of each item"},
    Kind.LOANS: {
        "barcode": "the barcode of each item",
        "patron": "the card of each borrower",
        "due_on": "each due date",
    },
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each of our fields stands in a row, what the file calls it, and whose export it looks like."""

    system: str
    positions: Mapping[str, int]
    headers: Mapping[str, str]

    def __contains__(self, field: str) -> bool:
        return field in self.positions

    def values(self, cells: list[str]) -> dict[str, str]:
        return {field: cells[position] for field, position in self.positions.items() if position < len(cells)}


def match(header: list[str], *, kind: str, chosen: Mapping[str, str] | None = None) -> Columns:
    """The columns of a file of this ``kind``. Raises FileError when one that is needed is missing or stands twice."""
    if chosen:
        known = {_folded(name): field for name, field in chosen.items()}
        system = "columns matched by hand"
    else:
        system, known = _likeliest(header, KNOWN[kind])
    positions: dict[str, int] = {}
    for position, name in enumerate(header):
        field = known.get(_folded(name))
        if field in positions:
            raise FileError(f"Two columns are called “{legible(name)}”. Keep the one that is meant.")
        if field:
            positions[field] = position
    missing = [what for field, what in NEEDED[ImportFile.Kind(kind)].items() if field not in positions]
    if missing:
        raise FileError(f"No column holds {' and '.join(missing)}. The columns are: {_listed(header)}.")
    return Columns(system, positions, {field: header[position] for field, position in positions.items()})


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
