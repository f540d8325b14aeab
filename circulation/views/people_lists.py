"""The lists of the Patrons area: patrons, groups, guardians, partner libraries, and leavers who still have something.

Private reasons stand in no list and no file. What can be done with ticked patrons is in ``people_bulk``.
"""

from datetime import date
from typing import Any

from django import forms
from django.db.models import Count, Exists, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from circulation import search
from circulation.models import Group, Guardian, Guardianship, Loan, PartnerLibrary, Patron
from circulation.models.finding import IsOneOf
from circulation.views import people_words
from circulation.views.groups_bulk import GROUP_VERBS
from circulation.views.people_bulk import PATRON_VERBS
from library import lists, slots
from library.access import Role, allow
from library.lists import Column, Empty, Listing, Verb

WHICH = {
    "here": "Here",
    "left": "Left",
    "no_address": "No address",
    "no_letters": "No letters for now",
    "by_hand": "Not by themselves",
    "paper": "Prefers paper",
}
NO_YEAR = 99
"""Groups without a year level come after those with one."""


class PatronFilter(lists.Filter):
    q = forms.CharField(max_length=search.LONGEST, label="Name, card or address")
    group = forms.ModelChoiceField(Group.objects.all(), label="Group", empty_label="Every group")
    which = forms.ChoiceField(label="Which", choices=[("", "Everybody"), *WHICH.items()])


class GuardianFilter(lists.Filter):
    q = forms.CharField(max_length=search.LONGEST, label="Name or address")
    which = forms.ChoiceField(
        label="Which",
        choices=[
            ("", "Everybody"),
            ("no_address", "No address"),
            ("off", "Letters off"),
            ("alone", "Of nobody on file"),
            ("paper", "Prefers paper"),
        ],
    )


NAME = Column[Patron](key="name", name="Name", cell=str, sort=("last_name", "first_name"))
CARD = Column[Patron](key="card", name="Card", cell=lambda one: one.barcode, sort=("barcode",), css="not-medium")
GROUP = Column[Patron](
    key="group", name="Group", cell=lambda one: one.group, sort=("group__name", "last_name", "first_name")
)
EMAIL = Column[Patron](key="email", name="Email", cell=lambda one: one.email)
LETTERS = Column[Patron](
    key="letters", name="Letters by themselves", cell=lambda one: people_words.by_themselves(one)[1]
)
LEFT = Column[Patron](key="left", name="Left", cell=lambda one: one.left_on, sort=("left_day",))
OUT = Column[Patron](key="out", name="Out", cell=lambda one: one.out, css="num")  # type: ignore[attr-defined]
LATE = Column[Patron](key="late", name="Late", cell=lambda one: one.late, css="num")  # type: ignore[attr-defined]

