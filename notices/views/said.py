"""Reading: a letter as it was written, and the next letter about a loan as it will be (product.md, C7, N12).

A letter's HTML has an address and a policy of its own, as on a message's page.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from circulation.calendar import CalendarError
from circulation.models import Loan
from library.access import Role, allow
from notices import next_letter, said
from notices.models import Letter
from notices.next_letter import Preview
from smtp_gateway.views.message import POLICY


@allow(Role.LIBRARIAN)
@require_safe
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    """One letter, to whom, about what, and what became of it."""
    letters = Letter.objects.exclude(state=Letter.State.DRAFT)  # nobody was written to: it is on the page of its run
    found = get_object_or_404(letters.select_related(*said.PEOPLE, "template_version__template"), pk=pk)
    text, html = said.words_of(found)
    context = {
        "here": "letters",
        "letter": found,
        "to": said.to_whom(found),
        "look": said.look_of(found),
        "text": text,
        "html_url": reverse("letter-html", args=[pk]) if html else "",
        "as_html": request.GET.get("as") == "html",
        "lines": found.lines.select_related("notice__loan__item", "notice__loan__patron", "notice__loan__partner"),
    }
    return render(request, "notices/letter.html", context)


@allow(Role.LIBRARIAN)
@require_safe
@xframe_options_sameorigin
def letter_html(request: HttpRequest, pk: int) -> HttpResponse:
    """The HTML alone, as the mail program of its reader shows it."""
    _, html = said.words_of(get_object_or_404(Letter.objects.select_related("message"), pk=pk))
    if not html:
        raise Http404
    return HttpResponse(html, headers={"Content-Security-Policy": POLICY})


@allow(Role.LIBRARIAN)
@require_safe
def coming(request: HttpRequest, pk: int) -> HttpResponse:
    """The next letters about this loan, written by the code that will send them, for the day on which they go."""
    loan = get_object_or_404(Loan.objects.with_borrowers(), pk=pk)
    shown = shown_letters(request, _coming(loan), of=pk, html="loan-next-letter-html")
    return render(request, "notices/next_letter.html", {"here": "loans", "loan": loan, **shown})


@allow(Role.LIBRARIAN)
@require_safe
@xframe_options_sameorigin
def coming_html(request: HttpRequest, pk: int, place: int) -> HttpResponse:
    """The HTML of one of them."""
    return one_as_html(_coming(get_object_or_404(Loan.objects.with_borrowers(), pk=pk)), place)


def shown_letters(request: HttpRequest, letters: list[Preview], *, of: int, html: str) -> dict[str, Any]:
    """What ``next_letter.html`` shows: these letters, and the one that is open; ``html`` names its address."""
    asked = request.GET.get("letter", "")
    place = min(int(asked), len(letters)) if asked.isascii() and asked.isdecimal() and len(asked) < 4 else 1
    place = max(place, 1)
    return {
        "letters": letters,
        "place": place,
        "shown": letters[place - 1] if letters else None,
        "as_html": request.GET.get("as") == "html",
        "html_url": f"{reverse(html, args=[of, place])}?{request.GET.urlencode()}",
    }


def one_as_html(letters: list[Preview], place: int) -> HttpResponse:
    if not 1 <= place <= len(letters) or not letters[place - 1].html:
        raise Http404
    return HttpResponse(letters[place - 1].html, headers={"Content-Security-Policy": POLICY})


def _coming(loan: Loan) -> list[Preview]:
    try:
        return next_letter.about(loan, on=timezone.localdate())
    except CalendarError:
        return []
