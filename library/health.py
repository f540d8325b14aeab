"""Is the installation well? For monitors and containers: no login, no personal data.

``/health/`` asks every app through ``slots.health_checks`` and answers 200 or 503; ``/health/live/`` only says that
this process answers. What counts as ill is decided by the apps.
"""

import logging
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from library import slots
from library.slots import Finding

logger = logging.getLogger(__name__)


def findings(*, at: datetime) -> list[Finding]:
    """What every app finds wrong at this moment, in the order of the slot."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return [Finding(code="database", sentence="The database does not answer.", remedy="Is PostgreSQL running?")]
    return [finding for check in slots.health_checks for finding in _ask(check, at=at)]


def _ask(check: slots.HealthCheck, *, at: datetime) -> list[Finding]:
    try:
        return check(at)
    except Exception:  # a broken check is itself a finding, and must not hide the others
        logger.exception("A health check failed")
        return [Finding(code="check-failed", sentence="One of the health checks could not be made: see the log.")]


@login_not_required
@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    found = findings(at=timezone.now())
    ill = any(finding.ill for finding in found)
    report = {"status": "ill" if ill else "ok", "findings": [_as_json(finding) for finding in found]}
    response = JsonResponse(report, status=503 if ill else 200)
    response._has_been_logged = True  # type: ignore[attr-defined]  # a monitor asks every minute: that is no news
    return response


@login_not_required
@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok"})


def _as_json(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "ill": finding.ill,
        "sentence": finding.sentence,
        "remedy": finding.remedy,
        "since": finding.since.isoformat() if finding.since else None,
    }
