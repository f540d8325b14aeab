"""The form of one thing. Saving is the verb's (``circulation.things``)."""

from typing import Any

from django import forms

from circulation.forms.look import DressedModelForm
from circulation.imports import fields as cells
from circulation.models import Item, PartnerLibrary


class Money(forms.CharField):
    """An amount with or without its sign, as in a file."""

    def to_python(self, value: Any) -> Any:
        try:
            return cells.amount(str(value or ""), "cost")
        except cells.CellError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal


class ItemForm(DressedModelForm):
    """Read as strictly as an import reads a row; a title may begin with anything."""

    names = ("barcode",)

    class Meta:
        model = Item
        fields = ("barcode", "title", "author", "call_number", "collection", "replacement_cost", "owner")
        labels = {"owner": "Home library"}
        help_texts = {
            "barcode": "As the scanner reads it.",
            "replacement_cost": "Letters that announce a bill name it.",
            "owner": "Whose it is: what a partner library lent us goes back to it.",
        }
        error_messages = {
            "barcode": {"required": "Scan or type its barcode: nothing can be found without one."},
            "title": {"required": "Type a title."},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("title", "author", "call_number"):
            self._read_by(name, self._reader(name, cells.text))
        self.fields["collection"].empty_label = "No collection"  # type: ignore[attr-defined]
        self.fields["owner"].empty_label = "Ours"  # type: ignore[attr-defined]
        self.fields["replacement_cost"] = Money(
            required=False, label="Replacement cost", help_text=self.fields["replacement_cost"].help_text
        )
        self.dress()

    def clean_barcode(self) -> str:
        barcode: str = self.cleaned_data["barcode"]
        other = Item.objects.filter(barcode=barcode).exclude(pk=self.instance.pk).first()
        if other is not None:
            raise forms.ValidationError(f"{barcode} is the barcode of {other}. Two things cannot share one.")
        return barcode

    def clean_owner(self) -> PartnerLibrary | None:
        """Whose it is decides the service of its loans."""
        owner: PartnerLibrary | None = self.cleaned_data["owner"]
        moved = self.instance.pk and "owner" in self.changed_data
        if moved and self.instance.loans.open().exists():
            raise forms.ValidationError("It is on loan. Say whose it is when it has come back.")
        return owner
