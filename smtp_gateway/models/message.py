"""A message in the outbox and every attempt to deliver it.

One recipient per row, bytes frozen when queued. ``delivery`` changes rows with its own SQL; people and other apps go
through ``outbox``. Nothing is decided here.
"""

from datetime import date, datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.utils import timezone


class OutboundMessageQuerySet(models.QuerySet["OutboundMessage"]):
    """Questions about the outbox that read as a sentence."""

    def waiting(self) -> Self:
        return self.filter(state=OutboundMessage.State.WAITING)

    def sending(self) -> Self:
        return self.filter(state=OutboundMessage.State.SENDING)

    def held(self) -> Self:
        return self.filter(state=OutboundMessage.State.HELD)

    def uncertain(self) -> Self:
        return self.filter(state=OutboundMessage.State.UNCERTAIN)

    def bad(self) -> Self:
        return self.filter(state=OutboundMessage.State.BAD)

    def in_state(self, *states: str) -> Self:
        return self.filter(state__in=states)

    def still_in(self, *states: str) -> Self:
        """For verbs that change these states: what a connection has reserved and not begun counts as waiting."""
        state, stage = OutboundMessage.State, OutboundMessage.Stage
        rows = Q(state__in=states)
        if state.WAITING in states:
            rows |= Q(state=state.SENDING, stage=stage.RESERVED)
        return self.filter(rows)

    def open_ones(self) -> Self:
        """All that has not ended: somebody, person or gateway, still has something to do with them."""
        return self.filter(state__in=OutboundMessage.State.open_ones())

    def on_the_way(self) -> Self:
        """What the gateway itself will still try to deliver, now or later."""
        state = OutboundMessage.State
        return self.filter(
            Q(state__in=[state.WAITING, state.SENDING]) | Q(state=state.UNCERTAIN, not_before__isnull=False)
        )

    def due(self, *, at: datetime) -> Self:
        """What may go at this moment, in the order in which it will go."""
        state = OutboundMessage.State
        return (
            self.filter(state__in=[state.WAITING, state.UNCERTAIN], not_before__lte=at)
            .exclude(expires_at__lte=at)
            .order_by("priority", "not_before", "id")
        )

    def needing_a_person(self) -> Self:
        """Could not be sent, or maybe sent and not tried again by itself."""
        state = OutboundMessage.State
        return self.filter(Q(state=state.BAD) | Q(state=state.UNCERTAIN, not_before=None))

    def of_kind(self, kind: str) -> Self:
        return self.filter(kind=kind)

    def finding(self, words: str) -> Self:
        """What the search field of the outbox finds: part of an address, a name or a subject."""
        return self.filter(Q(to__icontains=words) | Q(to_name__icontains=words) | Q(subject__icontains=words))

    def queued_on(self, day: date) -> Self:
        """Queued on this day by the library's clock."""
        start, end = bounds(day)
        return self.filter(created_at__gte=start, created_at__lt=end)

    def finished_on(self, day: date) -> Self:
        """Sent, called bad or cancelled on this day by the library's clock."""
        start, end = bounds(day)
        return self.filter(finished_at__gte=start, finished_at__lt=end)

    def newest_first(self, *, before: int | None = None) -> Self:
        """A page by key: give the last id of the page before, slice, and the millionth row costs what the first did."""
        rows = self.order_by("-id")
        return rows if before is None else rows.filter(pk__lt=before)

    def last_sent(self) -> "OutboundMessage | None":
        """By the index of what has ended: by key, all that waits would be passed over first."""
        sent = self.filter(state=OutboundMessage.State.SENT, finished_at__isnull=False)
        return sent.order_by("-finished_at").without_content().first()

    def without_content(self) -> Self:
        """For lists: thirty megabytes stay in the database."""
        return self.defer("content")


