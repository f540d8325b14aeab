"""The words of a page, for tests that read what stands there and not how it is made."""

import html
import re


def words(page: bytes) -> str:
    """Without tags, and with one blank where there are several or one that does not break."""
    text = html.unescape(re.sub(r"<[^>]+>", " ", page.decode()))
    return re.sub(r" (?=[.,;:])", "", " ".join(text.split()))
