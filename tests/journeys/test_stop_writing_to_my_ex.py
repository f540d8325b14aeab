"""*Stop writing to my ex*, in one place: a letter waits, a mother rings, and a person who started today has a browser.

What waited is taken back at once, the other parent goes on hearing, and no file of the office can turn it on again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from circulation.imports import apply as imports
from circulation.imports.plan import Options
from circulation.models import Guardian, Guardianship, ImportFile, Patron
from library.access import Role
from notices import compose, scan
from notices.models import Step
from smtp_gateway.models import OutboundMessage
from tests.builders import a_group, a_guardian, a_loan, a_patron, an_item
from tests.notices.builders import a_gateway_with_an_address, a_schedule, wording
from tests.pages.conftest import no_kept_connections, people  # noqa: F401
from tests.pages.in_a_browser import a_page

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True, kw_only=True)
class Family:
    """Two children, a mother, and a father who is not to be written to any more."""

    asha: Patron
    tom: Patron
    mother: Guardian
    father: Guardian


@pytest.fixture
def family() -> Family:
    """Both children have something late, and this morning's letters to both parents wait in the outbox."""
    mother = a_guardian(name="Ngozi Okafor", email="ngozi@home.example")
    father = a_guardian(name="Emeka Okafor", email="emeka@elsewhere.example")
    group = a_group(name="5B")
    asha = a_patron(first_name="Asha", last_name="Okafor", barcode="P1", group=group, guardians=[mother, father])
    tom = a_patron(first_name="Tom", last_name="Okafor", barcode="P2", group=group, guardians=[mother, father])
    today = timezone.localdate()
    for child in (asha, tom):
        a_loan(patron=child, item=an_item(title="Blueback"), due=today - timedelta(days=7))
    _this_mornings_letters(today)
    return Family(asha=asha, tom=tom, mother=mother, father=father)


@pytest.fixture
def page(
    browser: Browser,
    live_server: LiveServer,
    client: Client,
    people: dict[Role, User],  # noqa: F811
    family: Family,
) -> Iterator[Page]:
    """A librarian at the screen; the console has nothing to complain about."""
    client.force_login(people[Role.LIBRARIAN])
    with a_page(browser, live_server, client) as (page, complaints):
        yield page
        assert complaints == []


def test_about_one_child(page: Page, family: Family) -> None:
    """By name to the child's page, one form there: the father's letter is written again without this child."""
    page.goto("/patrons/")
    page.get_by_label("Name, card or address").fill("okafor a")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="Asha Okafor").click()
    page.get_by_text("Stop letters to Emeka Okafor").click()
    father = page.get_by_role("listitem").filter(has_text="Emeka Okafor")
    father.get_by_role("button", name="Stop letters about Asha Okafor to Emeka Okafor").click()

    father = page.get_by_role("listitem").filter(has_text="Emeka Okafor")
    expect(father.get_by_text("Say why: whoever looks at this next")).to_be_visible()
    father.get_by_label("Why").fill("Court order, 3 November")
    father.get_by_role("button", name="Stop letters about Asha Okafor to Emeka Okafor").click()

    expect(page.get_by_role("status")).to_contain_text(
        "Nothing about Asha Okafor goes to Emeka Okafor any more. "
        "1 letter that waited was taken back, or is written again without it."
    )
    father = page.get_by_role("listitem").filter(has_text="Emeka Okafor")
    expect(father).to_contain_text("Library letters: no")
    assert _waiting() == ["ngozi@home.example"]

    compose.write_planned(on=timezone.localdate())
    assert _waiting() == ["emeka@elsewhere.example", "ngozi@home.example"]
    assert _named_to("emeka@elsewhere.example") == ["Tom"]
    assert _named_to("ngozi@home.example") == ["Asha", "Tom"]


def test_about_all_children_at_once(page: Page, family: Family) -> None:
    """From the father's page, for the whole family; then the office sends its list, and tomorrow comes."""
    page.goto(f"/patrons/{family.tom.pk}/")
    page.get_by_role("link", name="Emeka Okafor", exact=True).click()
    page.get_by_text("Stop all letters to Emeka Okafor").first.click()
    page.get_by_label("Why").locator("visible=true").fill("Court order, 3 November")
    page.get_by_role("button", name="Stop all letters to Emeka Okafor").click()

    expect(page.get_by_role("status")).to_contain_text("No letters go to Emeka Okafor any more")
    expect(page.locator(".lede")).to_contain_text("No library letters go to this person.")
    compose.write_planned(on=timezone.localdate())
    assert _waiting() == ["ngozi@home.example"]

    _the_office_sends_its_list()
    assert _answers(family.father) == {(family.asha.pk, False), (family.tom.pk, False)}
    assert _answers(family.mother) == {(family.asha.pk, True), (family.tom.pk, True)}

    page.get_by_text("Let all letters go again").click()
    page.get_by_role("button", name="Write to Emeka Okafor about Asha Okafor and Tom Okafor again").click()
    expect(page.locator(".lede")).to_contain_text("Library letters go to this person.")
    assert _answers(family.father) == {(family.asha.pk, True), (family.tom.pk, True)}


def _this_mornings_letters(today: date) -> None:
    a_gateway_with_an_address()
    a_schedule(7, who=Step.Who.GUARDIANS)
    wording(1, audiences=["guardian"], body="Dear {{ dear }},\n\n{{ children }}")
    scan.run(on=today)
    compose.write_planned(on=today)


def _the_office_sends_its_list() -> None:
    """With the father, and an address of his that is new."""
    header = "barcode,first_name,last_name,group,guardian1_name,guardian1_email"
    rows = [f"{card},{name},Okafor,5B,Emeka Okafor,emeka@new.example" for card, name in (("P1", "Asha"), ("P2", "Tom"))]
    content = "\n".join([header, *rows, ""]).encode()
    file = imports.a_file(content, kind=ImportFile.Kind.PATRONS, name="families.csv")
    imports.apply(file, on=timezone.localdate(), at=timezone.now(), options=Options())


def _waiting() -> list[str]:
    return sorted(OutboundMessage.objects.waiting().values_list("to", flat=True))


def _named_to(address: str) -> list[str]:
    content = bytes(OutboundMessage.objects.waiting().get(to=address).content).decode()
    return [name for name in ("Asha", "Tom") if name in content]


def _answers(guardian: Guardian) -> set[tuple[int, bool]]:
    links = Guardianship.objects.filter(guardian__name=guardian.name)
    return set(links.values_list("patron", "library_letters"))
