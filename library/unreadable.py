"""Requests that no page can read end here, whoever asks and whatever for: 400 with a sentence, or 405.

PostgreSQL keeps no NUL character, pages are UTF-8, no number of ours has more digits than PostgreSQL's largest, and
pages are read or sent to. What a field may hold otherwise is its form's business; what Django admin's lists are asked
to filter by has no form, and ends here too.
"""

import codecs
import re
from collections.abc import Callable, Iterable
from typing import Any

from django.core.exceptions import BadRequest
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.http import parse_header_parameters

NUL = "\0"
METHODS = ["GET", "HEAD", "OPTIONS", "POST"]
LONG_NUMBER = re.compile(r"\d{20}")
"""In a path. Python itself refuses to read more than 4,300 digits; PostgreSQL's largest number has 19."""
NOT_A_FILTER = (ValueError, OverflowError, TypeError, DataError)
"""What Django admin's lists raise: a year 0, the first and the last day brought into UTC, a range with one end."""


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

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """A list of Django admin that cannot be filtered as its address says; without a filter it is our mistake."""
        match = request.resolver_match
        is_admin_list = (
            match is not None and match.app_names == ["admin"] and str(match.url_name).endswith("_changelist")
        )
        if is_admin_list and request.method == "GET" and request.GET and isinstance(exception, NOT_A_FILTER):
            raise BadRequest("No row can be found by this filter.") from exception


def with_readable_head(application: Callable[..., Any]) -> Callable[..., Any]:
    """``application`` sees a content type that Django can take apart: its own request object fails on others.

    RFC 2231 lets a parameter name a charset (``boundary*=rot13''x``) and hold any character, and a charset that holds
    NUL cannot be looked up; Django raises before any middleware is asked.
    """

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        try:
            _, parameters = parse_header_parameters(environ.get("CONTENT_TYPE", ""))
            codecs.lookup(parameters.get("charset", "utf-8"))
        except (LookupError, ValueError):
            environ["CONTENT_TYPE"] = "text/plain; charset=unreadable"  # refused by the middleware, with its sentence
        return application(environ, start_response)

    return serve


def _is_utf8(request: HttpRequest) -> bool:
    try:
        return codecs.lookup((request.content_params or {}).get("charset", "utf-8")).name == "utf-8"
    except (LookupError, ValueError):  # ValueError: a name that can be none, such as NUL
        return False


def _words(request: HttpRequest) -> Iterable[str]:
    """All text from outside but the form."""
    yield request.path
    yield from request.COOKIES.values()
    for name, values in request.GET.lists():
        yield from (name, *values)
