"""Write a letter from a template and its data.

``compiled`` does everything that is expensive, once for each wording; ``render`` is two Liquid renders and a subject.
Knows neither rows nor recipients: what stands in the data was settled before (``letter_data``), what a template may do
is settled in ``language``, and how Markdown becomes text and HTML in ``wording``.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from . import language, wording
from .compiled import Compiled, Rendered, Sources
from .language import TemplateError
from .letter_data import LetterData, fields
from .models.template import Audience
from .proofreading import errors_in

__all__ = [
    "Compiled",
    "TemplateError",
    "Written",
    "check",
    "compiled",
    "errors_in_words",
    "finished",
    "render",
    "sources",
]


class Written(NamedTuple):
    """A letter's words: the same ones in text and HTML."""

    subject: str
    text: str
    html: str


@lru_cache(maxsize=500)
def compiled(*, subject: str, body: str, audience: Audience) -> Compiled:
    """The wording, ready to be rendered. Raises TemplateError where letters may not use it."""
    return Compiled.of(sources(subject=subject, body=body, audience=audience))


def sources(*, subject: str, body: str, audience: Audience) -> Sources:
    """The wording as Liquid. Raises TemplateError where letters may not use it."""
    language.parsed(subject, part="subject")
    language.parsed(body, part="body")
    written = wording.written_out(subject=subject, body=body, audience=audience)
    return Sources(subject=wording.plain(subject), text=written.text, html=written.html)


def check(*, subject: str, body: str, audience: Audience) -> list[TemplateError]:
    """Everything that is wrong with an author's wording, in reading order; empty when it may be saved.

    Renders it here and now: for wording that a person typed this minute, ``trial`` does the same out of harm's way.
    """
    errors = errors_in_words(subject=subject, body=body, audience=audience)
    return errors or _tried(subject=subject, body=body, audience=audience)


def errors_in_words(*, subject: str, body: str, audience: Audience) -> list[TemplateError]:
    """What is wrong with an author's wording as it stands, before any letter is tried."""
    known = fields(audience)
    return errors_in(subject, part="subject", known=known) + errors_in(
        body, part="body", known=known, blocks=wording.BLOCKS
    )


def _tried(*, subject: str, body: str, audience: Audience) -> list[TemplateError]:
    """What only shows when it is written out and rendered, such as a filter without its words."""
    try:
        _rendered(compiled(subject=subject, body=body, audience=audience), fields(audience))
    except TemplateError as error:
        return [error]
    return []


def render(compiled: Compiled, data: LetterData) -> Written:
    """The letter's words. Raises TemplateError, which fails this letter and no other."""
    return _rendered(compiled, data.as_liquid())


def _rendered(compiled: Compiled, values: Mapping[str, Any]) -> Written:
    return finished(compiled.render(values))


def finished(rendered: Rendered) -> Written:
    """A letter as its reader sees it: without the gaps that empty fields left."""
    return Written(
        subject=" ".join(rendered.subject.split()),
        text=wording.laid_out(rendered.text),
        html=wording.without_gaps(rendered.html),
    )
