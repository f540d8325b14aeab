"""Numbers in addresses and forms, which may hold anything."""

from library.typed import is_row_number


def whole_number(text: str) -> int | None:
    """A row's number, or none."""
    return int(text) if is_row_number(text) else None


def pair_of_numbers(text: str) -> tuple[int, int] | None:
    """``12-3``: a row and how it stood on the page."""
    first, _, second = text.partition("-")
    left, right = whole_number(first), whole_number(second)
    return None if left is None or right is None else (left, right)
