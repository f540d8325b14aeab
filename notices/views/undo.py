"""Take steps back, and say sorry (product.md, N15): of one loan, of ticked ones, of a whole run.

Each begins with a page that names the numbers; what it names is what is done, and a second press does nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from circulation.models import Loan
from circulation.words import a_day, several
from library import lists
from library.access import Role, allow, signed_in
from library.typed import is_row_number, row_numbers
from notices import corrections, undo
from notices.models import Letter, Notice, Run
from notices.take_back import STILL_HERE

SHOWN = 200
"""Rows on the page; the numbers above count all."""
CHANNELS = (Letter.Channel.EMAIL, Letter.Channel.PAPER)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What the page asks: which steps, what waits about them, and who got a letter that can be corrected."""

    steps: list[Notice]
    told: list[Notice]
    waiting: int
    by_email: int
    on_paper: int

    @property
    def corrections(self) -> int:
        return self.by_email + self.on_paper


@allow(Role.LIBRARIAN)
@require_safe
def of_loan(request: HttpRequest, pk: int) -> HttpResponse:
    loan = get_object_or_404(Loan, pk=pk)
    return _ask(request, _about_loans([loan.pk]), here="loans", back=_page_of(loan), came_from="The loan")


@allow(Role.LIBRARIAN)
@require_POST
def of_loans(request: HttpRequest) -> HttpResponse:
    """The ticked rows of a list of loans."""
    question = _about_loans(lists.ticked(request.POST))
    return _ask(request, question, here="loans", back=_back(request), came_from="Loans")


@allow(Role.LIBRARIAN)
@require_safe
def of_run(request: HttpRequest, pk: int) -> HttpResponse:
    """All that a run said; the form names the run instead of thousands of steps."""
    run = get_object_or_404(Run, pk=pk)
    question = _question(list(undo.of_run(run).order_by("loan__due_on", "pk")), _told_by(run))
    came_from = f"Run of {a_day(run.day, on=timezone.localdate())}"
    return _ask(request, question, here="runs", back=reverse("run", args=[pk]), came_from=came_from, run=run)


@allow(Role.LIBRARIAN)
@require_POST
def do(request: HttpRequest) -> HttpResponse:
    """Take back, correct, or both: exactly the steps that the page named."""
    chosen = row_numbers(request.POST.getlist("notice"))
    verb, by, today = request.POST.get("do", ""), signed_in(request), timezone.localdate()
    if is_row_number(request.POST.get("run", "")):
        run = get_object_or_404(Run, pk=int(request.POST["run"]))
        chosen = [notice.pk for notice in _told_by(run)]
    if verb in ("take-back", "both"):
        try:
            undone = undo.undo(chosen, reason=request.POST.get("reason", ""), by=by, on=today)
        except undo.UndoError as reason:
            messages.warning(request, str(reason))
            return HttpResponseRedirect(_back(request))
        if undone.steps:
            messages.success(request, str(undone))
        else:
            messages.warning(request, "These steps were taken back before; nothing was taken back again.")
    if verb in ("correct", "both"):
        corrected = corrections.write(chosen, by=by, on=today)
        _tell(request, corrected)
        if corrected.run is not None and corrected.run.letters:
            return redirect("letters-look", corrected.run.pk)
    return HttpResponseRedirect(_back(request))


def _tell(request: HttpRequest, corrected: corrections.Corrected) -> None:
    if corrected.run is None:
        messages.warning(request, "These people have their correction, or got no letter; nothing was written again.")
        return
    if corrected.run.letters:
        number = corrected.run.letters
        messages.success(request, f"{several(number, 'correction')} {'is' if number == 1 else 'are'} being written.")
    if corrected.left_out:
        names = ", ".join(dict.fromkeys(str(letter.recipient) for letter in corrected.left_out))
        messages.warning(request, f"Letters to them are off by now, so they get none: {names}.")


def _about_loans(loan_ids: Collection[int]) -> Question:
    """The last step of each loan; and, for saying sorry, what was taken back before about the same due date."""
    steps = undo.last_steps(loan_ids)
    undone = Notice.objects.filter(loan__in=loan_ids, due_on=F("loan__due_on"), undone_at__isnull=False)
    return _question(steps, [*steps, *undone.exclude(number=0)])


def _told_by(run: Run) -> list[Notice]:
    """What a run said, taken back by hand or not."""
    return list(Notice.objects.filter(run=run, taken_back_at=None).exclude(number=0).order_by("pk"))


def _question(steps: list[Notice], told: list[Notice]) -> Question:
    waiting = Letter.objects.filter(
        pk__in=Letter.objects.filter(lines__notice__in=steps, lines__taken_out_at=None).values("pk"),
        state__in=STILL_HERE,
    )
    gone = corrections.mistaken([notice.pk for notice in told])
    # A letter that is queued waits or has gone: its message knows.
    waiting = waiting.exclude(corrections.HAS_LEFT)
    readers = {corrections.reader_of(letter): letter.channel for letter in gone.order_by("-channel").defer("html")}
    by_email, on_paper = (list(readers.values()).count(channel) for channel in CHANNELS)
    return Question(steps=steps, told=told, waiting=waiting.count(), by_email=by_email, on_paper=on_paper)


def _ask(
    request: HttpRequest, question: Question, *, here: str, back: str, came_from: str, run: Run | None = None
) -> HttpResponse:
    shown = [notice.pk for notice in question.told[:SHOWN]]
    rows = Notice.objects.filter(pk__in=shown).select_related("loan__item", "loan__patron__group", "loan__partner")
    context = {
        "here": here,
        "question": question,
        "rows": rows.prefetch_related("letters__message", "letters__patron", "letters__guardian", "letters__partner"),
        "more": len(question.told) - len(shown),
        "run": run,
        "back": back,
        "came_from": came_from,
    }
    return render(request, "notices/take_back.html", context)


def _page_of(loan: Loan) -> str:
    return reverse("loan", args=[loan.pk])


def _back(request: HttpRequest) -> str:
    """To the list or page that the verb was chosen on."""
    return lists.way_back(request, otherwise=reverse("loans"))
