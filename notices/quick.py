"""The plain part of Liquid as Python functions: what nearly every template consists of, rendered several times as fast.

A template is turned into functions once, and each letter then costs dictionary look-ups instead of a walk through
Liquid's tree. It never decides anything of its own: a template with a node that is not known here is Liquid's from the
start, and a letter at which anything is unusual (a missing field, two kinds of value compared, too long a result) is
left to Liquid as well, which renders it or says what is wrong.
"""

from collections.abc import Callable
from html import escape
from typing import Any, Final

from liquid import BoundTemplate
from liquid.ast import BlockNode, Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import arguments, filtered, logical, loop, path, primitive
from liquid.builtin.tags import comment_tag, for_tag, if_tag, unless_tag
from liquid.expression import Expression

from .language import FILTERS, LONGEST_RESULT, HtmlNode, Language, TextNode, plain

Values = dict[str, Any]
Asked = Callable[[Values], Any]
Write = Callable[[str], None]
Written = Callable[[Values, Write], None]
"""Puts its words into the result."""

_ROUNDS: Final = "\x00rounds"


class NotPlain(Exception):
    """Liquid itself has to look at this."""


def renderer(template: BoundTemplate) -> Callable[[Values], str] | None:
    """The template as a function of a letter's values; None where it has something that only Liquid knows.

    The function raises NotPlain for a letter that Liquid has to render.
    """
    try:
        whole = _all(template.nodes)
    except NotPlain:
        return None

    def render(values: Values) -> str:
        words: list[str] = []
        try:
            whole(dict(values), words.append)
        except Exception as unusual:
            raise NotPlain from unusual
        result = "".join(words)
        if len(result) * 4 > LONGEST_RESULT and len(result.encode(errors="surrogatepass")) > LONGEST_RESULT:
            raise NotPlain
        return result

    return render


def _all(nodes: list[Node]) -> Written:
    known = [_node(node) for node in nodes]
    if len(known) == 1:
        return known[0]

    def write_all(values: Values, write: Write) -> None:
        for one in known:
            one(values, write)

    return write_all


def _node(node: Node) -> Written:
    if isinstance(node, ContentNode):
        words = node.text
        return lambda values, write: write(words)
    if isinstance(node, TextNode):
        asked = _asked(node.expression)
        return lambda values, write: write(plain(asked(values)))
    if isinstance(node, HtmlNode):
        asked = _asked(node.expression)
        return lambda values, write: write(escape(plain(asked(values))))
    if isinstance(node, if_tag.IfNode | unless_tag.UnlessNode):
        return _choice(node, met=isinstance(node, if_tag.IfNode))
    if isinstance(node, for_tag.ForNode):
        return _loop(node)
    if isinstance(node, comment_tag.CommentNode):
        return lambda values, write: None
    raise NotPlain


def _block(block: BlockNode) -> Written:
    inside = _all(block.nodes)
    if not block.blank:
        return inside
    return lambda values, write: inside(values, _nowhere)  # a block of blanks leaves no gap


def _nowhere(words: str) -> None:
    pass


def _choice(node: if_tag.IfNode | unless_tag.UnlessNode, *, met: bool) -> Written:
    first, then = _truth(node.condition), _block(node.consequence)
    others = [(_truth(other.expression), _block(other.block)) for other in node.alternatives]
    last = _block(node.default) if node.default else None

    def choose(values: Values, write: Write) -> None:
        if first(values) is met:
            return then(values, write)
        for condition, block in others:
            if condition(values):
                return block(values, write)
        if last:
            last(values, write)
        return None

    return choose


def _loop(node: for_tag.ForNode) -> Written:
    wanted = node.expression
    if wanted.limit or wanted.offset or wanted.reversed or type(wanted) is not loop.LoopExpression:
        raise NotPlain
    name, items_of, block = wanted.identifier, _asked(wanted.iterable), _block(node.block)
    otherwise = _block(node.default) if node.default else None

    def go_round(values: Values, write: Write) -> None:
        items = items_of(values)
        if type(items) is not list:
            raise NotPlain
        if not items:
            if otherwise:
                otherwise(values, write)
            return
        count = len(items)
        rounds = values.get(_ROUNDS, 1) * count
        if rounds > Language.loop_iteration_limit:
            raise NotPlain
        inside = {**values, _ROUNDS: rounds}
        for index, item in enumerate(items):
            inside[name] = item
            inside["forloop"] = {
                "first": index == 0,
                "last": index == count - 1,
                "index": index + 1,
                "index0": index,
                "rindex": count - index,
                "rindex0": count - index - 1,
                "length": count,
            }
            block(inside, write)

    return go_round


