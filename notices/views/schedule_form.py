"""A schedule as it is typed: the form, its table of steps, and what is refused under which field.

Nothing is decided here about days or numbers: ``numbering`` gives the numbers and ``steps.disorder`` has the last word.
"""

from typing import Any, cast

from django import forms
from django.db import transaction
from django.http import QueryDict
from django.utils import timezone

from circulation.models import Collection, Group, Loan
from library.form_look import dress
from library.models import Library
from library.typed import is_row_number
from notices import schedules, steps
from notices.models import Schedule, Step
from notices.models.schedule import step_name
from notices.numbering import NumberError, Place, numbered
from notices.schedule_words import WEEKDAYS

MOST_STEPS = 12
LATEST = 3650
BEFORE, LATE = "before", "late"
#: What a screen reader says of the cells whose heading stands far above.
SPOKEN = {
    "days": "Days",
    "side": "Before or late",
    "who": "Who",
    "how": "How",
    "repeat_days": "Again after so many days",
    "repeat_times": "Again at most so many times",
}
CHANGED_MEANWHILE = (
    "Somebody else saved this schedule while you were typing. What you typed is still here and not saved. "
    "Look at theirs; saving again puts yours in its place."
)


def _a_number(first: int, last: int) -> dict[str, str]:
    sentence = f"Write a whole number from {first:,} to {last:,}."
    return dict.fromkeys(("required", "invalid", "min_value", "max_value"), sentence)


def _whole(first: int, last: int, *, required: bool = True, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(
        min_value=first,
        max_value=last,
        required=required,
        error_messages=_a_number(first, last),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        **more,
    )


class StepForm(forms.Form):
    """One row. ``was`` is the number of a step that is there already; a new row has none."""

    was = forms.IntegerField(required=False, widget=forms.HiddenInput)
    days = _whole(0, LATEST)
    side = forms.ChoiceField(choices=[(BEFORE, "before"), (LATE, "late")], initial=LATE)
    who = forms.ChoiceField(choices=Step.Who.choices)
    how = forms.ChoiceField(choices=Step.How.choices)
    repeat_days = _whole(2, 365, required=False)
    repeat_times = _whole(1, 500, required=False)
    home_reads_titles = forms.BooleanField(required=False, initial=True, label="Titles in letters home")
    ready_to_bill = forms.BooleanField(required=False, label="Ready to bill")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"empty_permitted": False})
        dress(self)
        for name, spoken in SPOKEN.items():
            self.fields[name].widget.attrs["aria-label"] = f"{spoken}, {self.name}"

    @property
    def name(self) -> str:
        """What the row is called before it is saved: by the number it has had."""
        was = self["was"].value()
        return step_name(int(was)) if is_row_number(str(was or "").removeprefix("-")) and int(was) else "New step"

    @property
    def signed_days(self) -> int | None:
        days: int | None = self.cleaned_data.get("days")
        if days is None or "side" not in self.cleaned_data:
            return None
        return -days if self.cleaned_data["side"] == BEFORE else days

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("repeat_times") and not given.get("repeat_days") and "repeat_days" in given:
            self.add_error("repeat_days", "Say after how many days it is repeated.")
        if given.get("days") == 0 and given.get("side") == LATE:
            self.add_error(
                "days", "A loan is late from the next day on: write 1, or choose “before” for the day itself."
            )
        if given.get("ready_to_bill") and given.get("side") == BEFORE:
            self.add_error("ready_to_bill", "Before the due date nothing is to be billed. Take the tick away.")
        return given


class Steps(forms.BaseFormSet):  # type: ignore[type-arg]
    """The table. Rows that were typed wrong keep their text; rows that are taken away do not count."""

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["DELETE"].widget.attrs["class"] = "form-check-input"
        form.fields["DELETE"].label = "Remove"

    @property
    def kept(self) -> list[StepForm]:
        """Rows that are not taken away, in the order of the page."""
        return [form for form in self.forms if not (form.is_bound and self.asked_to_go(form))]

    def asked_to_go(self, form: StepForm) -> bool:
        return bool(form["DELETE"].data)


StepFormSet = forms.formset_factory(
    StepForm, formset=Steps, extra=0, max_num=MOST_STEPS, validate_max=True, can_delete=True, absolute_max=40
)


