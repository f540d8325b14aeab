"""What an audience may not read is absent from the data, so that no wording can say it (product.md, N7).

Every template of the program, and one that names every field that its letters have, is rendered for every audience and
every setting of group and step. The rows hold a secret in every column that somebody must not read; none of them is in
the letter, nor anywhere in the data that was handed over. The negative case could leak: the same rows do give titles
to whom they may be told.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest

from circulation.models import Group, Item, Loan, PartnerLibrary, Patron
from notices import preview, rendering, standing
from notices.letter_data import LetterData, fields
from notices.letter_rows import OF_A_STEP
from notices.models import Audience, Step, Template
from tests.builders import a_group, a_guardian, a_guardianship, a_loan, a_partner, a_patron, an_item

from .builders import a_schedule

pytestmark = pytest.mark.django_db

DAYS = (-7, -3, 3, 10, 17, 24)
"""Of the steps −2, −1, 1, 2, 3 and 4."""

_numbers = count(1)

TITLES = {
    "title": "SECRET-TITLE",
    "author": "SECRET-AUTHOR",
    "call_number": "SECRET-SHELF",
    "barcode": "SECRET-BARCODE",
}
OF_THE_PATRON = {
    "known_as": "SECRET-KNOWN-AS",
    "email": "secret-patron@students.example",
    "barcode": "SECRET-CARD",
    "address": "SECRET-STREET",
    "no_letters_reason": "SECRET-REASON",
}
AT_HOME = {"name": "SECRET-CARER", "salutation": "SECRET-SALUTATION", "email": "secret-carer@home.example"}
NEVER_FOR = {
    Audience.PATRON: {*AT_HOME.values(), "SECRET-HOME-NAME", "SECRET-REASON", "SECRET-CARD", "SECRET-STREET"},
    Audience.GUARDIAN: set(OF_THE_PATRON.values()) | {"SECRET-LAST-NAME", "SECRET-TEACHER"},
    Audience.CONTACT: set(OF_THE_PATRON.values()) | set(AT_HOME.values()) | {"SECRET-LAST-NAME", "SECRET-HOME-NAME"},
    Audience.PARTNER: {*OF_THE_PATRON.values(), *AT_HOME.values(), "SECRET-LAST-NAME", "SECRET-FIRST-NAME"},
}


@pytest.mark.parametrize("step_allows", [True, False])
@pytest.mark.parametrize("group_allows", [True, False])
@pytest.mark.parametrize("audience", [Audience.GUARDIAN, Audience.CONTACT])
def test_titles_reach_a_home_or_a_teacher_only_as_group_and_step_allow(
    audience: Audience, group_allows: bool, step_allows: bool, today: date
):
    """The stricter of the two wins, in every template and in the data behind it."""
    patron = a_reader(today, group_allows=group_allows, step_allows=step_allows)

    for template in templates(audience):
        data = data_for(template, patron, today)

        in_words, in_data = everything_said(template, data), " ".join(strings(data.as_liquid()))

        expected = list(TITLES.values()) if may_read(template, group_allows, step_allows) else []
        assert (template.name, [secret for secret in TITLES.values() if secret in in_data]) == (template.name, expected)
        assert (template.name, [secret for secret in TITLES.values() if secret in in_words]) == (
            template.name,
            expected,
        )


def may_read(template: Template, group_allows: bool, step_allows: bool) -> bool:
    """A correction speaks of no step that is on file any more here, and is strict then."""
    if template.kind == Template.Kind.CORRECTION:
        return False
    return group_allows and (step_allows or template.kind not in OF_A_STEP)


@pytest.mark.parametrize("audience", Audience)
def test_what_is_never_for_this_reader_is_nowhere(audience: Audience, today: date):
    """*Known as* outside letters to the patron, anybody's address, the reason for silence, a reader for a partner."""
    patron = a_reader(today, group_allows=True, step_allows=True)

    for template in templates(audience):
        data = data_for(template, patron, today)

        said = everything_said(template, data) + " ".join(strings(data.as_liquid()))

        assert (template.name, sorted(one for one in NEVER_FOR[audience] if one in said)) == (template.name, [])


def test_the_patron_is_called_as_they_wish(today: date):
    """The same secret is the greeting of the letter to the child: it could leak."""
    patron = a_reader(today, group_allows=True, step_allows=True)
    template = templates(Audience.PATRON)[0]

    assert data_for(template, patron, today).dear == OF_THE_PATRON["known_as"]


