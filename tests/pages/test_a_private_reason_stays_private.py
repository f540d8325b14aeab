"""Why nobody is written to is for the librarian who looks at the switch, and stands nowhere else (product.md, C1)."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from circulation import desk, people
from circulation.models import Guardianship, Loan, Patron
from library.access import Role
from tests.pages.addresses import every_address
from tests.pages.sample import Sample

REASON = "Intervention order 4711"
BESIDE_THE_SWITCH = {
    "/patrons/<int:pk>/",
    "/guardians/<int:pk>/",
    "/loans/<int:pk>/",
}
LISTS = ["/patrons/", "/patrons/leavers/", "/guardians/", "/loans/?tab=no-letters", "/items/", "/runs/"]


@pytest.fixture
def everything_is_quiet(sample: Sample) -> Sample:
    """A patron, a guardian and a loan, each switched off for the same private reason."""
    rows, on = sample.people, timezone.localdate()
    people.stop_letters([rows["patron"]], reason=REASON)
    people.stop_letters_home([Guardianship.objects.get(pk=rows["guardianship"])], reason=REASON)
    desk.set_status(Loan.objects.get(pk=rows["loan"]), Loan.Status.NO_LETTERS, on=on, reason=REASON)
    return sample


def test_it_stands_beside_its_switch_alone(
    client: Client, everything_is_quiet: Sample, people: dict[Role, User]
) -> None:
    """Every page that a librarian may open is read."""
    client.force_login(people[Role.LIBRARIAN])

    read = {
        address.route
        for address in every_address(everything_is_quiet)
        if REASON in client.get(address.url).getvalue().decode(errors="replace")
    }

    assert read == BESIDE_THE_SWITCH


def test_no_list_takes_it_away_as_a_file(client: Client, everything_is_quiet: Sample, people: dict[Role, User]) -> None:
    """An export is mailed on and printed."""
    client.force_login(people[Role.LIBRARIAN])

    files = [client.get(f"{url}{'&' if '?' in url else '?'}as=csv").getvalue().decode() for url in LISTS]

    assert [REASON in file for file in files] == [False] * len(LISTS)


def test_a_desk_helper_does_not_read_it(client: Client, everything_is_quiet: Sample, people: dict[Role, User]) -> None:
    """Not at the desk, where others look over a shoulder."""
    client.force_login(people[Role.DESK_HELPER])
    card = Patron.objects.get(pk=everything_is_quiet.people["patron"]).barcode

    page = client.post("/desk/scan/", {"scan": card, "mode": "lend"}, follow=True)

    assert (page.status_code, REASON in page.content.decode()) == (200, False)
