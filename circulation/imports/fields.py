"""One cell of text → one value, or the sentence that refuses it.

A name may be any text in any script, also one that looks like a template or like HTML: it is text here, and whoever
prints it escapes it. What no name, title or address can be is refused: line breaks (a header of a mail is made of
them), control characters, bytes without meaning, formulas in a person's name, and what does not fit.
"""

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from circulation.imports.read import CONTROL, LOST_BYTES, legible

FORMULA = ("=", "+", "@")
MOST_MONEY = Decimal("999999.99")
SOONEST, LATEST = date(1990, 1, 1), date(2100, 1, 1)
DAY_FIRST = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")
YES, NO = {"yes", "y", "true", "1"}, {"no", "n", "false", "0", ""}


class CellError(ValueError):
    """Why a cell cannot be used, as a sentence."""


def text(value: str, what: str, *, longest: int, lines: bool = False) -> str:
    """``value`` without blanks around it or doubled inside. ``what``: the field as a person says it, "last name"."""
    if LOST_BYTES.search(value):
        raise CellError("Some bytes here are in no character set. Export the list as UTF-8.")
    if CONTROL.search(value) or "\x7f" in value:
        raise CellError(f"The {what} holds a control character, which no {what} has.")
    value = unicodedata.normalize("NFC", value)
    rows = [" ".join(row.split()) for row in value.strip().splitlines()]
    if len(rows) > 1 and not lines:
        raise CellError(f"The {what} holds a line break. It has to stand on one line.")
    value = "\n".join(row for row in rows if row)
    if len(value) > longest:
        raise CellError(f"The {what} is {len(value):,} characters long; there is room for {longest}.")
    return value


def name(value: str, what: str, *, longest: int = 120) -> str:
    """A person's name or a card's number: text that is no formula."""
    value = text(value, what, longest=longest)
    if value.startswith(FORMULA):
        raise CellError(f"“{_short(value)}” begins like a formula, as no {what} does.")
    return value


def email(value: str) -> str:
    """An address with its domain in small letters, or nothing; domains in any script are welcome."""
    value = text(value, "email", longest=254)
    if not value:
        return ""
    if value.count("@") > 1:
        both = re.search(r"[,;\s]", value)
        raise CellError(f"“{_short(value)}” " + ("holds two addresses. Keep one." if both else "has two @ signs."))
    local, _, domain = value.rpartition("@")
    value = f"{local}@{domain.lower()}" if local else value
    try:
        validate_email(value)
    except ValidationError as error:
        raise CellError(f"“{_short(value)}” is not an email address. Correct it, or leave it empty.") from error
    return value


def day(value: str, what: str) -> date | None:
    """A date, with or without a time (2026-07-26 23:59:00), or day/month/year; in the library's time zone."""
    value = value.strip()
    if not value:
        return None
    try:
        found = _day_first(value) or _iso(value)
    except (ValueError, OverflowError) as error:
        raise CellError(f"“{_short(value)}” is not a date. Write the {what} as 2026-07-26.") from error
    if not SOONEST <= found < LATEST:
        raise CellError(f"“{_short(value)}” is not a likely {what}: it lies before 1990 or after 2099.")
    return found


def amount(value: str, what: str) -> Decimal | None:
    """Money with or without its sign: 11.55, $11.55, 11,55."""
    bare = re.sub(r"^[^\d.,-]+|[^\d.,]+$", "", value.strip())
    if not value.strip():
        return None
    if re.fullmatch(r"-?\d+,\d{1,2}", bare):
        bare = bare.replace(",", ".")
    try:
        found = Decimal(bare.replace(",", ""))
    except InvalidOperation as error:
        raise CellError(f"“{_short(value)}” is not an amount of money.") from error
    if not 0 <= found <= MOST_MONEY:
        raise CellError(f"“{_short(value)}” is not a likely {what}.")
    return found.quantize(Decimal("0.01"))


def number(value: str, what: str, *, most: int) -> int | None:
    """A whole number from 0 to ``most``."""
    value = value.strip()
    if not value:
        return None
    if not re.fullmatch(r"[0-9]{1,6}", value) or int(value) > most:
        raise CellError(f"“{_short(value)}” is not a number of {what}.")
    return int(value)


def _day_first(value: str) -> date | None:
    found = DAY_FIRST.match(value)
    return date(int(found[3]), int(found[2]), int(found[1])) if found else None


def _iso(value: str) -> date:
    moment = datetime.fromisoformat(value)
    return timezone.localdate(moment) if timezone.is_aware(moment) else moment.date()


def _short(value: str) -> str:
    return legible(value if len(value) <= 60 else value[:59] + "…")
