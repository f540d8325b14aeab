"""Forms of interlibrary loans: a thing that came for a reader, a thing that goes to a library, and another date."""

from datetime import date
from typing import Any

from django import forms

from circulation import search
from circulation.forms.look import DressedForm
from circulation.models import Item, Loan, PartnerLibrary, Patron
from circulation.words import a_day, who


class BetweenForm(DressedForm):
    """What both directions have: the other library, the numbers, and what it asks for."""

    partner = forms.ModelChoiceField(
        PartnerLibrary.objects.filter(active=True),
        label="Library",
        empty_label="Choose a library",
        error_messages={"required": "Choose the other library."},
    )
    our_reference = forms.CharField(label="Our number", required=False, max_length=40)
    their_reference = forms.CharField(label="Their number", required=False, max_length=40)
    conditions = forms.CharField(
        label="Conditions", required=False, max_length=200, help_text="For example: in the library only."
    )

    def __init__(self, *args: Any, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on = on

    @property
    def numbers(self) -> dict[str, str]:
        names = ("our_reference", "their_reference", "conditions")
        return {name: self.cleaned_data[name] for name in names}

    def later(self, field: str) -> date:
        day: date = self.cleaned_data[field]
        if day <= self.on:
            raise forms.ValidationError(f"{a_day(day, on=self.on)} is not a later day than today.")
        return day


class BorrowForm(BetweenForm):
    """A thing of theirs came for one of our readers."""

    reader = forms.CharField(label="For", max_length=200, help_text="The number on the card, or a name.")
    title = forms.CharField(max_length=500)
    author = forms.CharField(required=False, max_length=300)
    barcode = forms.CharField(
        required=False, max_length=40, help_text="Of the thing or its slip. Empty: our number is its barcode here."
    )
    due_to_lender = forms.DateField(
        label="Due to the library", help_text="The reader’s day is earlier, by the library’s days for the post."
    )

    def clean_due_to_lender(self) -> date:
        return self.later("due_to_lender")

    def clean_reader(self) -> Patron:
        typed = search.cleaned(self.cleaned_data["reader"])
        by_number = search.patron_by_number(typed)
        if by_number is not None:
            return by_number
        found = list(search.patrons(typed, addresses=True)[:4])
        if not found:
            raise forms.ValidationError(f"Nobody on file has the number or name {typed}.")
        if len(found) > 1:
            some = "; ".join(f"{who(one)} ({one.barcode})" for one in found[:3])
            raise forms.ValidationError(f"More than one fits: {some}. Type the number on the card.")
        return found[0]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not given.get("barcode") and not given.get("our_reference") and "barcode" not in self.errors:
            self.add_error("barcode", "Give it a barcode, or our number: it must be found again when it comes back.")
        return given

    @property
    def number(self) -> str:
        return str(self.cleaned_data["barcode"] or self.cleaned_data["our_reference"])


class LendForm(BetweenForm):
    """A thing of ours goes to another library."""

    item = forms.CharField(label="Item", max_length=40, help_text="Its barcode.")
    due = forms.DateField(label="Due back here", help_text="A day on which the library is open.")

    def clean_due(self) -> date:
        return self.later("due")

    def clean_item(self) -> Item:
        typed = search.cleaned(self.cleaned_data["item"])
        found = search.item_by_number(typed)
        if found is None:
            raise forms.ValidationError(f"No item has the barcode {typed}.")
        return found


class DateForm(DressedForm):
    """Another date that the other library grants, or demands."""

    day = forms.DateField()

    def __init__(self, *args: Any, loan: Loan, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="id_between_%s", **kwargs)
        borrowing = loan.service == Loan.Service.ILL_BORROWING
        self.fields["day"].label = "New day, due to the library" if borrowing else "New day, due back here"
