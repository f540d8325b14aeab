"""Words are taken out of texts that are kept, whole words and nothing else."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library.sweep import ERASED, matching, sweep, without
from smtp_gateway.models import DailyLog, GatewayEvent

WORDS = ["P100417", "mia.chen@students.example", "Mia Chen"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Card P100417 is unknown.", f"Card {ERASED} is unknown."),
        ("card p100417", f"card {ERASED}"),
        ("P1004170 and XP100417", "P1004170 and XP100417"),
        ("<mia.chen@students.example>: no", f"<{ERASED}>: no"),
        ("Mia Chen-Lee, Mia Cheng", f"{ERASED}-Lee, Mia Cheng"),
        ("Mia reads", "Mia reads"),
    ],
)
def test_whole_words_go(before: str, after: str) -> None:
    """In capitals or not; what only begins like one stays."""
    assert without(before, matching(WORDS)) == after


def test_in_json_too() -> None:
    """However deep, keys as well as values; numbers and truth stay."""
    kept = {"Mia Chen": ["P100417", 7, None, {"to": "mia.chen@students.example"}]}

    assert without(kept, matching(WORDS)) == {ERASED: [ERASED, 7, None, {"to": ERASED}]}


def test_nothing_to_look_for_finds_nothing() -> None:
    """An empty word would stand everywhere."""
    assert matching(["", "  "]) is None


@given(st.text("123 .@-"), st.lists(st.from_regex(r"[123]+([ .@-][123]+)*", fullmatch=True), min_size=1))
def test_what_is_swept_is_swept(text: str, words: list[str]) -> None:
    """Words that overlap, touch or hold one another: none of them stands in the text any more."""
    pattern = matching(words)
    assert pattern is not None

    swept = without(text, pattern)

    assert pattern.search(swept) is None


@pytest.mark.django_db
def test_rows_that_name_somebody_and_no_others() -> None:
    """The row is updated in place; its neighbours are not touched."""
    at = datetime(2026, 11, 23, tzinfo=UTC)
    mine = GatewayEvent.objects.create(action="paused", sentence="A pause.", words="450 <MIA.CHEN@students.example>")
    other = GatewayEvent.objects.create(action="paused", sentence="Another.", words="450 <mia@students.example>")
    DailyLog.objects.create(day=at.date(), covers_from=at, covers_to=at, text="Mia Chen")

    changed = sweep(GatewayEvent.objects.all(), fields=("sentence", "words"), words=WORDS)

    mine.refresh_from_db()
    assert changed == [mine]
    assert (mine.sentence, mine.words) == ("A pause.", f"450 <{ERASED}>")
    assert GatewayEvent.objects.get(pk=other.pk).words == "450 <mia@students.example>"