@pytest.mark.parametrize("audience", Audience)
def test_the_wording_that_names_everything_names_every_field(audience: Audience):
    """Or the tests above would prove less than they say."""
    body = naming_everything(audience)

    assert rendering.check(subject="", body=body, audience=audience) == []
    assert [name for name in leaves(fields(audience)) if name.rpartition(".")[2] not in body] == []


def a_reader(today: date, *, group_allows: bool, step_allows: bool) -> Patron:
    """A child with a book at every stage, a carer and a teacher; and a partner library that has one of ours."""
    standing.set_up()
    for service in Loan.Service:
        schedule = a_schedule(*DAYS, service=service, name=f"For {service}")
        Step.objects.filter(schedule=schedule).update(home_reads_titles=step_allows)
    group = a_group(
        home_reads_titles=group_allows,
        contact_reads_titles=group_allows,
        contact_name="SECRET-TEACHER",
        contact_email="teacher@school.example",
    )
    patron = a_child(group)
    partner = a_partner()
    for days in DAYS:
        due = today - timedelta(days=days)
        a_loan(due=due, patron=patron, item=a_secret_item())
        a_loan(due=due, patron=patron, item=a_secret_item(owner=partner), service=Loan.Service.ILL_BORROWING)
        a_loan(due=due, partner=partner, item=a_secret_item(), service=Loan.Service.ILL_LENDING)
    return patron


def a_child(group: Group) -> Patron:
    patron = a_patron(
        group=group,
        first_name="SECRET-FIRST-NAME",
        last_name="SECRET-LAST-NAME",
        name_at_home="SECRET-HOME-NAME",
        **OF_THE_PATRON,
    )
    a_guardianship(patron=patron, guardian=a_guardian(**AT_HOME))
    return patron


def a_secret_item(owner: PartnerLibrary | None = None) -> Item:
    return an_item(**TITLES | {"barcode": f"SECRET-BARCODE-{next(_numbers)}"}, owner=owner)


def templates(audience: Audience) -> list[Template]:
    return list(Template.objects.filter(audience=audience).select_related("current"))


def data_for(template: Template, patron: Patron, today: date) -> LetterData:
    """What composing would hand over for a letter of this template today."""
    partner = Loan.objects.filter(partner__isnull=False).first()
    if template.audience == Audience.PARTNER and partner is not None:
        return preview.shown(template, key=f"partner:{partner.partner_id}", on=today).data
    return preview.shown(template, key=f"patron:{patron.pk}", on=today).data


def everything_said(template: Template, data: LetterData) -> str:
    """The template's own words, and those of wording that names every field, in text and HTML."""
    assert template.current is not None
    own = written(template.current.subject, template.current.body, data)
    return own + written("", naming_everything(data.audience), data)


def written(subject: str, body: str, data: LetterData) -> str:
    return "\n".join(rendering.render(rendering.compiled(subject=subject, body=body, audience=data.audience), data))


def naming_everything(audience: Audience) -> str:
    return "\n\n".join(_named(fields(audience), ""))


def _named(known: dict[str, Any], before: str) -> Iterator[str]:
    for name, value in known.items():
        path = f"{before}{name}"
        if isinstance(value, dict):
            yield from _named(value, f"{path}.")
        elif isinstance(value, list):
            one = f"one_{name}"
            yield f"{{% for {one} in {path} %}}"
            yield from _named(value[0], f"{one}.")
            yield "{% endfor %}"
        else:
            yield f"{{% if {path} == true or {path} == false %}}asked{{% else %}}{{{{ {path} }}}}{{% endif %}}"


def leaves(known: dict[str, Any], before: str = "") -> Iterator[str]:
    """Every path that ends in a word or a number."""
    for name, value in known.items():
        inside = value[0] if isinstance(value, list) else value
        if isinstance(inside, dict):
            yield from leaves(inside, f"{before}{name}.")
        else:
            yield f"{before}{name}"


def strings(data: object) -> Iterator[str]:
    """Every string in the data, however deep."""
    match data:
        case str():
            yield data
        case dict():
            for value in data.values():
                yield from strings(value)
        case list():
            for value in data:
                yield from strings(value)
