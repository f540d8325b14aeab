"""What a person chooses before letters by hand are shown: which letter, to whom, which groups, how late."""

from datetime import date
from typing import Any

from django import forms
from django.contrib.auth.models import User

from circulation.models import Group
from notices import letters
from notices.models import Audience, Run

LETTERS = {1: "Overdue, first", 2: "Overdue, second", 3: "Overdue, third"}
DAYS = {1: "1 day late", 7: "7 days late", 14: "14 days late", 28: "28 days late"}


class Choice(forms.Form):
    """BiblioTECH's Reports Manager: Letters – Overdue First, Patron or Guardian, groups."""

    number = forms.TypedChoiceField(label="Letter", coerce=int, choices=list(LETTERS.items()))
    audience = forms.ChoiceField(label="To", choices=[(Audience.PATRON, "Patron"), (Audience.GUARDIAN, "Guardian")])
    groups = forms.ModelMultipleChoiceField(
        label="Groups",
        queryset=Group.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick at least one group."},
    )
    days_late = forms.TypedChoiceField(label="At least", coerce=int, choices=list(DAYS.items()))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = self.fields["groups"]
        assert isinstance(groups, forms.ModelMultipleChoiceField)
        groups.queryset = Group.objects.filter(active=True).order_by("year_level", "name")
        for name in ("number", "audience", "days_late"):
            self.fields[name].widget.attrs["class"] = "form-select"
        groups.widget.attrs["class"] = "form-check-input"

    @property
    def chosen_groups(self) -> str:
        """What the closed list of groups says: ``TEST``, ``4 groups``, or that one is to be chosen."""
        chosen = {str(pk) for pk in self["groups"].value() or []}
        names = [str(group) for group in self.fields["groups"].queryset if str(group.pk) in chosen]  # type: ignore[attr-defined]
        return "Choose groups" if not names else names[0] if len(names) == 1 else f"{len(names)} groups"

    def draft(self, *, on: date, by: User | None) -> Run:
        """The chosen letters, written and not sent."""
        chosen = self.cleaned_data
        return letters.draft(
            chosen["number"],
            audience=Audience(chosen["audience"]),
            groups=chosen["groups"],
            days_late=chosen["days_late"],
            on=on,
            by=by,
        )