def _truth(expression: Expression) -> Asked:
    """Nil and false are false; 0 and an empty text are true."""
    asked = _asked(expression)

    def is_true(values: Values) -> bool:
        value = asked(values)
        return value is not None and value is not False

    return is_true


def _asked(expression: Expression) -> Asked:
    kind = type(expression)
    known = _KNOWN.get(kind)
    if known is None:
        raise NotPlain
    return known(expression)


def _path(expression: path.Path) -> Asked:
    names = [name for name in expression.path if isinstance(name, str)]
    if len(names) < len(expression.path):
        raise NotPlain
    first, *rest = names
    match rest:
        case []:
            return lambda values: values[first]
        case ["size"]:
            return lambda values: _size(values[first])
        case [second]:
            return lambda values: values[first][second]

    def follow(values: Values) -> Any:
        found = values
        for name in names:
            found = found[name]
        return found

    return follow


def _size(value: Any) -> Any:
    if type(value) is not list:
        raise NotPlain
    return len(value)


def _filtered(expression: filtered.FilteredExpression) -> Asked:
    asked = _asked(expression.left)
    for one in expression.filters or ():
        asked = _filter(one, asked)
    return asked


def _filter(one: filtered.Filter, left: Asked) -> Asked:
    if one.name not in FILTERS:
        raise NotPlain
    function = FILTERS[one.name]
    peculiar = any(hasattr(function, name) for name in ("with_context", "with_environment"))
    if peculiar or any(type(argument) is not arguments.PositionalArgument for argument in one.args):
        raise NotPlain
    more = [_asked(argument.value) for argument in one.args]
    return lambda values: function(left(values), *[each(values) for each in more])


def _both(expression: logical.LogicalAndExpression) -> Asked:
    left, right = _truth(expression.left), _truth(expression.right)
    return lambda values: left(values) and right(values)


def _either(expression: logical.LogicalOrExpression) -> Asked:
    left, right = _truth(expression.left), _truth(expression.right)
    return lambda values: left(values) or right(values)


def _compared(by: Callable[[Any, Any], bool], *kinds: type) -> Callable[[Any], Asked]:
    """Two values of one of these kinds; what Liquid makes of others is its own affair."""

    def compare(expression: Any) -> Asked:
        left, right = _asked(expression.left), _asked(expression.right)

        def answer(values: Values) -> bool:
            one, other = left(values), right(values)
            if type(one) is not type(other) or type(one) not in kinds:
                raise NotPlain
            return by(one, other)

        return answer

    return compare


def _constant(expression: primitive.StringLiteral | primitive.IntegerLiteral) -> Asked:
    value = expression.value
    return lambda values: value


_KNOWN: Final[dict[type, Callable[[Any], Asked]]] = {
    path.Path: _path,
    filtered.FilteredExpression: _filtered,
    logical.BooleanExpression: lambda expression: _truth(expression.expression),
    logical.LogicalAndExpression: _both,
    logical.LogicalOrExpression: _either,
    logical.EqExpression: _compared(lambda one, other: one == other, int, str),
    logical.NeExpression: _compared(lambda one, other: one != other, int, str),
    logical.LtExpression: _compared(lambda one, other: one < other, int),
    logical.GtExpression: _compared(lambda one, other: one > other, int),
    logical.LeExpression: _compared(lambda one, other: one <= other, int),
    logical.GeExpression: _compared(lambda one, other: one >= other, int),
    primitive.StringLiteral: _constant,
    primitive.IntegerLiteral: _constant,
    primitive.TrueLiteral: lambda expression: lambda values: True,
    primitive.FalseLiteral: lambda expression: lambda values: False,
    primitive.Nil: lambda expression: lambda values: None,
}
