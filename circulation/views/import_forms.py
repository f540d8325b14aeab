"""What a person says on the pages of Import: which file, which column is which, what is allowed."""

from collections import Counter
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict

from circulation.imports.columns import FIELDS, NEEDED
from circulation.imports.matching import Column
from circulation.imports.plan import Options
from circulation.models import ImportFile

LARGEST = 50_000_000
"""Bytes; a hundred thousand loans have about fifteen million."""


class SendFile(forms.Form):
    """What it is, and the file."""

    kind = forms.ChoiceField(
        label="What it is",
        choices=[
            (ImportFile.Kind.PATRONS, "Patrons, with their guardians"),
            (ImportFile.Kind.ITEMS, "Items"),
            (ImportFile.Kind.LOANS, "Open loans of another system: all that is out"),
        ],
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    file = forms.FileField(
        label="File",
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"class": "form-control", "accept": ".csv,.txt,.tsv,.xlsx"}),
        help_text="CSV or XLSX, as the other system exports it.",
        error_messages={"required": "No file was chosen. Choose one."},
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        size = file.size or 0
        if size > LARGEST:
            raise forms.ValidationError(
                f"This file has {size // 1_000_000:,} MB; there is room for {LARGEST // 1_000_000} MB. "
                "Export it with fewer columns, or in parts."
            )
        return file


class Allow(forms.Form):
    """What a person allows before a file is applied."""

    skip_refused = forms.BooleanField(required=False)
    unmatched = forms.BooleanField(required=False)
    allow_returns = forms.IntegerField(required=False, min_value=0)

    def options(self) -> Options:
        """Whatever is not a number allows no returns."""
        said = self.cleaned_data if self.is_valid() else {**self.cleaned_data, "allow_returns": None}
        return Options(
            skip_refused=said["skip_refused"], unmatched=said["unmatched"], allow_returns=said["allow_returns"]
        )


class MatchColumns:
    """One select for each column of the file; ``errors`` are sentences, by the place of the column, or 0 for all."""

    def __init__(self, columns: list[Column], *, kind: str, said: QueryDict | None = None) -> None:
        self.columns, self.kind = columns, ImportFile.Kind(kind)
        self.fields = FIELDS[self.kind]
        self.said = {place: self._answer(column, place, said) for place, column in enumerate(columns, start=1)}
        self.errors = self._errors() if said is not None else {}

    @property
    def chosen(self) -> dict[str, str]:
        """Header, field."""
        return {column.header: self.said[place] for place, column in self._placed() if self.said[place]}

    @property
    def rows(self) -> list[dict[str, Any]]:
        """For the template: each column with its options."""
        return [
            {
                "place": place,
                "column": column,
                "said": self.said[place],
                "error": self.errors.get(place, ""),
            }
            for place, column in self._placed()
        ]

    def _placed(self) -> list[tuple[int, Column]]:
        return list(enumerate(self.columns, start=1))

    def _answer(self, column: Column, place: int, said: QueryDict | None) -> str:
        answer = column.field if said is None else said.get(f"column-{place}", "")
        return answer if answer in self.fields else ""

    def _errors(self) -> dict[int, str]:
        errors = {}
        missing = [what for field, what in NEEDED[self.kind].items() if field not in self.said.values()]
        if missing:
            errors[0] = f"No column is chosen for {' and '.join(missing)}. Without it nothing can be imported."
        times = Counter(field for field in self.said.values() if field)
        for place, field in self.said.items():
            if field and times[field] > 1:
                errors[place] = f"{self.fields[field]} is chosen for {times[field]} columns. Keep one."
        names = Counter(column.header.casefold() for column in self.columns)
        for place, column in self._placed():
            if self.said[place] and names[column.header.casefold()] > 1:
                errors[place] = "Another column has the same name. Rename one of them in the file."
        return errors
