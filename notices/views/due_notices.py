"""Due notices (product.md, N9): who gets what, who is left out and why; processing all of it, or what is ticked.

What is processed goes through the scan and the ledger. A page that names the numbers stands before it.
"""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from circulation.calendar import CalendarError
from circulation.models import Collection as Shelf
from circulation.models import Group, Loan
from circulation.words import a_day, several, who
from library import exports, lists
from library.access import Role, allow, signed_in
from library.lists import Column, Empty, Listing, Tab, Verb
from notices import due_notices, next_letter, said, scan, why_words
from notices.due_notices import Asked, Due, TooManyError
from notices.models import Letter, Outcome
from notices.models.schedule import step_name
from notices.views.said import one_as_html, shown_letters
from notices.why import SAID
from notices.why import Said as SaidStep

TOLD, LETTERS = "told", "letters"
STEPS = [(-1, "Reminders"), (1, "Overdue 1"), (2, "Overdue 2"), (3, "Overdue 3 and later")]
LEFT_OUT = [outcome for outcome in Outcome if outcome not in SAID and outcome != Outcome.FAILED]
HIDDEN = ("group", "collection", "service", "step", "channel")


class Filter(lists.Filter):
    """The day, and which loans. Without a day it is today."""

    day = forms.DateField(label="Day", widget=forms.DateInput(attrs={"type": "date"}))
    group = forms.ModelChoiceField(Group.objects.order_by("year_level", "name"), empty_label="Every group")
    collection = forms.ModelChoiceField(Shelf.objects.order_by("name"), empty_label="Every collection")
    service = forms.ChoiceField(choices=[("", "Every service"), *Loan.Service.choices])
    step = forms.TypedChoiceField(coerce=int, empty_value=None, choices=[("", "Every step"), *STEPS])
    channel = forms.ChoiceField(label="How", choices=[("", "Email and paper"), *Letter.Channel.choices])

    def __init__(self, query: QueryDict, *, on: date) -> None:
        with_day = query.copy()
        with_day["day"] = query.get("day") or on.isoformat()
        super().__init__(with_day)
        self._on = on

    @property
    def is_narrowed(self) -> bool:
        return any(self.value(name) for name in HIDDEN)

    @property
    def reading(self) -> date:
        """The day asked for; today for nonsense and for days that are over."""
        day = self.value("day") or self._on
        return min(max(day, self._on), self._on + due_notices.FARTHEST)

    def asked(self, *, by_clock: bool) -> Asked:
        return Asked(
            day=self.reading,
            by_clock=by_clock or self.reading != self._on,
            group=self._pk("group"),
            collection=self._pk("collection"),
            service=self.value("service") or "",
        )

    def which(self) -> dict[str, Any]:
        return {"step": self.value("step"), "channel": self.value("channel") or ""}

    def _pk(self, name: str) -> int | None:
        chosen = self.value(name)
        return chosen.pk if chosen else None


def _columns(last: str) -> tuple[Column[Loan], ...]:
    return (
        Column[Loan](key="who", name="Who", cell=lambda loan: who(loan.borrower)),
        Column[Loan](key="title", name="Title", cell=lambda loan: loan.item.title, sort=("item__title",)),
        Column[Loan](key="due", name="Due", cell=lambda loan: loan.due_on, sort=("due_on",)),
        Column[Loan](key="last", name=last, cell=lambda loan: ""),
    )


LOANS_TOLD = Listing[Loan](
    name="due notices",
    columns=_columns("What is said, and to whom"),
    template="notices/due_notices_told.html",
    sort="due",
    label=lambda loan: f"{loan.item.title}, {loan.borrower}",
)
LOANS_LEFT_OUT = Listing[Loan](
    name="left out",
    columns=_columns("Why nothing is said"),
    template="notices/due_notices_left_out.html",
    sort="due",
)
LETTERS_PLANNED = Listing[Letter](
    name="letters",
    columns=(
        Column[Letter](key="to", name="To", cell=said.to_whom),
        Column[Letter](key="step", name="Letter", cell=lambda letter: letter.step_name, sort=("number",)),
        Column[Letter](key="how", name="How", cell=lambda letter: letter.get_channel_display(), sort=("channel",)),
        Column[Letter](key="about", name="About", cell=lambda letter: ""),
    ),
    template="notices/due_notices_letter.html",
    sort="step",
)


