"""The gateway itself: one row with its settings and its state, its connection slots, and the clocks that beat for it.

The settings are the librarian's and the help texts are their manual; the state is written by ``lifecycle`` and
``delivery`` alone.
"""

from datetime import time, timedelta
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from library import secrets

HOST_NAME = RegexValidator(
    r"\A[A-Za-z0-9.\-\[\]:_]*\Z", "A server's name or number has letters, digits, dots and hyphens only."
)
ONE_LINE = RegexValidator(r"\A[^\x00-\x1f\x7f]*\Z", "This must be a single line.")


class Gateway(models.Model):
    """The one gateway (its primary key is 1): where mail goes, how fast, and whether it goes at all."""

    class State(models.TextChoices):
        """
        stopped -> on       a person starts it (``lifecycle.start``), or auto-start at boot
        on      -> stopped  a person, wrong settings, suspicious refusals, or a database that is a copy

        *On* may be paused (``paused_until``): an unreachable or hurried server. It goes on by itself.
        """

        STOPPED = "stopped", "Stopped"
        ON = "on", "On"

    class StopCause(models.TextChoices):
        """Who or what stopped it. *Save* lifts SETTINGS and nothing else; only a person lifts the others."""

        NONE = "", "Not stopped"
        NEVER_STARTED = "never_started", "Not started yet"
        PERSON = "person", "Stopped by a person"
        BOOT = "boot", "Manual start after a restart"
        SETTINGS = "settings", "Wrong settings"
        SUSPICIOUS = "suspicious", "The server refuses everybody"
        COPY = "copy", "The database is a copy"

    class PauseCause(models.TextChoices):
        """Why nothing is tried until ``paused_until``."""

        NONE = "", "No pause"
        UNREACHABLE = "unreachable", "The server cannot be reached"
        TOO_FAST = "too_fast", "The server asks us to slow down"
        LOGIN = "login", "The server refused the login once"

    class Security(models.TextChoices):
        """How the connection is protected. STARTTLS and TLS always check the server's certificate."""

        NONE = "none", "None"
        STARTTLS = "starttls", "STARTTLS (usually port 587)"
        TLS = "tls", "TLS (usually port 465)"

    class StartMode(models.TextChoices):
        """What happens when the installation boots."""

        MANUAL = "manual", "Manual: a restart leaves it stopped"
        AUTO = "auto", "Auto-start: it comes back by itself"

    # Settings ---------------------------------------------------------------------------------------------------------

    host = models.CharField(
        "SMTP host",
        max_length=253,
        blank=True,
        validators=[HOST_NAME],
        help_text="Name or IP address of the mail server that takes the library's messages: smtp.school.example.",
    )
    port = models.PositiveIntegerField(
        "SMTP port",
        default=587,
        validators=[MinValueValidator(1), MaxValueValidator(65535)],
        help_text="587 with STARTTLS, 465 with TLS, 25 inside the school's own network.",
    )
    security = models.CharField(
        max_length=8,
        choices=Security.choices,
        default=Security.STARTTLS,
        help_text="A password is only ever sent over a protected connection, unless you allow it below, twice.",
    )
    ehlo_name = models.CharField(
        "EHLO response",
        max_length=253,
        blank=True,
        validators=[HOST_NAME],
        help_text="The name by which we greet the server, where it checks that. Empty: this machine's full name.",
    )
    username = models.CharField(
        "SMTP user ID",
        max_length=254,
        blank=True,
        validators=[ONE_LINE],
        help_text="Empty if the server asks for no login.",
    )
    password_encrypted = models.TextField(
        "SMTP password", blank=True, editable=False, help_text="Stored encrypted and never shown again."
    )
    may_login_in_clear = models.BooleanField(
        "Allow the password to travel unprotected",
        default=False,
        help_text="Only for a server on the same machine or the same cable. Anyone in between can read it.",
    )
    may_login_in_clear_confirmed = models.BooleanField(
        "Yes, unprotected: I am sure", default=False, help_text="Both ticks are needed."
    )
    from_address = models.EmailField(
        "From address",
        blank=True,
        help_text="The sender of every message; the daily log is sent to it. Best a mailbox that stays when people go.",
    )
    from_name = models.CharField(
        max_length=100, blank=True, validators=[ONE_LINE], help_text="As people see it: Banksia College Library."
    )
    reply_to = models.EmailField(
        "Reply-To",
        blank=True,
        help_text="Where answers go. Empty: the library's own Reply-To, or the From address.",
    )
    minutes_between_checks = models.PositiveSmallIntegerField(
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(1440)],
        help_text="How often the outbox is checked. 10 messages every 3 minutes keep the library off spam lists.",
    )
    messages_each_check = models.PositiveIntegerField(
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(100_000)],
        help_text="At most this many messages in any stretch of that many minutes, whoever presses whatever.",
    )
    connections = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(10)],
        help_text="Connections to the server at one time. One is right for nearly everybody.",
    )
    test_to = models.EmailField(
        "Test To address", blank=True, help_text="Where the message goes when you press Test, and where rehearsals go."
    )
    daily_log_at = models.TimeField(
        default=time(7, 0),
        help_text="When the log of the last day is written and sent to the From address, every day.",
    )
    keep_text_days = models.PositiveSmallIntegerField(
        default=365,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text="The text of a finished message is kept this many days. That it was sent is remembered for good.",
    )
    start_mode = models.CharField(
        max_length=8,
        choices=StartMode.choices,
        default=StartMode.MANUAL,
        help_text="Set up, test and start it by hand first; then change to auto-start.",
    )

    # State ------------------------------------------------------------------------------------------------------------

    state = models.CharField(max_length=8, choices=State.choices, default=State.STOPPED, editable=False)
    state_since = models.DateTimeField(db_default=Now(), editable=False)
    stop_cause = models.CharField(
        max_length=16, choices=StopCause.choices, default=StopCause.NEVER_STARTED, blank=True, editable=False
    )
    stop_sentence = models.TextField(blank=True, editable=False, help_text="What is wrong, for people.")
    server_words = models.TextField(blank=True, editable=False, help_text="What the server said, as it said it.")
    paused_until = models.DateTimeField(null=True, blank=True, editable=False)
    pause_cause = models.CharField(max_length=16, choices=PauseCause.choices, blank=True, default="", editable=False)
    pauses_running = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text="Pauses in a row: each is longer than the one before."
    )
    unreachable_since = models.DateTimeField(null=True, blank=True, editable=False)
    logins_refused_running = models.PositiveSmallIntegerField(default=0, editable=False)
    refused_running = ArrayField(
        models.BigIntegerField(),
        default=list,
        blank=True,
        editable=False,
        help_text="Messages refused for good since the last success; five different people trip the breaker.",
    )
    lost_message = models.BigIntegerField(
        null=True, blank=True, editable=False, help_text="The message over which the last session was lost."
    )
    probe_wanted = models.BooleanField(
        default=False, editable=False, help_text="The From address must be accepted as a recipient before mail goes on."
    )
    last_check_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_contact_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the server last let us in."
    )
    identity = models.CharField(
        max_length=64, blank=True, editable=False, help_text="Whose gateway this is; a restored copy has another."
    )
    settings_version = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = "SMTP gateway"
        verbose_name_plural = "SMTP gateway"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="gateway_is_one_row"),
            models.CheckConstraint(
                condition=Q(state="on", stop_cause="") | (Q(state="stopped") & ~Q(stop_cause="")),
                name="gateway_stopped_has_a_cause",
            ),
            models.CheckConstraint(
                condition=Q(minutes_between_checks__gte=1, messages_each_check__gte=1, connections__gte=1),
                name="gateway_pace_is_positive",
            ),
        ]

    def __str__(self) -> str:
        return "SMTP gateway"

    @classmethod
    def the(cls) -> Self:
        """The one row; made with defaults where ``set_up`` has not run yet."""
        return cls.objects.get_or_create(pk=1)[0]

    @property
    def is_on(self) -> bool:
        return self.state == self.State.ON

    @property
    def time_between_checks(self) -> timedelta:
        return timedelta(minutes=self.minutes_between_checks)

    @property
    def has_password(self) -> bool:
        return bool(self.password_encrypted)

    @property
    def may_send_password_in_clear(self) -> bool:
        return self.may_login_in_clear and self.may_login_in_clear_confirmed

    def set_password(self, text: str) -> None:
        """Keep the password encrypted; an empty one is forgotten. Does not save."""
        self.password_encrypted = secrets.encrypt(text) if text else ""

    def password(self) -> str:
        """The password in clear, for the conversation alone. Raises SecretError when it was locked with another key."""
        return secrets.decrypt(self.password_encrypted) if self.password_encrypted else ""


class Slot(models.Model):
    """One connection that may be open at a time. Whoever's token stands here owns it, see ``leases``."""

    number = models.PositiveSmallIntegerField(primary_key=True)
    token = models.UUIDField(null=True, blank=True, unique=True, help_text="A fresh one each time it is taken.")
    session_key = models.BigIntegerField(
        null=True, blank=True, help_text="The advisory lock that the owner's database session holds while it lives."
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True)
    holder = models.CharField(max_length=200, blank=True, help_text="Host and process, for people who look.")

    class Meta:
        ordering = ["number"]
        verbose_name = "connection slot"
        constraints = [
            models.CheckConstraint(
                condition=Q(token=None, session_key=None, lease_until=None)
                | Q(token__isnull=False, session_key__isnull=False, lease_until__isnull=False),
                name="slot_is_free_or_wholly_taken",
            )
        ]

    def __str__(self) -> str:
        return f"Connection {self.number}"


class Heartbeat(models.Model):
    """When a tick was last heard. Its silence is what the watchdog hears."""

    name = models.CharField(max_length=60, primary_key=True)
    beat_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
