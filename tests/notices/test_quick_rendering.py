"""The quick way of rendering says what Liquid says, to the letter, or leaves the letter to Liquid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from liquid.exceptions import LiquidError

from notices import compiled, defaults, language, quick, rendering
from notices.defaults import DefaultTemplate
from notices.models import Audience

from .letter_samples import samples

TEMPLATES = defaults.load()

VALUES = {
    "count": 2,
    "none": 0,
    "late": True,
    "early": False,
    "name": "Zoë <b>& Co</b>",
    "empty": "",
    "nothing": None,
    "library": {"name": "Banksia", "phone": None, "size": "large"},
    "books": [
        {"title": "The Hobbit", "author": None, "number": 3, "notes": ["wet", "torn"]},
        {"title": "Nevermoor", "author": "Jessica Townsend", "number": 1, "notes": []},
    ],
    "shelf": [],
}
FIELDS = ["count", "none", "late", "name", "empty", "nothing", "library.name", "library.phone", "books.size", "nobody"]
CONDITIONS = [*FIELDS, "count == 2", "count > none", "name != empty", "late and nothing", "not_there", "count < 'two'"]

conditions = st.builds(
    lambda one, word, other: f"{one} {word} {other}",
    st.sampled_from(CONDITIONS),
    st.sampled_from(["and", "or"]),
    st.sampled_from(CONDITIONS),
)
pieces = st.recursive(
    st.one_of(
        st.sampled_from(["A word.", " ", "\n", "{% comment %}x{% endcomment %}", "{{ forloop.last }}"]),
        st.sampled_from(FIELDS).map("{{{{ {} }}}}".format),
        st.sampled_from(FIELDS).map('{{{{ {} | plural: "book", "books" }}}}'.format),
        st.sampled_from(FIELDS).map('{{{{ {} | default: "us" | upcase }}}}'.format),
        st.sampled_from(["book.title", "book.author", "book.notes.size", "book"]).map("{{{{ {} }}}}".format),
    ),
    lambda inside: st.one_of(
        st.lists(inside, max_size=3).map("".join),
        st.tuples(conditions, inside, inside).map(lambda it: "{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format(*it)),
        st.tuples(st.sampled_from(CONDITIONS), inside).map(
            lambda it: "{{% unless {} %}}{}{{% endunless %}}".format(*it)
        ),
        st.tuples(st.sampled_from(["books", "shelf", "name", "(1..3)"]), inside).map(
            lambda it: "{{% for book in {} %}}{}{{% endfor %}}".format(*it)
        ),
    ),
    max_leaves=8,
)


def said(render) -> str:
    """What it rendered, or Liquid's complaint."""
    try:
        return render(VALUES)
    except LiquidError as error:
        return f"{type(error).__name__}: {error.message}"


@pytest.mark.parametrize("template", TEMPLATES, ids=str)
def test_every_default_wording_goes_the_quick_way(template: DefaultTemplate):
    """All three sources of every shipped wording are rendered quickly, and as Liquid renders them, for every sample."""
    wording = rendering.compiled(subject=template.subject, body=template.body, audience=Audience(template.audience))

    for sample in samples(template):
        values = sample.as_liquid()
        for part in (wording.subject, wording.text, wording.html):
            assert part.quickly is not None
            assert part.quickly(values) == part.liquid.render(values)


@given(source=pieces, html=st.booleans())
def test_whatever_an_author_writes_comes_out_as_liquid_has_it(source: str, html: bool):
    """Any template of these pieces renders, or fails, exactly as it does without the quick way."""
    template = compiled.Template.of(source, language=language.HTML if html else language.TEXT)

    assert said(template.render) == said(template.liquid.render)


@pytest.mark.parametrize(
    "source",
    [
        "{{ nobody }}",
        "{{ library.owner }}",
        "{% for book in books %}{{ book.owner }}{% endfor %}",
        "{% if count < name %}x{% endif %}",
        "{% for letter in name %}{{ letter }}{% endfor %}",
        "{{ books }}",
    ],
)
def test_what_is_unusual_is_left_to_liquid(source: str):
    """A missing field, two kinds of value compared, a word as a list: no word is written by the quick way."""
    template = compiled.Template.of(source, language=language.TEXT)

    assert template.quickly is not None
    with pytest.raises(quick.NotPlain):
        template.quickly(VALUES)


@pytest.mark.parametrize(
    "source", ["{% case count %}{% when 2 %}x{% endcase %}", "{% for book in books reversed %}x{% endfor %}"]
)
def test_what_only_liquid_knows_has_no_quick_way(source: str):
    """A tag that is not among the plain ones makes the whole template Liquid's."""
    template = compiled.Template.of(source, language=language.TEXT)

    assert (template.quickly, template.render(VALUES)) == (None, template.liquid.render(VALUES))


def test_a_result_that_is_too_long_is_refused_by_liquid():
    """The quick way keeps the limit of a letter's length, in bytes, and lets Liquid say so."""
    template = compiled.Template.of("é" * 60_000, language=language.TEXT)

    assert template.quickly is not None
    with pytest.raises(quick.NotPlain):
        template.quickly(VALUES)


def test_rounds_of_nested_loops_are_multiplied():
    """Loops inside loops keep Liquid's limit of rounds."""
    template = compiled.Template.of(
        "{% for one in many %}{% for other in many %}x{% endfor %}{% endfor %}", language=language.TEXT
    )

    assert template.quickly is not None
    with pytest.raises(quick.NotPlain):
        template.quickly({"many": list(range(45))})
