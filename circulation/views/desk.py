"""The desk: one page for a person with a scanner (product.md, C2).

A scan and every button answer with the part of the page that changed, or with the whole page where no script runs.
The address says mode and patron, so that a reload shows the same.
"""

from collections.abc import Callable
from datetime import date
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import replace_url

from circulation.models import Item, Loan, Patron
from circulation.views import looks
from circulation.views.just_happened import JustHappened
from circulation.views.sitting import Mode, Sitting, Told
from library import slots
from library.access import Role, allow, may
from library.typed import row_number

KEYS = [
    ("F2", "Lend"),
    ("F4", "Return"),
    ("F8", "Renew"),
    ("Esc", "Next patron"),
    ("Ctrl Z", "Undo the last, in an empty field"),
    ("↓", "Choose from what was found"),
]


@allow(Role.DESK_HELPER)
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    return _shown(request, _sitting(request, request.GET))


@allow(Role.DESK_HELPER)
@require_POST
def scan(request: HttpRequest) -> HttpResponse:
    """What the scanner read, or a person typed."""
    sitting = _sitting(request, request.POST)
    sitting.scan(request.POST.get("scan", ""))
    return _shown(request, sitting)


@allow(Role.DESK_HELPER)
@require_POST
def do(request: HttpRequest) -> HttpResponse:
    """One of the page's buttons."""
    verb = VERBS.get(request.POST.get("verb", ""))
    if verb is None:
        return HttpResponseBadRequest("There is no such verb.")
    sitting = _sitting(request, request.POST)
    verb(sitting, request.POST)
    return _shown(request, sitting)


def _sitting(request: HttpRequest, asked: QueryDict) -> Sitting:
    now = timezone.now()
    mode = asked.get("do", "")
    return Sitting(
        by=request.user,
        at=now,
        mode=Mode(mode) if mode in Mode.values else Mode.LEND,
        patron=Patron.objects.filter(pk=_number(asked, "patron"), erased_at=None).select_related("group").first(),
        happened=JustHappened(request.session, at=now),
        is_librarian=may(request).librarian,
    )


def _shown(request: HttpRequest, sitting: Sitting) -> HttpResponse:
    address = f"{reverse('desk')}?{urlencode(_where(sitting))}"
    part = "desk_work" if request.htmx else "desk"  # type: ignore[attr-defined]
    context = {"here": "desk", "keys": KEYS, "told": _told(request, sitting), **_context(sitting)}
    answer = render(request, f"circulation/{part}.html", context)
    return replace_url(answer, address)


def _told(request: HttpRequest, sitting: Sitting) -> list[tuple[Told, list[slots.PageVerb]]]:
    """What is told, with what other apps offer about a thing that came back."""
    return [
        (told, [verb for ask in slots.returned_verbs for verb in ask(request, told.returned)] if told.returned else [])
        for told in sitting.told
    ]


def _where(sitting: Sitting) -> dict[str, object]:
    patron = {"patron": sitting.patron.pk} if sitting.patron else {}
    return {"do": sitting.mode.value, **patron}


def _context(sitting: Sitting) -> dict[str, object]:
    patron = sitting.patron
    loans = list(Loan.objects.open().of_patron(patron).select_related("item")) if patron else []
    return {
        "sitting": sitting,
        "modes": Mode,
        "loans": [(loan, looks.of_loan(loan, at=sitting.at, on=sitting.on)) for loan in loans],
        "late": sum(loan.due_on < sitting.on for loan in loans),
        "happened": sitting.happened.shown(),
        "last_done": sitting.happened.last_done(),
        "field": _field(patron),
    }


def _field(patron: Patron | None) -> dict[str, tuple[str, str]]:
    """For each mode, what the field asks for and what its button says; the script changes them with the mode."""
    lend = (f"Scan an item to lend it to {patron}", "Lend") if patron else (A_CARD, "Find")
    return {
        Mode.LEND.value: lend,
        Mode.RETURN.value: ("Scan an item to take it back", "Return"),
        Mode.RENEW.value: ("Scan an item to renew it", "Renew"),
    }


A_CARD = "Scan a card, or type a name"


def _lend(sitting: Sitting, asked: QueryDict) -> None:
    """Until a chosen day only where a librarian chose it: no rule of the group stands against that."""
    item = Item.objects.filter(pk=_number(asked, "item")).select_related("owner").first()
    if item is not None:
        sitting.lend(item, due=_day(asked) if sitting.is_librarian else None)


def _return(sitting: Sitting, asked: QueryDict) -> None:
    if thing := _thing(asked):
        sitting.take_back(thing)


def _renew(sitting: Sitting, asked: QueryDict) -> None:
    if thing := _thing(asked):
        sitting.renew(thing)


def _hand_over(sitting: Sitting, asked: QueryDict) -> None:
    thing = _thing(asked)
    if isinstance(thing, Loan):
        sitting.hand_over(thing)


def _undo(sitting: Sitting, asked: QueryDict) -> None:
    sitting.undo(_number(asked, "number"))


VERBS: dict[str, Callable[[Sitting, QueryDict], None]] = {
    "lend": _lend,
    "return": _return,
    "renew": _renew,
    "hand-over": _hand_over,
    "undo": _undo,
}


def _thing(asked: QueryDict) -> Loan | Item | None:
    """The loan or the item that a button is about."""
    if "loan" in asked:
        return Loan.objects.with_borrowers().filter(pk=_number(asked, "loan")).first()
    return Item.objects.filter(pk=_number(asked, "item")).first()


def _number(asked: QueryDict, name: str) -> int:
    return row_number(asked.get(name))


def _day(asked: QueryDict) -> date | None:
    try:
        return parse_date(asked.get("due", ""))
    except ValueError:
        return None
