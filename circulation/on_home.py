"""What circulation asks of a person on Home: people who left and still have something (product.md, C8, H1)."""

from datetime import date

from django.http import HttpRequest
from django.urls import reverse

from circulation.models import Patron
from library.slots import Need


def needs(request: HttpRequest, on: date) -> list[Need]:
    number = Patron.objects.leaving_with_loans().count()
    if not number:
        return []
    who = "1 person who left still has" if number == 1 else f"{number:,} people who left still have"
    return [
        Need(
            icon="user-off",
            tone="warn",
            sentence=f"{who} something of ours.",
            reason="Letters go on; sooner or later somebody has to ask.",
            action="See who",
            url=reverse("leavers"),
        )
    ]
