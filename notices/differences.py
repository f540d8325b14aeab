"""What changed from one wording to another, word by word. Presents nothing: pages mark the pieces."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

_WORDS = re.compile(r"\s*\S+|\s+")


class Piece(NamedTuple):
    """``kind``: same, gone or new."""

    kind: str
    words: str


def between(old: str, new: str) -> list[Piece]:
    """The pieces of both, in reading order: what is gone before what came in its place.

    Compares lines first and words only where lines differ, so that long wording is compared quickly.
    """
    pieces: list[Piece] = []
    for piece in _compared(old.splitlines(keepends=True), new.splitlines(keepends=True)):
        if pieces and pieces[-1].kind == piece.kind:
            pieces[-1] = Piece(piece.kind, pieces[-1].words + piece.words)
        else:
            pieces.append(piece)
    return pieces


def _compared(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    for change, old_from, old_to, new_from, new_to in SequenceMatcher(a=old, b=new).get_opcodes():
        before, after = "".join(old[old_from:old_to]), "".join(new[new_from:new_to])
        if change == "equal":
            yield Piece("same", after)
        elif change == "replace":
            yield from _words(_WORDS.findall(before), _WORDS.findall(after))
        elif before:
            yield Piece("gone", before)
        else:
            yield Piece("new", after)


def _words(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    for change, old_from, old_to, new_from, new_to in SequenceMatcher(a=old, b=new).get_opcodes():
        if change == "equal":
            yield Piece("same", "".join(new[new_from:new_to]))
            continue
        if old_to > old_from:
            yield Piece("gone", "".join(old[old_from:old_to]))
        if new_to > new_from:
            yield Piece("new", "".join(new[new_from:new_to]))