def bounds(day: date) -> tuple[datetime, datetime]:
    """A local day as two instants; 23 or 25 hours long where the clocks change."""
    zone = timezone.get_default_timezone()
    start = datetime(day.year, day.month, day.day, tzinfo=zone)
    after = day + timedelta(days=1) if day < date.max else day
    return start, datetime(after.year, after.month, after.day, tzinfo=zone)


class OutboundMessage(models.Model):
    """One finished RFC 5322 message for one recipient, on its way or at its end."""

    class State(models.TextChoices):
        """
        waiting   -> sending    a check has reserved it for its connection, and begins it when it is its turn
        sending   -> sent       the server took it (2xx after the final dot)
        sending   -> waiting    4xx, or the session was lost before the text went out: again after ``not_before``
        sending   -> bad        5xx, given up after five days, or the sender died over it three times
        sending   -> uncertain  the text was handed over and no answer came
        uncertain -> sending    once by itself, 30 minutes later; after that (``not_before`` empty) a person decides
        uncertain -> waiting    a person: resend            uncertain -> sent   a person: count as sent
        bad       -> waiting    a person: try again         bad       -> cancelled   a person: close, settled otherwise
        held      -> waiting    released                    waiting -> held     a person, or a database that is a copy
        waiting, held -> cancelled   taken back, expired, by hand; what is begun is never cancelled

        A message that was uncertain once goes back to *uncertain*, never to *waiting*, unless a person says so: it may
        have arrived. A message in *sending* that is only reserved (see Stage) can be cancelled and held like one that
        waits, and is given back when its connection closes.
        """

        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Sending"
        SENT = "sent", "Sent"
        BAD = "bad", "Could not be sent"
        UNCERTAIN = "uncertain", "Maybe sent"
        HELD = "held", "Held for you"
        CANCELLED = "cancelled", "Cancelled"

        @classmethod
        def open_ones(cls) -> list[str]:
            return [cls.WAITING, cls.SENDING, cls.BAD, cls.UNCERTAIN, cls.HELD]

        @property
        def is_finished(self) -> bool:
            return self in {self.SENT, self.CANCELLED}

    class Stage(models.TextChoices):
        """
        How far a message in *sending* has come; each step is on record before it is taken.

        reserved -> envelope   begun: it cannot be taken back any more; a crash harms nothing
        envelope -> body       its text goes out: after a crash it may have arrived
        body     -> taken      the server said yes: a crash changes nothing, only its settling is missing
        """

        NONE = "", "Not in hand"
        RESERVED = "reserved", "Reserved"
        ENVELOPE = "envelope", "Address"
        BODY = "body", "Text"
        TAKEN = "taken", "Taken by the server"

    class Kind(models.TextChoices):
        """What sort of message it is; the sort decides its priority."""

        TEST = "test", "Test"
        DAILY_LOG = "daily_log", "Daily log"
        NOTICE = "notice", "Notice"
        BY_HAND = "by_hand", "Letter by hand"
        PROGRAM = "program", "Other program"

        @property
        def priority(self) -> int:
            """Smaller goes first; 0 is *send next*."""
            return {"test": 10, "daily_log": 20, "notice": 30, "by_hand": 40, "program": 40}[self.value]

    kind = models.CharField(max_length=12, choices=Kind.choices)
    priority = models.PositiveSmallIntegerField(help_text="Smaller goes first; 0 is 'send next'.")
    to = models.CharField("to", max_length=320, help_text="The one recipient's bare address.")
    to_name = models.CharField("name", max_length=200, blank=True)
    subject = models.CharField(max_length=998, blank=True)
    content = models.BinaryField(help_text="The message as it goes over the wire; empty once its keeping time is over.")
    size = models.PositiveIntegerField(help_text="Bytes of the message when it was queued.")
    message_id = models.CharField("Message-ID", max_length=998, blank=True)
    dedup_key = models.CharField(max_length=200, unique=True, help_text="Queueing the same thing twice is one row.")

    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    stage = models.CharField(max_length=8, choices=Stage.choices, default="", blank=True)
    reason = models.TextField(blank=True, help_text="Why it is where it is, as a sentence.")
    created_at = models.DateTimeField("queued", db_default=Now())
    not_before = models.DateTimeField(
        null=True, blank=True, db_default=Now(), help_text="Not tried earlier. Empty while uncertain: a person decides."
    )
    expires_at = models.DateTimeField(null=True, blank=True, help_text="After this it is not worth delivering.")
    give_up_at = models.DateTimeField(
        null=True, blank=True, help_text="Five days after the first 'later'; time without a server does not count."
    )
    finished_at = models.DateTimeField(null=True, blank=True, help_text="When it was sent, called bad, or cancelled.")
    sent_at = models.DateTimeField(null=True, blank=True)

    attempts = models.PositiveIntegerField(default=0)
    crashes = models.PositiveSmallIntegerField(default=0, help_text="How often its sender died over it.")
    times_uncertain = models.PositiveSmallIntegerField(default=0, help_text="More than 0: it may have arrived.")
    suspicious = models.BooleanField(
        default=False, help_text="It was among those whose refusal stopped the gateway; its next refusal is final."
    )
    lease_token = models.UUIDField(null=True, blank=True, help_text="The pair of hands it is in, or last was.")
    slot = models.PositiveSmallIntegerField(null=True, blank=True)
    begun_at = models.DateTimeField(null=True, blank=True, help_text="When its last attempt began.")
    last_code = models.PositiveSmallIntegerField(null=True, blank=True)
    last_enhanced = models.CharField(max_length=12, blank=True, help_text="The server's enhanced code: 5.1.1.")
    last_words = models.TextField(blank=True, help_text="What the server said, as it said it.")

    objects = OutboundMessageQuerySet.as_manager()

    class Meta:
        verbose_name = "message"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="sending") | Q(lease_token__isnull=False),
                name="message_sending_is_in_hands",
            ),
            models.CheckConstraint(
                condition=Q(stage="") | Q(state__in=["sending", "uncertain"]), name="message_stage_only_while_sending"
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False), name="message_sent_has_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(state="waiting") | Q(not_before__isnull=False), name="message_waiting_has_a_time"
            ),
        ]
        indexes = [
            models.Index(
                fields=["priority", "not_before", "id"],
                name="message_claimable",
                condition=Q(state__in=["waiting", "uncertain"]),
            ),
            models.Index(fields=["lease_token"], name="message_sending", condition=Q(state="sending")),
            models.Index(
                fields=["expires_at"],
                name="message_expiring",
                condition=Q(state__in=["waiting", "held", "uncertain"], expires_at__isnull=False),
            ),
            models.Index(fields=["-id"], name="message_waiting", condition=Q(state="waiting")),
            models.Index(fields=["-id"], name="message_bad", condition=Q(state="bad")),
            models.Index(fields=["-id"], name="message_uncertain", condition=Q(state="uncertain")),
            models.Index(fields=["-id"], name="message_held", condition=Q(state="held")),
            models.Index(
                fields=["state", "-id"],
                name="message_open",
                condition=Q(state__in=["waiting", "sending", "bad", "uncertain", "held"]),
            ),
            models.Index(
                fields=["state", "-id"], name="message_finished", condition=Q(state__in=["sent", "cancelled"])
            ),
            models.Index(fields=["kind", "-id"], name="message_by_kind"),
            models.Index(Lower("to"), F("id").desc(), name="message_by_recipient"),
            models.Index(fields=["created_at"], name="message_by_day"),
            models.Index(fields=["id"], name="message_later", condition=Q(state="waiting", attempts__gt=0)),
            models.Index(
                fields=["finished_at"],
                include=["state", "kind"],
                name="message_by_end",
                condition=Q(finished_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} ({self.get_state_display()})"

    @property
    def will_be_tried_again(self) -> bool:
        """The gateway itself comes back to it."""
        return self.state == self.State.WAITING or (self.state == self.State.UNCERTAIN and self.not_before is not None)

    @property
    def is_only_reserved(self) -> bool:
        """In the hands of a connection, not begun: it can still be taken back."""
        return self.state == self.State.SENDING and self.stage == self.Stage.RESERVED

    @property
    def under_way(self) -> "DeliveryAttempt | None":
        """The attempt that is begun and not settled, as its row will be. Not saved."""
        if self.state != self.State.SENDING or self.begun_at is None or self.is_only_reserved:
            return None
        attempt = DeliveryAttempt(
            message=self, number=self.attempts + 1, slot=self.slot or 1, lease_token=self.lease_token,
            started_at=self.begun_at,
        )  # fmt: skip
        if self.stage == self.Stage.TAKEN:
            attempt.outcome, attempt.finished_at, attempt.stage = DeliveryAttempt.Outcome.SENT, self.sent_at, "dot"
            attempt.code, attempt.enhanced, attempt.words = self.last_code, self.last_enhanced, self.last_words
        return attempt

    @property
    def has_text(self) -> bool:
        """False once its keeping time is over or its person was erased."""
        return bool(self.content)


class DeliveryAttemptQuerySet(models.QuerySet["DeliveryAttempt"]):
    def ended_between(self, start: datetime, end: datetime) -> Self:
        return self.filter(finished_at__gte=start, finished_at__lt=end)

    def newest_first(self) -> Self:
        return self.order_by("-started_at", "-id")


class DeliveryAttempt(models.Model):
    """One MAIL FROM, by the database's clock: log, evidence and the throttle's ledger.

    Before it is said it stands on record in the message itself (``stage``, ``begun_at``); the row is written with its
    outcome, by ``ledger.settle`` or by ``leases.recover``.
    """

    class Outcome(models.TextChoices):
        """
        sent, later, bad, uncertain              what became of the message
        taken_back                               the gateway's fault, not charged to the message
        crashed                                  the sender died before the text went out
        begun -> probe_passed, probe_refused     no message: would the server take mail for the From address?
        """

        BEGUN = "begun", "Begun"
        SENT = "sent", "Sent"
        LATER = "later", "Later"
        BAD = "bad", "Refused"
        UNCERTAIN = "uncertain", "Maybe sent"
        TAKEN_BACK = "taken_back", "Not charged"
        CRASHED = "crashed", "Sender died"
        PROBE_PASSED = "probe_passed", "Probe accepted"
        PROBE_REFUSED = "probe_refused", "Probe refused"

    message = models.ForeignKey(
        OutboundMessage, null=True, blank=True, on_delete=models.CASCADE, related_name="tries", db_index=False
    )
    number = models.PositiveIntegerField(default=1, help_text="First, second, third attempt for this message.")
    slot = models.PositiveSmallIntegerField(default=1)
    lease_token = models.UUIDField(null=True, blank=True)
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=14, choices=Outcome.choices, default=Outcome.BEGUN)
    stage = models.CharField(max_length=8, blank=True, help_text="The step of the conversation that decided.")
    code = models.PositiveSmallIntegerField(null=True, blank=True)
    enhanced = models.CharField(max_length=12, blank=True)
    words = models.TextField(blank=True, help_text="What the server said, as it said it.")
    sentence = models.TextField(blank=True, help_text="What it means.")

    objects = DeliveryAttemptQuerySet.as_manager()

    class Meta:
        verbose_name = "attempt"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["started_at"], name="attempt_window"),
            models.Index(
                fields=["finished_at", "outcome"], name="attempt_by_end", condition=Q(finished_at__isnull=False)
            ),
            models.Index(fields=["message", "-id"], name="attempt_of_message"),
        ]

    def __str__(self) -> str:
        return f"Attempt {self.number}: {self.get_outcome_display()}"
