"""Places where one app shows something on another app's page.

An app registers a callable in ``AppConfig.ready()``; the host page renders whatever is there, in order. So a
message page can show the patron a letter is about, the daily log can speak of the daily run, and ``/health/``
can ask everyone, without an import the wrong way. This module imports no app and decides nothing.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

T = TypeVar("T")


class Slot(Generic[T]):
    """A small named registry that keeps ``order`` and then the order of registration."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._filled: list[tuple[int, T]] = []

    def register(self, filling: T, *, order: int = 100) -> T:
        self._filled.append((order, filling))
        self._filled.sort(key=lambda pair: pair[0])
        return filling

    def __iter__(self) -> Iterator[T]:
        return iter([filling for _, filling in self._filled])


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that is wrong with the machinery, as one sentence, since when, and what to do."""

    code: str
    sentence: str
    remedy: str = ""
    since: datetime | None = None
    ill: bool = True
    """False: a person's own doing (a stopped gateway), a sentence on the page but not a 503."""
    url: str = ""
    """The page on which the remedy is done, for those who may open it."""


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """One line of the daily log; ``attention`` lines come first and count in the verdict. Never a name with a title."""

    sentence: str
    attention: bool = False
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Need:
    """One thing on Home that waits for a person: a sentence, why, and one button."""

    icon: str
    tone: str
    sentence: str
    reason: str
    action: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A part of a host page: a template and its context."""

    template: str
    context: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class MessageVerb:
    """What another app can do about a message: a button that posts to ``url``."""

    label: str
    icon: str
    url: str
    instead_of: str = ""
    """Key of the outbox's own verb that makes no sense beside it."""


@dataclass(frozen=True, kw_only=True)
class PageVerb:
    """What another app can do on a person's, thing's or loan's page: a link, or a button where it ``posts``."""

    label: str
    icon: str
    url: str
    posts: bool = False


@dataclass(frozen=True, kw_only=True)
class BulkVerb:
    """What another app can do with the ticked rows of a list: their ids are posted to ``url`` as ``id``."""

    label: str
    icon: str
    url: str


@dataclass(frozen=True, kw_only=True)
class LoanTab:
    """A tab of the list of loans that only another app can tell: ``narrow`` keeps, of open loans, what it lists."""

    key: str
    words: str
    narrow: Callable[["QuerySet[Any]"], "QuerySet[Any]"]
    empty: str = ""
    """What stands there when nothing does."""


@dataclass(frozen=True, kw_only=True)
class LoanFilter:
    """A field above the list of loans: ``narrow`` keeps the loans that fit the choice.

    It is told whether all of them are open: what is known about these alone can make its query quicker.
    """

    name: str
    label: str
    choices: Callable[[], list[tuple[str, str]]]
    narrow: Callable[["QuerySet[Any]", str, bool], "QuerySet[Any]"]


@dataclass(frozen=True, kw_only=True)
class Erasing:
    """Who is erased: their rows, which still stand, and the words by which they could be found anywhere else.

    An address or a name that somebody who stays has, too, is not among ``words``; ``addresses`` are some of them.
    """

    patrons: Sequence[int]
    guardians: Sequence[int]
    words: Sequence[str]
    addresses: Sequence[str]


class EraseRefused(Exception):
    """Why nobody can be erased now, as a sentence."""


HealthCheck = Callable[[datetime], list[Finding]]
LogLines = Callable[[datetime, datetime], list[LogLine]]
Needs = Callable[["HttpRequest", date], list[Need]]
MessagePanel = Callable[[int], Panel | None]
MessageVerbs = Callable[[int], MessageVerb | None]
PagePanel = Callable[["HttpRequest", int], Panel | None]
PageVerbs = Callable[["HttpRequest", int], list[PageVerb]]
LoanSentences = Callable[["HttpRequest", Sequence[int], date], dict[int, str]]
GoingAgain = Callable[[Sequence[int], str], Collection[int]]
Forgetter = Callable[[Sequence[int]], None]
Eraser = Callable[["Erasing"], None]
ImportEffects = Callable[[], Callable[[bool], list[str]]]
SettingUp = Callable[[], None]

health_checks: Slot[HealthCheck] = Slot("health checks")
daily_log_lines: Slot[LogLines] = Slot("daily log lines")
needs: Slot[Needs] = Slot("needs you")
message_panels: Slot[MessagePanel] = Slot("panels of a message")
message_verbs: Slot[MessageVerbs] = Slot("verbs of a message")
patron_panels: Slot[PagePanel] = Slot("panels of a patron's page")
patron_verbs: Slot[PageVerbs] = Slot("verbs of a patron's page")
guardian_panels: Slot[PagePanel] = Slot("panels of a guardian's page")
partner_panels: Slot[PagePanel] = Slot("panels of a partner library's page")
loan_panels: Slot[PagePanel] = Slot("panels of a loan's page")
loan_verbs: Slot[PageVerbs] = Slot("verbs of a loan's page")
leavers_verbs: Slot[BulkVerb] = Slot("verbs of the list of people who left and still have something")
returned_verbs: Slot[PageVerbs] = Slot("what to do about a loan that came back billed or lost, at the desk")
loan_bulk_verbs: Slot[BulkVerb] = Slot("verbs of a list of loans")
loan_tabs: Slot[LoanTab] = Slot("tabs of the list of loans")
loan_filters: Slot[LoanFilter] = Slot("fields above the list of loans")
loan_sentences: Slot[LoanSentences] = Slot("what will be said of a loan next, by loan id")
going_again: Slot[GoingAgain] = Slot("asked before messages go once more by hand: which must not")
erasers: Slot[Eraser] = Slot("erasers of what was written to and about people")
import_effects: Slot[ImportEffects] = Slot("asked before an import: what to ask after it (was it done, or tried?)")
forgetters: Slot[Forgetter] = Slot("what forgets the borrowers of loans, by loan id")
standing_rows: Slot[SettingUp] = Slot("standing rows made by set_up")
boot_verbs: Slot[SettingUp] = Slot("what an app does when the installation boots")
