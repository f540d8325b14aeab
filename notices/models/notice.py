"""The ledger: the fact that a loan has reached a step and somebody is told (product.md, N3)."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from circulation.models import Loan

from .run import Run
from .schedule import Step, step_name


class NoticeQuerySet(models.QuerySet["Notice"]):
    def standing(self) -> Self:
        """What counts as said, or as settled by dropping it: neither undone nor taken back before sending."""
        return self.spoken().exclude(number=0)

    def spoken(self) -> Self:
        """The same, and what letters by hand said beside the ledger."""
        return self.filter(undone_at=None, taken_back_at=None)

    def told(self) -> Self:
        return self.standing().filter(dropped_at=None)

    def of_loan(self, loan: Loan) -> Self:
        return self.filter(loan=loan, due_on=loan.due_on)


class Notice(models.Model):
    """A loan heard a step for a due date, once (once per repeat: ``occurrence`` 0, 1, 2 …).

    said ─▶ taken back   the loan or its people changed before anything left the house: it may be said again
       ├──▶ undone       by a person, who and why: it may be said again
       └──▶ dropped      a held run that a person dropped: nobody heard it, and it is not said again

    Letters by hand begin as drafts. Their notices stand as taken back until the letters are sent, so that whatever
    reads the ledger passes them over, and become said then.

    ``number`` 0 is no step: a letter spoke of the loan, and the ledger is left alone (an extra letter, *Term ends*, a
    correction …). It is taken back in time like any other, and said as often as a person wishes.
    """

    loan = models.ForeignKey(Loan, on_delete=models.CASCADE, related_name="notices")
    due_on = models.DateField(help_text="The due date it was about: a renewal starts the steps anew.")
    number = models.SmallIntegerField("step")
    occurrence = models.PositiveSmallIntegerField(default=0)
    step = models.ForeignKey(Step, on_delete=models.SET_NULL, null=True, related_name="notices")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="notices")
    said_on = models.DateField()
    taken_back_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    why = models.TextField(blank=True, help_text="Why it was taken back or undone.")

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-said_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["loan", "due_on", "number", "occurrence"],
                condition=Q(undone_at=None, taken_back_at=None) & ~Q(number=0),
                name="notice_once_per_loan_due_date_and_step",
            ),
        ]
        indexes = [
            # In the order of the loans' index of due dates: the two are read side by side.
            models.Index(
                fields=["due_on", "loan", "number"],
                condition=Q(undone_at=None, taken_back_at=None, dropped_at=None) & ~Q(number=0),
                name="notice_told",
            ),
        ]

    def __str__(self) -> str:
        return f"{step_name(self.number)} for {self.loan}"

    @property
    def step_name(self) -> str:
        return step_name(self.number)
