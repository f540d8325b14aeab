"""What the gateway did: every action as a row, and one log a day.

A day's row is the permission to send its log: it is unique, and is inserted in the transaction that queues the mail.
"""

from typing import Self

from django.db import models
from django.db.models.functions import Now

from smtp_gateway.models.message import OutboundMessage


class GatewayEventQuerySet(models.QuerySet["GatewayEvent"]):
    def newest_first(self, *, before: int | None = None) -> Self:
        rows = self.order_by("-id")
        return rows if before is None else rows.filter(pk__lt=before)


class GatewayEvent(models.Model):
    """One action of the gateway or of a person at it. No addresses, no names of readers, no titles."""

    class Action(models.TextChoices):
        """What happened. Those of the gateway itself come once per change, not once per tick."""

        STARTED = "started", "Started"
        STOPPED = "stopped", "Stopped"
        SAVED = "saved", "Settings saved"
        UNREACHABLE = "unreachable", "Server unreachable"
        REACHABLE = "reachable", "Server reachable again"
        PAUSED = "paused", "Paused"
        REFUSED_START = "refused_start", "Start refused"
        TRIED = "tried", "Connection tried"
        TESTED = "tested", "Test asked for"
        BATCH = "batch", "Batch"
        RECOVERED = "recovered", "Recovered after a crash"
        EXPIRED = "expired", "Expired"
        BY_HAND = "by_hand", "By hand"
        PRUNED = "pruned", "Old text removed"

    at = models.DateTimeField(db_default=Now())
    action = models.CharField(max_length=16, choices=Action.choices)
    sentence = models.TextField()
    words = models.TextField(blank=True, help_text="The server's own words, where it said something.")
    by = models.CharField(max_length=150, blank=True, help_text="The person; empty for the gateway itself.")

    objects = GatewayEventQuerySet.as_manager()

    class Meta:
        verbose_name = "gateway action"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["at"], name="event_at"),
            models.Index(fields=["action", "-id"], name="event_by_action"),
        ]

    def __str__(self) -> str:
        return self.sentence


class DailyLog(models.Model):
    """One day's log as it was sent, or the reason why it was not."""

    day = models.DateField(unique=True)
    made_at = models.DateTimeField(db_default=Now())
    covers_from = models.DateTimeField()
    covers_to = models.DateTimeField()
    attention = models.PositiveSmallIntegerField(default=0, help_text="How many things there were to look at.")
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    reason = models.TextField(blank=True, help_text="Why it was not queued, if it was not.")
    message = models.ForeignKey(
        OutboundMessage, null=True, blank=True, on_delete=models.SET_NULL, related_name="daily_logs"
    )

    class Meta:
        verbose_name = "daily log"
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"Log of {self.day}"
