"""A window on the gateway for administrators: what is on record cannot be changed, actions call verbs of ``outbox``.

Lists never count all rows and never load a message's text: a million rows open like ten.
"""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from library.admin_parts import ReadOnly
from smtp_gateway import lifecycle, outbox
from smtp_gateway.forms import SettingsForm
from smtp_gateway.models import (
    DailyLog,
    DeliveryAttempt,
    Gateway,
    GatewayEvent,
    Heartbeat,
    OutboundMessage,
    Slot,
)


@admin.register(Gateway)
class GatewayAdmin(admin.ModelAdmin):
    """One row: its settings can be changed, its state is shown."""

    form = SettingsForm
    list_display = ["__str__", "host", "state", "stop_cause", "state_since"]
    readonly_fields = (
        "state",
        "stop_cause",
        "stop_sentence",
        "server_words",
        "state_since",
        "paused_until",
        "unreachable_since",
        "last_check_at",
        "last_contact_at",
    )
    fieldsets = [
        ("State", {"fields": readonly_fields}),
        ("Server", {"fields": ["host", "port", "security", "ehlo_name", "seen"]}),
        (
            "Login",
            {
                "fields": [
                    "username",
                    "new_password",
                    "forget_password",
                    "may_login_in_clear",
                    "may_login_in_clear_confirmed",
                ]
            },
        ),
        ("Sender", {"fields": ["from_address", "from_name", "reply_to"]}),
        ("Pace", {"fields": ["minutes_between_checks", "messages_each_check", "connections"]}),
        ("Test, log, start", {"fields": ["test_to", "daily_log_at", "keep_text_days", "start_mode"]}),
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not Gateway.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Gateway, form: Any, change: bool) -> None:
        form.save()
        lifecycle.settings_saved(by=request.user.get_username(), changed=form.changed_data)


class AttemptInline(admin.TabularInline):
    model = DeliveryAttempt
    extra = 0
    can_delete = False
    fields = ("number", "started_at", "finished_at", "outcome", "stage", "code", "enhanced", "words")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(OutboundMessage)
class OutboundMessageAdmin(ReadOnly):
    list_display = ["id", "to", "subject", "kind", "state", "attempts", "created_at", "finished_at"]
    list_filter = ["state", "kind"]
    search_fields = ["to__istartswith", "dedup_key__exact"]
    search_help_text = "The beginning of an address, or a whole key."
    exclude = ["content"]
    inlines = [AttemptInline]
    ordering = ["-id"]
    actions = ["try_again", "close", "hold", "release", "cancel", "send_next", "count_as_sent", "resend"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        return super().get_queryset(request).defer("content")

    @admin.action(description="Try again")
    def try_again(self, request: HttpRequest, rows: QuerySet[Model]) -> None:
        self._told(request, outbox.try_again(_ids(rows), by=request.user.get_username()))

    @admin.action(description="Close")
    def close(self, request: HttpRequest, rows: QuerySet[Model]) -> None:
        self._told(request, outbox.close(_ids(rows), by=request.user.get_username()))

    @admin.action(description="Hold")
    def hold(self, request: HttpRequest, rows: QuerySet[Model]) -> None:
        self._told(request, outbox.hold(_ids(rows), by=request.user.get_username()))

    @admin.action(description="Release")
    def release(self, request: HttpRequest, rows: QuerySet[Model]) -> None:
        self._told(request, outbox.release(_ids(rows), by=request.user.get_username()))

    @admin.action(description="Cancel")
    def cancel(self, request: HttpRequest, rows: QuerySet[Model]) -> None:
        by = request.user.get_username()
        self._told(request, outbox.cancel(_ids(rows), reason=f"Cancelled by {by}.", by=by))

    @admin.action(description="Send next")
    def send_next(self, request: HttpRequest, rows: QuerySet[Model]) -> None:
        self._told(request, outbox.send_next(_ids(rows), by=request.user.get_username()))

    @admin.action(description="Count as sent")
    def count_as_sent(self, request: HttpRequest, rows: QuerySet[Model]) -> None:
        self._told(request, outbox.count_as_sent(_ids(rows), by=request.user.get_username()))

    @admin.action(description="Send once more")
    def resend(self, request: HttpRequest, rows: QuerySet[Model]) -> None:
        self._told(request, outbox.resend(_ids(rows), by=request.user.get_username()))

    def _told(self, request: HttpRequest, changed: list[int]) -> None:
        count = len(changed)
        self.message_user(request, f"{count} {'message' if count == 1 else 'messages'} changed.", messages.SUCCESS)


@admin.register(DeliveryAttempt)
class DeliveryAttemptAdmin(ReadOnly):
    list_display = ["id", "message_id", "number", "started_at", "outcome", "stage", "code", "enhanced"]
    list_filter = ["outcome", "stage"]
    search_fields = ["message__dedup_key__exact", "=message__id"]
    search_help_text = "A message's number or its whole key."
    date_hierarchy = None
    ordering = ["-id"]
    raw_id_fields = ["message"]


@admin.register(GatewayEvent)
class GatewayEventAdmin(ReadOnly):
    list_display = ["at", "action", "sentence", "by"]
    list_filter = ["action"]
    search_fields = ["sentence", "words", "by"]


@admin.register(DailyLog)
class DailyLogAdmin(ReadOnly):
    list_display = ["day", "subject", "attention", "reason"]
    search_fields = ["subject"]
    raw_id_fields = ["message"]


@admin.register(Slot)
class SlotAdmin(ReadOnly):
    list_display = ["number", "holder", "taken_at", "lease_until"]


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnly):
    list_display = ["name", "beat_at"]


def _ids(rows: QuerySet[Model]) -> list[int]:
    return list(rows.values_list("pk", flat=True))
