"""Daily runs (product.md, N13, N14): the list, one run with a count for every outcome, and its letters.

Held letters are read here as they will be, then let go or dropped by the verbs of ``held``; what could not be written
is written again by ``compose``.
"""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from circulation.words import several
from library import lists
from library.access import Role, allow, signed_in
from library.lists import Column, Empty, Listing, Tab, Verb
from notices import compose, held, said
from notices.models import Letter, Run, RunSettings
from notices.views import run_shown

WAITING = (Letter.State.HELD, Letter.State.PLANNED)
PEOPLE = ("patron__group", "guardian", "also_guardian", "group", "partner", "message", "printed_by")


class RunFilter(lists.Filter):
    day = forms.DateField(label="Day", widget=forms.DateInput(attrs={"type": "date"}))


RUNS = Listing(
    name="runs",
    columns=(
        Column[Run](key="day", name="Day", cell=lambda run: run.day, sort=("day", "started_at")),
        Column[Run](key="by", name="By", cell=run_shown.by_whom),
        Column[Run](key="state", name="State", cell=lambda run: run_shown.state(run).word),
        Column[Run](key="looked", name="Loans", cell=lambda run: run.looked_at, css="num"),
        Column[Run](key="email", name="By email", cell=lambda run: run.email, css="num"),
        Column[Run](key="paper", name="On paper", cell=lambda run: run.paper, css="num"),
        Column[Run](key="letters", name="Letters", cell=lambda run: run.letters, css="num"),
        Column[Run](key="reason", name="Reason", cell=lambda run: run.reason, in_files_only=True),
    ),
    template="notices/runs_row.html",
    sort="-day",
)
LETTERS = Listing(
    name="letters of the run",
    columns=(
        Column[Letter](key="to", name="To", cell=said.to_whom, sort=("pk",)),
        Column[Letter](key="step", name="Step", cell=lambda letter: letter.step_name, sort=("number",)),
        Column[Letter](key="how", name="How", cell=lambda letter: letter.get_channel_display(), sort=("channel",)),
        Column[Letter](key="state", name="State", cell=lambda letter: said.look_of(letter).word),
        Column[Letter](key="why", name="Why", cell=lambda letter: letter.why, in_files_only=True),
    ),
    template="notices/run_letters_row.html",
    sort="to",
    label=said.to_whom,
    state=lambda letter: letter.state,
)
#: Tabs of a run's letters: which letters each of them holds.
PARTS = {
    "every": Q(),
    "held": Q(state__in=WAITING),
    "failed": Q(state=Letter.State.FAILED),
    "email": Q(channel=Letter.Channel.EMAIL),
    "paper": Q(channel=Letter.Channel.PAPER),
    "taken_back": Q(state__in=[Letter.State.TAKEN_BACK, Letter.State.DROPPED]),
}


@allow(Role.LIBRARIAN)
@require_safe
def runs(request: HttpRequest) -> HttpResponseBase:
    asked = RunFilter(request.GET)
    every = Run.objects.exclude(state=Run.State.DRAFT)
    tab = lists.chosen(request.GET.get("tab"), of=["every", "held", "by_hand"], otherwise="every")
    rows = every.select_related("by", "decided_by")
    if tab == "held":
        rows = rows.held_for_a_person()
    elif tab == "by_hand":
        rows = rows.filter(by_clock=False)
    if day := asked.value("day"):
        rows = rows.of_day(day)
    if file := RUNS.file(request, rows):
        return file
    waiting = every.held_for_a_person().count()
    page = RUNS.page(
        request,
        rows,
        filter=asked,
        tabs=[
            Tab(key="every", words="Every run"),
            Tab(key="held", words="held for you", number=waiting),
            Tab(key="by_hand", words="By hand"),
        ],
        tab=tab,
        empty=Empty(
            icon="history",
            heading="No run waits for you" if tab == "held" else "No run yet",
            sentence="Every day keeps a row, also one on which nothing was written.",
        ),
        looks=lambda found: {run.pk: run_shown.state(run) for run in found},
    )
    context = {"here": "runs", "list": page, "held": waiting, "settings": RunSettings.the(), "latest": _latest()}
    return render(request, "notices/runs.html", context)


