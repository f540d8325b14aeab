"""Read an author's template beside the fields that its letters have, before any letter has to fail.

Liquid's own ``analyze`` tells the names that a template uses, but not that ``book`` in a loop over ``books`` has no
``titel``. This reader follows the loops. It says what is wrong and where, and changes nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from liquid.ast import Node
from liquid.builtin.expressions import FilteredExpression, LoopExpression, Path
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.for_tag import ForNode
from liquid.token import Token

from .language import FILTERS, TemplateError, all_expressions, children, error_at, parsed

Fields = dict[str, Any]

_FORLOOP: Final = dict.fromkeys(("first", "last", "index", "index0", "length", "rindex", "rindex0"), 0)
_UNKNOWN: Final = object()
_OF_THE_READER: Final = ("contact", "guardian", "parent", "patron", "person", "reader", "student", "teacher")
"""What authors call the person who is written to; every letter has one name for them."""
_LOOPS: Final = {"book": "books", "child": "children", "fate": "fates"}
"""What authors call one of a list."""
_NOT_TOLD: Final = {
    "known_as": "The name that a child is known by stands in letters to that child alone, as “dear”.",
    "email": "Letters do not say addresses.",
}


def errors_in(source: str, *, part: str, known: Fields, blocks: Iterable[str] = ()) -> list[TemplateError]:
    """What is wrong with a subject or a body (``part``) whose letters have the fields ``known``.

    A name in ``blocks`` may be printed although it is a list: it stands for a finished block.
    """
    try:
        template = parsed(source, part=part)
    except TemplateError as error:
        return [error]
    return list(_Reader(part, source, frozenset(blocks)).read(template.nodes, known))


@dataclass(frozen=True, slots=True)
class _Reader:
    part: str
    source: str
    blocks: frozenset[str]

    def read(self, nodes: Iterable[Node], known: Fields) -> Iterator[TemplateError]:
        for node in nodes:
            yield from self._unknown(node, known)
            if isinstance(node, OutputNode):
                yield from self._unprintable(node, known)
            inside = known | self._loop(node.expression, known) if isinstance(node, ForNode) else known
            yield from self.read(children(node), inside)

    def _unknown(self, node: Node, known: Fields) -> Iterator[TemplateError]:
        for expression in all_expressions(node):
            if isinstance(expression, Path) and self._found(expression, known) is _UNKNOWN:
                yield self._no_field(expression, known)
            for one in getattr(expression, "filters", None) or []:
                if one.name not in FILTERS:
                    yield self._error(f"Letters know no filter “{one.name}”.", one.token)

    def _no_field(self, path: Path, known: Fields) -> TemplateError:
        sentence = f"There is no field “{path}” in this letter."
        instead = self._meant(path, known)
        if reason := _NOT_TOLD.get(str(path.path[-1])):
            sentence, instead = f"{sentence} {reason}", ""
        elif instead:
            sentence = f"{sentence} Did you mean “{instead}”?"
        elif loop := _loop_for(str(path.path[0]), known):
            sentence = f"{sentence} It stands between “{loop}” and “{{% endfor %}}”."
        return self._error(sentence, path.token, found=str(path), instead=instead)

    def _meant(self, path: Path, known: Fields) -> str:
        """The field whose name is nearly this one; empty where nothing is near."""
        first, *_ = segments = [str(segment) for segment in path.path]
        meant = _nearest(segments, {**dict.fromkeys(self.blocks, ""), **known})
        return ".".join(meant) or ("dear" if first in _OF_THE_READER else "")

    def _unprintable(self, node: OutputNode, known: Fields) -> Iterator[TemplateError]:
        """Printing a list or a group of fields says nothing."""
        expression = node.expression
        path = expression.left if isinstance(expression, FilteredExpression) and not expression.filters else None
        if not isinstance(path, Path) or str(path) in self.blocks:
            return
        if isinstance(self._found(path, known), dict | list):
            yield self._error(f"“{path}” is not a word or a number; choose one of its fields.", path.token)

    def _loop(self, loop: LoopExpression, known: Fields) -> Fields:
        """The names that a loop adds: one of what it goes through, and Liquid's ``forloop``."""
        through = self._found(loop.iterable, known) if isinstance(loop.iterable, Path) else None
        return {loop.identifier: through[0] if isinstance(through, list) and through else "", "forloop": _FORLOOP}

    def _found(self, path: Path, known: Fields) -> Any:
        """What a path leads to: a field's example, or ``_UNKNOWN``."""
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

    def _error(self, sentence: str, token: Token, *, found: str = "", instead: str = "") -> TemplateError:
        index = token.start_index
        return error_at(sentence, part=self.part, source=self.source, index=index, found=found, instead=instead)


def _loop_for(one: str, known: Fields) -> str:
    """The tag that a letter needs around ``one`` of a list; empty where there is no such list or it is there."""
    many = _LOOPS.get(one, "")
    if one in known or not many:
        return ""
    if many in known:
        return f"{{% for {one} in {many} %}}"
    return f"{{% for {one} in child.{many} %}}" if "children" in known else ""


def _nearest(segments: list[str], here: Any) -> list[str]:
    """The path that exists and is spelt most like this one; empty where there is none."""
    if not segments or not isinstance(here, dict):
        return []
    for name in get_close_matches(segments[0], here, n=3, cutoff=0.7):
        rest = _nearest(segments[1:], here[name])
        if len(rest) == len(segments) - 1:
            return [name, *rest]
    return []
