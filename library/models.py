"""The library itself: one row that every app may read.

Its name, where it is, when people can come, and the sentences that only some libraries may say.
"""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q


def school_week() -> list[int]:
    return [0, 1, 2, 3, 4]


class Paper(models.TextChoices):
    A4 = "a4", "A4"
    LETTER = "letter", "Letter"


class Library(models.Model):
    """The one library. A sentence left empty disappears from the letters without a gap (wording.md, ‡)."""

    name = models.CharField(
        max_length=100, default="The library", help_text="As people know it: Banksia College Library."
    )
    address = models.TextField(
        blank=True, help_text="Where books come back by post; printed on letters to partner libraries."
    )
    phone = models.CharField(max_length=40, blank=True, help_text="Printed at the foot of every letter.")
    opening_hours = models.CharField(
        max_length=120, blank=True, help_text="As a phrase: open 8:15 to 4:00 on school days."
    )
    reply_to = models.EmailField(blank=True, help_text="Where answers go. Somebody must read this mailbox.")
    return_address = models.TextField(
        blank=True, help_text="Where interlibrary loans come back to; empty: the address above."
    )
    open_weekdays = ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(0), MaxValueValidator(6)]),
        default=school_week,
        help_text="Days of the week on which the library is open: 0 is Monday, 6 is Sunday.",
    )
    paper = models.CharField(
        max_length=6,
        choices=Paper.choices,
        default=Paper.A4,
        help_text="What lies in the printer; the address stands in the window of the envelope on both.",
    )
    keep_borrowers_days = models.PositiveSmallIntegerField(
        "borrowers are kept for days",
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text="So long after its return a loan forgets who had the thing. Billed and lost ones wait until settled.",
    )
    currency = models.CharField(max_length=8, default="$", help_text="Stands before an amount: $24.95.")

    no_fees_sentence = models.CharField(max_length=200, blank=True, help_text="For example: There are no late fees.")
    still_borrow_sentence = models.CharField(
        max_length=200, blank=True, help_text="For example: Everyone can go on borrowing."
    )
    same_book_sentence = models.CharField(
        max_length=200, blank=True, help_text="For example: The same book, new or used, is fine too."
    )
    refund_sentence = models.CharField(
        max_length=200, blank=True, help_text="For example: If it turns up later, we will pay you back."
    )
    cost_contact = models.CharField(
        max_length=200, blank=True, help_text="Who can be asked about cost: Mrs Hall at the office, 03 5550 1200."
    )
    interpreter_sentence = models.CharField(
        max_length=200, blank=True, help_text="For example: Help in your language: 131 450."
    )

    class Meta:
        verbose_name_plural = "library"
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="library_is_one_row")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def the(cls) -> Self:
        """The one row; made with defaults where ``set_up`` has not run yet."""
        return cls.objects.get_or_create(pk=1)[0]
