"""The house in Django admin: the one library, and beat's ticks to look at.

The ticks are made by ``set_up`` and say only "look at the clock"; how often the library writes and sends is decided on
its own pages, so nothing about them can be edited, and the kinds of schedule that we do not use are not shown.
"""

from django.contrib import admin
from django.http import HttpRequest
from django_celery_beat import admin as beat  # noqa: F401 - registers, so that we can take it back
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from library.admin_parts import ReadOnly
from library.models import Library
from library.views.details import DetailsForm

admin.site.site_header = admin.site.site_title = "Django admin"
admin.site.unregister([PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule])


@admin.register(PeriodicTask)
class TickAdmin(ReadOnly):
    list_display = ("name", "description", "interval", "last_run_at", "enabled")


@admin.register(Library)
class LibraryAdmin(admin.ModelAdmin):
    """One row: it is changed, never added or removed."""

    form = DetailsForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not Library.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Library | None = None) -> bool:
        return False
