"""Write a letter from a template and its data.

``compiled`` does everything that is expensive, once for each wording; ``render`` is two Liquid renders and a subject.
Templates are written by people and trusted with nothing: they see the data that they are given, a short list of tags
and filters, ranges of at most 1,000, loops of at most 2,000 rounds and a result of at most 100 kB. No value is ever
Markdown, HTML or Liquid. Knows neither rows nor recipients: what stands in the data was settled before.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple, TextIO

from liquid import BoundTemplate, Environment, RenderContext, StrictUndefined
from liquid.ast import Node
from liquid.builtin import content, illegal, output
from liquid.builtin.expressions import FilteredExpression, LoopExpression, Path
from liquid.builtin.expressions.primitive import IntegerLiteral, RangeLiteral
from liquid.builtin.filters.misc import default, size
from liquid.builtin.filters.string import capitalize, downcase, truncate, upcase
from liquid.builtin.tags import case_tag, comment_tag, for_tag, if_tag, inline_comment_tag, unless_tag
from liquid.exceptions import LiquidError, LiquidTypeError, OutputStreamLimitError
from liquid.expression import Expression
from liquid.token import Token
from markupsafe import escape

from . import wording
from .letter_data import LetterData, fields
from .models.template import Audience

LONGEST_BODY: Final = 20_000
LONGEST_SUBJECT: Final = 200
LONGEST_RANGE: Final = 1_000
LONGEST_RESULT: Final = 100_000
"""Bytes of a rendered text or HTML."""


class TemplateError(Exception):
    """Wording that cannot be used. Line and column count from 1 in the author's own source; 0 where none is meant."""

    def __init__(self, sentence: str, *, part: str = "body", line: int = 0, column: int = 0) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.part = part
        self.line = line
        self.column = column

    def __str__(self) -> str:
        if not self.line:
            return self.sentence
        where = f"Line {self.line}" if self.part == "body" else "Subject"
        return f"{where}, column {self.column}: {self.sentence}"


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


# --- The language of templates ---------------------------------------------------------------------------------------

_LINE_ENDS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def plain(value: object) -> str:
    """A value as it may stand in a letter: one line, without control characters or marks that reorder what follows."""
    if isinstance(value, str):
        return value if value.isascii() and value.isprintable() else _REORDERING.sub("", _LINE_ENDS.sub(" ", value))
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    raise LiquidTypeError("This is not a word or a number; choose one of its fields.", token=None)


