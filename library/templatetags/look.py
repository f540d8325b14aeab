"""Small parts of the look that many pages share: icons, states, and how days, times and numbers are said (ui.md).

Presentation only: nothing here asks the database, and the one clock that is read is the one on the wall, for *today*.
"""

from datetime import date, datetime, timedelta
from functools import cache
from urllib.parse import urlencode

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from library.slots import Panel

register = template.Library()

NO_BREAK = "\u00a0"
SMALL = ("no", "one", "two", "three", "four", "five")


@register.simple_tag
@cache  # a list has a hundred, of a dozen kinds
def icon(name: str, size: str = "") -> SafeString:
    """An outline from the sprite, hidden from screen readers: the words beside it carry the meaning."""
    return format_html(
        '<svg class="icon{}" viewBox="0 0 24 24" aria-hidden="true"><use href="{}#{}"/></svg>',
        f" {size}" if size else "",
        static("vendor/tabler-icons/sprite.svg"),
        name,
    )


@register.simple_tag
def state(tone: str, icon_name: str, word: str, *, pill: bool = False) -> SafeString:
    """A state as icon and word, never as a colour alone."""
    return format_html(
        '<span class="state st-{}{}">{}{}</span>', tone, " state-pill" if pill else "", icon(icon_name), word
    )


@register.filter
def number(value: int) -> str:
    """1,204"""
    return str(intcomma(value))


@register.filter
def count(value: int, words: str) -> str:
    """1 letter, 2 letters: ``{{ 2|count:"letter,letters" }}``. Kept together by a no-break space."""
    return f"{intcomma(value)}{NO_BREAK}{plural(value, words)}"


@register.filter
def plural(value: int, words: str) -> str:
    """letter or letters: ``{{ 2|plural:"letter,letters" }}``."""
    one, _, many = words.partition(",")
    return one if value == 1 else many


@register.filter
def spell(value: int) -> str:
    """Small numbers in a sentence as words: five things, 6 things."""
    return SMALL[value] if 0 <= value < len(SMALL) else str(intcomma(value))


@register.filter
def day(value: date | datetime | None) -> str:
    """Mon 23 Nov; with the year when it is neither this one nor within the next three months."""
    if value is None:
        return ""
    on = _local_date(value)
    today = timezone.localdate()
    near = on.year == today.year or timedelta() <= on - today <= timedelta(days=92)
    return on.strftime("%a %-d %b" if near else "%a %-d %b %Y").replace(" ", NO_BREAK)


@register.filter
def clock(value: datetime | None) -> str:
    """06:30, library time."""
    return "" if value is None else timezone.localtime(value).strftime("%H:%M")


@register.filter
def moment(value: datetime | None) -> str:
    """06:31 today, Fri 20 Nov on another day; the list's narrow column wants no more."""
    if value is None:
        return ""
    return clock(value) if _local_date(value) == timezone.localdate() else day(value)


@register.filter
def moment_in_full(value: datetime | None) -> str:
    """Mon 23 Nov 06:31."""
    return "" if value is None else f"{day(value)}{NO_BREAK}{clock(value)}"


@register.filter
def moment_in_seconds(value: datetime) -> str:
    """06:40:03 today, Fri 20 Nov 06:40:03 on another day: attempts follow one another quickly."""
    exact = timezone.localtime(value).strftime("%H:%M:%S")
    return exact if _local_date(value) == timezone.localdate() else f"{day(value)}{NO_BREAK}{exact}"


@register.filter
def breakable(address: str) -> SafeString:
    """An address that a narrow column may break after the @ and before a dot, and nowhere else."""
    return mark_safe(escape(address).replace("@", "@<wbr>").replace(".", "<wbr>."))


@register.simple_tag(takes_context=True)
def address_with(context: template.Context, **changes: object) -> str:
    """This page's address with some of its query changed; an empty value takes a part away."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value in (None, ""):
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{urlencode(sorted(query.items()))}" if query else context["request"].path


@register.simple_tag(takes_context=True)
def panel(context: template.Context, one: Panel) -> SafeString:
    """A part of this page that another app fills (``library.slots``)."""
    return render_to_string(one.template, one.context, context["request"])


def _local_date(value: date | datetime) -> date:
    return timezone.localtime(value).date() if isinstance(value, datetime) else value
