"""Closed days as they are typed, and the weekdays on which the library is open."""

from typing import Any

from django import forms

from circulation.closed_days import LONGEST
from circulation.forms.look import DressedModelForm
from circulation.models import ClosedDays
from library.models import Library

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class ClosedDaysForm(DressedModelForm):
    """One day, or a range with both ends. An empty last day means a single day."""

    names = ("name",)
    last = forms.DateField(label="Last day", required=False, help_text="Empty: only the first day.")

    class Meta:
        model = ClosedDays
        fields = ["first", "last", "name"]
        labels = {"first": "First day", "name": "Why"}
        error_messages = {
            "first": {"required": "Say from which day."},
            "name": {"required": "Say why it is closed: letters and pages name it."},
        }

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


class WeekForm(DressedModelForm):
    """The library's week."""

    open_weekdays = forms.TypedMultipleChoiceField(
        label="Open on",
        coerce=int,
        choices=list(enumerate(WEEKDAYS)),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick at least one weekday: without one no due date could be found."},
    )

    class Meta:
        model = Library
        fields = ["open_weekdays"]
