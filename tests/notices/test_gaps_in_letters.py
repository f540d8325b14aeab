"""What came out empty leaves no gap: the quick patterns find exactly what the plain ones would."""

import re

from hypothesis import given
from hypothesis import strategies as st

from notices.wording import PARAGRAPH, laid_out, without_gaps

EMPTY = re.compile(r"(?:<br\s*/?>)?<(p|span|h2)\b[^>]*>\s*</\1>")
"""As one would write it down: a break, perhaps, and an element with nothing in it."""

ELEMENTS = '<br>|<br />|<br  >|<p>|<p class="item">|</p>|<span>|<span class="small">|</span>|<h2>|</h2>|<pre>|</pre>'
pieces = st.sampled_from([*ELEMENTS.split("|"), "<", ">", " ", "\n", "\u00a0", "word", "<br", "br>", "<p", "</"])


@given(st.lists(pieces, max_size=30).map("".join))
def test_empty_elements_are_taken_out(html: str) -> None:
    assert without_gaps(html) == EMPTY.sub("", html)


@given(st.lists(st.sampled_from(["word", " ", "  ", "\n", "\u00a0", "\t", "."]), max_size=20).map("".join))
def test_blanks_and_line_ends_become_single_blanks(words: str) -> None:
    """No-break spaces stay."""
    line = re.sub("[ \n]+", " ", words).strip()

    assert laid_out(PARAGRAPH + words) == f"{line}\n"
