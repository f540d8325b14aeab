"""The way in: signing in, and a person's own password."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpResponse
from django.urls import reverse_lazy

from library.form_look import dress


class SignInForm(AuthenticationForm):
    """Django's, in the library's words."""

    error_messages = {
        "invalid_login": "This name and this password do not fit together. Capitals count in both.",
        "inactive": "This account is closed. An administrator can open it again.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


NEW_PASSWORD = {
    "old_password": ("The password until now", ""),
    "new_password1": (
        "The new password",
        "At least ten characters, not only digits, not like your name, and not one that everybody uses.",
    ),
    "new_password2": ("The new password again", ""),
}


class NewPasswordForm(PasswordChangeForm):
    """Django's, in the library's words."""

    error_messages = {
        **PasswordChangeForm.error_messages,
        "password_incorrect": "This is not the password that is in use now.",
        "password_mismatch": "The two new passwords differ.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (label, hint) in NEW_PASSWORD.items():
            self.fields[name].label, self.fields[name].help_text = label, hint
        dress(self)


class NewPassword(PasswordChangeView):
    """A person's own password; an administrator sets others' under *People who sign in*."""

    form_class = NewPasswordForm
    success_url = reverse_lazy("home")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        messages.success(self.request, "The new password is in use.")
        return super().form_valid(form)
