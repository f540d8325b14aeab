"""The site's classes for the fields of a form. What is wrong with one, the site shows by its ``aria-invalid``."""

from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

TICKS = (forms.CheckboxInput, forms.CheckboxSelectMultiple)


def dress(form: forms.BaseForm) -> None:
    """Every field of ``form`` looks as fields do here."""
    for field in form.fields.values():
        field.widget.attrs["class"] = class_of(field)


def class_of(field: forms.Field) -> str:
    """The class by the kind of the field's widget."""
    if isinstance(field.widget, TICKS):
        return "form-check-input"
    return "form-select" if isinstance(field.widget, forms.Select) else "form-control"


class ManyChoices(forms.Select):
    """A select written without templates: Django renders two for each option, and a school has 200 classes."""

    @classmethod
    def instead_of(cls, field: forms.ChoiceField) -> None:
        """The same select for ``field``, with its attributes and choices; other widgets stay."""
        if type(field.widget) is forms.Select:
            choices = field.widget.choices
            field.widget = cls(attrs=field.widget.attrs)
            field.widget.choices = choices

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> SafeString:
        widget = context["widget"]
        options = (
            (option["value"], flatatt(option["attrs"]), option["label"])
            for _, options, _ in widget["optgroups"]
            for option in options
        )
        return format_html(
            '<select name="{}"{}>{}</select>',
            widget["name"],
            flatatt(widget["attrs"]),
            format_html_join("\n", '<option value="{}"{}>{}</option>', options),
        )
