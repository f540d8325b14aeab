"""Which loans a list shows: a tab, and what was asked above it.

Nothing here counts returned loans, and no tab reads them all: a library keeps a million of them.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django import forms
from django.db.models import Count, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils.functional import cached_property

from circulation import search
from circulation.models import Collection, Group, Loan, PartnerLibrary
from circulation.models.finding import IsOneOf
from circulation.models.loans import LoanQuerySet
from circulation.views import loan_words
from library import lists, slots
from library.lists import Column, Empty, Listing, Part, Tab

Status = Loan.Status
ON_LOAN, RETURNED, BETWEEN = "on-loan", "returned", "between"
STATUSES: dict[str, tuple[Status, ...]] = {
    ON_LOAN: (Status.ON_LOAN,),
    "says-back": (Status.SAYS_BACK,),
    "billed": (Status.BILLED,),
    "lost": (Status.LOST,),
    "no-letters": (Status.NO_LETTERS,),
    BETWEEN: (Status.EXTENSION_ASKED, Status.RECALLED, Status.ON_ITS_WAY),
}
OTHERS = [status for status in Status if status != Status.ON_LOAN]
WORDS = {
    ON_LOAN: "On loan",
    "says-back": "Says it is back",
    "billed": "Billed",
    "lost": "Lost",
    "no-letters": "No letters",
    BETWEEN: "Between libraries",
    RETURNED: "Returned",
}
EMPTY = {
    ON_LOAN: Empty(
        heading="Nothing is on loan", sentence="What is lent at the desk comes here, and what an import brings."
    ),
    "says-back": Empty(heading="Nobody says that", sentence="Loans come here when a borrower says that it is back."),
    "billed": Empty(heading="Nothing is billed", icon="receipt", sentence="A person bills, never the clock."),
    "lost": Empty(heading="Nothing is lost", sentence="Loans come here when a person gives them up."),
    "no-letters": Empty(
        heading="No loan is quiet", icon="ban", sentence="A loan that nobody is written to comes here."
    ),
    BETWEEN: Empty(heading="Nothing is under way", icon="building-community", sentence="Interlibrary loans come here."),
    RETURNED: Empty(heading="Nothing has come back yet"),
}
HOW_LATE = {
    "in-time": "Not late",
    "late": "Late",
    "week": "1 to 7 days late",
    "month": "8 to 28 days late",
    "longer": "More than 28 days late",
}
BORROWER = ("last", "first")
PATRON = ("patron__last_name", "patron__first_name")
PARTNER = ("partner__name", "first")
BY_TITLE = (Part(sort=("item__title",)),)
BY_DUE = (Part(sort=("due_on",)),)
#: An open loan is of a patron or of a partner library, and the names of both have indexes.
BY_NAME = (Part(having=PATRON[0], sort=PATRON), Part(having=PARTNER[0], sort=PARTNER))
BY_GROUP = (
    Part(having="patron__group__name", sort=("patron__group__name", *PATRON)),
    Part(having=PARTNER[0], sort=("group_name", *PARTNER)),
)


class LoanFilter(lists.Filter):
    """The fields above the list; other apps add theirs (``slots.loan_filters``)."""

    q = forms.CharField(max_length=200, label="Name, title or number")
    group = forms.ModelChoiceField(Group.objects.all(), empty_label="Every group")
    collection = forms.ModelChoiceField(Collection.objects.all(), empty_label="Every collection")
    late = forms.ChoiceField(choices=[("", "Late or not"), *HOW_LATE.items()], label="How late")
    due_from = forms.DateField(label="Due from", widget=forms.DateInput(attrs={"type": "date"}))
    due_until = forms.DateField(label="Due until", widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, query: QueryDict) -> None:
        """Services are asked for where there is a partner library; without one, all loans are of one service."""
        self.of_others = list(slots.loan_filters)
        self.has_partners = PartnerLibrary.objects.exists()
        others = {one.name: forms.ChoiceField(choices=one.choices(), label=one.label) for one in self.of_others}
        if self.has_partners:
            others["service"] = forms.ChoiceField(choices=[("", "Every service"), *Loan.Service.choices])
        super().__init__(query, others=others)
        self.order_fields(["q", "group", "collection", *others, "late", "due_from", "due_until"])

    @cached_property
    def words(self) -> Q:
        """What was searched for; it asks how many people and things it means, so once is enough."""
        words = search.cleaned(self.value("q") or "")
        return search.of_loans(words) if words else Q()

    def narrow(self, loans: QuerySet[Loan], *, on: date, all_open: bool) -> QuerySet[Loan]:
        if self.words:
            loans = loans.filter(self.words)
        if group := self.value("group"):
            loans = loans.filter(patron__group=group)
        if collection := self.value("collection"):
            loans = loans.filter(item__collection=collection)
        if service := self.value("service"):
            loans = loans.filter(service=service)
        if first := self.value("due_from"):
            loans = loans.filter(due_on__gte=first)
        if last := self.value("due_until"):
            loans = loans.filter(due_on__lte=last)
        for one in self.of_others:
            if choice := self.value(one.name):
                loans = one.narrow(loans, choice, all_open)
        return _late(loans, self.value("late"), on=on)


def _late(loans: QuerySet[Loan], how: str | None, *, on: date) -> QuerySet[Loan]:
    """By whole days, in the library's time zone."""
    week, month = on - timedelta(days=7), on - timedelta(days=28)
    match how:
        case "in-time":
            return loans.filter(due_on__gte=on)
        case "late":
            return loans.filter(due_on__lt=on)
        case "week":
            return loans.filter(due_on__lt=on, due_on__gte=week)
        case "month":
            return loans.filter(due_on__lt=week, due_on__gte=month)
        case "longer":
            return loans.filter(due_on__lt=month)
    return loans


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody asked to see. ``on`` is the library's date."""

    tab: str
    filter: LoanFilter
    on: date

    @classmethod
    def by(cls, query: QueryDict, *, on: date) -> "Asked":
        of = [*WORDS, *(tab.key for tab in slots.loan_tabs)]
        return cls(tab=lists.chosen(query.get("tab"), of=of, otherwise=ON_LOAN), filter=LoanFilter(query), on=on)

    def rows(self) -> QuerySet[Loan]:
        """The loans of the tab that fit the filter."""
        loans = self.filter.narrow(everything(), on=self.on, all_open=self.tab != RETURNED)
        return self._in_tab(loans)

    def _in_tab(self, loans: QuerySet[Loan]) -> QuerySet[Loan]:
        if self.tab == RETURNED:
            return loans.exclude(returned_on=None)
        loans = loans.filter(returned_on=None)
        if self.tab in STATUSES:
            return loans.filter(status__in=STATUSES[self.tab])
        return loans.filter(_in(next(tab for tab in slots.loan_tabs if tab.key == self.tab)))

    def tabs(self) -> list[Tab]:
        """Every tab with the number of its rows; what came back is not counted.

        Most loans are on loan: where only some of them are listed, these are counted up to MOST_COUNTED.
        """
        fitting = self.filter.narrow(Loan.objects.open(), on=self.on, all_open=True).order_by()
        several = fitting.filter(status__in=OTHERS) if self.filter.is_narrowed else fitting
        by_status: Counter[str] = Counter(dict(several.values_list("status").annotate(number=Count("pk"))))
        numbers = {key: (sum(by_status[one] for one in statuses), False) for key, statuses in STATUSES.items()}
        if self.filter.is_narrowed:
            numbers[ON_LOAN] = lists.counted(fitting.filter(status=Status.ON_LOAN))
        tabs = [Tab(key=key, words=WORDS[key], number=number, more=more) for key, (number, more) in numbers.items()]
        tabs[2:2] = [Tab(key=tab.key, words=tab.words, number=self._number(tab, fitting)) for tab in slots.loan_tabs]
        if not self.filter.has_partners:
            tabs = [tab for tab in tabs if tab.key != BETWEEN]
        return [*tabs, Tab(key=RETURNED, words=WORDS[RETURNED])]

    def _number(self, tab: slots.LoanTab, fitting: QuerySet[Loan]) -> int:
        return (fitting.filter(_in(tab)) if self.filter.is_narrowed else tab.narrow(fitting)).count()

    def empty(self) -> Empty:
        if self.tab in EMPTY:
            return EMPTY[self.tab]
        tab = next(tab for tab in slots.loan_tabs if tab.key == self.tab)
        return Empty(heading=f"{tab.words}: nothing", sentence=tab.empty)

    @property
    def listing(self) -> Listing[Loan]:
        return PAST if self.tab == RETURNED else OPEN


