"""Every field that a letter has is explained to its author, and nothing is offered that a letter has not."""

import pytest

from notices import field_help, rendering, standing
from notices.letter_data import fields
from notices.models import Audience, Template

LISTS = {"library", "books", "children", "also_out", "fates", "book"}
"""Hold other fields; they are offered as blocks and loops."""

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("audience", Audience)
def test_every_field_has_a_sentence(audience: Audience):
    """Whoever gives letters a field gives its author a sentence about it."""
    known = fields(audience)

    assert set(known) - LISTS - set(field_help.LETTER) == set()
    assert set(known["library"]) == set(field_help.LIBRARY)
    for one in known.get("children", []):
        assert set(one) - LISTS == set(field_help.CHILD)
        assert set(one["books"][0]) == set(field_help.BOOK)
    assert all(set(one) == set(field_help.BOOK) for one in known.get("books", []))
    assert all(set(one) == set(field_help.FATE) for one in known.get("fates", []))


@pytest.mark.parametrize("audience", Audience)
def test_what_a_click_writes_may_be_saved(audience: Audience, today):
    """Each field alone where it may stand, and each block."""
    standing.set_up()
    template = Template.objects.filter(audience=audience, kind=Template.Kind.STEP).first()
    assert template is not None

    wrong = []
    for group in field_help.groups(template, on=today):
        for field in group.fields:
            body = field.insert
            if group.around:
                body = group.around.insert.replace("\n", f"\n{body}\n")
            if "child.books" in body:
                body = f"{{% for child in children %}}\n{body}\n{{% endfor %}}"
            wrong += rendering.check(subject="", body=body, audience=audience)

    assert [str(error) for error in wrong] == []
