"""Letters: what was written about one or more notices to one recipient (product.md, N5)."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from circulation.models import Group, Guardian, Loan, PartnerLibrary, Patron
from smtp_gateway.models import OutboundMessage

from .notice import Notice
from .run import Run
from .template import Audience, Template, TemplateVersion, letter_name


class LetterQuerySet(models.QuerySet["Letter"]):
    def to_write(self) -> Self:
        return self.filter(state=Letter.State.PLANNED)

    def printed(self) -> Self:
        return self.filter(state=Letter.State.PRINTED)

    def on_paper(self) -> Self:
        return self.filter(channel=Letter.Channel.PAPER)

    def to_print(self) -> Self:
        return self.filter(state=Letter.State.TO_PRINT)

    def held(self) -> Self:
        return self.filter(state=Letter.State.HELD)

    def drafts(self) -> Self:
        return self.filter(state=Letter.State.DRAFT)

    def of_run(self, run: Run) -> Self:
        return self.filter(run=run)


class Letter(models.Model):
    """One letter to one recipient. An email's words are in its message alone; those on paper are kept here."""

    class State(models.TextChoices):
        """
        planned ─▶ queued (email: its message tells the rest) | to print ─▶ printed
           ├─▶ held ─▶ queued | to print | dropped          a run that waits for a person
           └─▶ could not be written                         with the reason; writing it again is one click
        draft ─▶ queued | to print                          by hand: shown to a person, and sent as it was shown
        planned, held, queued and to print ─▶ taken back    nothing is left to say
        opened                                              in the librarian's own mail program; nobody knows the rest
        """

        PLANNED = "planned", "To be written"
        HELD = "held", "Held for you"
        QUEUED = "queued", "In the outbox"
        TO_PRINT = "to_print", "To print"
        PRINTED = "printed", "Printed"
        TAKEN_BACK = "taken_back", "Taken back"
        DROPPED = "dropped", "Dropped"
        FAILED = "failed", "Could not be written"
        DRAFT = "draft", "Shown, not sent"
        OPENED = "opened", "Opened in mail program"

    class Channel(models.TextChoices):
        EMAIL = "email", "Email"
        PAPER = "paper", "Paper"

    run = models.ForeignKey(
        Run, on_delete=models.PROTECT, null=True, blank=True, related_name="letters_of", db_index=False
    )
    service = models.CharField(max_length=15, choices=Loan.Service.choices)
    audience = models.CharField(max_length=8, choices=Audience.choices)
    channel = models.CharField(max_length=5, choices=Channel.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    kind = models.CharField(
        max_length=10, choices=Template.Kind.choices, default=Template.Kind.STEP, db_default=Template.Kind.STEP.value
    )
    number = models.SmallIntegerField("highest step", help_text="0 for letters that are not of a step.")
    revision = models.PositiveSmallIntegerField(
        default=0, help_text="Counts up when it is written again without a loan."
    )
    day = models.DateField(help_text="The day that the letter speaks from.")

    patron = models.ForeignKey(Patron, on_delete=models.PROTECT, null=True, blank=True, related_name="letters")
    guardian = models.ForeignKey(Guardian, on_delete=models.PROTECT, null=True, blank=True, related_name="letters")
    also_guardian = models.ForeignKey(
        Guardian,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Of the same children, at the same address.",
    )
    group = models.ForeignKey(Group, on_delete=models.PROTECT, null=True, blank=True, related_name="letters")
    partner = models.ForeignKey(PartnerLibrary, on_delete=models.PROTECT, null=True, blank=True, related_name="letters")
    to = models.EmailField("address used", max_length=254, blank=True)

    template_version = models.ForeignKey(TemplateVersion, on_delete=models.PROTECT, null=True, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    message = models.OneToOneField(
        OutboundMessage, on_delete=models.SET_NULL, null=True, blank=True, related_name="letter"
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    why = models.TextField(blank=True, help_text="Why it was taken back, or could not be written.")
    corrected_by = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="corrects",
        help_text="The correction that says that this letter was a mistake: one for each reader.",
    )
    made_at = models.DateTimeField(auto_now_add=True)
    written_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True, help_text="When somebody last opened it for printing.")
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    printed_at = models.DateTimeField(null=True, blank=True)
    printed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    notices: "models.ManyToManyField[Notice, Line]" = models.ManyToManyField(
        Notice, through="Line", related_name="letters"
    )
    objects = LetterQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(audience="patron", patron__isnull=False)
                | Q(audience="guardian", guardian__isnull=False)
                | Q(audience="contact", group__isnull=False)
                | Q(audience="partner", partner__isnull=False),
                name="letter_recipient_fits_audience",
            ),
            models.CheckConstraint(condition=Q(channel="paper") | ~Q(to=""), name="letter_by_email_has_an_address"),
            models.CheckConstraint(
                condition=Q(also_guardian=None) | ~Q(also_guardian=F("guardian")), name="letter_guardians_differ"
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(state="planned"), name="letter_to_write"),
            models.Index(fields=["id"], condition=Q(state="to_print"), name="letter_to_print"),
            models.Index(fields=["printed_at"], condition=Q(state="printed"), name="letter_printed"),
            models.Index(fields=["id"], condition=Q(state="held"), name="letter_held"),
            models.Index(fields=["id"], condition=Q(state="failed"), name="letter_failed"),
            models.Index(fields=["day"], name="letter_by_day"),
            models.Index(fields=["day", "state"], condition=Q(channel="paper"), name="letter_on_paper_by_day"),
            models.Index(fields=["run", "state"], name="letter_by_run"),
            models.Index(fields=["run", "id"], name="letter_of_run"),
        ]

    def __str__(self) -> str:
        return self.subject or f"{self.step_name} to {self.recipient}"

    @property
    def recipient(self) -> Patron | Guardian | Group | PartnerLibrary:
        chosen: dict[str, Patron | Guardian | Group | PartnerLibrary | None] = {
            Audience.PATRON: self.patron,
            Audience.GUARDIAN: self.guardian,
            Audience.CONTACT: self.group,
            Audience.PARTNER: self.partner,
        }
        recipient = chosen[self.audience]
        assert recipient is not None  # letter_recipient_fits_audience
        return recipient

    @property
    def step_name(self) -> str:
        return letter_name(self.kind, self.number)


def message_key(letter: int, revision: int) -> str:
    """By which the outbox knows the message of a letter; each time it is written again it is another message."""
    return f"letter:{letter}:{revision}"


class Line(models.Model):
    """A letter speaks of a notice. A line that was taken out stays on file and is not printed."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="lines")
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="lines")
    taken_out_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["letter", "notice"], name="line_once_in_a_letter")]

    def __str__(self) -> str:
        return f"{self.notice} in {self.letter}"
