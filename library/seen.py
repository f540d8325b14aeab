"""A form that knows whether somebody else saved the same row since its page was shown.

The page carries a short digest of what it shows. Where that is no longer what is on file, nothing is saved: the form
comes back with what is on file now, and saving once more is a decision. Locks nothing.
"""

import hashlib
from datetime import time
from typing import Any

from django import forms


class Seen(forms.CharField):
    """The digest of what the page shows, of what is on file now when it is shown again. Never a change of its own."""

    widget = forms.HiddenInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial


class SeenModelForm(forms.ModelForm):  # type: ignore[type-arg]
    """Whoever posts without the digest, as other programs and tests do, is believed to have looked."""

    seen = Seen(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            shown = [str(self.initial.get(name)) for name in sorted(self.fields)]
            self.initial["seen"] = hashlib.sha256("\0".join(shown).encode()).hexdigest()[:16]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        seen = given.pop("seen", "")
        if seen and seen != self.initial.get("seen") and self.changed_data:
            kept = [name for name in self.changed_data if not isinstance(self.fields[name].widget, forms.PasswordInput)]
            now = "; ".join(f"{self[name].label}: {self._on_file(name)}" for name in kept)
            on_file = f" On file now: {now}." if now else ""
            again = "Save again to put what stands here in its place."
            raise forms.ValidationError(f"Somebody else saved this meanwhile.{on_file} {again}")
        return given

    def _on_file(self, name: str) -> str:
        """In the words of the page; the row itself is as it was loaded until the form is clean."""
        display = getattr(self.instance, f"get_{name}_display", None)
        value = display() if display else getattr(self.instance, name, self.initial.get(name))
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, time):
            return f"{value:%H:%M}"
        if isinstance(value, list):
            words = dict(getattr(self.fields[name], "choices", ()))
            return ", ".join(str(words.get(one, one)) for one in value) or "nothing"
        value = getattr(value, "label", value)
        return "nothing" if value in (None, "") else str(value)
