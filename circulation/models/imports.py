"""Files that were read in: every one is kept, with what it did (product.md, C5)."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q


class ImportFileQuerySet(models.QuerySet["ImportFile"]):
    def applied(self) -> Self:
        return self.exclude(applied_at=None)

    def of_loans(self) -> Self:
        return self.filter(kind=ImportFile.Kind.LOANS)


class ImportFile(models.Model):
    """A file as it came, and what became of it: the counts of the plan, and each refused row with its line."""

    class Kind(models.TextChoices):
        PATRONS = "patrons", "Patrons"
        ITEMS = "items", "Items"
        LOANS = "loans", "Open loans"

    class State(models.TextChoices):
        """planned ─▶ applied (all accepted rows in one transaction) | refused (nothing changed, and why)."""

        PLANNED = "planned", "Looked at"
        APPLIED = "applied", "Applied"
        REFUSED = "refused", "Refused"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PLANNED)
    name = models.CharField(max_length=255)
    content = models.BinaryField(editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    read_as = models.CharField(max_length=60, blank=True, help_text="Character set and separator that were found.")
    rows = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    returned = models.PositiveIntegerField(default=0)
    unmatched = models.PositiveIntegerField(default=0)
    refused = models.JSONField(default=list, help_text="One entry per refused row: line, field, reason.")
    reason = models.TextField(blank=True, help_text="Why the whole file was refused.")
    notes = models.JSONField(default=list, help_text="Sentences: what it did to letters, and what it could not decide.")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)

    objects = ImportFileQuerySet.as_manager()

    class Meta:
        ordering = ["-uploaded_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="applied", applied_at__isnull=False) | (~Q(state="applied") & Q(applied_at=None)),
                name="import_applied_has_a_time",
            )
        ]
        indexes = [models.Index(fields=["kind", "-applied_at"], name="import_newest_of_a_kind")]

    def __str__(self) -> str:
        return self.name
