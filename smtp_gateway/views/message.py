"""One message: what became of it and why, every attempt with the server's words, and the letter itself.

The HTML of a mail is shown from an address of its own under a policy of its own, in a sandboxed frame: nothing in it
can run, and the page's strict policy does not strip its styles.
"""

from email import message_from_bytes, policy
from email.message import EmailMessage

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from library import slots
from library.access import Role, allow
from smtp_gateway.models import OutboundMessage
from smtp_gateway.views import looks, verbs

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'"
FORMS = ("text", "html", "source")


@allow(Role.LIBRARIAN)
@require_safe
def message(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(OutboundMessage, pk=pk)
    shown_as = request.GET.get("as", "text")
    attempts = [*filter(None, [found.under_way]), *found.tries.newest_first()]
    parsed = _parsed(found)
    others = [verb for ask in slots.message_verbs if (verb := ask(found.pk)) is not None]
    replaced = {other.instead_of for other in others}
    return render(
        request,
        "smtp_gateway/message.html",
        {
            "here": "outbox",
            "message": found,
            "look": looks.of_message(found),
            "attempts": [(each, looks.of_attempt(each), looks.when_decided(each)) for each in attempts],
            "verbs": [verb for verb in verbs.fitting([found]) if verb.key not in replaced],
            "other_verbs": others,
            "shown_as": shown_as if shown_as in FORMS else "text",
            "text": _part(parsed, "plain"),
            "has_html": _part(parsed, "html") is not None,
            "source": bytes(found.content).decode("utf-8", errors="replace").replace("\r\n", "\n"),
            "panels": [panel for ask in slots.message_panels if (panel := ask(found.pk)) is not None],
        },
    )


@allow(Role.LIBRARIAN)
@require_safe
@xframe_options_sameorigin
def html(request: HttpRequest, pk: int) -> HttpResponse:
    """The HTML part alone, as the mail program of the person who gets it will see it."""
    part = _part(_parsed(get_object_or_404(OutboundMessage, pk=pk)), "html")
    if part is None:
        raise Http404
    return HttpResponse(part, headers={"Content-Security-Policy": POLICY})


@allow(Role.LIBRARIAN)
@require_safe
def eml(request: HttpRequest, pk: int) -> HttpResponse:
    """The message byte for byte, as it went or will go over the wire."""
    found = get_object_or_404(OutboundMessage, pk=pk)
    if not found.has_text:
        raise Http404
    return HttpResponse(
        bytes(found.content),
        content_type="message/rfc822",
        headers={"Content-Disposition": f'attachment; filename="message-{found.pk}.eml"'},
    )


def _parsed(found: OutboundMessage) -> EmailMessage:
    parsed = message_from_bytes(bytes(found.content), policy=policy.default)
    assert isinstance(parsed, EmailMessage)  # what policy.default makes
    return parsed


def _part(parsed: EmailMessage, subtype: str) -> str | None:
    """The text of the ``text/<subtype>`` part; None where the message has none."""
    part = parsed.get_body(preferencelist=(subtype,))
    if part is None:
        return None
    raw = part.get_payload(decode=True)
    assert isinstance(raw, bytes)
    try:
        return raw.decode(part.get_content_charset("utf-8"), errors="replace")
    except LookupError:  # a character set that nobody knows
        return raw.decode("utf-8", errors="replace")
