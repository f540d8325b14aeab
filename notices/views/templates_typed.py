"""Wording as somebody typed it: what is wrong with it, and the letter that it makes."""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Self

from django.core import signing
from django.http import QueryDict

from library.typed import is_row_number
from notices import advice, preview, rendering, samples, templates, trial
from notices.language import TemplateError
from notices.models import Audience, Template, TemplateVersion
from notices.views import templates_shown

AROUND = 60
"""Characters of a long line that are quoted on each side of a mistake."""


def salt_for(user: int | None) -> str:
    """A letter that was signed for one person is not shown to another."""
    return f"notices.preview.{user}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One mistake with its place: the line, and a caret under what is meant."""

    error: TemplateError
    line: str
    caret: str

    @property
    def field(self) -> str:
        return "subject" if self.error.part == "subject" else "body"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A letter, and whom it is for."""

    shown: preview.Shown
    written: rendering.Written
    advice: list[str]
    signed: str

    @property
    def kilobytes(self) -> str:
        return f"{max(advice.size(self.written) / 1000, 0.1):.1f} kB"

    @property
    def reading_age(self) -> int | None:
        sentences = advice.prose(self.written.text)
        return advice.reading_age(sentences) if sentences else None


@dataclass
class Typed:
    """``opened`` is the version that the author began with; ``newest`` is set where somebody else saved meanwhile."""

    template: Template
    subject: str = ""
    body: str = ""
    opened: int | None = None
    posted: bool = False
    key: str = ""
    errors: list[TemplateError] = field(default_factory=list)
    newest: TemplateVersion | None = None
    nobody: str = ""
    letter: Look | None = None

    @classmethod
    def of_version(cls, template: Template, version: TemplateVersion) -> Self:
        return cls(template, subject=version.subject, body=version.body, opened=version.pk)

    @classmethod
    def from_form(cls, template: Template, posted: QueryDict) -> Self:
        opened = posted.get("opened", "")
        return cls(
            template,
            subject=posted.get("subject", ""),
            body=posted.get("body", "").replace("\r\n", "\n"),
            opened=int(opened) if is_row_number(opened) else None,
            posted=True,
            key=posted.get("for", ""),
        )

    def look(self, *, by: int | None, on: date) -> None:
        """Write the letter; where the wording makes none, the errors say why and the saved wording is shown."""
        shown = self._shown(on=on)
        words = (self.subject, self.body)
        self.errors = self.errors or rendering.errors_in_words(
            subject=self.subject, body=self.body, audience=self.audience
        )
        if self.errors:
            if self.template.current is None:
                return
            words = (self.template.current.subject, self.template.current.body)
        subject, body = words
        try:
            written = trial.letters(subject=subject, body=body, audience=self.audience, about=[shown.data])[0]
        except TemplateError as error:
            self.errors = self.errors or [error]
            return
        self.letter = Look(
            shown=shown,
            written=written,
            advice=advice.on(written, about=shown.data),
            signed=signing.dumps(written.html, salt=salt_for(by), compress=True),
        )

    def _shown(self, *, on: date) -> preview.Shown:
        try:
            shown = preview.shown(self.template, key=self.key, on=on)
        except preview.NobodyToShow as reason:
            self.nobody = str(reason)
            shown = preview.shown(self.template, key="", on=on)
        self.key = shown.key
        return shown

    @property
    def audience(self) -> Audience:
        return Audience(self.template.audience)

    @property
    def heading(self) -> str:
        return templates_shown.heading(self.template)

    @property
    def is_changed(self) -> bool:
        """Whether these words would be lost with the page."""
        current = self.template.current
        saved = (current.subject, current.body.strip()) if current else None
        return self.posted and (self.subject, self.body.strip()) != saved

    @cached_property
    def complaints(self) -> list[Complaint]:
        return [self._complaint(error) for error in self.errors]

    @cached_property
    def samples(self) -> tuple[samples.Sample, ...]:
        return samples.kinds(self.audience)

    @property
    def is_sample(self) -> bool:
        return any(sample.key == self.key for sample in self.samples)

    @cached_property
    def used_by(self) -> list[templates_shown.UsedBy]:
        return templates_shown.used_by(self.template)

    @cached_property
    def has_default(self) -> bool:
        return templates.default_of(self.template) is not None

    @cached_property
    def waiting(self) -> int:
        return templates.waiting(self.template)

    def _complaint(self, error: TemplateError) -> Complaint:
        source = self.subject if error.part == "subject" else self.body
        lines = source.split("\n")
        if not 0 < error.line <= len(lines):
            return Complaint(error=error, line="", caret="")
        whole, place = lines[error.line - 1], error.column - 1
        first = max(place - AROUND, 0)
        line = whole[first : place + AROUND]
        width = min(max(len(error.found), 1), max(len(line) - (place - first), 1))
        return Complaint(error=error, line=line, caret=" " * (place - first) + "^" * width)
