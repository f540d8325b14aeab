"""Loans: who has what, until when, and in which state (product.md, C2 to C4)."""

from datetime import date
from typing import Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q

from .people import PartnerLibrary, Patron
from .things import Item


class LoanQuerySet(models.QuerySet["Loan"]):
    def open(self) -> Self:
        """Not returned, whatever the status."""
        return self.filter(returned_on=None)

    def on_loan(self) -> Self:
        """The ones that are written about."""
        return self.open().filter(status=Loan.Status.ON_LOAN)

    def overdue(self, *, on: date) -> Self:
        return self.filter(due_on__lt=on)

    def of_patron(self, patron: Patron) -> Self:
        return self.filter(patron=patron)

    def with_borrower_to_forget(self, *, before: date) -> Self:
        """Came back before this day, and nothing is left to settle."""
        settled = self.exclude(returned_on=None).exclude(patron=None)
        return settled.filter(returned_on__lt=before).exclude(status__in=Loan.Status.to_settle())

    def with_borrowers(self) -> Self:
        return self.select_related("item", "patron__group", "partner")


class Loan(models.Model):
    """One item with one borrower (ILLiad: transaction). A borrower is a patron or a partner library.

    Long after its return a loan has no borrower any more.
    """

    class Service(models.TextChoices):
        """The kind of loan, which decides the schedules and the templates."""

        CIRCULATION = "circulation", "Circulation"
        ILL_BORROWING = "ill_borrowing", "ILL borrowing"
        ILL_LENDING = "ill_lending", "ILL lending"

    class Status(models.TextChoices):
        """Only *on loan* is written about.

        on loan ─▶ returned (``returned_on`` is set, from any status)
           ├─▶ says it is back   quiet; on the next three shelf checks, then a person decides
           ├─▶ billed            waiting for payment
           ├─▶ lost
           ├─▶ no letters        special circumstance, with a reason
           └─▶ extension asked   quiet until a date · recalled: a new date, a template of its own · on its way back
        Every one of them may go back to on loan, which resumes the letters.
        """

        ON_LOAN = "on_loan", "On loan"
        SAYS_BACK = "says_back", "Says it is back"
        BILLED = "billed", "Billed"
        LOST = "lost", "Lost"
        NO_LETTERS = "no_letters", "No letters"
        EXTENSION_ASKED = "extension_asked", "Extension asked"
        RECALLED = "recalled", "Recalled"
        ON_ITS_WAY = "on_its_way", "On its way back"

        @classmethod
        def to_settle(cls) -> list["Loan.Status"]:
            """Somebody still pays or replaces, also after the thing came back."""
            return [cls.BILLED, cls.LOST]

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="loans")
    service = models.CharField(max_length=15, choices=Service.choices, default=Service.CIRCULATION)
    patron = models.ForeignKey(Patron, on_delete=models.PROTECT, null=True, blank=True, related_name="loans")
    partner = models.ForeignKey(
        PartnerLibrary,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="loans",
        verbose_name="partner library",
    )
    lent_on = models.DateField()
    lent_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="The moment, for undoing it.")
    due_on = models.DateField(
        "due", help_text="For a reader of an interlibrary loan: the date that the reader must keep."
    )
    due_set_on = models.DateField(help_text="The day on which the current due date was set, by lending or by renewal.")
    due_to_lender = models.DateField(null=True, blank=True, help_text="ILL borrowing: when the lender wants it back.")
    renewals = models.PositiveSmallIntegerField(default=0)
    renewed_at = models.DateTimeField(null=True, blank=True, editable=False)
    before_renewal = models.JSONField(
        encoder=DjangoJSONEncoder,
        null=True,
        blank=True,
        editable=False,
        help_text="What the last renewal changed, for undoing it.",
    )

    status = models.CharField(max_length=15, choices=Status.choices, default=Status.ON_LOAN)
    status_reason = models.TextField(blank=True, help_text="Private: it stands in no letter.")
    quiet_until = models.DateField(
        null=True, blank=True, help_text="An extension was asked: no letters before this day."
    )
    shelf_checks_left = models.PositiveSmallIntegerField(default=0)
    returned_on = models.DateField(null=True, blank=True)
    returned_at = models.DateTimeField(null=True, blank=True)

    our_reference = models.CharField(max_length=40, blank=True)
    their_reference = models.CharField(max_length=40, blank=True)
    conditions = models.CharField(max_length=200, blank=True, help_text="For example: in the library only.")
    from_file = models.BooleanField(default=False, editable=False, help_text="Another system's nightly file keeps it.")

    objects = LoanQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["item"], condition=Q(returned_on=None), name="loan_one_open_per_item"),
            models.CheckConstraint(
                condition=Q(patron=None, partner__isnull=False, service="ill_lending")
                | Q(patron__isnull=False, partner=None, service__in=["circulation", "ill_borrowing"])
                | Q(patron=None, partner=None, returned_on__isnull=False, service__in=["circulation", "ill_borrowing"]),
                name="loan_borrower_fits_service",
            ),
            models.CheckConstraint(
                condition=Q(due_to_lender=None) | Q(service="ill_borrowing"), name="loan_lender_date_is_borrowing"
            ),
            models.CheckConstraint(
                condition=Q(returned_on=None) | Q(returned_on__gte=F("lent_on")), name="loan_returned_after_lent"
            ),
        ]
        indexes = [
            models.Index(fields=["due_on"], condition=Q(returned_on=None), name="loan_open_by_due"),
            models.Index(fields=["patron"], condition=Q(returned_on=None), name="loan_open_by_patron"),
            models.Index(
                fields=["status", "due_on", "id"], condition=Q(returned_on=None), name="loan_open_by_status_and_due"
            ),
            models.Index(fields=["id"], condition=Q(returned_on=None, from_file=True), name="loan_open_from_file"),
            models.Index(fields=["returned_on", "id"], condition=Q(returned_on__isnull=False), name="loan_by_return"),
            models.Index(
                fields=["returned_on"],
                condition=Q(returned_on__isnull=False, patron__isnull=False) & ~Q(status__in=["billed", "lost"]),
                name="loan_to_forget",
            ),
            models.Index(fields=["our_reference"], condition=~Q(our_reference=""), name="loan_by_our_reference"),
            models.Index(fields=["their_reference"], condition=~Q(their_reference=""), name="loan_by_their_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.item}, returned" if self.is_forgotten else f"{self.item}, with {self.borrower}"

    @property
    def borrower(self) -> Patron | PartnerLibrary:
        borrower = self.patron or self.partner
        assert borrower is not None  # loan_borrower_fits_service, and whoever asks has looked at is_forgotten
        return borrower

    @property
    def is_forgotten(self) -> bool:
        """It came back so long ago that nobody knows any more who had it (``circulation.retention``)."""
        return self.patron_id is None and self.partner_id is None

    @property
    def is_open(self) -> bool:
        return self.returned_on is None