class ScheduleForm(forms.ModelForm):  # type: ignore[type-arg]
    """What holds for every step, and with ``steps`` the whole page. ``seen``: the version that the person was shown."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput, max_length=16)
    weekdays = forms.TypedMultipleChoiceField(
        label="Only on these weekdays",
        required=False,
        coerce=int,
        choices=list(enumerate(WEEKDAYS)),
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: on every day of the daily run.",
    )
    stop_after = _whole(1, LATEST, label="Stop after, days late", help_text="Later than this it is a silent loan.")
    days_between = _whole(0, 60, label="Days between two letters", help_text="To one person, at least. 0: no rule.")

    class Meta:
        model = Schedule
        fields = [*schedules.FIELDS, "groups", "collections"]
        labels = {
            "active": "In use",
            "no_letters": "No letters at all",
            "count": "Days counted",
            "on_library_day": "Only on the group’s library day",
            "post_not_before": "Post not before",
            "climb": "Climb one step at a time",
            "letter_per_loan": "One letter for each loan",
            "goes_by_itself": "The first run may go by itself",
        }
        help_texts = {
            "post_not_before": "The day’s letters leave after this time: after the shelf check.",
            "climb": "Nobody’s first letter is the last one.",
            "letter_per_loan": "As ILLiad does. Without: one letter to each person, a section for each child.",
            "no_letters": "Loans under this schedule are never written about.",
        }
        error_messages = {
            "name": {
                "required": "Give the schedule a name.",
                "unique": "Another schedule has this name. Choose a different one.",
            },
            "post_not_before": {"invalid": "Write a time of day: 08:30."},
        }
        widgets = {
            "groups": forms.CheckboxSelectMultiple,
            "collections": forms.CheckboxSelectMultiple,
            "post_not_before": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }

    def __init__(self, data: Any = None, *, instance: Schedule) -> None:
        super().__init__(data, instance=instance, use_required_attribute=False)
        self.said = schedules.said_numbers(instance)
        self._rows = {step.number: step for step in instance.steps.all()} if instance.pk else {}
        self.fields["seen"].initial = schedules.version(instance)
        self.fields["groups"].queryset = Group.objects.order_by("year_level", "name")  # type: ignore[attr-defined]
        self.fields["collections"].queryset = Collection.objects.order_by("name")  # type: ignore[attr-defined]
        if self._rows or self.said:
            self.fields["service"].disabled = True
        rows = [_row(step) for step in self._in_order()]
        self.steps = cast(Steps, StepFormSet(data, prefix="steps", initial=rows))
        self.unsaved: list[Step] = []
        """The steps as typed, once they are in order; what the page shows beside the form is made of them."""
        dress(self)

    def _in_order(self) -> list[Step]:
        return sorted(self._rows.values(), key=lambda step: (step.days, step.number))

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if self.instance.pk and given.get("seen", "") != schedules.version(self.instance_as_saved):
            self.add_error(None, CHANGED_MEANWHILE)
        if given.get("service") not in (None, Loan.Service.CIRCULATION):
            for name in ("groups", "collections"):
                if given.get(name):
                    self.add_error(name, "Interlibrary loans have one schedule for all. Take these ticks away.")
            if given.get("on_library_day"):
                self.add_error("on_library_day", "Interlibrary loans know no library day. Take the tick away.")
        self._clean_steps(given.get("service") or self.instance.service)
        self._clean_weekdays(given)
        return given

    @property
    def instance_as_saved(self) -> Schedule:
        """The row of now: ``instance`` has what was typed."""
        return Schedule.objects.get(pk=self.instance.pk)

    def again(self) -> "ScheduleForm":
        """The same text after *changed meanwhile*, with the version of now: saving again is then meant."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        data["seen"] = schedules.version(self.instance_as_saved)
        form = ScheduleForm(data, instance=self.instance_as_saved)
        form.full_clean()
        form.add_error(None, CHANGED_MEANWHILE)
        return form

    @property
    def changed_meanwhile(self) -> bool:
        return CHANGED_MEANWHILE in self.non_field_errors()

    def _clean_steps(self, service: str) -> None:
        for sentence in self.steps.non_form_errors():
            self.add_error(None, f"A schedule has at most {MOST_STEPS} steps." if "at most" in sentence else sentence)
        rows = self.steps.kept
        for row in rows:
            who = row.cleaned_data.get("who") if row.is_valid() else None
            if who is not None and (who == Step.Who.PARTNER) != (service == Loan.Service.ILL_LENDING):
                row.add_error("who", _wrong_reader(service))
            elif who == Step.Who.CONTACT and service != Loan.Service.CIRCULATION:
                row.add_error("who", "Interlibrary loans have no group’s contact. Choose the patron.")
        if any(row.errors for row in rows):
            self.add_error(None, "A step needs another look; nothing was saved yet.")
            return
        try:
            numbers = numbered([self._place(row) for row in rows])
        except NumberError as reason:
            rows[reason.place].add_error("days", str(reason))
            self.add_error(None, "A step needs another look; nothing was saved yet.")
            return
        self.unsaved = [self._step(row, number) for row, number in zip(rows, numbers, strict=True)]
        for sentence in steps.disorder([(step.number, step.days) for step in self.unsaved]):
            self.add_error(None, sentence)

    def _clean_weekdays(self, given: dict[str, Any]) -> None:
        days = given.get("weekdays")
        if days and not set(days) & set(Library.the().open_weekdays):
            self.add_error("weekdays", "The library is closed on these days. Tick a day on which it is open.")

    def _place(self, row: StepForm) -> Place:
        was, days = row.cleaned_data.get("was"), row.signed_days
        assert days is not None
        known = was if was in self._rows else None
        return Place(days=days, number=known, said=known in self.said)

    def _step(self, row: StepForm, number: int) -> Step:
        given = row.cleaned_data
        was = self._rows.get(given.get("was") or 0)
        return Step(
            pk=was.pk if was else None,
            number=number,
            days=row.signed_days or 0,
            **{name: given[name] for name in schedules.STEP_FIELDS if name != "days"},
        )

    def save(self, commit: bool = True) -> Schedule:
        """The schedule and its steps, whole or not at all; a run that is under way ends first."""
        with transaction.atomic():
            schedules.wait_for_the_run()
            schedule: Schedule = super().save(commit=True)
            schedules.save_steps(schedule, self.unsaved, on=timezone.localdate())
        return schedule


def _row(step: Step) -> dict[str, Any]:
    row = {name: getattr(step, name) for name in schedules.STEP_FIELDS}
    return row | {"was": step.number, "days": abs(step.days), "side": LATE if step.days > 0 else BEFORE}


def _wrong_reader(service: str) -> str:
    if service == Loan.Service.ILL_LENDING:
        return "What we lend to a library is written about to that library. Choose the partner library."
    return "Only lending to a partner library is written about to it. Choose somebody else."
