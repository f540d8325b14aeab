"""Every address of the site, derived from the URLconf, with the rule that its view states.

A new page is in the crawl by being in the URLconf. A new *argument* of an address needs a sample value in ``SAMPLES``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from library import areas
from library.access import Role, rule_of
from smtp_gateway.models import OutboundMessage
from smtp_gateway.views.listing import TABS
from tests.pages.sample import Sample


@dataclass(frozen=True, kw_only=True)
class Address:
    """``rule``: the lowest role that may open it, None for everybody."""

    url: str
    rule: Role | None
    is_admin: bool = False
    is_document: bool = True
    """False: JSON, a download, or a letter in its sandbox, where no script runs and axe's neither."""


#: JSON and downloads. Letters in their sandbox have names in -html; targets of forms answer 405.
NO_DOCUMENT = {"health", "live", "message-eml"}
#: More than one address for a view: its other tabs.
QUERIES = {
    "outbox": [f"?tab={tab}" for tab in TABS] + ["?q=nobody-is-called-that", "?day=2026-11-23&kind=notice"],
    "gateway-log": ["", "?action=stopped&who=people"],
    "daily-log": ["", "?as=text"],
}


def every_address(sample: Sample) -> Iterator[Address]:
    for pattern in _patterns(get_resolver()):
        rule = rule_of(pattern.callback)
        for values in _samples(pattern, sample):
            for query in QUERIES.get(pattern.name or "", [""]):
                url = reverse(pattern.name, kwargs=values) + query
                is_document = pattern.name not in NO_DOCUMENT and not (pattern.name or "").endswith("-html")
                yield Address(url=url, rule=rule, is_document=is_document)
    letter = reverse("message", args=[sample.messages[OutboundMessage.State.SENT].pk])
    yield from (Address(url=f"{letter}?as={shown}", rule=Role.LIBRARIAN) for shown in ("html", "source"))
    yield Address(url=reverse("admin:index"), rule=Role.ADMINISTRATOR, is_admin=True)
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield Address(url=reverse(f"{name}_changelist"), rule=Role.ADMINISTRATOR, is_admin=True)
        if (row := model._default_manager.first()) is not None:
            yield Address(url=reverse(f"{name}_change", args=[row.pk]), rule=Role.ADMINISTRATOR, is_admin=True)


def every_view() -> Iterator[Callable[..., Any]]:
    """All views but those of Django admin, whose rule is one for all."""
    return (pattern.callback for pattern in _patterns(get_resolver()))


def _patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield pattern
        elif pattern.app_name != "admin":
            yield from _patterns(pattern)


def _samples(pattern: URLPattern, sample: Sample) -> list[dict[str, object]]:
    """The arguments with which an address is tried."""
    wanted = set(pattern.pattern.converters)
    if not wanted:
        return [{}]
    if pattern.name == "area":
        return [{"key": area.key} for area in areas.every() if not area.page]
    if pattern.name == "message":
        return [{"pk": message.pk} for message in sample.messages.values()]
    if pattern.name in ("letters-look", "letters-send"):
        return [{"pk": run.pk} for run in sample.letters_by_hand]
    if pattern.name == "letters-letter-html":
        return [{"pk": sample.letters_by_hand[0].letters_of.earliest("pk").pk}]
    if wanted == {"day"}:
        return [{"day": sample.daily_log.day}]
    if wanted == {"pk"}:
        return [{"pk": sample.messages[OutboundMessage.State.BAD].pk}]
    raise LookupError(f"{pattern.name} has arguments {sorted(wanted)}: give them a sample in tests/pages/addresses.py.")
