"""From an author's words to the two Liquid sources of a letter: its text and its HTML.

Authors write Markdown with Liquid in it. Here the finished blocks are put in, the Liquid is taken out of the way, the
Markdown is read, and both sources are written from the one reading: that is why text and HTML have the same words.
Works on wording only and sees no letter's data, so no value is ever taken for Markdown, HTML or Liquid.

The Markdown is a short list: paragraphs, ``## heading``, ``- book line``, ``1. thing to do``, ``*italics*``,
``**bold**``, a backslash at the end of a line for a new line, and ``---``, below which the letter's foot begins. No
HTML, pictures or links: mail programs make a written-out address clickable, and what stands there is where it leads.
A line that holds nothing but Liquid tags stands between paragraphs and list items, never inside one.
"""

import re
from dataclasses import dataclass, field
from functools import cache
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Final

import css_inline
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from .language import OPENING_TAGS, TemplateError
from .models.template import Audience

BLOCKS: Final = ("books", "children", "what_to_do", "next_step", "foot")
"""The finished blocks: an author puts one in by its name, ``{{ books }}``."""

PARAGRAPH, HEADING, ITEM, STEP, NEW_LINE = "\x01", "\x02", "\x03", "\x04", "\x05"
"""Where the parts of a text begin. Values and wording lose control characters, so only this module can write them."""

_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_ONLY_TAGS = re.compile(r"\s*(?:\{%(?:[^%]|%(?!\}))*%\}\s*)+")
_BLOCK = re.compile(r"\{\{-?\s*(" + "|".join(BLOCKS) + r")\s*-?\}\}")
_TAG_NAME = re.compile(r"\{%-?\s*(\w+)")
_PLACE = re.compile("\ue000(\\d+)\ue001")
_NOT_WORDING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ue000-\ue001]")
_BLOCK_FILES = Path(__file__).parent / "defaults" / "blocks"

_markdown = MarkdownIt("zero").enable(["emphasis", "escape", "heading", "hr", "list", "newline"])
_inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


@dataclass(frozen=True, slots=True)
class Sources:
    """A letter's two Liquid sources."""

    text: str
    html: str


def written_out(*, subject: str, body: str, audience: Audience) -> Sources:
    """The Liquid sources of a letter, its HTML framed and with its styles inline. Expects Liquid that parses.

    Raises TemplateError where a tag opens in one paragraph or line and closes in another: no HTML could follow it.
    """
    places = _Places()
    parts = _read(with_blocks(body, audience=audience), places)
    for part in parts:
        _refuse_straddling_tags(part, places)
    head, foot = _split_at_rule(parts)
    text = "".join(_as_text(part) for part in parts)
    page = render_to_string(
        "email/letter.html",
        {
            "language": settings.LANGUAGE_CODE,
            "subject": mark_safe(_literal_html(places.hide(subject))),
            "library": mark_safe(places.hide("{{ library.name }}")),
            "body": mark_safe(_as_html(head)),
            "foot": mark_safe(_as_html(foot)),
        },
    )
    return Sources(text=places.show(text), html=places.show(_inliner.inline(page)))


def plain(subject: str) -> str:
    """A subject as a Liquid source: it is no Markdown."""
    return _NOT_WORDING.sub(" ", subject)


def with_blocks(body: str, *, audience: Audience) -> str:
    """The author's words with the finished blocks written out, each standing by itself."""
    clean = _NOT_WORDING.sub("", body.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))
    return _BLOCK.sub(lambda found: f"\n\n{block(found[1], audience)}\n\n", clean)


@cache
def block(name: str, audience: Audience) -> str:
    """The wording of a finished block: the audience's own, else the common one, else nothing."""
    for candidate in (f"{name}.{audience}.md", f"{name}.md"):
        path = _BLOCK_FILES / candidate
        if path.exists():
            return path.read_text(encoding="utf-8").strip("\n")
    return ""


class _Places:
    """Keeps Liquid out of Markdown's sight: each piece becomes a private character with a number, and comes back."""

    def __init__(self) -> None:
        self._kept: list[str] = []

    def hide(self, source: str) -> str:
        return _LIQUID.sub(self._keep, source)

    def show(self, source: str) -> str:
        return _PLACE.sub(lambda found: self._kept[int(found[1])], source)

    def tags_in(self, source: str) -> list[tuple[str, str]]:
        """The tags that stand in a hidden source, each as its name and as it was written."""
        pieces = (self._kept[int(number)] for number in _PLACE.findall(source))
        return [(found[1], piece) for piece in pieces if (found := _TAG_NAME.match(piece))]

    def _keep(self, found: re.Match[str]) -> str:
        self._kept.append(found[0])
        return f"\ue000{len(self._kept) - 1}\ue001"


@dataclass(slots=True)
class _Line:
    """One line of a part, in both forms."""

    text: str = ""
    html: str = ""

    def add(self, *, text: str = "", html: str = "") -> None:
        self.text += text
        self.html += html


@dataclass(slots=True)
class _Part:
    """A paragraph, heading, list item, rule, or Liquid tags that stand by themselves."""

    kind: str
    number: str = ""
    lines: list[_Line] = field(default_factory=list)


def _read(source: str, places: _Places) -> list[_Part]:
    """The parts of a letter in order."""
    parts: list[_Part] = []
    for only_tags, lines in groupby(source.split("\n"), key=lambda line: bool(_ONLY_TAGS.fullmatch(line))):
        stretch = places.hide("\n".join(lines))
        if only_tags:
            tags = stretch.replace("\n", "")
            parts.append(_Part("tags", lines=[_Line(tags, tags)]))
        else:
            parts += _parts_of_markdown(stretch)
    return parts


