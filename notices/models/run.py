"""The daily run: its settings, and each run with what became of every loan (product.md, N4, N13, N14)."""

from datetime import date, time
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

from library.models import school_week


class RunSettings(models.Model):
    """BiblioTECH: General – Email Handling. One row; off until a person switches it on."""

    enabled = models.BooleanField(
        "daily run",
        default=False,
        help_text="Only when the gateway works: this can make a large number of letters.",
    )
    at = models.TimeField("time", default=time(6, 30), help_text="Library time.")
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(validators=[MaxValueValidator(6)]),
        default=school_week,
        help_text="0 is Monday, 6 is Sunday.",
    )
    on_closed_days = models.BooleanField(default=False, help_text="Also on closed days and in the holidays.")
    first_day = models.DateField(
        null=True, blank=True, editable=False, help_text="Set when switched on or moved after today's time: tomorrow."
    )

    class Meta:
        verbose_name_plural = "run settings"
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="run_settings_is_one_row")]

    def __str__(self) -> str:
        return f"Daily run at {self.at:%H:%M}" if self.enabled else "Daily run off"

    @classmethod
    def the(cls) -> Self:
        """The one row; made with defaults where ``set_up`` has not run yet."""
        return cls.objects.get_or_create(pk=1)[0]


class Outcome(models.TextChoices):
    """What a run decided about one loan, by precedence: the first that fits."""

    CLOSED = "closed", "Closed day, or not a day for letters"
    STATUS = "status", "Not on loan"
    PAST_STOP = "past_stop", "Past stop after"
    NO_SCHEDULE = "no_schedule", "No letters by schedule"
    NOT_YET = "not_yet", "Not yet at a step"
    ALREADY_TOLD = "already_told", "Already told"
    NO_AUTO_SEND = "no_auto_send", "Not by themselves"
    NO_LETTERS = "no_letters", "No letters"
    TOO_SOON = "too_soon", "Written to a few days ago"
    NO_ADDRESS = "no_address", "No address"
    PAPER = "paper", "On paper"
    EMAIL = "email", "By email"
    FAILED = "failed", "Letter could not be written"


class RunQuerySet(models.QuerySet["Run"]):
    def of_day(self, day: date) -> Self:
        return self.filter(day=day)

    def by_the_clock(self) -> Self:
        return self.filter(by_clock=True)

    def that_looked(self) -> Self:
        return self.filter(state=Run.State.DONE)

    def held_for_a_person(self) -> Self:
        return self.exclude(held_at=None).filter(let_go_at=None, dropped_at=None)


class Run(models.Model):
    """One look at all loans. The counts add up to ``looked_at``; the database refuses a run whose sums do not."""

    class State(models.TextChoices):
        """
        done     looked at all loans and recorded what it found
        quiet    a day without letters, with the reason
        failed   sums do not agree
        draft ─▶ sent   letters by hand (L1): shown to a person, then sent; a draft that is not sent is swept away
        """

        DONE = "done", "Done"
        QUIET = "quiet", "Quiet"
        FAILED = "failed", "Could not be done"
        DRAFT = "draft", "Shown, not sent"
        SENT = "sent", "Letters by hand"

        @classmethod
        def by_hand(cls) -> list["Run.State"]:
            """Runs that looked at nothing but what a person chose: no rule that asks about runs counts them."""
            return [cls.DRAFT, cls.SENT]

    day = models.DateField()
    by_clock = models.BooleanField(default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=6, choices=State.choices, default=State.DONE)
    reason = models.TextField(blank=True, help_text="Why it was quiet, held or failed.")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    looked_at = models.PositiveIntegerField(default=0)
    closed = models.PositiveIntegerField(default=0)
    status = models.PositiveIntegerField(default=0)
    past_stop = models.PositiveIntegerField(default=0)
    no_schedule = models.PositiveIntegerField(default=0)
    not_yet = models.PositiveIntegerField(default=0)
    already_told = models.PositiveIntegerField(default=0)
    no_auto_send = models.PositiveIntegerField(default=0)
    no_letters = models.PositiveIntegerField(default=0)
    too_soon = models.PositiveIntegerField(default=0)
    no_address = models.PositiveIntegerField(default=0)
    paper = models.PositiveIntegerField(default=0)
    email = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    letters = models.PositiveIntegerField(default=0, help_text="Letters planned, by email and on paper.")

    choice = models.JSONField(
        null=True,
        blank=True,
        editable=False,
        help_text="Letters by hand: what was asked, and which loans stay out.",
    )
    held_at = models.DateTimeField(null=True, blank=True)
    let_go_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(fields=["day"], condition=Q(by_clock=True), name="run_once_a_day_by_the_clock"),
            models.CheckConstraint(
                condition=Q(state="failed")
                | Q(
                    looked_at=F("closed")
                    + F("status")
                    + F("past_stop")
                    + F("no_schedule")
                    + F("not_yet")
                    + F("already_told")
                    + F("no_auto_send")
                    + F("no_letters")
                    + F("too_soon")
                    + F("no_address")
                    + F("paper")
                    + F("email")
                    + F("failed")
                ),
                name="run_counts_add_up",
            ),
            models.CheckConstraint(
                condition=Q(let_go_at=None) | Q(dropped_at=None), name="run_let_go_or_dropped_not_both"
            ),
        ]
        indexes = [models.Index(fields=["-day"], name="run_by_day")]

    def __str__(self) -> str:
        return f"Run of {self.day:%-d %B %Y}"

    @property
    def is_held(self) -> bool:
        return self.held_at is not None and self.let_go_at is None and self.dropped_at is None

    @property
    def notices_said(self) -> int:
        """Loans that somebody was told about."""
        return self.email + self.paper

    @property
    def left_in_peace(self) -> int:
        return self.looked_at - self.notices_said

    def outcomes(self) -> list[tuple[Outcome, int]]:
        """Every outcome with its count, the said ones first."""
        order = [Outcome.EMAIL, Outcome.PAPER, *[one for one in Outcome if one not in (Outcome.EMAIL, Outcome.PAPER)]]
        return [(outcome, getattr(self, outcome.value)) for outcome in order]


class KeptForecast(models.Model):
    """The forecast that was worked out last, in one row: figures alone, which anybody may look at again."""

    day = models.DateField(help_text="The day on which it looked ahead.")
    made_at = models.DateTimeField()
    days = models.JSONField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="forecast_is_one_row")]

    def __str__(self) -> str:
        return f"Forecast of {self.made_at:%-d %B %Y}"
