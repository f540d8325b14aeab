"""The words by which a patron or an item is found, kept by the database beside each row.

PostgreSQL folds what is kept and what is asked with one function (migration ``0002_found_by_words``): small letters,
no accents, ``O'Brien`` and ``Anne-Marie`` also as one word. Words are *open* to everybody at the desk or *guarded*
(addresses, titles), which only a librarian may search by (product.md, S1).
"""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import SearchQueryField, SearchVectorField
from django.db.models import BooleanField, F, Func, GeneratedField, QuerySet, Value

OPEN, GUARDED = "A", "B"
"""The weights in the index."""


def words_of(*, open: tuple[str, ...], guarded: tuple[str, ...]) -> GeneratedField:
    """A column that keeps the words of these columns."""
    return GeneratedField(
        expression=Func(_joined(open), _joined(guarded), function="circulation_words"),
        output_field=SearchVectorField(),
        db_persist=True,
    )


def _joined(columns: tuple[str, ...]) -> Func:
    """With a space between them; none of them is ever NULL."""
    return Func(*map(F, columns), template="(%(expressions)s)", arg_joiner=" || ' ' || ")


class HasWords(Func):
    """Whether a row has, for each word of ``text``, a word that begins with it. A text without words finds nothing."""

    template = "%(expressions)s"
    arg_joiner = " @@ "
    output_field = BooleanField()

    def __init__(self, text: str, *, guarded: bool, **extra: Any) -> None:
        weights = OPEN + GUARDED if guarded else OPEN
        asked = Func(Value(text), Value(weights), function="circulation_asked", output_field=SearchQueryField())
        super().__init__(F("words"), asked, **extra)


class IsOneOf(Func):
    """Whether ``name`` is one of the values of ``rows``, which are found first and for themselves.

    For few among very many: PostgreSQL goes to each of them by the index of ``name``, also where several such
    conditions stand side by side with *or*. As ``IN`` it would look at every row instead.
    """

    template = "(%(expressions)s))"
    arg_joiner = " = ANY ("
    output_field = BooleanField()

    def __init__(self, name: str, rows: QuerySet[Any, Any], **extra: Any) -> None:
        super().__init__(F(name), ArraySubquery(rows), **extra)
