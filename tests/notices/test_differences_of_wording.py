"""What changed between two wordings, word by word."""

from hypothesis import given
from hypothesis import strategies as st

from notices import differences


def test_a_word_that_was_changed():
    """The line stays, and the one word in it is marked."""
    pieces = differences.between(
        "Hi {{ dear }},\n\nPlease bring it back.\n", "Hi {{ dear }},\n\nPlease bring it home.\n"
    )

    assert pieces == [
        ("same", "Hi {{ dear }},\n\nPlease bring it"),
        ("gone", " back."),
        ("new", " home."),
        ("same", "\n"),
    ]


def test_a_line_that_was_added():
    """Whole lines are whole."""
    assert differences.between("One.\n", "One.\nTwo.\n") == [("same", "One.\n"), ("new", "Two.\n")]


words = st.text(alphabet="ab \n", max_size=60)


@given(words, words)
def test_both_wordings_can_be_read_off(old: str, new: str):
    """Without what is new it is the old wording, without what is gone the new one."""
    pieces = differences.between(old, new)

    assert "".join(piece.words for piece in pieces if piece.kind != "new") == old
    assert "".join(piece.words for piece in pieces if piece.kind != "gone") == new
