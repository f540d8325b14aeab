"""Parts for every app's admin: lists that never count a large table, and models that are only looked at."""

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

PAGES_SHOWN = 100
"""More pages than anybody turns; the search field finds the rest."""


class CountlessPaginator(Paginator):
    """Counts no further than somebody would leaf, so that a list of millions opens as fast as one of ten."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if isinstance(rows, QuerySet):
            return int(rows.order_by()[: self.per_page * PAGES_SHOWN].values("pk").count())
        return len(rows)


class Counted(admin.ModelAdmin):
    """A list that may grow to hundreds of thousands of rows, and is not counted to its end."""

    paginator = CountlessPaginator
    show_full_result_count = False
    list_per_page = 50


class ReadOnly(Counted):
    """A window, not a workshop: rows are looked at here and changed by the verbs of their app."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
