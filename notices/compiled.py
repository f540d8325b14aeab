"""A letter's three Liquid sources, ready to be rendered: the one renderer, for what is sent and for what is tried.

Imports nothing but ``language``, so that the child process which tries unsaved wording (``trial_child``) runs the very
code that sends, and starts without Django. Knows neither Markdown nor rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from liquid import BoundTemplate
from liquid.exceptions import LiquidError, OutputStreamLimitError

from . import language
from .language import LONGEST_RESULT, TemplateError


class Sources(NamedTuple):
    """The Liquid of one wording, its Markdown read and its blocks written out."""

    subject: str
    text: str
    html: str


class Rendered(NamedTuple):
    """What Liquid made of the sources; the gaps in it are not closed yet."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Compiled:
    """One wording, ready to be rendered again and again."""

    subject: BoundTemplate
    text: BoundTemplate
    html: BoundTemplate

    @classmethod
    def of(cls, sources: Sources) -> Self:
        return cls(
            subject=language.TEXT.from_string(sources.subject),
            text=language.TEXT.from_string(sources.text),
            html=language.HTML.from_string(sources.html),
        )

    def render(self, values: Mapping[str, Any]) -> Rendered:
        """Raises TemplateError for what only shows when it is rendered."""
        try:
            return Rendered(
                subject=self.subject.render(values), text=self.text.render(values), html=self.html.render(values)
            )
        except OutputStreamLimitError as error:
            raise TemplateError(f"The letter is longer than {LONGEST_RESULT // 1000} kB.") from error
        except LiquidError as error:
            # Places count in the written-out source here, which no author has seen: the sentence has to do.
            raise TemplateError(language.sentence_of(error)) from error
