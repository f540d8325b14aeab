"""What an address answered, in one word, for the rules of S1 and for the table that ``tests.pages.table`` prints."""

from collections.abc import Collection

from django.http.response import HttpResponseBase

SERVED = "yes"
SIGN_IN = "sign-in"
REFUSED = "refused"
NOT_THIS_WAY = "–"
"""Asked with GET for the target of a form, or the other way round."""
SHOWN = {200, 302, 503}  # 503: health says ill
READ = {*SHOWN, 204, 400, 404, 409, 422}
"""Statuses of a view that has read a form, though there was nothing in it."""


def in_a_word(answer: HttpResponseBase, *, served: Collection[int] = frozenset(SHOWN)) -> str:
    """Any other status than those that are meant stands for itself."""
    location = answer.headers.get("Location", "")
    if answer.status_code == 302 and location.startswith(("/sign-in/?next=", "/admin/login/?next=")):
        return SIGN_IN
    if answer.status_code in served:
        return SERVED
    return {403: REFUSED, 405: NOT_THIS_WAY}.get(answer.status_code, str(answer.status_code))
