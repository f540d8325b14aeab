"""Items and the collections in which they stand (product.md, C1)."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from .finding import words_of
from .people import PartnerLibrary


class Collection(models.Model):
    """Fiction, home readers, textbooks, equipment: a shelf with rules of its own for notices."""

    name = models.CharField(max_length=60, unique=True)
    code = models.CharField(max_length=30, blank=True, help_text="As other systems call it in their exports: BK, TB.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Item(models.Model):
    """One thing with a barcode (BiblioTECH: resource)."""

    barcode = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=500)
    author = models.CharField(max_length=300, blank=True)
    call_number = models.CharField(max_length=80, blank=True)
    collection = models.ForeignKey(Collection, on_delete=models.PROTECT, null=True, blank=True, related_name="items")
    replacement_cost = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    owner = models.ForeignKey(
        PartnerLibrary,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="items",
        verbose_name="home library",
        help_text="The partner library that this item belongs to; empty: ours.",
    )
    added_at = models.DateTimeField(auto_now_add=True)
    words = words_of(open=("barcode",), guarded=("title", "author", "call_number"))

    class Meta:
        ordering = ["title", "barcode"]
        constraints = [
            models.CheckConstraint(condition=~Q(barcode=""), name="item_has_a_barcode"),
            models.CheckConstraint(
                condition=Q(replacement_cost=None) | Q(replacement_cost__gte=0), name="item_cost_is_not_negative"
            ),
        ]
        indexes = [
            models.Index(fields=["title", "id"], name="item_by_title"),
            models.Index(fields=["call_number"], name="item_by_call_number"),
            models.Index(fields=["author"], name="item_by_author"),
            GinIndex(fields=["words"], name="item_by_words", fastupdate=False),
        ]

    def __str__(self) -> str:
        return self.title
