"""How a form looks and speaks: the site's classes, and fields read as strictly as an import reads its cells.

Knows no model. A field's error is a sentence under it (ui.md, Words).
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms

from circulation.imports import fields as cells
from library.form_look import class_of
from library.seen import SeenModelForm


class InOurLook:
    """Mixed into a form: the site's classes, native fields for days, and what Django says in our words."""

    fields: dict[str, forms.Field]

    def dress(self) -> None:
        """Errors are not asked for here, they would be worked out too early: the site shows ``aria-invalid`` in red."""
        for field in self.fields.values():
            field.widget.attrs["class"] = class_of(field)
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs["rows"] = 3
            if isinstance(field, forms.DateField):
                field.widget = forms.DateInput(attrs={**field.widget.attrs, "type": "date"}, format="%Y-%m-%d")
                field.error_messages["invalid"] = "This is not a date. Write it as 2026-12-04, or choose a day."
            if isinstance(field, forms.IntegerField):
                field.error_messages["invalid"] = "This is not a whole number."
                field.widget = forms.TextInput(attrs={**field.widget.attrs, "inputmode": "numeric"})
            field.error_messages.setdefault("required", "This cannot be empty.")


class DressedForm(InOurLook, forms.Form):
    """A form in the look of the pages."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_required(self.fields)
        self.dress()


class DressedModelForm(InOurLook, SeenModelForm):
    """The same about one row; ``names``, ``emails`` and ``texts`` say which fields are read as an import reads them."""

    names: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_required(self.fields)
        for name in self.emails:
            self._read_by(name, cells.email)
        for name in self.names:
            self._read_by(name, self._reader(name, cells.name))
        for name in self.texts:
            self._read_by(name, self._reader(name, cells.text, lines=True))
        self.dress()

    def _reader(self, name: str, read: Callable[..., str], **how: Any) -> Callable[[str], str]:
        field = self.fields[name]
        what = str(field.label or name).lower()
        longest = getattr(field, "max_length", None) or 2000
        return lambda value: read(value, what, longest=longest, **how)

    def _read_by(self, name: str, read: Callable[[str], str]) -> None:
        """The field's own checks are replaced: their sentences would stand beside ours."""
        before = self.fields[name]
        widget: forms.Widget = before.widget if isinstance(before.widget, forms.Textarea) else forms.TextInput()
        if read is cells.email:
            widget = forms.EmailInput()
        self.fields[name] = Read(
            read=read, required=before.required, label=before.label, help_text=before.help_text, widget=widget
        )
        self.fields[name].error_messages.update(required=before.error_messages["required"])


class Read(forms.CharField):
    """A text that is read as an import reads a cell; what refuses it is the error's sentence."""

    def __init__(self, *, read: Callable[[str], str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.read = read
        self.validators = []

    def to_python(self, value: Any) -> str:
        try:
            return self.read(value or "")
        except cells.CellError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal


class StopLetters(DressedForm):
    """Until when, and why. Without a day: ever again."""

    reason = forms.CharField(
        label="Why",
        max_length=500,
        help_text="Private: it stands in no letter and no export.",
        error_messages={"required": "Say why: whoever looks at this next must know why it is quiet."},
    )
    until = forms.DateField(label="Until", required=False, help_text="Empty: until somebody lets them go again.")

    def __init__(self, *args: Any, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on = on

    def clean_until(self) -> date | None:
        until: date | None = self.cleaned_data["until"]
        if until is not None and until <= self.on:
            raise forms.ValidationError("Choose a day after today, or leave it empty.")
        return until


def _say_required(fields: dict[str, forms.Field]) -> None:
    for field in fields.values():
        if field.error_messages.get("required") == forms.Field.default_error_messages["required"]:
            field.error_messages["required"] = "This cannot be empty."
