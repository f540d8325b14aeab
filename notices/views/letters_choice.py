"""What a person chooses before letters by hand are shown: which letter, to whom, whose loans, how late, how."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.http import QueryDict

from circulation.calendar import OpenDays
from circulation.models import Group, Loan, Patron
from circulation.words import a_day, who
from library.typed import is_row_number, row_numbers
from notices import letter_kinds, letters
from notices.models import Audience, Run, Template

EVERYTHING = 0
DAYS = {
    1: "At least 1 day",
    7: "At least 7 days",
    14: "At least 14 days",
    28: "At least 28 days",
    EVERYTHING: "Everything out",
}
ONE_DAY = timedelta(days=1)
A_YEAR = timedelta(days=366)
MOST_PATRONS = 200
"""People who are named one by one; more of them are chosen by their groups."""


class Choice(forms.Form):
    """BiblioTECH's Reports Manager: Letters – Overdue First, Patron or Guardian, groups."""

    which = forms.ChoiceField(label="Letter")
    audience = forms.ChoiceField(label="To", choices=[(Audience.PATRON, "Patron"), (Audience.GUARDIAN, "Guardian")])
    groups = forms.ModelMultipleChoiceField(
        label="Groups", queryset=Group.objects.none(), widget=forms.CheckboxSelectMultiple, required=False
    )
    patrons = forms.ModelMultipleChoiceField(
        queryset=Patron.objects.filter(erased_at=None).select_related("group"),
        widget=forms.MultipleHiddenInput,
        required=False,
    )
    days_late = forms.TypedChoiceField(label="How late", coerce=int, choices=list(DAYS.items()))
    bring_by = forms.DateField(
        label="Back by",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "This is not a date. Write it as 2026-12-04, or choose a day."},
    )
    extra = forms.BooleanField(label="Extra letter, does not count", required=False)
    on_paper = forms.BooleanField(label="On paper for everybody", required=False)

    def __init__(self, *args: Any, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on = on
        self._kinds = letter_kinds.every()
        which, groups = self.fields["which"], self.fields["groups"]
        assert isinstance(which, forms.ChoiceField)
        assert isinstance(groups, forms.ModelMultipleChoiceField)
        which.choices = [(one.key, one.name) for one in self._kinds]
        groups.queryset = Group.objects.filter(active=True).order_by("year_level", "name")
        for name in ("which", "audience", "days_late"):
            self.fields[name].widget.attrs["class"] = "form-select"
        self.fields["bring_by"].widget.attrs["class"] = "form-control"
        for name in ("groups", "extra", "on_paper"):
            self.fields[name].widget.attrs["class"] = "form-check-input"

    @classmethod
    def asked_by(cls, query: QueryDict, *, on: date) -> "Choice":
        """What a link to this page asked for: ``?which=leaving&patron=12``. Term ends when the holidays begin."""
        patrons = row_numbers(query.getlist("patron"))[:MOST_PATRONS]
        initial: dict[str, Any] = {"which": query.get("which", ""), "patrons": patrons}
        if query.get("which") not in (None, "1", "2", "3", "4"):
            initial["days_late"] = EVERYTHING
        if query.get("audience") in (Audience.PATRON, Audience.GUARDIAN):
            initial["audience"] = query["audience"]
        initial["bring_by"] = OpenDays.load().term_ends(on + ONE_DAY)
        return cls(initial=initial, on=on)

    @classmethod
    def of(cls, run: Run, *, on: date) -> "Choice":
        """What was chosen for these drafts."""
        choice = run.choice or {}
        which = letter_kinds.LetterKind.of(choice).key
        bring_by = choice.get("bring_by") or OpenDays.load().term_ends(on + ONE_DAY)
        return cls(
            initial=choice | {"which": which, "days_late": choice.get("days_late") or EVERYTHING, "bring_by": bring_by},
            on=on,
        )

    @property
    def ticks(self) -> list[forms.BoundField]:
        return [self["extra"], self["on_paper"]]

    @property
    def chosen_groups(self) -> str:
        """What the closed list of groups says: ``TEST``, ``4 groups``, or that one is to be chosen."""
        chosen = {str(pk) for pk in self["groups"].value() or []}
        names = [str(group) for group in self.fields["groups"].queryset if str(group.pk) in chosen]  # type: ignore[attr-defined]
        return "Choose groups" if not names else names[0] if len(names) == 1 else f"{len(names)} groups"

    @property
    def chosen_patrons(self) -> list[str]:
        """Who was named: *Mia Chen, 7B*."""
        chosen = [int(pk) for pk in self["patrons"].value() or [] if is_row_number(str(pk))]
        people = Patron.objects.filter(pk__in=chosen, erased_at=None).select_related("group")
        return [who(patron) for patron in people]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kind = letter_kinds.by_key(cleaned.get("which", ""), among=self._kinds)
        if kind is None:
            return cleaned
        cleaned["kind"] = kind
        if kind.service == Loan.Service.ILL_LENDING:
            cleaned["audience"] = Audience.PARTNER
        elif not cleaned.get("groups") and not cleaned.get("patrons") and "groups" not in self.errors:
            self.add_error("groups", "Tick at least one group.")
        if kind.is_step and cleaned.get("days_late") == EVERYTHING:
            self.add_error("days_late", "An overdue letter is about late loans: choose how late.")
        if "audience" in cleaned and not kind.has_wording(cleaned["audience"]):
            to = letter_kinds.TO[Audience(cleaned["audience"])]
            self.add_error("audience", f"There is no wording of this letter for {to}.")
        if kind.kind != Template.Kind.TERM_ENDS:
            cleaned["bring_by"] = None
        elif (day := cleaned.get("bring_by")) and (why := self._why_not_by(day)):
            self.add_error("bring_by", why)
        return cleaned

    def _why_not_by(self, day: date) -> str:
        """Why nobody can be asked to bring books until then; nothing where they can."""
        open_days, named = OpenDays.load(), a_day(day, on=self.on)
        if not self.on < day <= self.on + A_YEAR:
            return f"{named} is not a day of the year to come. Choose the last day of term."
        if not open_days.is_open(day):
            why = open_days.why_closed(day) or "it is no day of its week"
            return f"On {named} the library is closed: {why}. Choose a day on which it is open."
        return ""

    def draft(self, *, on: date, by: User | None) -> Run:
        """The chosen letters, written and not sent."""
        chosen = self.cleaned_data
        kind: letter_kinds.LetterKind = chosen["kind"]
        to_partners = chosen["audience"] == Audience.PARTNER
        groups: Sequence[Group] = () if to_partners else chosen["groups"]
        return letters.draft(
            kind.number,
            kind=kind.kind,
            service=kind.service,
            extra=chosen["extra"] and kind.is_step,
            audience=Audience(chosen["audience"]),
            on_paper=chosen["on_paper"],
            groups=groups,
            patrons=() if to_partners else chosen["patrons"],
            days_late=chosen["days_late"] or None,
            bring_by=chosen["bring_by"],
            on=on,
            by=by,
        )
