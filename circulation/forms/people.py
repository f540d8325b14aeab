"""Forms about patrons, groups, guardians and partner libraries. Saving is the verbs' (``circulation.people``)."""

from typing import Any

from django import forms
from django.db.models.functions import Lower

from circulation import erased_numbers
from circulation.forms.look import DressedModelForm
from circulation.models import Group, Guardian, Guardianship, PartnerLibrary, Patron
from circulation.models.people import Weekday
from circulation.words import who


class PatronForm(DressedModelForm):
    """A patron's details. Letters, leaving and guardians have their own places on the page."""

    names = ("barcode", "first_name", "last_name", "known_as", "name_at_home")
    emails = ("email",)
    texts = ("address",)

    class Meta:
        model = Patron
        fields = ("barcode", "group", "first_name", "last_name", "known_as", "name_at_home", "email", "address")
        labels = {"barcode": "Card number"}
        help_texts = {"barcode": "", "known_as": "Used in letters to the patron, never in letters home."}
        error_messages = {
            "barcode": {"required": "Type the number on the card, or scan it."},
            "last_name": {"required": "Type a last name."},
            "group": {"required": "Choose a group: it decides how long and how many."},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        group = self.fields["group"]
        assert isinstance(group, forms.ModelChoiceField)
        group.empty_label = "Choose a group"

    def clean_barcode(self) -> str:
        barcode: str = self.cleaned_data["barcode"]
        other = Patron.objects.filter(barcode=barcode).exclude(pk=self.instance.pk).select_related("group").first()
        if other is not None:
            raise forms.ValidationError(f"{barcode} is the card of {who(other)}. Two people cannot share a number.")
        if erased_numbers.was_erased(barcode):
            raise forms.ValidationError(f"Whoever had {barcode} was erased. Choose another number.")
        return barcode


class SwitchesForm(DressedModelForm):
    """The switches of one patron that decide whether, how and where letters go."""

    class Meta:
        model = Patron
        fields = ("auto_send", "prefers_paper", "may_write_home")
        labels = {"prefers_paper": "Prefers paper to email", "may_write_home": "The library may write home"}


class GroupForm(DressedModelForm):
    """A group: what its people may borrow, whether their letters go by themselves, who may read titles."""

    names = ("name", "contact_name")
    emails = ("contact_email",)

    class Meta:
        model = Group
        fields = (
            "name",
            "year_level",
            "is_staff",
            "active",
            "loan_days",
            "max_loans",
            "max_renewals",
            "last_due_date",
            "auto_send",
            "home_reads_titles",
            "contact_reads_titles",
            "contact_name",
            "contact_email",
            "library_day",
        )
        labels = {
            "is_staff": "These are staff",
            "active": "Active",
            "loan_days": "Loan length, days",
            "auto_send": "Letters go by themselves",
            "home_reads_titles": "Homes may read titles",
            "contact_reads_titles": "The contact may read titles",
        }
        error_messages = {"name": {"required": "Type a name, as people say it: 7B, Staff, Year 12."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        day = self.fields["library_day"]
        assert isinstance(day, forms.ChoiceField)
        day.choices = [("", "No day"), *Weekday.choices]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        others = Group.objects.annotate(small=Lower("name")).filter(small=name.lower()).exclude(pk=self.instance.pk)
        if others.exists():
            raise forms.ValidationError(f"There is a group {name} already. Choose another name.")
        return name


class GuardianForm(DressedModelForm):
    """A parent or carer."""

    names = ("name", "salutation")
    emails = ("email",)
    texts = ("address",)

    class Meta:
        model = Guardian
        fields = ("name", "salutation", "email", "address", "prefers_paper")
        labels = {"prefers_paper": "Prefers paper to email"}
        error_messages = {"name": {"required": "Type a name."}}


class NewGuardianForm(GuardianForm):
    """A guardian of this patron who may be on file already, for a sister or brother.

    The same name at the same address is the same person. An address alone is not: families share mailboxes, so it asks,
    and ``same_as`` is the answer: the row of the person who is meant, or 0 for somebody new.
    """

    relationship = forms.CharField(
        max_length=60, required=False, help_text="Mother, father, carer, grandmother … Only for you."
    )
    same_as = forms.IntegerField(required=False, widget=forms.HiddenInput)

    field_order = ("name", "email", "relationship", "salutation", "address", "prefers_paper", "same_as")

    def __init__(self, *args: Any, patron: Patron, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patron = patron
        self.fields["same_as"].widget = forms.HiddenInput()
        self.like: list[Guardian] = []

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        name, email, answer = given.get("name"), given.get("email"), given.get("same_as")
        if not name or not email:
            return given
        on_file = list(Guardian.objects.filter(email__iexact=email, erased_at=None).order_by("name", "pk"))
        same = [one for one in on_file if one.name.lower() == name.lower()]
        if same:
            given["guardian"] = same[0]
        elif answer:
            given["guardian"] = next((one for one in on_file if one.pk == answer), None)
        elif on_file and answer is None:
            self.like = on_file
        return given

    @property
    def asks(self) -> bool:
        """Whether a person must say who is meant before anything is saved."""
        return bool(self.like)


class GuardianshipForm(DressedModelForm):
    """What a guardian is to this patron."""

    names = ("relationship",)

    class Meta:
        model = Guardianship
        fields = ("relationship",)
        help_texts = {"relationship": "Mother, father, carer, grandmother … Only for you."}


class PartnerForm(DressedModelForm):
    """A library that lends to us or borrows from us."""

    names = ("name", "symbol")
    emails = ("email",)
    texts = ("address",)

    class Meta:
        model = PartnerLibrary
        fields = ("name", "symbol", "email", "address", "post_days", "auto_send", "active")
        labels = {"auto_send": "Letters go by themselves", "active": "Active", "address": "Postal address"}
        error_messages = {
            "name": {"required": "Type the library’s name."},
            "symbol": {"required": "Type its code in the interlibrary network."},
        }

    def clean_symbol(self) -> str:
        symbol: str = self.cleaned_data["symbol"]
        other = PartnerLibrary.objects.filter(symbol=symbol).exclude(pk=self.instance.pk).first()
        if other is not None:
            raise forms.ValidationError(f"{symbol} is the symbol of {other}. Two libraries cannot share one.")
        return symbol
