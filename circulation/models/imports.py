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

    def without_content(self) -> Self:
        """For lists and pages: the file itself and its refused rows can be megabytes."""
        return self.defer("content", "refused", "shown")


class ImportFile(models.Model):
    """A file as it came, and what became of it: the counts of the plan, and each refused row with its line."""

    class Kind(models.TextChoices):
        PATRONS = "patrons", "Patrons"
        ITEMS = "items", "Items"
        LOANS = "loans", "Open loans"

    class State(models.TextChoices):
        """planned ─▶ applied (all accepted rows in one transaction) | refused (nothing changed, and why).

        On the page: planned ─▶ waiting (a person said *Apply*) ─▶ applied, or back to planned when what the file does
        is no longer what was shown. Whoever applies it holds the row's lock, so one that stopped half-way left it
        waiting, with nothing changed.
        """

        PLANNED = "planned", "Looked at"
        WAITING = "waiting", "To be applied"
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
    options = models.JSONField(default=dict, help_text="What a person allowed on the page.")
    chosen = models.JSONField(default=dict, help_text="Columns matched by hand for this file: header, field.")
    shown = models.JSONField(default=dict, help_text="What the page shows before the file is applied.")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    asked_at = models.DateTimeField(null=True, blank=True, help_text="When a person said Apply.")
    applied_at = models.DateTimeField(null=True, blank=True)
    emptied_at = models.DateTimeField(
        null=True, blank=True, help_text="When its content and refused rows were removed; the counts stay."
    )
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


class ColumnMatch(models.Model):
    """Columns that a person matched once: whatever file of this kind has the same header is read like this."""

    kind = models.CharField(max_length=8, choices=ImportFile.Kind.choices)
    fingerprint = models.CharField(max_length=64, editable=False, help_text="Of the header: names in their order.")
    chosen = models.JSONField(help_text="Header, field.")
    matched_at = models.DateTimeField(auto_now=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)

    class Meta:
        verbose_name_plural = "column matches"
        constraints = [models.UniqueConstraint(fields=["kind", "fingerprint"], name="columns_matched_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {', '.join(self.chosen)}"
