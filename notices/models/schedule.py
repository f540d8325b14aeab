"""Schedules and their steps: on which days who is told, and how (product.md, N1)."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from circulation.models import Collection, Group, Loan


class ScheduleQuerySet(models.QuerySet["Schedule"]):
    def in_force(self) -> Self:
        return self.filter(active=True).prefetch_related("steps", "groups", "collections").order_by("pk")


class Schedule(models.Model):
    """The steps for one service and, within Circulation, for some groups and collections.

    The most particular schedule wins: groups and collections, then groups, then collections, then neither;
    of two equally particular ones the older.
    """

    class Count(models.TextChoices):
        """How days from the due date are counted."""

        CALENDAR = "calendar", "Calendar days"
        OPEN = "open", "Days on which the library is open"

    name = models.CharField(max_length=80, unique=True)
    service = models.CharField(max_length=15, choices=Loan.Service.choices, default=Loan.Service.CIRCULATION)
    groups = models.ManyToManyField(Group, blank=True, related_name="schedules", help_text="None: every group.")
    collections = models.ManyToManyField(
        Collection, blank=True, related_name="schedules", help_text="None: every collection."
    )
    active = models.BooleanField(default=True)
    preset = models.CharField(max_length=30, blank=True, editable=False)
    no_letters = models.BooleanField(default=False, help_text="Loans under this schedule are never written about.")
    count = models.CharField("days counted", max_length=8, choices=Count.choices, default=Count.CALENDAR)
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(validators=[MaxValueValidator(6)]),
        default=list,
        blank=True,
        help_text="Letters go on these weekdays only: 0 is Monday, 6 is Sunday. Empty: on every day of the daily run.",
    )
    on_library_day = models.BooleanField(default=False, help_text="Letters go on the group's library day only.")
    stop_after = models.PositiveSmallIntegerField(
        "stop after days",
        default=90,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text="Nothing is said of a loan that is later than this; it becomes a silent loan.",
    )
    days_between = models.PositiveSmallIntegerField(
        "days between letters",
        default=0,
        validators=[MaxValueValidator(60)],
        help_text="At least so many days lie between two letters to one person.",
    )
    post_not_before = models.TimeField(
        null=True, blank=True, help_text="Letters of the day leave at this time at the earliest, after the shelf check."
    )
    climb = models.BooleanField(
        "climb one step at a time",
        default=False,
        help_text="The next step goes only when the one before was told: nobody's first letter is the last one.",
    )
    letter_per_loan = models.BooleanField(
        "one letter for each loan", default=False, help_text="As ILLiad does. Off: one letter per person and run."
    )
    goes_by_itself = models.BooleanField(
        "the first run may go by itself",
        default=False,
        help_text="Off: the first run is held for you until you looked.",
    )

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        ordering = ["service", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(stop_after__range=(1, 3650)), name="schedule_stops_after_one_day_to_ten_years"
            ),
            models.CheckConstraint(
                condition=Q(weekdays__contained_by=[0, 1, 2, 3, 4, 5, 6]), name="schedule_weekdays_are_weekdays"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Step(models.Model):
    """One rung of a schedule (ILLiad: level). Days before the due date are negative, the day itself is 0.

    The number is the step's name in the ledger and meets the templates: −1, −2 … for reminders, 1, 2, 3 … for
    overdue letters, rising with the days. A reloaded preset keeps its numbers, so nothing is repeated.
    """

    class Who(models.TextChoices):
        """Who is told. *Guardians* with none on file means the patron."""

        PATRON = "patron", "Patron"
        GUARDIANS = "guardians", "Parents and carers"
        BOTH = "both", "Patron, and parents and carers"
        CONTACT = "contact", "The group's contact"
        PARTNER = "partner", "Partner library"

    class How(models.TextChoices):
        """By email, and what follows where there is no address."""

        EMAIL_OR_PAPER = "email_or_paper", "Email, else paper"
        EMAIL_OR_GUARDIANS = "email_or_guardians", "Email, else parents and carers"
        EMAIL_ONLY = "email_only", "Email, else nobody"
        PAPER = "paper", "Paper"

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="steps")
    number = models.SmallIntegerField()
    days = models.SmallIntegerField(
        "days from the due date", help_text="−3: three days before. 0: the day. 7: a week late."
    )
    who = models.CharField(max_length=9, choices=Who.choices, default=Who.PATRON)
    how = models.CharField(max_length=18, choices=How.choices, default=How.EMAIL_OR_PAPER)
    repeat_days = models.PositiveSmallIntegerField(
        "repeat after days",
        null=True,
        blank=True,
        validators=[MinValueValidator(2)],
        help_text="Said again so many days after it was last said. Empty: said once.",
    )
    repeat_times = models.PositiveSmallIntegerField(
        "repeat at most", null=True, blank=True, help_text="Empty: until stop after."
    )
    home_reads_titles = models.BooleanField(
        "titles in letters home", default=True, help_text="The group can forbid it; the stricter one wins."
    )
    ready_to_bill = models.BooleanField(
        default=False, help_text="Loans told this step join Ready to bill. A person bills, never the clock."
    )

    class Meta:
        ordering = ["schedule", "days", "number"]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "number"], name="step_number_once_in_a_schedule"),
            models.CheckConstraint(
                condition=Q(number__lt=0, days__lte=0) | Q(number__gt=0, days__gt=0), name="step_sign_fits_days"
            ),
            models.CheckConstraint(
                condition=Q(repeat_days=None) | Q(repeat_days__gte=2), name="step_repeats_not_on_neighbouring_days"
            ),
            models.CheckConstraint(
                condition=Q(repeat_times=None) | Q(repeat_days__isnull=False), name="step_times_need_repeat_days"
            ),
        ]

    def __str__(self) -> str:
        return step_name(self.number)

    @property
    def is_reminder(self) -> bool:
        return self.days <= 0


def step_name(number: int) -> str:
    """What screens call a step: *Reminder*, *Overdue 2*; 0 is what a letter by hand says beside the steps."""
    if number > 0:
        return f"Overdue {number}"
    if number == 0:
        return "Letter by hand"
    return "Reminder" if number == -1 else f"Reminder {-number}"