@allow(Role.LIBRARIAN)
@require_safe
def page(request: HttpRequest) -> HttpResponseBase:
    """The lists of one day; nothing is written by looking."""
    on = timezone.localdate()
    filter = Filter(request.GET, on=on)
    asked = filter.asked(by_clock=request.GET.get("by") == "clock")
    tab = lists.chosen(request.GET.get("tab"), of=[TOLD, LETTERS, *Outcome.values], otherwise=TOLD)
    context: dict[str, Any] = {"here": "due-notices", "asked": asked, "today": on, "filter": filter}
    try:
        with due_notices.due(asked, on=on) as due:
            if file := _file(request, due, filter, tab):
                return file
            context |= _lists(request, due, filter, asked=asked, tab=tab)
    except (TooManyError, CalendarError) as reason:
        context["trouble"] = str(reason)
    return render(request, "notices/due_notices.html", context)


@allow(Role.LIBRARIAN)
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Before anything is written: which letters it will be, in numbers."""
    on = timezone.localdate()
    try:
        chosen = _chosen(request, on=on)
        with due_notices.due(Asked(day=on, by_clock=False), on=on, ticked=chosen) as due:
            letters = [due.letters(channel=channel).count() for channel in (Letter.Channel.EMAIL, Letter.Channel.PAPER)]
            counts = due.counts()
    except (TooManyError, CalendarError) as reason:
        messages.warning(request, str(reason))
        return HttpResponseRedirect(reverse("due-notices"))
    told = sum(counts[outcome] for outcome in SAID)
    if not told:
        messages.warning(request, "Nothing is to be said of these loans now.")
        return HttpResponseRedirect(reverse("due-notices"))
    return render(
        request,
        "notices/due_notices_ask.html",
        {
            "here": "due-notices",
            "told": told,
            "by_email": letters[0],
            "on_paper": letters[1],
            "letters": sum(letters),
            "left_out": counts.total() - told,
            "ids": lists.ticked(request.POST),
            "hidden": [(name, request.POST[name]) for name in HIDDEN if request.POST.get(name)],
        },
    )


@allow(Role.LIBRARIAN)
@require_POST
def process(request: HttpRequest) -> HttpResponse:
    """A run by hand of these loans. Auto-send does not matter here; *no letters* always does."""
    on = timezone.localdate()
    try:
        chosen = _chosen(request, on=on)
        run = scan.run(on=on, by=signed_in(request), only=chosen)
    except (TooManyError, CalendarError, scan.RunError) as reason:
        messages.warning(request, str(reason))
        return HttpResponseRedirect(reverse("due-notices"))
    if run.letters:
        messages.success(
            request,
            f"{several(run.letters, 'letter')} about {several(run.notices_said, 'loan')} will be written within a "
            "minute: those by email go to the outbox, those on paper to the print queue.",
        )
    else:
        messages.warning(request, "Nothing was to be said of these loans any more.")
    return HttpResponseRedirect(reverse("due-notices"))


@allow(Role.LIBRARIAN)
@require_safe
def letters(request: HttpRequest, pk: int) -> HttpResponse:
    """The letters of a day about one loan, as they would be written."""
    loan, previews = _previews(request, pk)
    shown = shown_letters(request, previews, of=pk, html="due-notices-letters-html")
    return render(request, "notices/next_letter.html", {"here": "due-notices", "loan": loan, **shown})


@allow(Role.LIBRARIAN)
@require_safe
@xframe_options_sameorigin
def letters_html(request: HttpRequest, pk: int, place: int) -> HttpResponse:
    """The HTML of one of them."""
    _, previews = _previews(request, pk)
    return one_as_html(previews, place)


def _previews(request: HttpRequest, pk: int) -> tuple[Loan, list[next_letter.Preview]]:
    loan = get_object_or_404(Loan.objects.with_borrowers(), pk=pk)
    on = timezone.localdate()
    asked = Filter(request.GET, on=on).asked(by_clock=request.GET.get("by") == "clock")
    try:
        return loan, next_letter.of_day(loan, day=asked.day, on=on, by_clock=asked.by_clock)
    except CalendarError:
        return loan, []


def _chosen(request: HttpRequest, *, on: date) -> Collection[int]:
    """The ticked loans, or all that the filter holds and something would be said of."""
    if ticked := lists.ticked(request.POST):
        return ticked
    filter = Filter(request.POST, on=on)
    with due_notices.due(filter.asked(by_clock=False), on=on) as due:
        return list(due.loans(SAID, **filter.which()).values_list("pk", flat=True))


def _lists(request: HttpRequest, due: Due, filter: Filter, *, asked: Asked, tab: str) -> dict[str, Any]:
    counts, which = due.counts(), filter.which()
    told, planned = due.loans(SAID, **which).count(), due.letters(**which)
    tabs = [Tab(key=TOLD, words="To be told", number=told), Tab(key=LETTERS, words="Letters", number=planned.count())]
    tabs += [
        Tab(key=outcome.value, words=outcome.label, number=counts[outcome]) for outcome in LEFT_OUT if counts[outcome]
    ]
    by_email = due.letters(**{**which, "channel": which["channel"] or "email"})
    return {
        "quiet": due.quiet,
        "told": told,
        "letters": planned.count(),
        "by_email": 0 if which["channel"] == "paper" else by_email.count(),
        "left_out": sum(counts[outcome] for outcome in LEFT_OUT),
        "list": _page(request, due, filter, tabs, asked=asked, tab=tab),
        "hidden": [(name, request.GET[name]) for name in HIDDEN if request.GET.get(name)],
    }


def _page(
    request: HttpRequest, due: Due, filter: Filter, tabs: Sequence[Tab], *, asked: Asked, tab: str
) -> lists.Page[Any]:
    empty = Empty(icon="bell-ringing", heading="Nobody is to be told", sentence=_nobody(asked, due))
    shown: dict[str, Any] = {"filter": filter, "tabs": tabs, "tab": tab, "empty": empty}
    if tab == LETTERS:
        letters = due.letters(**filter.which()).select_related(*said.PEOPLE[:-1])
        about = letters.prefetch_related("lines__notice__loan__item", "lines__notice__loan__patron")
        return LETTERS_PLANNED.page(request, about, **shown)
    loans = Loan.objects.with_borrowers()
    if tab != TOLD:
        rows = loans.filter(pk__in=due.loans([Outcome(tab)]))
        return LOANS_LEFT_OUT.page(request, rows, looks=lambda found: due.reasons(found, Outcome(tab)), **shown)
    verbs = [] if asked.by_clock else [Verb(label="Process", icon="send", url=reverse("due-notices-ask"))]
    rows = loans.filter(pk__in=due.loans(SAID, **filter.which()))
    return LOANS_TOLD.page(request, rows, looks=lambda found: _said(due, found), verbs=verbs, **shown)


def _said(due: Due, loans: list[Loan]) -> dict[int, str]:
    tellings = due.tellings([loan.pk for loan in loans])
    return {pk: " ".join(map(_in_words, steps)) for pk, steps in tellings.items()}


def _in_words(one: SaidStep) -> str:
    return f"{step_name(one.number)}{', again,' if one.again else ''} to {why_words.to_whom(one)}."


def _nobody(asked: Asked, due: Due) -> str:
    if due.quiet:
        return due.quiet
    return f"Nothing is to be said on {a_day(asked.day, on=timezone.localdate())}."


def _file(request: HttpRequest, due: Due, filter: Filter, tab: str) -> HttpResponseBase | None:
    """The list of the open tab as a file; written out whole, because it can be read only while the rehearsal lasts."""
    kind = request.GET.get("as", "")
    if kind not in exports.Format.values:
        return None
    if tab == LETTERS:
        letters = list(due.letters(**filter.which()).select_related(*said.PEOPLE[:-1]).order_by("number", "pk"))
        headings = ["To", "Address", "Letter", "How"]
        rows: list[list[object]] = [
            [said.to_whom(one), one.to, one.step_name, one.get_channel_display()] for one in letters
        ]
    else:
        outcomes = SAID if tab == TOLD else [Outcome(tab)]
        found = due.loans(outcomes, **filter.which()) if tab == TOLD else due.loans(outcomes)
        loans = list(Loan.objects.with_borrowers().filter(pk__in=found).order_by("due_on", "pk"))
        words = _said(due, loans) if tab == TOLD else due.reasons(loans, Outcome(tab))
        headings = ["Who", "Title", "Barcode", "Due", "What is said" if tab == TOLD else "Why nothing is said"]
        rows = [
            [who(loan.borrower), loan.item.title, loan.item.barcode, loan.due_on, words.get(loan.pk, "")]
            for loan in loans
        ]
    return exports.file(exports.Format(kind), name="due-notices", headings=headings, rows=rows)