def _in(tab: slots.LoanTab) -> IsOneOf:
    """Of the few loans of the tab those that fit, not of the many that fit those of the tab."""
    return IsOneOf("pk", tab.narrow(Loan.objects.open()).order_by().values("pk"))


def everything() -> LoanQuerySet:
    """All loans with the keys by which columns sort; a loan of long ago has no borrower any more."""
    return (
        Loan.objects.with_borrowers()
        .select_related("item__collection")
        .annotate(
            last=Coalesce("patron__last_name", "partner__name", Value("")),
            first=Coalesce("patron__first_name", Value("")),
            group_name=Coalesce("patron__group__name", Value("")),
        )
    )


def _card(loan: Loan) -> str:
    return loan.patron.barcode if loan.patron else loan.partner.symbol if loan.partner else ""


def _column(key: str, name: str, cell: Any, *sort: str, **more: Any) -> Column[Loan]:
    return Column[Loan](key=key, name=name, cell=cell, sort=sort, **more)


ON_PAGE = (
    _column("item", "Item", lambda loan: loan.item.title, "item__title", css="col-main", parts=BY_TITLE),
    _column("borrower", "Borrower", lambda loan: str(loan.patron or loan.partner or ""), *BORROWER, parts=BY_NAME),
    _column(
        "group",
        "Group",
        lambda loan: loan.patron.group if loan.patron else "",
        "group_name",
        *BORROWER,
        parts=BY_GROUP,
    ),
    _column("due", "Due", lambda loan: loan.due_on, "due_on", parts=BY_DUE),
)
SAID_NEXT = Column[Loan](key="next", name="We say next", cell=str, on_page_only=True, css="col-next")
BACK = _column("returned", "Returned", lambda loan: loan.returned_on, "returned_on")
IN_FILES = (
    _column("lent", "Lent", lambda loan: loan.lent_on, in_files_only=True),
    _column("author", "Author", lambda loan: loan.item.author, in_files_only=True),
    _column("barcode", "Barcode", lambda loan: loan.item.barcode, in_files_only=True),
    _column("call", "Call number", lambda loan: loan.item.call_number, in_files_only=True),
    _column("collection", "Collection", lambda loan: loan.item.collection, in_files_only=True),
    _column("card", "Card number", _card, in_files_only=True),
    _column("service", "Service", lambda loan: loan.get_service_display(), in_files_only=True),
    _column("status", "Status", lambda loan: loan.get_status_display(), in_files_only=True),
    _column("renewals", "Renewals", lambda loan: loan.renewals, in_files_only=True),
    _column("ours", "Our reference", lambda loan: loan.our_reference, in_files_only=True),
    _column("theirs", "Their reference", lambda loan: loan.their_reference, in_files_only=True),
)
OPEN = Listing(
    name="loans",
    columns=(*ON_PAGE, SAID_NEXT, *IN_FILES),
    template="circulation/loans_row.html",
    sort="due",
    label=loan_words.label,
    state=lambda loan: loan.status,
)
#: A million rows sort by an index or not at all.
PAST = Listing(
    name="returned loans",
    columns=(*(replace(column, sort=(), parts=()) for column in ON_PAGE), BACK, *IN_FILES),
    template="circulation/loans_row.html",
    sort="-returned",
    label=loan_words.label,
)
