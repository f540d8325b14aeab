"""A window on notices: schedules and settings can be edited, the ledger, letters and runs only read."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils import timezone

from circulation.words import several
from library.access import signed_in
from library.admin_parts import ReadOnly
from library.seen import SeenModelForm
from notices import compose, held, ready, schedules, steps, take_back
from notices.models import Letter, Line, Notice, Run, RunSettings, Schedule, Step, Template, TemplateVersion


class StepsInOrder(BaseInlineFormSet):
    """Refuses numbers that do not rise with the days: such a step would never be said."""

    def clean(self) -> None:
        super().clean()
        kept = [form.cleaned_data for form in self.forms if form not in self.deleted_forms and form.is_valid()]
        rungs = [(row["number"], row["days"]) for row in kept if "number" in row and "days" in row]
        if problems := steps.disorder(rungs):
            raise ValidationError(problems)


class StepInline(admin.TabularInline):
    model = Step
    form = SeenModelForm
    formset = StepsInOrder
    extra = 0


@admin.register(Schedule)
class ScheduleAdmin(admin.ModelAdmin):
    form = SeenModelForm
    list_display = ("name", "service", "active", "stop_after", "climb", "goes_by_itself")
    list_filter = ["service", "active"]
    search_fields = ["name"]
    filter_horizontal = ["groups", "collections"]
    inlines = [StepInline]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        private = form.instance.steps.filter(home_reads_titles=False).values_list("pk", flat=True)
        take_back.about_steps(private, why=schedules.PRIVATE_NOW, on=timezone.localdate())


@admin.register(RunSettings)
class RunSettingsAdmin(admin.ModelAdmin):
    form = SeenModelForm
    list_display = ("__str__", "weekdays", "on_closed_days", "first_day")

    def save_model(self, request: HttpRequest, obj: RunSettings, form: Any, change: bool) -> None:
        ready.settings_changed(obj, local=timezone.localtime())
        obj.save()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class TemplateVersionInline(admin.TabularInline):
    model = TemplateVersion
    fk_name = "template"
    extra = 0
    can_delete = False
    fields = readonly_fields = ("number", "subject", "body", "is_default", "made_at", "by")

    def has_add_permission(self, request: HttpRequest, obj: Template | None = None) -> bool:
        return False


@admin.register(Template)
class TemplateAdmin(ReadOnly):
    list_display = ("name", "kind", "service", "number", "audience")
    list_filter = ["kind", "service", "audience"]
    search_fields = ["name"]
    inlines = [TemplateVersionInline]


@admin.register(Notice)
class NoticeAdmin(ReadOnly):
    list_display = (
        "step_name",
        "loan_title",
        "borrower",
        "due_on",
        "said_on",
        "occurrence",
        "undone_at",
        "taken_back_at",
    )
    list_filter = ["number", "said_on"]
    search_fields = ["loan__item__barcode", "loan__patron__barcode", "loan__patron__last_name"]
    list_select_related = ["loan__item", "loan__patron", "loan__partner"]

    @admin.display(description="item")
    def loan_title(self, notice: Notice) -> str:
        return str(notice.loan.item)

    @admin.display(description="borrower")
    def borrower(self, notice: Notice) -> str:
        return str(notice.loan.borrower)


class LineInline(admin.TabularInline):
    model = Line
    extra = 0
    can_delete = False
    fields = readonly_fields = ("notice", "taken_out_at")

    def has_add_permission(self, request: HttpRequest, obj: Letter | None = None) -> bool:
        return False


@admin.register(Letter)
class LetterAdmin(ReadOnly):
    list_display = ("__str__", "state", "audience", "channel", "recipient", "to", "day", "why")
    list_filter = ["state", "channel", "audience", "service"]
    search_fields = ["to", "patron__last_name", "patron__barcode", "guardian__name", "partner__name"]
    actions = ["write_again"]
    list_select_related = ["patron", "guardian", "group", "partner"]
    inlines = [LineInline]

    @admin.action(description="Write again")
    def write_again(self, request: HttpRequest, letters: QuerySet[Letter]) -> None:
        number = compose.write_again(letters.values_list("pk", flat=True))
        self.message_user(request, f"{several(number, 'letter')} will be written again within a minute.")


@admin.register(Run)
class RunAdmin(ReadOnly):
    list_display = ("day", "state", "by_clock", "looked_at", "letters", "email", "paper", "failed", "is_held", "reason")
    list_filter = ["state", "by_clock"]
    actions = ["let_go", "drop"]

    @admin.action(description="Let the held letters go")
    def let_go(self, request: HttpRequest, runs: QuerySet[Run]) -> None:
        letters = sum(held.let_go(run, by=signed_in(request), on=timezone.localdate()) for run in runs)
        self.message_user(request, f"{several(letters, 'letter')} on the way.")

    @admin.action(description="Drop the held letters")
    def drop(self, request: HttpRequest, runs: QuerySet[Run]) -> None:
        letters = sum(held.drop(run, by=signed_in(request)) for run in runs)
        self.message_user(request, f"{several(letters, 'letter')} dropped.")
