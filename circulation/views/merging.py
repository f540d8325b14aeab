"""*On file twice?*: find the other entry of a guardian, see what becomes of its letters, and make one of the two."""

from django.contrib import messages
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe
from psycopg2.errors import DeadlockDetected, LockNotAvailable

from circulation import merging, search
from circulation.models import FOREVER, Guardian
from circulation.views import guardians, people_words
from circulation.words import a_day
from library.access import Role, allow

BUSY = (
    "Somebody else is writing about these people, or letters are being found, just now. Nothing was changed. Try again."
)


@allow(Role.LIBRARIAN)
@require_safe
def choose(request: HttpRequest, pk: int) -> HttpResponse:
    """Who may be the same person: found by name, address or child, or by what is typed."""
    guardian = get_object_or_404(Guardian, pk=pk, erased_at=None)
    words = search.cleaned(request.GET.get("q", ""))
    others = search.guardians(words).exclude(pk=pk) if words else merging.who_may_be_the_same(guardian)
    context = {"here": "patrons", "guardian": guardian, "words": words, **guardians.found(others)}
    return render(request, "circulation/guardian_same.html", context)


@allow(Role.LIBRARIAN)
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, pk: int, second: int) -> HttpResponse:
    """In sentences what will be, and then so."""
    guardian = get_object_or_404(Guardian, pk=pk, erased_at=None)
    other = get_object_or_404(Guardian.objects.exclude(pk=pk), pk=second, erased_at=None)
    if request.method == "POST":
        try:
            changed = merging.merge(other, into=guardian, by=request.user)
        except merging.MergeError as reason:
            messages.warning(request, str(reason))
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected | LockNotAvailable):
                raise
            messages.warning(request, BUSY)
        else:
            told = people_words.thought_over(changed.letters)
            messages.success(request, f"{guardian} is on file once now.{told}")
        return HttpResponseRedirect(reverse("guardian", args=[pk]))
    email = merging.as_one(other, into=guardian).email
    context = {
        "here": "patrons",
        "guardian": guardian,
        "other": other,
        "children": [_in_words(child) for child in merging.children(other, into=guardian)],
        "email": email,
        "address_goes": bool(other.email) and other.email.lower() != email.lower(),
    }
    return render(request, "circulation/guardian_merge.html", context)


def _in_words(child: merging.Child) -> tuple[str, str, bool]:
    """The child, what will be so, and whether letters will go."""
    answer, on = child.answer, timezone.localdate()
    who = f"{child.link.patron}, {child.link.patron.group}"
    if child.is_barred:
        return who, "Letters are off from then on: somebody alike is not written to about this child.", False
    if not answer.library_letters or answer.no_letters_until == FOREVER:
        return who, "Letters are off, and stay off.", False
    if answer.no_letters_until and answer.no_letters_until > on:
        return who, f"No letters before {a_day(answer.no_letters_until, on=on)}.", False
    return who, "Letters go." if child.is_new else "On both entries: letters go, once.", True
