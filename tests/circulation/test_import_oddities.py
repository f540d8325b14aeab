"""Files as other programs write them, odd but honest: nothing is lost, nobody is told who must not be."""

import io
import re
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook

from circulation.imports import read
from circulation.models import Guardian, Guardianship
from tests.builders import a_group, a_guardian, a_guardianship, a_patron
from tests.circulation.conftest import bring_in, refusal_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha() -> Any:
    return a_patron(barcode="P1", last_name="Okafor", first_name="Asha", group=a_group(name="5B"))


HEADER = "barcode,last_name,first_name,group,guardian_name,guardian_email,guardian2_name,guardian2_email\n"


def test_nobody_moves_to_the_address_of_a_home_that_must_not_be_written_to(asha: Any) -> None:
    """Ada may be written to; the list now gives her the address of Bob, whose letters about Asha are off."""
    a_guardianship(patron=asha, guardian=a_guardian(name="Ada Okafor", email="ada@home.example"))
    a_guardianship(patron=asha, guardian=a_guardian(name="Bob Okafor", email="bob@home.example"), library_letters=False)

    plan = bring_in("patrons", HEADER + "P1,Okafor,Asha,5B,Ada Okafor,bob@home.example,,\n")

    told = Guardianship.objects.filter(library_letters=True).values_list("guardian__email", flat=True)
    assert "bob@home.example" not in [address.lower() for address in told]
    assert any("bob@home.example belongs to" in note for note in plan.notes)


def test_a_second_guardian_without_a_column_for_the_address_keeps_it(asha: Any) -> None:
    """A column that the file lacks leaves what is on file alone."""
    a_guardianship(patron=asha, guardian=a_guardian(name="Ada Okafor", email="ada@home.example"))
    a_guardianship(patron=asha, guardian=a_guardian(name="Bob Okafor", email="bob@home.example"))

    header = "barcode,last_name,first_name,group,guardian1_name,guardian1_email,guardian2_name\n"
    bring_in("patrons", header + "P1,Okafor,Asha,5B,Ada Okafor,ada@home.example,Bob Okafor\n")

    assert Guardian.objects.get(name="Bob Okafor").email == "bob@home.example"


def test_an_address_that_goes_is_not_told_as_a_move(asha: Any) -> None:
    a_guardianship(patron=asha, guardian=a_guardian(name="Ada Okafor", email="ada@home.example"))

    plan = bring_in("patrons", HEADER + "P1,Okafor,Asha,5B,Ada Okafor,,,\n")

    assert "1 guardian moved to another address." not in plan.notes


def a_workbook(dimension: bytes, rows: int = 3) -> bytes:
    book = Workbook()
    book.active.append(["barcode", "title"])
    for number in range(rows):
        book.active.append([f"X{number}", "Holes"])
    whole = io.BytesIO()
    book.save(whole)
    source, out = zipfile.ZipFile(whole), io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            target.writestr(name, re.sub(rb'ref="A1:B\d+"', b'ref="' + dimension + b'"', source.read(name)))
    return out.getvalue()


@pytest.mark.parametrize("dimension", [b"A1:B3", b"A1"])
def test_a_workbook_is_read_to_its_end_whatever_it_says_of_its_size(dimension: bytes) -> None:
    """Programs other than Excel write the size of the sheet wrongly; a lost row of loans is a loan returned."""
    assert len(list(read.read(a_workbook(dimension)).rows)) == 3


@pytest.mark.parametrize("cost", ["999999.999", "999999.995"])
def test_a_cost_that_rounds_up_is_refused_in_a_sentence(cost: str) -> None:
    header = "barcode,title,author,call_number,collection,replacement_cost\n"
    assert "row is refused" in str(refusal_of("items", header + f"X1,Holes,,,,{cost}\n"))


def test_a_moment_at_the_end_of_time_is_refused_in_a_sentence(asha: Any) -> None:
    header = "barcode,title,author,call_number,patron_barcode,borrowed,due,renewals\n"
    row = "X1,Holes,,,P1,,9999-12-31T23:59:59-12:00,0\n"
    assert "row is refused" in str(refusal_of("loans", header + row))