PATRONS = Listing(
    name="patrons",
    columns=(NAME, CARD, GROUP, EMAIL, LETTERS, OUT, LATE),
    template="circulation/patrons_row.html",
    sort="name",
    state=lambda one: "left" if one.left_on else "here",
)
LEAVERS = Listing(
    name="leavers with loans",
    columns=(NAME, CARD, GROUP, EMAIL, LEFT, OUT, LATE),
    template="circulation/leavers_row.html",
    sort="left",
)
GROUPS = Listing(
    name="groups",
    columns=(
        Column[Group](key="name", name="Group", cell=str, sort=("name",)),
        Column[Group](key="year", name="Year", cell=lambda one: one.year_level, sort=("year", "name"), css="num"),
        Column[Group](key="members", name="Patrons", cell=lambda one: one.members, css="num"),  # type: ignore[attr-defined]
        Column[Group](key="letters", name="Letters by themselves", cell=lambda one: "yes" if one.auto_send else "no"),
        Column[Group](key="days", name="Loan, days", cell=lambda one: one.loan_days, sort=("loan_days",), css="num"),
        Column[Group](key="last", name="Nothing due after", cell=lambda one: one.last_due_date, css="not-medium"),
        Column[Group](key="contact", name="Contact", cell=lambda one: one.contact_name),
        Column[Group](
            key="contact_email", name="Contact’s email", cell=lambda one: one.contact_email, in_files_only=True
        ),
    ),
    template="circulation/groups_row.html",
    sort="year",
)
GUARDIANS = Listing(
    name="guardians",
    columns=(
        Column[Guardian](key="name", name="Name", cell=str, sort=("name",)),
        Column[Guardian](key="email", name="Email", cell=lambda one: one.email, sort=("email", "name")),
        Column[Guardian](
            key="children",
            name="Children",
            cell=lambda one: "; ".join(f"{link.patron} ({link.patron.barcode})" for link in one.guardianships.all()),
        ),
        Column[Guardian](
            key="letters",
            name="Library letters",
            cell=lambda one: "; ".join("yes" if link.library_letters else "no" for link in one.guardianships.all()),
        ),
    ),
    template="circulation/guardians_row.html",
    sort="name",
)
PARTNERS = Listing(
    name="partner libraries",
    columns=(
        Column[PartnerLibrary](key="name", name="Name", cell=str, sort=("name",)),
        Column[PartnerLibrary](key="symbol", name="Symbol", cell=lambda one: one.symbol, sort=("symbol",)),
        Column[PartnerLibrary](key="email", name="ILL email", cell=lambda one: one.email),
        Column[PartnerLibrary](key="lent", name="Ours there", cell=lambda one: one.lent, css="num"),  # type: ignore[attr-defined]
        Column[PartnerLibrary](key="borrowed", name="Theirs here", cell=lambda one: one.borrowed, css="num"),  # type: ignore[attr-defined]
    ),
    template="circulation/partners_row.html",
    sort="name",
)


@allow(Role.LIBRARIAN)
@require_safe
def patrons(request: HttpRequest) -> HttpResponseBase:
    asked, on = PatronFilter(request.GET), timezone.localdate()
    rows = _with_loans(_patrons(asked, on=on), on=on)
    if file := PATRONS.file(request, rows):
        return file
    page = PATRONS.page(
        request,
        rows,
        filter=asked,
        verbs=[Verb(url=reverse("patrons-do"), **verb) for verb in PATRON_VERBS],
        empty=Empty(
            icon="users",
            heading="No patrons yet",
            sentence="They come from a file with their groups and guardians, or one by one.",
            action="Import a file",
            url=reverse("import"),
        ),
        looks=lambda found: {one.pk: people_words.by_themselves(one) for one in found},
    )
    return render(request, "circulation/patrons.html", {"here": "patrons", "tab": "patrons", "list": page, "on": on})


@allow(Role.LIBRARIAN)
@require_safe
def leavers(request: HttpRequest) -> HttpResponseBase:
    """Who left and still has something: a list to work through (product.md, C8)."""
    on = timezone.localdate()
    among = Patron.objects.annotate(left_day=Coalesce("left_on", Value(date.max)))
    rows = _with_loans(among.leaving_with_loans(), on=on).select_related("group")
    if file := LEAVERS.file(request, rows):
        return file
    page = LEAVERS.page(
        request,
        rows,
        among=among,
        verbs=[Verb(label=one.label, icon=one.icon, url=one.url) for one in slots.leavers_verbs],
        empty=Empty(
            icon="circle-check",
            heading="Nobody who left has anything",
            sentence="Whoever is marked as left with loans still out stands here until all is back.",
        ),
    )
    context = {"here": "patrons", "tab": "leavers", "list": page, "number": rows.order_by().count()}
    return render(request, "circulation/leavers.html", context)


@allow(Role.LIBRARIAN)
@require_safe
def groups(request: HttpRequest) -> HttpResponseBase:
    among = Group.objects.annotate(year=Coalesce("year_level", Value(NO_YEAR)))
    rows = among.annotate(members=_count(Patron.objects.active().filter(group=OuterRef("pk")), by="group"))
    if file := GROUPS.file(request, rows):
        return file
    page = GROUPS.page(
        request,
        rows,
        among=among,
        verbs=[Verb(url=reverse("groups-do"), **verb) for verb in GROUP_VERBS],
        empty=Empty(
            icon="school",
            heading="No groups yet",
            sentence="A group is a class, a year or the staff: it decides how long and how many.",
            action="Add a group",
            url=reverse("group-add"),
        ),
    )
    return render(request, "circulation/groups.html", {"here": "patrons", "tab": "groups", "list": page})


