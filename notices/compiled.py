"""A letter's three Liquid sources, ready to be rendered: the one renderer, for what is sent and for what is tried.

Imports nothing but ``language``, so that the child process which tries unsaved wording (``trial_child``) runs the very
code that sends, and starts without Django. Knows neither Markdown nor rows.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from liquid import BoundTemplate
from liquid.exceptions import LiquidError, OutputStreamLimitError

from . import language, quick
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
class Template:
    """One Liquid source, and the quick way to render it where there is one."""

    liquid: BoundTemplate
    quickly: Callable[[dict[str, Any]], str] | None

    @classmethod
    def of(cls, source: str, *, language: language.Language) -> Self:
        liquid = language.from_string(source)
        return cls(liquid=liquid, quickly=quick.renderer(liquid))

    def render(self, values: Mapping[str, Any]) -> str:
        if self.quickly is not None:
            with suppress(quick.NotPlain):
                return self.quickly(dict(values))
        return self.liquid.render(values)


@dataclass(frozen=True, slots=True)
class Compiled:
    """One wording, ready to be rendered again and again."""

    subject: Template
    text: Template
    html: Template

    @classmethod
    def of(cls, sources: Sources) -> Self:
        return cls(
            subject=Template.of(sources.subject, language=language.TEXT),
            text=Template.of(sources.text, language=language.TEXT),
            html=Template.of(sources.html, language=language.HTML),
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
