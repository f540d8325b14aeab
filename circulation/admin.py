"""A window on people, things and loans for an administrator.

Changes go through the verbs of ``people`` and ``desk``, so that letters which wait are thought over. Loans and import
files are read here, not made; and no list counts a large table to its end.
"""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from circulation import desk, people, things
from circulation.models import (
    ClosedDays,
    Collection,
    Group,
    Guardian,
    Guardianship,
    ImportFile,
    Item,
    Loan,
    PartnerLibrary,
    Patron,
)
from circulation.words import several
from library.admin_parts import Counted, ReadOnly
from library.seen import SeenModelForm


class GuardianshipInline(admin.TabularInline):
    model = Guardianship
    form = SeenModelForm
    autocomplete_fields = ("guardian",)
    extra = 0


class ChildrenInline(admin.TabularInline):
    model = Guardianship
    form = SeenModelForm
    autocomplete_fields = ("patron",)
    extra = 0


class PeopleAdmin(Counted):
    """Saves by a verb of ``people``, guardianships among them."""

    form = SeenModelForm
    save_verb: ClassVar[Callable[..., Any]]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        type(self).save_verb(obj, changed=form.changed_data if change else [], by=request.user)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)
        for guardianship in formset.new_objects:
            people.change_guardianship(guardianship, by=request.user)
        for guardianship, names in formset.changed_objects:
            given = {name: getattr(guardianship, name) for name in names}
            people.change_guardianship(guardianship, by=request.user, **given)
        for guardianship in formset.deleted_objects:
            people.end_guardianship(guardianship, by=request.user)


@admin.register(Group)
class GroupAdmin(PeopleAdmin):
    save_verb = people.save_group
    list_display = (
        "name",
        "year_level",
        "is_staff",
        "active",
        "auto_send",
        "loan_days",
        "last_due_date",
        "contact_name",
    )
    list_filter = ("active", "is_staff", "auto_send", "year_level")
    search_fields = ("name", "contact_name")


@admin.register(Patron)
class PatronAdmin(PeopleAdmin):
    save_verb = people.save_patron
    list_display = ("barcode", "last_name", "first_name", "group", "email", "auto_send", "left_on")
    list_display_links = ("barcode", "last_name")
    list_filter = ("auto_send", "prefers_paper", "may_write_home", ("left_on", admin.EmptyFieldListFilter), "group")
    list_select_related = ("group",)
    search_fields = ("=barcode", "^last_name", "^first_name", "=email")
    autocomplete_fields = ("group",)
    inlines = (GuardianshipInline,)


@admin.register(Guardian)
class GuardianAdmin(PeopleAdmin):
    save_verb = people.save_guardian
    list_display = ("name", "email", "prefers_paper")
    list_filter = ("prefers_paper", ("email", admin.EmptyFieldListFilter))
    search_fields = ("name", "=email")
    inlines = (ChildrenInline,)


@admin.register(PartnerLibrary)
class PartnerLibraryAdmin(PeopleAdmin):
    save_verb = people.save_partner
    list_display = ("name", "symbol", "email", "post_days", "auto_send", "active")
    list_filter = ("active", "auto_send")
    search_fields = ("name", "=symbol", "=email")


@admin.register(Collection)
class CollectionAdmin(admin.ModelAdmin):
    form = SeenModelForm
    list_display = ("name", "code")
    search_fields = ("name", "=code")


@admin.register(Item)
class ItemAdmin(Counted):
    form = SeenModelForm
    list_display = ("barcode", "title", "author", "call_number", "collection", "owner")
    list_display_links = ("barcode", "title")
    list_filter = ("collection", ("owner", admin.EmptyFieldListFilter))
    list_select_related = ("collection", "owner")
    search_fields = ("=barcode", "^title", "^author", "^call_number")
    autocomplete_fields = ("collection", "owner")

    def save_model(self, request: HttpRequest, obj: Item, form: Any, change: bool) -> None:
        things.save_item(obj, changed=form.changed_data if change else [], by=request.user)


@admin.register(Loan)
class LoanAdmin(ReadOnly, Counted):
    """Lending is the desk's; here one sees, takes back and renews."""

    list_display = ("item", "borrower", "service", "lent_on", "due_on", "status", "returned_on")
    list_filter = (("returned_on", admin.EmptyFieldListFilter), "status", "service", "from_file", "due_on")
    list_select_related = ("item", "patron__group", "partner")
    search_fields = ("=item__barcode", "=patron__barcode", "=our_reference", "=their_reference")
    actions = ("take_back", "renew")

    @admin.action(description="Take back", permissions=["act"])
    def take_back(self, request: HttpRequest, queryset: QuerySet[Loan]) -> None:
        now = timezone.now()
        self._each(
            request, queryset, lambda loan: desk.take_back(loan, on=timezone.localdate(now), at=now, by=request.user)
        )

    @admin.action(description="Renew", permissions=["act"])
    def renew(self, request: HttpRequest, queryset: QuerySet[Loan]) -> None:
        self._each(request, queryset, lambda loan: desk.renew(loan, on=timezone.localdate(), by=request.user))

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("circulation.change_loan")

    def _each(self, request: HttpRequest, loans: Iterable[Loan], verb: Callable[[Loan], Loan]) -> None:
        done = 0
        for loan in loans:
            try:
                verb(loan)
                done += 1
            except desk.DeskError as error:
                self.message_user(request, str(error), messages.WARNING)
        if done:
            self.message_user(request, f"{several(done, 'loan')} changed.")


@admin.register(ClosedDays)
class ClosedDaysAdmin(admin.ModelAdmin):
    form = SeenModelForm
    list_display = ("name", "first", "last")
    search_fields = ("name",)


@admin.register(ImportFile)
class ImportFileAdmin(ReadOnly, Counted):
    list_display = ("name", "kind", "state", "rows", "added", "changed", "returned", "uploaded_at", "applied_at", "by")
    list_filter = ("kind", "state", "uploaded_at")
    list_select_related = ("by",)
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("content")
