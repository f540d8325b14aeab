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
                page="patrons",
            ),
            Area(
                key="items",
                name="Items",
                icon="books",
                page="items",
            ),
            Area(
                key="loans",
                name="Loans",
                icon="arrows-exchange",
                page="loans",
            ),
            Area(
                key="interlibrary-loans",
                name="Interlibrary loans",
                icon="building-community",
                page="interlibrary",
            ),
            Area(
                key="import",
                name="Import",
                icon="file-import",
                page="import",
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
                page="due-notices",
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
                page="print-queue",
            ),
            Area(
                key="forecast",
                name="Forecast",
                icon="chart-bar",
                page="forecast",
            ),
            Area(
                key="runs",
                name="Runs",
                icon="history",
                page="runs",
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
                page="schedules",
            ),
            Area(
                key="templates",
                name="Templates",
                icon="template",
                role=Role.ADMINISTRATOR,
                page="templates",
            ),
            Area(
                key="closed-days",
                name="Closed days",
                icon="calendar-off",
                role=Role.ADMINISTRATOR,
                page="closed-days",
            ),
            Area(
                key="library",
                name="Library and people",
                icon="settings",
                role=Role.ADMINISTRATOR,
                page="library-details",
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
