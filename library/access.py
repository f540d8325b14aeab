"""Who may open what: three roles, and one rule stated beside every view (product.md, S1).

The rule is written with a decorator and kept by ``AccessMiddleware``; a view without a rule is refused to everybody,
so that a forgotten one is noticed in a test and not by a child. Django admin belongs to administrators. What stands
*on* a page is not decided here: templates ask ``may``.
"""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group, Permission, User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_cache_control
from django_htmx.http import HttpResponseClientRedirect

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class Role(models.IntegerChoices):
    """Each may do all that the one before may. The labels are the names of Django's groups.

    *Desk helper*: lend, return, renew; no addresses, guardians, history or letters. *Librarian*: the daily work.
    *Administrator*: also gateway, templates, schedules and users; so is every superuser.
    """

    DESK_HELPER = 1, "Desk helper"
    LIBRARIAN = 2, "Librarian"
    ADMINISTRATOR = 3, "Administrator"


class May:
    """What the person who is signed in may do, asked by templates: ``{% if may.librarian %}``."""

    def __init__(self, role: Role | None) -> None:
        self.role = role

    def act_as(self, role: Role) -> bool:
        return self.role is not None and self.role >= role

    @property
    def helper(self) -> bool:
        return self.act_as(Role.DESK_HELPER)

    @property
    def librarian(self) -> bool:
        return self.act_as(Role.LIBRARIAN)

    @property
    def administrator(self) -> bool:
        return self.act_as(Role.ADMINISTRATOR)


def signed_in(request: HttpRequest) -> User | None:
    """Who does it, as it is kept beside what they did."""
    return request.user if isinstance(request.user, User) else None


def role_of(user: AbstractBaseUser | AnonymousUser) -> Role | None:
    """The highest role of this person; None for nobody, and for an account in no group. One query."""
    if not isinstance(user, User) or not user.is_active:
        return None
    if user.is_superuser:
        return Role.ADMINISTRATOR
    names = set(user.groups.values_list("name", flat=True))
    return max((role for role in Role if role.label in names), default=None)


def may(request: HttpRequest) -> May:
    """What this request's person may do; looked up once per request."""
    if not hasattr(request, "_may"):
        request._may = May(role_of(request.user))  # type: ignore[attr-defined]
    answer: May = request._may  # type: ignore[attr-defined]
    return answer


def allow(role: Role) -> Callable[[View], View]:
    """The rule of a view: for this role and those above it. Views for everybody have Django's login_not_required."""

    def state(view: View) -> View:
        view.rule = role  # type: ignore[attr-defined]
        return view

    return state


class NoRule(Exception):
    """Nobody stated who may open this view."""


def rule_of(view: Callable[..., Any], *, in_admin: bool = False) -> Role | None:
    """The role that this view asks for, None for everybody. Raises NoRule where nothing was stated."""
    if not getattr(view, "login_required", True):
        return None
    rule: Role | None = getattr(view, "rule", Role.ADMINISTRATOR if in_admin else None)
    if rule is None:
        raise NoRule(f"{getattr(view, '__qualname__', view)} states no rule: put @allow(Role…) above it.")
    return rule


class AccessMiddleware:
    """Keeps the rules: to the sign-in page who is not signed in, 403 to who may not, 403 where no rule stands."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control") and request.user.is_authenticated:
            patch_cache_control(response, private=True, no_store=True)  # *Back* after signing out shows no letter
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        try:
            rule = rule_of(view, in_admin=is_admin(request))
        except NoRule as reason:
            raise PermissionDenied(str(reason)) from reason
        if rule is None or may(request).act_as(rule):
            return None
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        raise PermissionDenied


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """The whole page goes there, also when only a part was asked for. After a button it comes back to its page."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponseClientRedirect(redirect_to_login(_path(request.headers.get("HX-Current-URL", "/"))).url)
    if request.method == "POST":
        return redirect_to_login(_path(request.headers.get("Referer", "/")))
    return redirect_to_login(request.get_full_path())


def _path(address: str) -> str:
    """Of whichever host: whoever signs in stays on this one."""
    try:
        return urlsplit(address).path or "/"
    except ValueError:  # not an address
        return "/"


def name_tried(request: HttpRequest, credentials: dict[str, str] | None = None) -> str:
    """The name as lock-out keeps it: no longer than its column."""
    return ((credentials or {}).get("username") or request.POST.get("username") or "")[:255]


def address_of(request: HttpRequest) -> str:
    """Where the request comes from, for lock-out.

    Behind TRUSTED_PROXIES proxies, what the outermost of them wrote into X-Forwarded-For: each adds one address at the
    end, and what stands before those is the sender's own invention.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    hops = [direct, *reversed(request.headers.get("X-Forwarded-For", "").split(","))]
    try:
        return str(ip_address(hops[min(settings.TRUSTED_PROXIES, len(hops) - 1)].strip()))
    except ValueError:  # nothing that a proxy writes
        return direct


def is_admin(request: HttpRequest) -> bool:
    """Whether this address belongs to Django admin."""
    match = request.resolver_match
    return match is not None and "admin" in match.app_names


def make_roles() -> None:
    """The three groups; administrators hold every permission of Django admin. Safe to run twice."""
    for role in Role:
        Group.objects.get_or_create(name=role.label)
    Group.objects.get(name=Role.ADMINISTRATOR.label).permissions.set(Permission.objects.all())
