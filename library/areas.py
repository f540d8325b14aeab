"""The areas of the site, in the order of the spine (ui.md, "Where everything lives").

Nothing here decides who may open a page: ``role`` mirrors the rule that the view states, so that nobody is shown a
link that would be refused.
"""

from dataclasses import dataclass

from django.urls import reverse

from library.access import May, Role


@dataclass(frozen=True, kw_only=True)
class Area:
    """One entry of the spine. ``page`` names its address."""

    key: str
    name: str
    icon: str
    page: str
    role: Role = Role.LIBRARIAN
    letter: str = ""
    """The key that goes here after ``g``."""

    @property
    def url(self) -> str:
        return reverse(self.page)


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
            Area(key="patrons", name="Patrons", icon="users", page="patrons", letter="p"),
            Area(key="items", name="Items", icon="books", page="items"),
            Area(key="loans", name="Loans", icon="arrows-exchange", page="loans"),
            Area(key="interlibrary-loans", name="Interlibrary loans", icon="building-community", page="interlibrary"),
            Area(key="import", name="Import", icon="file-import", page="import"),
        ),
    ),
    Section(
        heading="Notices",
        areas=(
            Area(key="due-notices", name="Due notices", icon="bell-ringing", page="due-notices", letter="n"),
            Area(key="letters", name="Letters", icon="mail", page="letters", letter="l"),
            Area(key="print-queue", name="Print queue", icon="printer", page="print-queue"),
            Area(key="forecast", name="Forecast", icon="chart-bar", page="forecast"),
            Area(key="runs", name="Runs", icon="history", page="runs"),
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
            Area(key="schedules", name="Schedules", icon="calendar-time", page="schedules", role=Role.ADMINISTRATOR),
            Area(key="templates", name="Templates", icon="template", page="templates", role=Role.ADMINISTRATOR),
            Area(
                key="closed-days", name="Closed days", icon="calendar-off", page="closed-days", role=Role.ADMINISTRATOR
            ),
            Area(
                key="library",
                name="Library and people",
                icon="settings",
                page="library-details",
                role=Role.ADMINISTRATOR,
            ),
        ),
    ),
)


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