@allow(Role.LIBRARIAN)
@require_safe
def run(request: HttpRequest, pk: int) -> HttpResponseBase:
    found = get_object_or_404(Run.objects.select_related("by", "decided_by"), pk=pk)
    if found.state in Run.State.by_hand():
        return redirect("letters-look", pk)
    tab = lists.chosen(request.GET.get("tab"), of=PARTS, otherwise="every")
    of_run = Letter.objects.of_run(found)
    rows = of_run.filter(PARTS[tab]).select_related(*PEOPLE).defer("text", "html", "message__content")
    if file := LETTERS.file(request, rows):
        return file
    numbers = of_run.aggregate(
        **{key: Count("pk", filter=part) for key, part in PARTS.items() if part}, every=Count("pk")
    )
    page = LETTERS.page(
        request,
        rows,
        tabs=_tabs(numbers, is_held=found.is_held),
        tab=tab,
        verbs=[
            Verb(
                label="Write again",
                icon="pencil",
                url=reverse("run-write-again", args=[pk]),
                states=(Letter.State.FAILED,),
            )
        ]
        if numbers["failed"]
        else (),
        empty=Empty(icon="mail", heading="No letter here", sentence="This run wrote no letter of this kind."),
        looks=run_shown.looks,
    )
    context = {
        "here": "runs",
        "run": found,
        "state": run_shown.state(found),
        "outcomes": run_shown.outcomes(found),
        "waiting": numbers["held"],
        "meanwhile": held.meanwhile() if found.is_held else "",
        "failed": numbers["failed"],
        "first_held": of_run.filter(state=Letter.State.HELD).order_by("pk").values_list("pk", flat=True).first(),
        "list": page,
    }
    return render(request, "notices/run.html", context)


@allow(Role.LIBRARIAN)
@require_safe
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    """One letter of a run, as it will be or was, with the one before and the next."""
    found = get_object_or_404(_of_runs().select_related("run", "template_version__template", *PEOPLE), pk=pk)
    among = Letter.objects.of_run(found.run)
    if found.state == Letter.State.HELD:
        among = among.held()
    text, html = said.words_of(found)
    context = {
        "here": "runs",
        "letter": found,
        "text": text,
        "has_html": bool(html),
        "state": said.look_of(found),
        "reader": said.to_whom(found),
        "lines": found.lines.select_related(
            "notice__loan__item", "notice__loan__patron__group", "notice__loan__partner"
        ),
        "as_text": request.GET.get("as") == "text",
        "place": among.filter(pk__lte=pk).count(),
        "number": among.count(),
        "before": among.filter(pk__lt=pk).order_by("-pk").values_list("pk", flat=True).first(),
        "following": among.filter(pk__gt=pk).order_by("pk").values_list("pk", flat=True).first(),
    }
    return render(request, "notices/run_letter.html", context)


@allow(Role.LIBRARIAN)
@require_POST
def let_go(request: HttpRequest, pk: int) -> HttpResponse:
    number = held.let_go(_run(pk), by=signed_in(request), on=timezone.localdate())
    if number:
        messages.success(request, f"{several(number, 'letter')} on the way: written for today, within a minute.")
    else:
        messages.warning(request, "Nothing of this run was held any more; nothing was changed.")
    return redirect("run", pk)


@allow(Role.LIBRARIAN)
@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks first: nobody hears these letters, and they are not said again."""
    found = _run(pk)
    number = Letter.objects.of_run(found).filter(state__in=WAITING).count()
    if not found.is_held:
        messages.warning(request, "Nothing of this run was held any more; nothing was changed.")
        return redirect("run", pk)
    if "sure" not in request.POST:
        return render(request, "notices/run_drop.html", {"here": "runs", "run": found, "number": number})
    messages.success(
        request, f"{several(held.drop(found, by=signed_in(request)), 'letter')} dropped. Nobody hears them."
    )
    return redirect("run", pk)


@allow(Role.LIBRARIAN)
@require_POST
def write_again(request: HttpRequest, pk: int) -> HttpResponse:
    """The ticked letters of this run that could not be written; without ticks all of them."""
    failed = Letter.objects.of_run(_run(pk)).filter(state=Letter.State.FAILED)
    if "verb" in request.POST:
        failed = failed.filter(pk__in=lists.ticked(request.POST))
    number = compose.write_again(failed.values_list("pk", flat=True))
    if number:
        messages.success(request, f"{several(number, 'letter')} will be written again within a minute.")
    else:
        messages.warning(request, "No letter was chosen that could not be written; nothing was changed.")
    return HttpResponseRedirect(lists.way_back(request, otherwise=reverse("run", args=[pk])))


def _run(pk: int) -> Run:
    return get_object_or_404(Run.objects.exclude(state__in=Run.State.by_hand()), pk=pk)


def _of_runs() -> Any:
    """Letters of daily runs, and of runs by hand that looked at every loan; drafts have pages of their own."""
    return Letter.objects.filter(run__isnull=False).exclude(run__state__in=Run.State.by_hand())


def _latest() -> Run | None:
    return Run.objects.by_the_clock().order_by("-day").first()


def _tabs(numbers: dict[str, int], *, is_held: bool) -> list[Tab]:
    words = {
        "every": "letter" if numbers["every"] == 1 else "letters",
        "held": "held for you" if is_held else "to be written",
        "failed": "could not be written",
        "email": "by email",
        "paper": "on paper",
        "taken_back": "taken back or dropped",
    }
    always = ("every", "email", "paper")
    return [Tab(key=key, words=words[key], number=numbers[key]) for key in PARTS if numbers[key] or key in always]
