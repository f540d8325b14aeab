"""What letters say: a template per service, step and audience, and all its versions (product.md, N7)."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from circulation.models import Loan

from .schedule import step_name


class Audience(models.TextChoices):
    """Who reads a letter, and therefore what may stand in it."""

    PATRON = "patron", "Patron"
    GUARDIAN = "guardian", "Parent or carer"
    CONTACT = "contact", "Group's contact"
    PARTNER = "partner", "Partner library"


class Template(models.Model):
    """A fixed name; the words are in its versions. Schedules and templates meet by step number."""

    class Kind(models.TextChoices):
        STEP = "step", "Step of a schedule"
        DIRECT = "direct", "Direct email"
        CLASS_LIST = "class_list", "Class list"
        STAFF_LIST = "staff_list", "Staff list"
        SLIP = "slip", "Slip"
        CORRECTION = "correction", "Correction"
        ALL_CLEAR = "all_clear", "All clear"
        LEAVING = "leaving", "Leaving"
        TERM_ENDS = "term_ends", "Term ends"
        RECALL = "recall", "Recall"

    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.STEP)
    service = models.CharField(max_length=15, choices=Loan.Service.choices)
    audience = models.CharField(max_length=8, choices=Audience.choices)
    number = models.SmallIntegerField(null=True, blank=True, help_text="The step; empty for other kinds.")
    name = models.CharField(max_length=120, unique=True, editable=False)
    current = models.ForeignKey(
        "TemplateVersion", on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )

    class Meta:
        ordering = ["service", "kind", "number", "audience"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "service", "audience", "number"],
                nulls_distinct=False,
                name="template_once_per_service_step_and_audience",
            ),
            models.CheckConstraint(
                condition=Q(kind="step", number__isnull=False) | (~Q(kind="step") & Q(number=None)),
                name="template_number_is_a_step",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(models.Model):
    """One wording of a template; never changed, only followed by the next."""

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    subject = models.CharField(max_length=200)
    body = models.TextField()
    is_default = models.BooleanField(default=False, help_text="The wording that comes with the program.")
    made_at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)

    class Meta:
        ordering = ["template", "-number"]
        constraints = [models.UniqueConstraint(fields=["template", "number"], name="template_version_once")]

    def __str__(self) -> str:
        return f"{self.template}, version {self.number}"


def letter_name(kind: str, number: int) -> str:
    """What screens call a letter: *Overdue 2*, *Term ends*."""
    return step_name(number) if kind == Template.Kind.STEP else str(Template.Kind(kind).label)
