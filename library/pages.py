"""The pages of the house itself: the way in, and the areas whose own pages come later."""

from typing import Any

from django.apps import apps
from django.contrib import messages
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy

from library import areas, links
from library.access import Role, allow, may


class SignInForm(AuthenticationForm):
    """Django's, in the library's words."""

    error_messages = {
        "invalid_login": "This name and this password do not fit together. Capitals count in both.",
        "inactive": "This account is closed. An administrator can open it again.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _in_our_look(self)


class NewPasswordForm(PasswordChangeForm):
    """Django's, in the library's words."""

    error_messages = {
        **PasswordChangeForm.error_messages,
        "password_incorrect": "This is not the password that is in use now.",
        "password_mismatch": "The two new passwords differ.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _in_our_look(self)


def _in_our_look(form: Form) -> None:
    for field in form.fields.values():
        field.widget.attrs["class"] = "form-control"


class NewPassword(PasswordChangeView):
    """A person's own password; an administrator sets others' in Django admin."""

    form_class = NewPasswordForm
    success_url = reverse_lazy("home")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        messages.success(self.request, "The new password is in use.")
        return super().form_valid(form)


@allow(Role.DESK_HELPER)
def area(request: HttpRequest, key: str) -> HttpResponse:
    """One honest small page for an area that has no page of its own yet: how its work is done now."""
    found = areas.by_key(key)
    if found is None or found.page or not may(request).act_as(found.role):
        raise Http404
    return render(request, "library/area.html", {"here": key, "area": found, "lists": _admin_lists(found, request)})


def _admin_lists(found: areas.Area, request: HttpRequest) -> list[tuple[str, str]]:
    """Name and address of the lists in Django admin that serve this area, for those who may open them."""
    lists = [(apps.get_model(label), links.admin_list(request, label)) for label in found.models]
    return [(str(model._meta.verbose_name_plural), address) for model, address in lists if address]
