"""Numbers of rows in addresses and forms, which may hold anything that somebody typed."""

from collections.abc import Iterable


def is_row_number(text: str) -> bool:
    """Whether this can be the number of a row: PostgreSQL refuses those of 20 digits."""
    return text.isascii() and text.isdecimal() and len(text) <= 18


def row_number(text: str | None) -> int:
    """0, which is no row, for whatever is not a number."""
    return int(text) if text and is_row_number(text) else 0


def row_numbers(texts: Iterable[str]) -> list[int]:
    """Those that are numbers of rows."""
    return [number for number in map(row_number, texts) if number]