@allow(Role.LIBRARIAN)
@require_safe
def guardians(request: HttpRequest) -> HttpResponseBase:
    asked = GuardianFilter(request.GET)
    children = Guardianship.objects.filter(patron__erased_at=None).select_related("patron__group")
    rows = _guardians(asked).prefetch_related(Prefetch("guardianships", queryset=children))
    if file := GUARDIANS.file(request, rows):
        return file
    page = GUARDIANS.page(
        request,
        rows,
        filter=asked,
        empty=Empty(
            icon="users",
            heading="No guardians yet",
            sentence="They come with a file of patrons, or are added on a patron’s page.",
        ),
    )
    return render(request, "circulation/guardians.html", {"here": "patrons", "tab": "guardians", "list": page})


@allow(Role.LIBRARIAN)
@require_safe
def partners(request: HttpRequest) -> HttpResponseBase:
    rows = PartnerLibrary.objects.annotate(
        lent=_count(Loan.objects.open().filter(partner=OuterRef("pk")), by="partner"),
        borrowed=_count(Loan.objects.open().filter(item__owner=OuterRef("pk")), by="item__owner"),
    )
    if file := PARTNERS.file(request, rows):
        return file
    page = PARTNERS.page(
        request,
        rows,
        empty=Empty(
            icon="building-community",
            heading="No partner libraries",
            sentence="Libraries that lend to us or borrow from us. With the first one, interlibrary loans appear.",
            action="Add a partner library",
            url=reverse("partner-add"),
        ),
    )
    return render(request, "circulation/partners.html", {"here": "patrons", "tab": "partners", "list": page})


def _patrons(asked: PatronFilter, *, on: date) -> QuerySet[Patron]:
    words = asked.value("q")
    rows = search.patrons(words, addresses=True) if words else Patron.objects.filter(erased_at=None)
    if group := asked.value("group"):
        rows = rows.filter(group=group)
    by_themselves = Q(group__active=True) & (
        Q(auto_send=Patron.AutoSend.YES) | Q(auto_send=Patron.AutoSend.GROUP, group__auto_send=True)
    )
    narrowed = {
        "here": Q(left_on=None),
        "left": Q(left_on__isnull=False),
        "no_address": Q(email=""),
        "no_letters": Q(no_letters_until__gt=on),
        "by_hand": ~by_themselves,
        "paper": Q(prefers_paper=True),
    }
    return rows.filter(narrowed.get(asked.value("which"), Q())).select_related("group")


def _guardians(asked: GuardianFilter) -> QuerySet[Guardian]:
    words = asked.value("q")
    rows = search.guardians(words) if words else Guardian.objects.filter(erased_at=None)
    links = Guardianship.objects.filter(guardian=OuterRef("pk"), patron__erased_at=None)
    narrowed = {
        "no_address": Q(email=""),
        "off": Q(Exists(links.filter(library_letters=False))),
        "alone": Q(IsOneOf("pk", Guardian.objects.filter(~Exists(links)).order_by().values("pk"))),
        "paper": Q(prefers_paper=True),
    }
    return rows.filter(narrowed.get(asked.value("which"), Q()))


def _with_loans(rows: QuerySet[Patron], *, on: date) -> QuerySet[Patron]:
    """With ``out`` and ``late``, counted for the rows that are shown."""
    loans = Loan.objects.open().filter(patron=OuterRef("pk"))
    return rows.annotate(out=_count(loans, by="patron"), late=_count(loans.overdue(on=on), by="patron"))


def _count(rows: QuerySet[Any], *, by: str) -> Coalesce:
    counted = rows.order_by().values(by).annotate(number=Count("*")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))
