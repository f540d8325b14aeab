"""What every page's frame needs: the spine with its counts, the gateway's state, and what is wrong with the machinery.

Nothing is asked before a template wants it; a page outside the frame costs no query.
"""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property

from circulation.models import PartnerLibrary
from library import access, areas, health
from library.models import Library
from library.slots import Finding
from notices.models import Letter
from smtp_gateway import lifecycle
from smtp_gateway.models import OutboundMessage

#: Word, icon and class for each state of the gateway.
PILLS = {
    "on": ("on", "circle-check", ""),
    "paused": ("pauses", "clock", "pulse-warn"),
    "stopped": ("stopped", "player-stop", "pulse-bad"),
}


@dataclass(frozen=True, kw_only=True)
class GatewayPill:
    """The gateway in one word, for the top bar."""

    word: str
    icon: str
    pill: str


class Frame:
    """Asked by ``page.html``; each property is one small query, made once."""

    def __init__(self, request: HttpRequest) -> None:
        self.may = access.may(request)

    @cached_property
    def library(self) -> str:
        return Library.the().name

    @cached_property
    def spine(self) -> list[areas.Section]:
        without = frozenset() if PartnerLibrary.objects.exists() else frozenset({"interlibrary-loans"})
        return areas.spine(self.may, without=without)

    @cached_property
    def to_look_at(self) -> int:
        """Messages that could not be sent, or maybe were."""
        return OutboundMessage.objects.needing_a_person().count()

    @cached_property
    def to_print(self) -> int:
        return Letter.objects.to_print().count()

    @cached_property
    def gateway(self) -> GatewayPill:
        word, icon, pill = PILLS[lifecycle.status().state]
        return GatewayPill(word=word, icon=icon, pill=pill)

    @cached_property
    def findings(self) -> list[Finding]:
        """For the banner: no mail leaves, or the watchdog barks. Empty on a good day."""
        return health.findings(at=timezone.now()) if self.may.helper else []


def frame(request: HttpRequest) -> dict[str, Any]:
    if not hasattr(request, "user"):  # a request that was refused before anyone was recognised
        return {}
    return {"frame": Frame(request), "may": access.may(request)}
