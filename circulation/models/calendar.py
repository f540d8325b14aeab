"""Days on which the library is closed, beside its weekly rhythm (product.md, N4)."""

from django.db import models
from django.db.models import F, Q


class ClosedDays(models.Model):
    """One closed day or a range such as the holidays; both ends included."""

    first = models.DateField()
    last = models.DateField()
    name = models.CharField(max_length=120, help_text="For example: Summer holidays.")

    class Meta:
        ordering = ["first"]
        verbose_name = verbose_name_plural = "closed days"
        constraints = [models.CheckConstraint(condition=Q(last__gte=F("first")), name="closed_days_in_order")]

    def __str__(self) -> str:
        return self.name
