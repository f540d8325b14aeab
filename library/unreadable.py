"""Requests that no page can read end here, whoever asks and whatever for: 400 with a sentence, or 405.

PostgreSQL keeps no NUL character, pages are UTF-8, no number of ours has more digits than PostgreSQL's largest, and
pages are read or sent to. What a field may hold otherwise is its form's business.
"""

import codecs
import re
from collections.abc import Callable, Iterable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

NUL = "\0"
METHODS = ["GET", "HEAD", "OPTIONS", "POST"]
LONG_NUMBER = re.compile(r"\d{20}")
"""In a path. Python itself refuses to read more than 4,300 digits; PostgreSQL's largest number has 19."""


class UnreadableMiddleware:
    """Before sessions and access, because a cookie is text from outside too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in METHODS:  # TRACE passes for GET elsewhere
            return HttpResponseNotAllowed(METHODS)
        if not _is_utf8(request):
            request.encoding = "utf-8"  # else the refusal itself could not be written
            raise BadRequest("This page reads UTF-8.")
        if any(NUL in text for text in _words(request)) or LONG_NUMBER.search(request.path):
            raise BadRequest("There is something in it that cannot be kept.")
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> None:
        """The form, once the view may read it: a broken or too large one is refused by Django itself."""
        if any(NUL in text for name, values in request.POST.lists() for text in (name, *values)):
            raise BadRequest("There is something in it that cannot be kept.")


def _is_utf8(request: HttpRequest) -> bool:
    try:
        return codecs.lookup((request.content_params or {}).get("charset", "utf-8")).name == "utf-8"
    except LookupError:
        return False


def _words(request: HttpRequest) -> Iterable[str]:
    """All text from outside but the form."""
    yield request.path
    yield from request.COOKIES.values()
    for name, values in request.GET.lists():
        yield from (name, *values)
