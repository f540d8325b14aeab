"""The areas of the site, in the order of the spine (ui.md, "Where everything lives").

An area whose page comes later says so on one honest small page, with the way through Django admin for those who may.
Nothing here decides who may open a page: ``role`` mirrors the rule that the view states, so that nobody is shown a
link that would be refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from library.access import May, Role


@dataclass(frozen=True, kw_only=True)
class Area:
    """One entry of the spine. ``page`` names its address; without one, ``until_then`` says how the work is done now."""

    key: str
    name: str
    icon: str
    role: Role = Role.LIBRARIAN
    page: str = ""
    until_then: str = ""
    models: tuple[str, ...] = ()
    """Django admin's lists that serve until the page is here, as ``app_label.model``."""
    letter: str = ""
    """The key that goes here after ``g``."""

    @property
    def url(self) -> str:
        return reverse(self.page) if self.page else reverse("area", args=[self.key])


@dataclass(frozen=True, kw_only=True)
class Section:
    heading: str
    areas: tuple[Area, ...]


SPINE = (
    Section(
        heading="",
        areas=(
            Area(key="home", name="Home", icon="home", page="home", letter="h"),
            Area(key="desk", name="Desk", icon="barcode", role=Role.DESK_HELPER, page="desk", letter="d"),
        ),
    ),
    Section(
        heading="Library",
        areas=(
            Area(
                key="patrons",
                name="Patrons",
                icon="users",
                letter="p",
                until_then="Patrons, groups, guardians and partner libraries are edited in Django admin, "
                "or come from a file with the command import_patrons.",
                models=(
                    "circulation.patron",
                    "circulation.group",
                    "circulation.guardian",
                    "circulation.partnerlibrary",
                ),
            ),
            Area(
                key="items",
                name="Items",
                icon="books",
                until_then="Items are edited in Django admin, or come from a file with the command import_items.",
                models=("circulation.item", "circulation.collection"),
            ),
            Area(
                key="loans",
                name="Loans",
                icon="arrows-exchange",
                until_then="Loans are edited in Django admin, or come from a file with the command import_loans.",
                models=("circulation.loan",),
            ),
            Area(
                key="interlibrary-loans",
                name="Interlibrary loans",
                icon="building-community",
                until_then="Interlibrary loans stand among the loans in Django admin, with their reference numbers.",
                models=("circulation.loan", "circulation.partnerlibrary"),
            ),
            Area(
                key="import",
                name="Import",
                icon="file-import",
                until_then="Files are read by the commands import_patrons, import_items and import_loans. "
                "What each file did is kept in Django admin.",
                models=("circulation.importfile",),
            ),
        ),
    ),
    Section(
        heading="Notices",
        areas=(
            Area(
                key="due-notices",
                name="Due notices",
                icon="bell-ringing",
                letter="n",
                until_then="The daily run writes the letters that are due. Everything it said is kept in Django admin.",
                models=("notices.notice",),
            ),
            Area(
                key="letters",
                name="Letters",
                icon="mail",
                page="letters",
                letter="l",
            ),
            Area(
                key="print-queue",
                name="Print queue",
                icon="printer",
                until_then="Letters for paper are written and wait; they can be read in Django admin.",
                models=("notices.letter",),
            ),
            Area(
                key="forecast",
                name="Forecast",
                icon="chart-bar",
                until_then="What the next fourteen days will write comes to this page.",
            ),
            Area(
                key="runs",
                name="Runs",
                icon="history",
                until_then="Every daily run and what became of each loan is kept in Django admin.",
                models=("notices.run",),
            ),
        ),
    ),
    Section(
        heading="Mail",
        areas=(
            Area(key="outbox", name="Outbox", icon="send", page="outbox", letter="o"),
            Area(key="gateway", name="Gateway", icon="server-2", page="gateway"),
            Area(key="daily-log", name="Daily log", icon="notebook", page="daily-log"),
        ),
    ),
    Section(
        heading="Settings",
        areas=(
            Area(
                key="schedules",
                name="Schedules",
                icon="calendar-time",
                role=Role.ADMINISTRATOR,
                until_then="Schedules and the time of the daily run are edited in Django admin.",
                models=("notices.schedule", "notices.runsettings"),
            ),
            Area(
                key="templates",
                name="Templates",
                icon="template",
                role=Role.ADMINISTRATOR,
                until_then="The wording of the letters is edited in Django admin.",
                models=("notices.template",),
            ),
            Area(
                key="closed-days",
                name="Closed days",
                icon="calendar-off",
                role=Role.ADMINISTRATOR,
                until_then="Closed days and holidays are edited in Django admin.",
                models=("circulation.closeddays",),
            ),
            Area(
                key="library",
                name="Library and people",
                icon="settings",
                role=Role.ADMINISTRATOR,
                until_then="The library's name and address, and the people who sign in, are edited in Django admin.",
                models=("library.library", "auth.user", "auth.group"),
            ),
        ),
    ),
)


def every() -> Iterator[Area]:
    return (area for section in SPINE for area in section.areas)


def by_key(key: str) -> Area | None:
    return next((area for area in every() if area.key == key), None)


def spine(may: May, *, without: frozenset[str] = frozenset()) -> list[Section]:
    """The sections that this person sees; empty ones are left out."""
    shown = [
        Section(
            heading=section.heading,
            areas=tuple(area for area in section.areas if may.act_as(area.role) and area.key not in without),
        )
        for section in SPINE
    ]
    return [section for section in shown if section.areas]
