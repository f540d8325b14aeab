"""The *SMTP Gateway Manager*: its state for librarians; settings, start, stop, tests and tries for administrators.

Every button is one verb of ``lifecycle``, ``trial`` or ``identity``. While a test is on its way the page asks for
itself again (htmx) and takes over the parts that may have changed, so there is one page and no second truth.
"""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from library.access import Role, allow, may
from smtp_gateway import identity, lifecycle, throttle, trial
from smtp_gateway.errors import LifecycleError, OutboxError
from smtp_gateway.forms import SettingsOnPage
from smtp_gateway.models import Gateway, GatewayEvent, OutboundMessage
from smtp_gateway.views import actions, machinery, testing

CHECKS_SHOWN = 6


@allow(Role.LIBRARIAN)
@require_safe
def gateway(request: HttpRequest) -> HttpResponse:
    return _page(request)


@allow(Role.ADMINISTRATOR)
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    form = SettingsOnPage(request.POST, instance=Gateway.the())
    if not form.is_valid():
        return _page(request, form=form)
    was = lifecycle.status()
    saved = form.save()
    lifecycle.settings_saved(by=request.user.get_username(), changed=form.changed_data)
    goes_on = was.state != "on" and lifecycle.status().is_well
    messages.success(request, f"Settings saved. {'The gateway goes on.' if goes_on else 'They count from now on.'}")
    if (saved.port, saved.security) in {(465, Gateway.Security.STARTTLS), (587, Gateway.Security.TLS)}:
        messages.warning(request, "Port 465 usually speaks TLS, and port 587 STARTTLS. Try the connection.")
    return _back()


@allow(Role.ADMINISTRATOR)
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    try:
        lifecycle.start(by=request.user.get_username())
    except LifecycleError as refusal:
        return _page(request, refusal=refusal)
    messages.success(request, "The server accepted the settings, and the gateway is on.")
    return _back()


@allow(Role.ADMINISTRATOR)
@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    lifecycle.stop(by=request.user.get_username())
    messages.success(request, "The gateway is stopped. What is being sent now ends as it ends; everything else waits.")
    return _back()


@allow(Role.ADMINISTRATOR)
@require_POST
def test(request: HttpRequest) -> HttpResponse:
    try:
        trial.send(by=request.user.get_username(), at=timezone.now())
    except OutboxError as refusal:
        messages.error(request, str(refusal))
    return _back("#test")


@allow(Role.ADMINISTRATOR)
@require_POST
def try_connection(request: HttpRequest) -> HttpResponse:
    """The conversation is shown once and kept nowhere; the log remembers how it ended."""
    return _page(request, tried=lifecycle.try_connection(by=request.user.get_username()))


@allow(Role.ADMINISTRATOR)
@require_POST
def adopt(request: HttpRequest) -> HttpResponse:
    """A copy is the one that sends from now on (G9)."""
    released = identity.adopt(by=request.user.get_username())
    waits = "1 message waits" if released == 1 else f"{released:,} messages wait"
    messages.success(request, f"This installation sends the mail from now on. {waits} for you to start the gateway.")
    return _back()


def _page(
    request: HttpRequest,
    *,
    form: SettingsOnPage | None = None,
    tried: lifecycle.Trial | None = None,
    refusal: LifecycleError | None = None,
) -> HttpResponse:
    row, now = Gateway.the(), timezone.now()
    status = lifecycle.status(row, at=now)
    next_check_at = throttle.next_check_at(at=now)
    rows = OutboundMessage.objects
    waiting = rows.waiting().count()
    letters = rows.queued_on(timezone.localdate()).of_kind(OutboundMessage.Kind.NOTICE).count()
    administrator = may(request).administrator
    checks = GatewayEvent.objects.filter(action__in=actions.CHECKS).newest_first()[:CHECKS_SHOWN]
    context = {
        "here": "gateway",
        "gateway": row,
        "status": status,
        "is_copy": row.stop_cause == Gateway.StopCause.COPY,
        "held_by_copy": rows.held().filter(reason=identity.HELD_BECAUSE).count(),
        "next_check_at": next_check_at,
        "waiting": waiting,
        "waiting_takes": _span(throttle.time_needed(waiting)),
        "empty_at": throttle.empty_at(waiting, at=now) if waiting else None,
        "letters": letters,
        "letters_take": _span(throttle.time_needed(letters)),
        "pace": throttle.in_words(row),
        "test": testing.latest(status=status, next_check_at=next_check_at),
        "checks": [(event, actions.look_of(event)) for event in checks],
        "form": (form or SettingsOnPage(instance=Gateway.the())) if administrator else None,
        "tried": tried,
        "refusal": refusal,
        "machinery": machinery.facts(row) if administrator else [],
    }
    return render(request, "smtp_gateway/gateway.html", context)


def _back(part: str = "") -> HttpResponse:
    return HttpResponseRedirect(reverse("gateway") + part)


def _span(time: timedelta) -> str:
    """How long it takes, as people say it; empty for no time at all."""
    minutes = round(time.total_seconds() / 60)
    if minutes < 1:
        return ""
    if minutes < 120:
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    hours = round(minutes / 60)
    return f"{hours} hours" if hours < 48 else f"{round(hours / 24)} days"