class _TextNode(output.OutputNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return buffer.write(plain(self.expression.evaluate(context)))


class _HtmlNode(output.OutputNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return buffer.write(escape(plain(self.expression.evaluate(context))))


class _TextOutput(output.Output):
    node_class = _TextNode


class _HtmlOutput(output.Output):
    node_class = _HtmlNode


def plural(count: object, one: str, many: str) -> str:
    """``{{ count | plural: "book", "books" }}``."""
    return one if count == 1 else many


FILTERS: Final[Mapping[str, Any]] = {
    "capitalize": capitalize,
    "default": default,
    "downcase": downcase,
    "plural": plural,
    "size": size,
    "truncate": truncate,
    "upcase": upcase,
}
"""None of them can make much out of little."""

_TAGS: Final = (
    content.Literal,
    illegal.Illegal,
    case_tag.CaseTag,
    comment_tag.CommentTag,
    for_tag.ForTag,
    if_tag.IfTag,
    inline_comment_tag.InlineCommentTag,
    unless_tag.UnlessTag,
)


class _Language(Environment):
    """Liquid, cut down to what letters need. Values are escaped as they are written, literals in templates too."""

    loop_iteration_limit = 2_000
    output_stream_limit = LONGEST_RESULT
    output_tag: type[output.Output] = _TextOutput

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        for tag in (*_TAGS, self.output_tag):
            self.add_tag(tag)
        for name, function in FILTERS.items():
            self.add_filter(name, function)


class _HtmlLanguage(_Language):
    output_tag = _HtmlOutput


_text = _Language(undefined=StrictUndefined)
_html = _HtmlLanguage(undefined=StrictUndefined)


# --- Once for each wording -------------------------------------------------------------------------------------------


@lru_cache(maxsize=500)
def compiled(*, subject: str, body: str, audience: Audience) -> Compiled:
    """The wording, ready to be rendered. Raises TemplateError where it is not Liquid that letters may use."""
    for part, source in (("subject", subject), ("body", body)):
        _parsed(source, part=part)
    sources = wording.written_out(subject=subject, body=body, audience=audience)
    return Compiled(
        subject=_text.from_string(wording.plain(subject)),
        text=_text.from_string(sources.text),
        html=_html.from_string(sources.html),
    )


def check(*, subject: str, body: str, audience: Audience) -> list[TemplateError]:
    """Everything that is wrong with an author's wording, in reading order: no letter needs to fail to find it out."""
    errors: list[TemplateError] = []
    for part, source in (("subject", subject), ("body", body)):
        try:
            template = _parsed(source, part=part)
        except TemplateError as error:
            errors.append(error)
        else:
            blocks = wording.BLOCKS if part == "body" else ()
            errors += _Reader(part=part, source=source, blocks=blocks).read(template.nodes, dict(fields(audience)))
    if not errors:
        compiled(subject=subject, body=body, audience=audience)
    return errors


_RAW = re.compile(r"\{%-?\s*(raw|doc)\b")


def _parsed(source: str, *, part: str) -> BoundTemplate:
    """The author's own source as Liquid, or a TemplateError that points into it."""
    longest = LONGEST_SUBJECT if part == "subject" else LONGEST_BODY
    if len(source) > longest:
        raise TemplateError(f"This is longer than {longest:,} characters.", part=part)
    if found := _RAW.search(source):
        raise _error_at(f"Letters know no tag “{found[1]}”.", part=part, source=source, index=found.start())
    try:
        template = _text.from_string(source)
    except LiquidError as error:
        raise _told(error, part=part) from error
    for node in _all_nodes(template.nodes):
        for expression in _all_expressions(node.expressions()):
            if isinstance(expression, RangeLiteral) and not _is_short(expression):
                sentence = f"A range may count to {LONGEST_RANGE:,} at most, and only between written numbers."
                raise _error_at(sentence, part=part, source=source, index=expression.token.start_index)
    return template


def _is_short(numbers: RangeLiteral) -> bool:
    ends = (numbers.start, numbers.stop)
    return all(isinstance(end, IntegerLiteral) and 0 <= end.value <= LONGEST_RANGE for end in ends)


def _all_nodes(nodes: Any) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from _all_nodes(node.children(_NOWHERE, include_partials=False))


def _all_expressions(expressions: Any) -> Iterator[Expression]:
    for expression in expressions:
        yield expression
        yield from _all_expressions(expression.children())


_NOWHERE = RenderContext(_text.from_string(""))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads a parsed template beside the fields that it may name, loop by loop."""

    part: str
    source: str
    blocks: tuple[str, ...]

    def read(self, nodes: Any, known: dict[str, Any]) -> list[TemplateError]:
        errors: list[TemplateError] = []
        for node in nodes:
            errors += self._node(node, known)
            inner = known
            if isinstance(node, for_tag.ForNode):
                inner = known | self._loop(node.expression, known)
            errors += self.read(node.children(_NOWHERE, include_partials=False), inner)
        return errors

    def _node(self, node: Node, known: dict[str, Any]) -> list[TemplateError]:
        errors = []
        for expression in _all_expressions(node.expressions()):
            if isinstance(expression, Path) and self._resolved(expression, known) is _UNKNOWN:
                errors.append(self._error(f"There is no field “{expression}” in this letter.", expression.token))
            errors += [
                self._error(f"Letters know no filter “{one.name}”.", one.token)
                for one in getattr(expression, "filters", None) or []
                if one.name not in FILTERS
            ]
        if isinstance(node, output.OutputNode) and not errors:
            errors += self._whole(node, known)
        return errors

    def _whole(self, node: output.OutputNode, known: dict[str, Any]) -> list[TemplateError]:
        """Printing a list or a group of fields says nothing, unless the name is a finished block's."""
        expression = node.expression
        if not isinstance(expression, FilteredExpression) or expression.filters:
            return []
        path = expression.left
        if not isinstance(path, Path) or str(path) in self.blocks:
            return []
        if isinstance(self._resolved(path, known), dict | list):
            return [self._error(f"“{path}” is not a word or a number; choose one of its fields.", path.token)]
        return []

    def _loop(self, loop: LoopExpression, known: dict[str, Any]) -> dict[str, Any]:
        iterable = loop.iterable
        found = self._resolved(iterable, known) if isinstance(iterable, Path) else [0]
        return {loop.identifier: found[0] if isinstance(found, list) and found else 0, "forloop": _FORLOOP}

    def _resolved(self, path: Path, known: dict[str, Any]) -> Any:
        here: Any = {**dict.fromkeys(self.blocks, ""), **known}
        for segment in path.path:
            match here, segment:
                case dict(), str() if segment in here:
                    here = here[segment]
                case ((list() | str()), "size"):
                    here = 0
                case list(), ("first" | "last" | int() | Path()) if here:
                    here = here[0]
                case _:
                    return _UNKNOWN
        return here

    def _error(self, sentence: str, token: Token) -> TemplateError:
        return _error_at(sentence, part=self.part, source=self.source, index=token.start_index)


_UNKNOWN = object()
_FORLOOP = dict.fromkeys(("first", "last", "index", "index0", "length", "rindex", "rindex0"), 0)


def _told(error: LiquidError, *, part: str) -> TemplateError:
    """Liquid's complaint as a sentence, pointing into the source that it complained about."""
    sentence = str(error.message or "This cannot be read").strip().rstrip(".")
    sentence = f"{sentence[:1].upper()}{sentence[1:]}."
    if error.token is None or error.token.start_index < 0:
        return TemplateError(sentence, part=part)
    return _error_at(sentence, part=part, source=error.token.source, index=error.token.start_index)


def _error_at(sentence: str, *, part: str, source: str, index: int) -> TemplateError:
    before = source[:index]
    line = before.count("\n") + 1
    return TemplateError(sentence, part=part, line=line, column=index - before.rfind("\n"))


# --- Once for each letter --------------------------------------------------------------------------------------------


def render(compiled: Compiled, data: LetterData) -> Written:
    """The letter's words. Raises TemplateError, which fails this letter and no other."""
    values = data.as_liquid()
    try:
        return Written(
            subject=" ".join(compiled.subject.render(values).split()),
            text=wording.laid_out(compiled.text.render(values)),
            html=wording.without_gaps(compiled.html.render(values)),
        )
    except OutputStreamLimitError as error:
        raise TemplateError(f"The letter is longer than {LONGEST_RESULT // 1000} kB.") from error
    except LiquidError as error:
        raise _told_without_place(error) from error


def _told_without_place(error: LiquidError) -> TemplateError:
    """While rendering, places count in the written-out source, which no author has seen: say the sentence alone."""
    told = _told(error, part="body")
    return TemplateError(told.sentence)