def _parts_of_markdown(source: str) -> list[_Part]:
    parts: list[_Part] = []
    kinds: list[str] = []
    for token in _markdown.parse(source):
        match token.type:
            case "list_item_open":
                kinds.append("step" if token.info else "item")
                parts.append(_Part(kinds[-1], number=token.info))
            case "list_item_close":
                kinds.pop()
            case "heading_open":
                parts.append(_Part("heading"))
            case "hr":
                parts.append(_Part("rule"))
            case "paragraph_open" if not kinds:
                parts.append(_Part("paragraph"))
            case "inline":
                parts[-1].lines += _lines(token.children or [])
    return parts


def _refuse_straddling_tags(part: _Part, places: _Places) -> None:
    if part.kind == "tags":
        return
    whole = "".join(line.text for line in part.lines)
    for stretch in [line.text for line in part.lines] if part.kind == "item" else [whole]:
        opened: list[tuple[str, str]] = []
        for name, piece in places.tags_in(stretch):
            if name in OPENING_TAGS:
                opened.append((name, piece))
            elif name.startswith("end") and not (opened and name == f"end{opened.pop()[0]}"):
                raise _straddling(piece)
        if opened:
            raise _straddling(opened[-1][1])


def _straddling(piece: str) -> TemplateError:
    return TemplateError(
        f"“{piece}” stands in one paragraph or line and its other end in another: give each its own line."
    )


_TAGS = {"em_open": "<i>", "em_close": "</i>", "strong_open": "<b>", "strong_close": "</b>"}


def _lines(tokens: list[Token]) -> list[_Line]:
    lines = [_Line()]
    for token in tokens:
        match token.type:
            case "text":
                lines[-1].add(text=_literal_text(token.content), html=_literal_html(token.content))
            case "softbreak":
                lines[-1].add(text=" ", html="\n")
            case "hardbreak":
                lines.append(_Line())
            case kind:
                lines[-1].add(html=_TAGS[kind])
    return lines


def _literal_text(words: str) -> str:
    """Words that Liquid leaves alone: an escaped brace must not open a tag after all."""
    return words.replace("{", "{{ '{' }}")


def _literal_html(words: str) -> str:
    return escape(words).replace("{", "&#123;")


def _as_text(part: _Part) -> str:
    words = NEW_LINE.join(line.text for line in part.lines)
    match part.kind:
        case "tags":
            return words
        case "item":
            return ITEM + words
        case "step":
            return f"{STEP}{part.number}. {words}"
        case "heading":
            return HEADING + words
        case "rule":
            return ""
        case _:
            return PARAGRAPH + words


def _as_html(parts: list[_Part]) -> str:
    return "".join(
        f'<ol start="{found[0].number}">{"".join(map(_part_as_html, found))}</ol>'
        if kind == "step"
        else "".join(map(_part_as_html, found))
        for kind, group in groupby(parts, key=lambda part: part.kind)
        for found in [list(group)]
    )


def _part_as_html(part: _Part) -> str:
    first, *rest = (line.html for line in part.lines) if part.lines else [""]
    match part.kind:
        case "tags":
            return first
        case "heading":
            return f"<h2>{' '.join([first, *rest])}</h2>"
        case "step":
            return f"<li>{'<br>'.join([first, *rest])}</li>"
        case "item":
            small = "".join(f'<br><span class="soft small">{line}</span>' for line in rest)
            return f'<p class="item rule">{first}{small}</p>'
        case "rule":
            return ""
        case _:
            return f"<p>{'<br>'.join([first, *rest])}</p>"


def _split_at_rule(parts: list[_Part]) -> tuple[list[_Part], list[_Part]]:
    """The letter and its foot; without a rule there is no foot."""
    at = next((index for index, part in enumerate(parts) if part.kind == "rule"), len(parts))
    return parts[:at], parts[at + 1 :]


_PART_OF_TEXT = re.compile(f"([{PARAGRAPH}-{STEP}])([^{PARAGRAPH}-{STEP}]*)")
_BLANKS = re.compile("[ \n]+")
# A break before it goes with it. It begins with "<" in every case: so the many places between are passed over quickly.
_EMPTY_HTML = re.compile(r"<(?:br\s*/?><)?(p|span|h2)\b[^>]*>\s*</\1>")


def laid_out(text: str) -> str:
    """A rendered text source as the reader sees it: a blank line between paragraphs, lists close together and indented.

    What came out empty is gone, and so is the gap that it left. The lines of a list item are joined, by a dot in the
    middle or, after a full stop, by a blank.
    """
    blocks: list[str] = []
    before = ""
    for mark, words in _PART_OF_TEXT.findall(text):
        lines = [line for line in map(_tidy, words.split(NEW_LINE)) if line]
        if not lines:
            continue
        if mark in (ITEM, STEP):
            blocks.append(("\n" if before in (mark, HEADING) else "\n\n") + "   " + _one_item(lines))
        else:
            blocks.append("\n\n" + "\n".join(lines))
        before = mark
    return "".join(blocks).strip("\n") + "\n"


def _tidy(line: str) -> str:
    """With single blanks; nearly every line has no others."""
    return (_BLANKS.sub(" ", line) if "  " in line or "\n" in line else line).strip()


def _one_item(lines: list[str]) -> str:
    item = lines[0]
    for line in lines[1:]:
        item += (" " if item.endswith((".", "!", "?", "。")) else " · ") + line
    return item


def without_gaps(html: str) -> str:
    """Rendered HTML without the paragraphs and lines that came out empty."""
    return _EMPTY_HTML.sub("", html)
