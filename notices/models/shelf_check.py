"""The shelf check of a large library, as a worker wrote it down last (product.md, N16)."""

from django.db import models
from django.db.models import Q

from circulation.models import Collection, Loan


class KeptShelfCheck(models.Model):
    """When the places were written down, and how many there were, in one row."""

    day = models.DateField(help_text="The day whose shelf check it is.")
    made_at = models.DateTimeField()
    numbers = models.JSONField(
        help_text="Of each collection (null: in none) how many are written about, and how many are said to be back."
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="shelf_check_is_one_row")]

    def __str__(self) -> str:
        return f"Shelf check of {self.made_at:%-d %B %Y}"


class ShelfPlace(models.Model):
    """One thing to look for. The primary key is its place along the shelves, and never that of an earlier list."""

    id = models.BigIntegerField(primary_key=True)
    loan = models.ForeignKey(Loan, on_delete=models.CASCADE, related_name="+")
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, null=True, related_name="+", db_index=False)
    number = models.SmallIntegerField(null=True, help_text="Of the step that is written about; null: said to be back.")

    class Meta:
        indexes = [models.Index(fields=["collection", "id"], name="shelf_place_of_collection")]

    def __str__(self) -> str:
        return f"{self.id}: {self.loan_id}"
