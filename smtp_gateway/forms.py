"""The gateway's settings as people fill them in: sentences under fields, a password written and never read.

Refuses what cannot work (a password without a user ID) and leaves to ``lifecycle.try_connection`` what only the server
knows. The state of the gateway is no business of these forms, and is never saved with them. One set of rules for two
doors: the gateway's page and Django admin.
"""

import re
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import BaseValidator
from django.db import models

from library.form_look import dress
from smtp_gateway import addresses
from smtp_gateway.errors import OutboxError
from smtp_gateway.models import Gateway
from smtp_gateway.models.gateway import ONE_LINE

NOT_AN_ADDRESS = "This is not an email address. One looks like library@school.example."
HOST_WITH_PORT = re.compile(r"[^:\[\]]+:\d+|.*://.*")
RARE = ("connections", "may_login_in_clear", "may_login_in_clear_confirmed")
NUMBERS = ("port", "minutes_between_checks", "messages_each_check", "connections", "keep_text_days")


def _number_sentence(name: str) -> str:
    """What may be written into a field for a number; the limits are the model's."""
    field = cast("models.Field[Any, Any]", Gateway._meta.get_field(name))
    limits = sorted(each.limit_value for each in field.validators if isinstance(each, BaseValidator))
    return f"Write a whole number from {limits[0]:,} to {limits[-1]:,}."


class Version(forms.IntegerField):
    """Of the settings that a page showed. Never a change of its own."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


class SettingsForm(forms.ModelForm):  # type: ignore[type-arg]
    """The rules. An empty password field keeps the stored one.

    ``seen`` is the version of the settings that the person was shown: who saves over a colleague's change is told.
    """

    seen = Version(widget=forms.HiddenInput, required=False)
    new_password = forms.CharField(
        label="SMTP password",
        required=False,
        strip=False,
        max_length=500,
        validators=[ONE_LINE],
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Stored encrypted and never shown again. Leave it empty to keep the one there is.",
    )
    forget_password = forms.BooleanField(label="Remove the stored password", required=False)

    class Meta:
        model = Gateway
        fields = [
            "host",
            "port",
            "security",
            "ehlo_name",
            "username",
            "may_login_in_clear",
            "may_login_in_clear_confirmed",
            "from_name",
            "from_address",
            "reply_to",
            "test_to",
            "minutes_between_checks",
            "messages_each_check",
            "connections",
            "daily_log_at",
            "keep_text_days",
            "start_mode",
        ]
        error_messages = {
            **{name: {"invalid": NOT_AN_ADDRESS} for name in ("from_address", "reply_to", "test_to")},
            **{
                name: dict.fromkeys(("required", "invalid", "min_value", "max_value"), _number_sentence(name))
                for name in NUMBERS
            },
            "daily_log_at": {"invalid": "Write a time of day: 07:00.", "required": "Write a time of day: 07:00."},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = self.instance.settings_version

    def clean_host(self) -> str:
        host: str = self.cleaned_data["host"]
        if HOST_WITH_PORT.fullmatch(host):
            raise ValidationError("Only the server's name stands here; its port has a field of its own.")
        return host

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("seen") is not None and given["seen"] != self.instance.settings_version:
            self.add_error(None, "Somebody else saved these settings meanwhile. Open the page again and look at them.")
        if self.instance.is_on:
            for name, what in (("host", "a server"), ("from_address", "a From address")):
                if name in given and not given[name]:
                    self.add_error(name, f"The gateway is on and needs {what}. Stop it first, or fill this in.")
        for name in ("from_address", "reply_to", "test_to"):
            try:
                addresses.checked(given.get(name) or "library@school.example")
            except OutboxError:  # Django knows more forms of address than an envelope takes
                self.add_error(name, NOT_AN_ADDRESS)
        self._check_login(given)
        return given

    def _check_login(self, given: dict[str, Any]) -> None:
        password = given.get("new_password") or (self.instance.has_password and not given.get("forget_password"))
        if given.get("username") and not password:
            self.add_error("new_password", "A user ID needs its password. Type it, or empty the user ID.")
        if given.get("new_password") and "username" in given and not given["username"]:
            self.add_error("username", "A password needs its user ID. Fill it in, or empty the password.")
        ticks = [bool(given.get("may_login_in_clear")), bool(given.get("may_login_in_clear_confirmed"))]
        if any(ticks) and not all(ticks):
            self.add_error("may_login_in_clear_confirmed", "Both ticks are needed, or none.")
        elif given.get("username") and given.get("security") == Gateway.Security.NONE and not all(ticks):
            sentence = "The password would travel unprotected. Choose STARTTLS or TLS, or allow it below, twice."
            self.add_error("security", sentence)

    def save(self, commit: bool = True) -> Gateway:
        """The settings and nothing else of the row: the state is the gateway's own, and may have moved meanwhile."""
        gateway: Gateway = super().save(commit=False)
        if self.cleaned_data["new_password"]:
            gateway.set_password(self.cleaned_data["new_password"])
        elif self.cleaned_data["forget_password"]:
            gateway.set_password("")
        if commit:
            gateway.save(update_fields=[*SettingsForm.Meta.fields, "password_encrypted"])
        return gateway


class SettingsOnPage(SettingsForm):
    """The same in the look of the pages."""

    class Meta(SettingsForm.Meta):
        labels = {"from_name": "From name", "keep_text_days": "Keep sent text, days", "start_mode": "After a restart"}
        widgets = {
            "daily_log_at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            **{name: forms.TextInput(attrs={"inputmode": "numeric"}) for name in NUMBERS},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password"].help_text = (
            "Stored and never shown. Type here to replace it."
            if self.instance.has_password
            else "Kept encrypted and never shown again."
        )
        dress(self)

    @property
    def rare_ones_matter(self) -> bool:
        """Something among the rarely needed fields is set, or wrong."""
        chosen = self.instance.connections > 1 or self.instance.may_login_in_clear
        return bool(chosen or set(RARE) & set(self.errors))

    @property
    def password_was_typed(self) -> bool:
        """It has to be typed once more when something else was wrong: it is not sent back."""
        return bool(self.is_bound and self.errors and self.data.get("new_password"))
