"""The HTML of a mail: one column, no pictures, light and dark."""

import re

from notices.models import Audience

from .letter_samples import e5, letter, the_default, written


def html() -> str:
    return letter(the_default(2, Audience.GUARDIAN), e5()).html


def test_it_is_one_column_of_560_pixels_in_16_pixel_text():
    """Readable on a phone at 360 px and not too wide on a desk."""
    page = html()

    assert re.findall(r"max-width: ?([^;\"]+)", page) == ["560px"]
    assert re.findall(r"(?<!-)width: ?(\d+)px", page.replace("max-width", "")) == []
    assert "font: 400 16px" in page


def test_styles_are_inline_and_the_dark_ones_kept():
    """Mail programs drop style sheets; those that know dark mode read the one media query."""
    page = html()

    assert page.count("<style") == 1
    assert page.count("@media (prefers-color-scheme: dark)") == 1
    assert '<meta name="color-scheme" content="light dark">' in page
    assert "background-color: #0d3840" in page


def test_it_loads_nothing_and_leads_nowhere():
    """No pictures, no tracking, no links, no scripts."""
    assert re.findall(r"<(img|a|script|link|iframe|form|svg)\b|url\(|https?:", html()) == []


def test_it_says_its_language_and_its_subject():
    """For screen readers and for the tab."""
    page = html()

    assert re.findall(r'<html lang="([a-z]{2})', page) == ["en"]
    assert "<title>Library books to look for at home</title>" in page
    assert '<meta charset="utf-8">' in page[:1024]


def test_below_a_rule_stands_the_foot():
    """Three dashes in the wording set the small print apart."""
    page = written("Hi\n\n---\n\nThe library", e5()).html

    body, foot = re.findall(r'<td class="(body|foot)[^>]*>(.*?)</td>', page, re.DOTALL)

    assert [(where, re.sub("<[^>]+>", "", words)) for where, words in (body, foot)] == [
        ("body", "Hi"),
        ("foot", "The library"),
    ]
