"""Where a number on Home leads: to the list behind it, or to the area that will have it.

Until an area has its own pages, an administrator gets Django admin's list with the same rows, others the area's page.
"""

from urllib.parse import urlencode

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from library import areas
from library.access import may


def admin_list(request: HttpRequest, label: str, **lookups: object) -> str | None:
    """The changelist of ``app_label.model``, filtered; None for people who may not open it."""
    model = apps.get_model(label)
    if not may(request).administrator or not admin.site.has_permission(request) or not admin.site.is_registered(model):
        return None
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{address}?{urlencode(lookups)}" if lookups else address


def behind(request: HttpRequest, area: str, label: str, **lookups: object) -> str:
    """The list of these rows in Django admin, else the page of the area."""
    found = areas.by_key(area)
    assert found is not None  # a name of this program, not of a visitor
    return admin_list(request, label, **lookups) or found.url


def outbox(tab: str, **query: object) -> str:
    """The outbox with one of its tabs open."""
    return f"{reverse('outbox')}?{urlencode({'tab': tab, **query})}"
