"""Write a letter from a template and its data.

``compiled`` does everything that is expensive, once for each wording; ``render`` is two Liquid renders and a subject.
Knows neither rows nor recipients: what stands in the data was settled before (``letter_data``), what a template may do
is settled in ``language``, and how Markdown becomes text and HTML in ``wording``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from liquid import BoundTemplate
from liquid.exceptions import LiquidError, OutputStreamLimitError

from . import language, wording
from .language import LONGEST_RESULT, TemplateError
from .letter_data import LetterData, fields
from .models.template import Audience
from .proofreading import errors_in

__all__ = ["Compiled", "TemplateError", "Written", "check", "compiled", "render"]


class Written(NamedTuple):
    """A letter's words: the same ones in text and HTML."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Compiled:
    """One wording, ready to be rendered again and again."""

    subject: BoundTemplate
    text: BoundTemplate
    html: BoundTemplate


@lru_cache(maxsize=500)
def compiled(*, subject: str, body: str, audience: Audience) -> Compiled:
    """The wording, ready to be rendered. Raises TemplateError where letters may not use it."""
    language.parsed(subject, part="subject")
    language.parsed(body, part="body")
    sources = wording.written_out(subject=subject, body=body, audience=audience)
    return Compiled(
        subject=language.TEXT.from_string(wording.plain(subject)),
        text=language.TEXT.from_string(sources.text),
        html=language.HTML.from_string(sources.html),
    )


def check(*, subject: str, body: str, audience: Audience) -> list[TemplateError]:
    """Everything that is wrong with an author's wording, in reading order; empty when it may be saved."""
    known = fields(audience)
    errors = errors_in(subject, part="subject", known=known)
    errors += errors_in(body, part="body", known=known, blocks=wording.BLOCKS)
    return errors or _tried(subject=subject, body=body, audience=audience)


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
    try:
        return Written(
            subject=" ".join(compiled.subject.render(values).split()),
            text=wording.laid_out(compiled.text.render(values)),
            html=wording.without_gaps(compiled.html.render(values)),
        )
    except OutputStreamLimitError as error:
        raise TemplateError(f"The letter is longer than {LONGEST_RESULT // 1000} kB.") from error
    except LiquidError as error:
        # Places count in the written-out source here, which no author has seen: the sentence has to do.
        raise TemplateError(language.sentence_of(error)) from error
