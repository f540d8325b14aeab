"""Every address of the site, derived from the URLconf, with the rule that its view states.

A new page is in the crawl by being in the URLconf. A new *argument* of an address needs a sample value in ``SAMPLES``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from library.access import Role, rule_of
from smtp_gateway.models import OutboundMessage
from smtp_gateway.views.listing import TABS
from tests.pages.sample import Sample


@dataclass(frozen=True, kw_only=True)
class Address:
    """``rule``: the lowest role that may open it, None for everybody."""

    url: str
    rule: Role | None
    route: str
    """As the URLconf has it: the same for every letter, whatever its number."""
    is_admin: bool = False
    is_document: bool = True
    """False: JSON, a download, or a letter in its sandbox, where no script runs and axe's neither."""


#: JSON and downloads. Letters in their sandbox have names in -html; targets of forms answer 405.
NO_DOCUMENT = {"health", "live", "message-eml", "import-refused", "import-original"}
#: Addresses about one of the sample's people, and which of them.
PEOPLE = {
    "patron": "patron",
    "patron-edit": "patron",
    "patron-switches": "patron",
    "patron-no-letters": "patron",
    "patron-left": "patron",
    "patron-erase": "patron",
    "guardianship-add": "patron",
    "guardianship": "guardianship",
    "guardianship-letters": "guardianship",
    "guardian": "guardian",
    "guardian-edit": "guardian",
    "guardian-same": "guardian",
    "guardian-letters": "guardian",
    "group": "group",
    "partner": "partner",
    "partner-edit": "partner",
    "patron-email": "patron",
    "patron-email-opened": "patron",
    "patron-email-send": "patron",
    "loan-take-back": "loan",
    "item": "item",
    "item-edit": "item",
    "loan": "loan",
    "loan-do": "loan",
    "loan-status": "loan",
    "loan-due": "loan",
    "interlibrary-agree": "loan",
}
#: More than one address for a view: its other tabs.
QUERIES = {
    "outbox": [f"?tab={tab}" for tab in TABS] + ["?q=nobody-is-called-that", "?day=2026-11-23&kind=notice"],
    "gateway-log": ["", "?action=stopped&who=people"],
    "daily-log": ["", "?as=text"],
    "print-queue": ["", "?tab=printed"],
    "print-queue-print": ["", "?slips=1"],
    "class-lists": ["", "?day=every"],
    "items": ["", "?where=out", "?q=nothing-is-called-that"],
    "loans": ["", "?tab=returned", "?tab=ready-to-bill", "?q=nobody-is-called-that"],
    "find": ["", "?q=che", "?q=nobody-is-called-that"],
    "runs": ["", "?tab=held"],
    "due-notices": ["", "?by=clock&tab=letters", "?tab=not_yet", "?step=3&channel=paper"],
    "run": ["", "?tab=paper"],
    "closed-days": ["", "?year=2027"],
}


def every_address(sample: Sample) -> Iterator[Address]:
    for pattern in _patterns(get_resolver()):
        rule = rule_of(pattern.callback)
        for values in _samples(pattern, sample):
            for query in QUERIES.get(pattern.name or "", [""]):
                url = reverse(pattern.name, kwargs=values) + query
                is_document = pattern.name not in NO_DOCUMENT and not (pattern.name or "").endswith("-html")
                yield Address(url=url, rule=rule, route=f"/{pattern.pattern}", is_document=is_document)
    letter = reverse("message", args=[sample.messages[OutboundMessage.State.SENT].pk])
    for shown in ("html", "source"):
        yield Address(url=f"{letter}?as={shown}", rule=Role.LIBRARIAN, route="/outbox/<int:pk>/")
    yield _in_admin(reverse("admin:index"), route="/admin/")
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        address = reverse(f"{name}_changelist")
        yield _in_admin(address, route=address)
        if (row := model._default_manager.first()) is not None:
            yield _in_admin(reverse(f"{name}_change", args=[row.pk]), route=f"{address}<pk>/change/")


def _in_admin(url: str, *, route: str) -> Address:
    return Address(url=url, rule=Role.ADMINISTRATOR, route=route, is_admin=True)


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
    if pattern.name == "guardian-merge":
        return [{"pk": sample.people["guardian"], "second": sample.people["second_guardian"]}]
    if pattern.name == "message":
        return [{"pk": message.pk} for message in sample.messages.values()]
    if pattern.name in ("letters-look", "letters-send", "letters-rehearse"):
        return [{"pk": run.pk} for run in sample.letters_by_hand]
    if pattern.name in ("account", "account-let-in"):
        return [{"pk": User.objects.get_or_create(username="somebody")[0].pk}]
    if pattern.name in PEOPLE:
        return [{"pk": sample.people[PEOPLE[pattern.name]]}]
    if pattern.name in ("letter", "letter-html"):
        runs = sample.letters_by_hand if pattern.name == "letter-html" else sample.letters_by_hand[1:]
        return [{"pk": letter.pk} for run in runs for letter in run.letters_of.all()]
    if pattern.name in ("loan-next-letter", "due-notices-letters"):
        return [{"pk": sample.spoken_of_next.pk}]
    if wanted == {"pk", "place"}:
        return [{"pk": sample.spoken_of_next.pk, "place": 1}]
    if pattern.name == "schedule-ready-made":
        return [{"key": sample.schedule.preset}, {"key": "bibliotech"}]
    if pattern.name in ("schedule", "schedule-remove"):
        return [{"pk": sample.schedule.pk}]
    if pattern.name in ("run", "run-let-go", "run-drop", "run-write-again", "run-correct"):
        return [{"pk": sample.run.pk}]
    if pattern.name == "run-letter":
        return [{"pk": letter.pk} for letter in sample.run.letters_of.all()]
    if pattern.name in ("closed-days-change", "closed-days-remove"):
        return [{"pk": sample.closed_days.pk}]
    if pattern.name and pattern.name.startswith("import-"):
        return [{"pk": file.pk} for file in sample.files]
    if pattern.name and pattern.name.startswith("template"):
        return [{"pk": template.pk} for template in sample.templates]
    if wanted == {"day"}:
        return [{"day": sample.daily_log.day}]
    if wanted == {"pk"}:
        return [{"pk": sample.messages[OutboundMessage.State.BAD].pk}]
    raise LookupError(f"{pattern.name} has arguments {sorted(wanted)}: give them a sample in tests/pages/addresses.py.")
