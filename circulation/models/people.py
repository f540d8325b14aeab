"""Patrons, their groups, their guardians, and the libraries that we lend to and borrow from (product.md, C1)."""

from datetime import date
from typing import Self

from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q

from .finding import words_of

FOREVER = date(9999, 12, 31)
"""*No letters until* this day means: never again."""


class Weekday(models.IntegerChoices):
    MONDAY = 0, "Monday"
    TUESDAY = 1, "Tuesday"
    WEDNESDAY = 2, "Wednesday"
    THURSDAY = 3, "Thursday"
    FRIDAY = 4, "Friday"
    SATURDAY = 5, "Saturday"
    SUNDAY = 6, "Sunday"


class Group(models.Model):
    """A class, a year or the staff: what its people may borrow, and who may read what they borrowed."""

    name = models.CharField(max_length=60, unique=True, help_text="As people say it: 7B, Staff, Year 12.")
    year_level = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty for staff and mixed groups.")
    is_staff = models.BooleanField(
        "staff",
        default=False,
        help_text="Staff are never moved to Unmatched by an import, and nobody at home is written to.",
    )
    active = models.BooleanField(default=True, help_text="The daily run leaves the people of an inactive group out.")

    contact_name = models.CharField(max_length=120, blank=True, help_text="For example the homeroom teacher.")
    contact_email = models.EmailField(blank=True)
    library_day = models.PositiveSmallIntegerField(
        choices=Weekday.choices, null=True, blank=True, help_text="The day on which this group comes to the library."
    )

    loan_days = models.PositiveSmallIntegerField(
        "loan length", default=14, help_text="Days from lending to the due date."
    )
    max_loans = models.PositiveSmallIntegerField(
        "most loans at once", null=True, blank=True, help_text="Empty: as many as they like."
    )
    max_renewals = models.PositiveSmallIntegerField(
        "renewals", default=2, help_text="How often one loan can be renewed."
    )
    last_due_date = models.DateField(
        null=True, blank=True, help_text="Nothing is due later than this, for example the end of term."
    )

    auto_send = models.BooleanField(
        "letters by themselves",
        default=False,
        help_text="The daily run writes to the people of this group, unless a patron's own page says otherwise.",
    )
    home_reads_titles = models.BooleanField(
        "homes may read titles",
        default=True,
        help_text="Letters to parents and carers name the books. A step can forbid it; the stricter one wins.",
    )
    contact_reads_titles = models.BooleanField(
        "the contact may read titles", default=False, help_text="Class lists name the books. Off for good reason."
    )

    class Meta:
        ordering = ["year_level", "name"]

    def __str__(self) -> str:
        return self.name


class PatronQuerySet(models.QuerySet["Patron"]):
    def active(self) -> Self:
        return self.filter(left_on=None, erased_at=None)

    def leaving_with_loans(self) -> Self:
        """Left, and something is still out (product.md, C8)."""
        from .loans import Loan  # which imports this module

        out = Loan.objects.open().filter(patron=OuterRef("pk"))
        return self.filter(Exists(out), left_on__isnull=False, erased_at=None)


