"""Closed days as they are typed, and the weekdays on which the library is open."""

from typing import Any

from django import forms

from circulation.closed_days import LONGEST
from circulation.models import ClosedDays

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
A_DATE = dict.fromkeys(("invalid", "required"), "Write a date: 19/12/2026, or choose it.")


class ClosedDaysForm(forms.ModelForm):  # type: ignore[type-arg]
    """One day, or a range with both ends. An empty last day means a single day."""

    last = forms.DateField(
        label="Last day",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Empty: only the first day.",
        error_messages=A_DATE,
    )

    class Meta:
        model = ClosedDays
        fields = ["first", "last", "name"]
        labels = {"first": "First day", "name": "Why"}
        widgets = {"first": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}
        error_messages = {"first": A_DATE, "name": {"required": "Say why it is closed: letters and pages name it."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False  # our sentences, not the browser's
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "form-control field-error" if name in self.errors else "form-control"

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        first = given.get("first")
        if first is None:
            return given
        given["last"] = last = given.get("last") or first
        if last < first:
            self.add_error("last", "The last day comes before the first one. Turn them round.")
        elif last - first > LONGEST:
            self.add_error("last", "That is longer than a year. Close a part of it, or open fewer weekdays.")
        elif not 2000 <= first.year <= 2100 or last.year > 2100:
            self.add_error("first", "Write a year between 2000 and 2100.")
        return given


class WeekForm(forms.Form):
    """The library's week."""

    open_weekdays = forms.TypedMultipleChoiceField(
        label="Open on",
        coerce=int,
        choices=list(enumerate(WEEKDAYS)),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        error_messages={"required": "Tick at least one weekday: without one no due date could be found."},
    )
