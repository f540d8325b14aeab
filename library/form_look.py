"""The site's classes for the fields of a form. What is wrong with one, the site shows by its ``aria-invalid``."""

from django import forms

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