class Patron(models.Model):
    """A borrower on file. *Known as* is for letters to the patron alone; letters home use the name for home."""

    class AutoSend(models.TextChoices):
        """Whether the daily run writes about this patron's loans: an own answer goes before the group's."""

        GROUP = "group", "As the group says"
        YES = "yes", "Yes"
        NO = "no", "No"

    barcode = models.CharField(max_length=40, unique=True, help_text="The number on the card.")
    first_name = models.CharField(max_length=120, blank=True)
    last_name = models.CharField(max_length=120)
    known_as = models.CharField(max_length=120, blank=True, help_text="Used in letters to the patron, never in others.")
    name_at_home = models.CharField(
        "name in letters home", max_length=120, blank=True, help_text="Empty: the first name on file."
    )
    email = models.EmailField(max_length=254, blank=True)
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="patrons")
    address = models.TextField("postal address", blank=True)
    prefers_paper = models.BooleanField(default=False)
    auto_send = models.CharField(
        "letters by themselves", max_length=5, choices=AutoSend.choices, default=AutoSend.GROUP
    )
    may_write_home = models.BooleanField(
        default=True, help_text="No: what would go home goes to the patron, for example to an adult student."
    )
    no_letters_until = models.DateField(
        null=True, blank=True, help_text="No letter about this patron's loans goes to anybody before this day."
    )
    no_letters_reason = models.TextField(blank=True, help_text="Private: it stands in no letter and no export.")
    left_on = models.DateField(null=True, blank=True, help_text="Left patrons are still told about what is out.")
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    added_at = models.DateTimeField(auto_now_add=True)
    words = words_of(open=("first_name", "last_name", "known_as", "barcode"), guarded=("email",))

    guardians: "models.ManyToManyField[Guardian, Guardianship]" = models.ManyToManyField(
        "Guardian", through="Guardianship", related_name="patrons"
    )
    objects = PatronQuerySet.as_manager()

    class Meta:
        ordering = ["last_name", "first_name", "barcode"]
        constraints = [models.CheckConstraint(condition=~Q(barcode=""), name="patron_has_a_barcode")]
        indexes = [
            models.Index(fields=["last_name", "first_name"], name="patron_by_name"),
            models.Index(fields=["group"], condition=Q(left_on=None, erased_at=None), name="patron_here_by_group"),
            models.Index(fields=["left_on"], condition=Q(left_on__isnull=False), name="patron_left"),
            GinIndex(fields=["words"], name="patron_by_words", fastupdate=False),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class Guardian(models.Model):
    """A parent or carer. Matched by address *and* name, never by address alone: families share mailboxes."""

    name = models.CharField(max_length=200)
    salutation = models.CharField(
        max_length=120, blank=True, help_text="What stands after Dear: Ms Okafor. Empty: the name as it is."
    )
    email = models.EmailField(max_length=254, blank=True)
    address = models.TextField("postal address", blank=True)
    prefers_paper = models.BooleanField(default=False)
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    words = words_of(open=("name",), guarded=("email",))

    class Meta:
        ordering = ["name", "pk"]
        indexes = [
            models.Index(fields=["email"], name="guardian_by_email"),
            models.Index(fields=["name", "id"], name="guardian_by_name"),
            GinIndex(fields=["words"], name="guardian_by_words", fastupdate=False),
        ]

    def __str__(self) -> str:
        return self.name


class Guardianship(models.Model):
    """One patron and one guardian, and whether the library may write to this person about this child."""

    patron = models.ForeignKey(Patron, on_delete=models.CASCADE, related_name="guardianships")
    guardian = models.ForeignKey(Guardian, on_delete=models.CASCADE, related_name="guardianships")
    relationship = models.CharField(max_length=60, blank=True, help_text="Mother, father, carer, grandmother …")
    library_letters = models.BooleanField(
        default=True, help_text="No: nothing about this child goes to this person. An import never turns no into yes."
    )
    no_letters_until = models.DateField(null=True, blank=True)
    reason = models.TextField(blank=True, help_text="Private: it stands in no letter and no export.")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["patron", "guardian"], name="guardianship_once")]

    def __str__(self) -> str:
        return f"{self.guardian} for {self.patron}"


class PartnerLibrary(models.Model):
    """A library that lends to us or borrows from us."""

    name = models.CharField(max_length=200)
    symbol = models.CharField(max_length=30, unique=True, help_text="Its code in the interlibrary network.")
    email = models.EmailField("ILL email", blank=True)
    address = models.TextField(blank=True)
    post_days = models.PositiveSmallIntegerField(
        "days for the post",
        default=5,
        validators=[MaxValueValidator(60)],
        help_text="A reader's loan is due earlier by these days.",
    )
    auto_send = models.BooleanField("letters by themselves", default=True)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "partner libraries"

    def __str__(self) -> str:
        return self.name
