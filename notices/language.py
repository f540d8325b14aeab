"""The language of templates: Liquid, cut down to what letters need.

Templates are written by people and trusted with nothing. They have a short list of tags and filters, ranges of at most
1,000, loops of at most 2,000 rounds and a result of at most 100 kB; Liquid's own limits are not enough, because they
do not stop a filter over a long range. Values are made plain where they are printed, so none of them is ever HTML,
Markdown or Liquid. Knows neither Markdown nor what stands in a letter.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any, Final, TextIO

from liquid import BoundTemplate, Environment, RenderContext, StrictUndefined
from liquid.ast import Node
from liquid.builtin import content, illegal, output
from liquid.builtin.expressions.primitive import IntegerLiteral, RangeLiteral
from liquid.builtin.filters.misc import default, size
from liquid.builtin.filters.string import capitalize, downcase, truncate, upcase
from liquid.builtin.tags import case_tag, comment_tag, for_tag, if_tag, inline_comment_tag, unless_tag
from liquid.exceptions import FilterArgumentError, LiquidError, LiquidTypeError
from liquid.expression import Expression

LONGEST_BODY: Final = 20_000
LONGEST_SUBJECT: Final = 200
MOST_PIECES: Final = 500
"""Fields and tags in a template."""
LONGEST_PIECE: Final = 500
"""Characters of a field or a tag: on one that never ends, Liquid's lexer works for minutes."""
LONGEST_RANGE: Final = 1_000
LONGEST_RESULT: Final = 100_000
"""Bytes of a rendered text or HTML."""


class TemplateError(Exception):
    """Wording that cannot be used. Line and column count from 1 in the author's own source; 0 where none is meant."""

    def __init__(
        self, sentence: str, *, part: str = "body", line: int = 0, column: int = 0, found: str = "", instead: str = ""
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.part = part
        self.line = line
        self.column = column
        self.found = found
        """What stands at that place."""
        self.instead = instead
        """What was probably meant, if that is known."""

    def __str__(self) -> str:
        if not self.line:
            return self.sentence
        where = f"Line {self.line}" if self.part == "body" else "Subject"
        return f"{where}, column {self.column}: {self.sentence}"


def error_at(sentence: str, *, part: str, source: str, index: int, found: str = "", instead: str = "") -> TemplateError:
    """An error that points to a place in the author's source, ``index`` characters after its beginning."""
    before = source[:index]
    line, column = before.count("\n") + 1, index - before.rfind("\n")
    return TemplateError(sentence, part=part, line=line, column=column, found=found, instead=instead)


# --- Values, filters, tags -------------------------------------------------------------------------------------------

_LINE_ENDS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def plain(value: object) -> str:
    """A value as it may stand in a letter: one line, without control characters or marks that reorder what follows."""
    if isinstance(value, str):
        if not value.isprintable():
            value = _REORDERING.sub("", _LINE_ENDS.sub(" ", value))
        return value.strip(" ")
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    raise LiquidTypeError("This is not a word or a number; choose one of its fields.", token=None)


class TextNode(output.OutputNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return buffer.write(plain(self.expression.evaluate(context)))


class HtmlNode(output.OutputNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return buffer.write(escape(plain(self.expression.evaluate(context))))


class _TextOutput(output.Output):
    node_class = TextNode


class _HtmlOutput(output.Output):
    node_class = HtmlNode


def plural(count: object, *words: object) -> object:
    """``{{ count | plural: "book", "books" }}``: the first word for one, the second for none and for many."""
    if len(words) != 2:
        raise FilterArgumentError('plural needs two words, as in count | plural: "book", "books".', token=None)
    return words[0] if count == 1 else words[1]


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


OPENING_TAGS: Final = ("case", "comment", "for", "if", "unless")
"""Each is closed by its name after ``end``."""


class Language(Environment):
    """Liquid for the text of a letter. Printing escapes what it prints, literals in templates too."""

    loop_iteration_limit = 2_000
    output_stream_limit = LONGEST_RESULT
    output_tag: type[output.Output] = _TextOutput

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        for tag in (*_TAGS, self.output_tag):
            self.add_tag(tag)
        for name, function in FILTERS.items():
            self.add_filter(name, function)


class HtmlLanguage(Language):
    """The same for its HTML."""

    output_tag = _HtmlOutput


TEXT: Final = Language(undefined=StrictUndefined)
HTML: Final = HtmlLanguage(undefined=StrictUndefined)


# --- Reading an author's source --------------------------------------------------------------------------------------

_LONGEST = {"subject": LONGEST_SUBJECT, "body": LONGEST_BODY}
_OPENING = re.compile(r"\{[{%]")
_RAW = re.compile(r"\{%-?\s*(raw|doc)\b")  # Liquid's lexer knows them before any list of tags is asked.
_NOWHERE = RenderContext(TEXT.from_string(""))


def parsed(source: str, *, part: str) -> BoundTemplate:
    """The author's own source as Liquid. Raises TemplateError, pointing into it, for what letters may not use."""
    if len(source) > _LONGEST[part]:
        raise TemplateError(f"This is longer than {_LONGEST[part]:,} characters.", part=part)
    _refuse_unclosed(source, part=part)
    if found := _RAW.search(source):
        raise error_at(f"Letters know no tag “{found[1]}”.", part=part, source=source, index=found.start())
    try:
        template = TEXT.from_string(source)
    except LiquidError as error:
        raise _told(error, part=part, source=source) from error
    for node in _all_nodes(template.nodes):
        for expression in all_expressions(node):
            if isinstance(expression, RangeLiteral) and not _is_short(expression):
                sentence = f"A range may count to {LONGEST_RANGE:,} at most, and only between written numbers."
                raise error_at(sentence, part=part, source=source, index=expression.token.start_index)
    return template


def _refuse_unclosed(source: str, *, part: str) -> None:
    end = 0
    for _ in range(MOST_PIECES + 1):
        opening = _OPENING.search(source, end)
        if opening is None:
            return
        closing = "}}" if opening[0] == "{{" else "%}"
        end = source.find(closing, opening.end(), opening.end() + LONGEST_PIECE) + len(closing)
        if end < len(closing):
            sentence = f"“{opening[0]}” is not closed: “{closing}” is missing."
            raise error_at(sentence, part=part, source=source, index=opening.start())
    raise TemplateError(f"This has more than {MOST_PIECES} fields and tags.", part=part)


def _is_short(numbers: RangeLiteral) -> bool:
    ends = (numbers.start, numbers.stop)
    return all(isinstance(end, IntegerLiteral) and 0 <= end.value <= LONGEST_RANGE for end in ends)


def children(node: Node) -> Iterable[Node]:
    return node.children(_NOWHERE, include_partials=False)


def all_expressions(node: Node) -> Iterator[Expression]:
    """A node's own expressions and theirs, without those of the nodes inside it."""
    waiting = list(node.expressions())
    while waiting:
        expression = waiting.pop(0)
        yield expression
        waiting[:0] = expression.children()


def _all_nodes(nodes: Iterable[Node]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from _all_nodes(children(node))


def _told(error: LiquidError, *, part: str, source: str) -> TemplateError:
    """Liquid's complaint as a sentence that points into the author's source."""
    token = error.token
    index = token.start_index if token and token.start_index >= 0 else _first_unfinished(source)
    return error_at(sentence_of(error), part=part, source=source, index=index)


_IN_OUR_WORDS: Final = (
    (re.compile("loop iteration limit"), "Its loops go round more than 2,000 times. Take loops out of other loops."),
    (re.compile("nesting limit"), "Too many tags stand inside one another."),
    (re.compile(r"unexpected tag '(?P<tag>end\w+)'"), "“{{% {tag} %}}” closes nothing: its first half is missing."),
    (re.compile(r"unexpected tag '(?P<tag>else|elsif|when)'"), "“{{% {tag} %}}” stands outside of if and case."),
    (re.compile(r"unexpected tag '(?P<tag>\w+)'"), "Letters know no tag “{tag}”."),
    (re.compile(r"expected tag (?P<tag>end\w+)"), "This is not closed: “{{% {tag} %}}” is missing."),
    (re.compile("expected word, found end"), "Something is missing after the last sign: a field or a filter."),
)
"""Liquid's commonest complaints, as what is wrong and what to do."""


def sentence_of(error: LiquidError) -> str:
    """Liquid's complaint without its place."""
    for known, ours in _IN_OUR_WORDS:
        if found := known.search(str(error.message or "")):
            return ours.format(**found.groupdict())
    sentence = str(error.message or "This cannot be read").strip().rstrip(".")
    return f"{sentence[:1].upper()}{sentence[1:]}."


_PIECE = re.compile(r"\{\{.*?\}\}|\{%-?\s*(?P<tag>\w+).*?%\}", re.DOTALL)


def _first_unfinished(source: str) -> int:
    """Where to look when Liquid names no place: at a field that cannot be read alone, or a tag that is never closed."""
    opened: list[tuple[str, int]] = []
    for piece in _PIECE.finditer(source):
        tag = piece["tag"]
        if tag is None and not _stands_alone(piece[0]):
            return piece.start()
        if tag in OPENING_TAGS:
            opened.append((tag, piece.start()))
        elif opened and tag == f"end{opened[-1][0]}":
            opened.pop()
    return opened[-1][1] if opened else 0


def _stands_alone(piece: str) -> bool:
    try:
        TEXT.from_string(piece)
    except LiquidError:
        return False
    return True
