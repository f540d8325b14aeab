"""Letters by hand (product.md, L1): choose, look, send. Nothing is sent that was not shown.

What is shown is frozen as drafts; the addresses are those of a run, so that a reload shows the same.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from circulation.calendar import CalendarError
from circulation.models import Patron
from circulation.words import several
from library import lists
from library.access import Role, allow, signed_in
from library.typed import row_numbers
from notices import letters as by_hand
from notices import rehearse
from notices.models import Audience, Letter, Run, Template
from notices.views.letters_choice import Choice
from notices.views.letters_shown import Shown, lately
from smtp_gateway import throttle
from smtp_gateway.errors import OutboxError
from smtp_gateway.models import OutboundMessage

CHANNELS = {
    "both": (Letter.Channel.EMAIL, Letter.Channel.PAPER),
    "email": (Letter.Channel.EMAIL,),
    "print": (Letter.Channel.PAPER,),
}


@allow(Role.LIBRARIAN)
@require_safe
def letters(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "notices/letters.html",
        {"here": "letters", "form": Choice.asked_by(request.GET, on=timezone.localdate()), "lately": lately()},
    )


@allow(Role.LIBRARIAN)
@require_POST
def show(request: HttpRequest) -> HttpResponse:
    """Write the drafts of what was chosen; sends nothing."""
    form = Choice(request.POST, on=timezone.localdate())
    if form.is_valid():
        try:
            return redirect("letters-look", form.draft(on=timezone.localdate(), by=signed_in(request)).pk)
        except CalendarError as reason:
            messages.warning(request, str(reason))
    context = {"here": "letters", "form": form, "lately": lately()}
    return render(request, "notices/letters.html", context, status=200 if form.is_valid() else 422)


@allow(Role.LIBRARIAN)
@require_POST
def leaving(request: HttpRequest) -> HttpResponse:
    """The drafts of *Leaving* to the ticked people (product.md, C8); whom else to write to can be chosen there."""
    patrons = Patron.objects.filter(pk__in=lists.ticked(request.POST), erased_at=None)
    if not patrons:
        messages.warning(request, "Nobody was ticked, so nothing was written.")
        return redirect("leavers")
    try:
        run = by_hand.draft(
            kind=Template.Kind.LEAVING,
            audience=Audience.PATRON,
            patrons=patrons,
            days_late=None,
            on=timezone.localdate(),
            by=signed_in(request),
        )
    except CalendarError as reason:
        messages.warning(request, str(reason))
        return redirect("leavers")
    return redirect("letters-look", run.pk)


@allow(Role.LIBRARIAN)
@require_safe
def look(request: HttpRequest, pk: int) -> HttpResponse:
    """Who gets what, and each letter as it will be; once sent, what became of them."""
    run = get_object_or_404(Run, pk=pk, state__in=Run.State.by_hand())
    shown = Shown(run, letter=request.GET.get("letter", ""), as_text=request.GET.get("as") == "text")
    context = {"here": "letters", "run": run, "shown": shown}
    if request.headers.get("HX-Target") == "letter":
        return render(request, "notices/letters_letter.html", context)
    if run.state == Run.State.SENT:
        waiting = OutboundMessage.objects.waiting().count()
        context["empty_at"] = throttle.empty_at(waiting, at=timezone.now()) if waiting else None
        return render(request, "notices/letters_sent.html", context)
    return render(request, "notices/letters_look.html", {**context, "form": Choice.of(run, on=timezone.localdate())})


@allow(Role.LIBRARIAN)
@require_POST
def send(request: HttpRequest, pk: int) -> HttpResponse:
    """Queue the ticked drafts: by email, to the printer, or both."""
    run = get_object_or_404(Run, pk=pk, state__in=Run.State.by_hand())
    channels = CHANNELS.get(request.POST.get("how", ""))
    if channels is None:
        return HttpResponseBadRequest("There is no such way to send letters.")
    asked = row_numbers(request.POST.getlist("letter"))
    ticked = set(
        Letter.objects.of_run(run).drafts().filter(pk__in=asked, channel__in=channels).values_list("pk", flat=True)
    )
    if run.state == Run.State.SENT:
        messages.warning(request, "These letters were sent before; nothing was sent again.")
    elif not ticked:
        messages.warning(request, "Nothing was ticked, so nothing was sent.")
    else:
        on_paper = _send(request, run, ticked)
        if on_paper and request.POST["how"] == "print":
            return redirect("print-queue")
    return redirect("letters-look", pk)


@allow(Role.LIBRARIAN)
@require_POST
def rehearsal(request: HttpRequest, pk: int) -> HttpResponse:
    """One of each kind of these drafts to the address for tests."""
    run = get_object_or_404(Run, pk=pk, state__in=Run.State.by_hand())
    try:
        number = rehearse.send(run, with_names="with_names" in request.POST, at=timezone.now())
    except (rehearse.RehearsalError, OutboxError) as reason:
        messages.warning(request, str(reason))
    else:
        messages.success(request, f"{several(number, 'rehearsal')} put into the outbox, to the address for tests.")
    return redirect("letters-look", pk)


def _send(request: HttpRequest, run: Run, ticked: set[int]) -> int:
    """How many of them went into the print queue."""
    try:
        sent = by_hand.send(run, ticked, on=timezone.localdate(), by=signed_in(request))
    except (by_hand.LettersError, OutboxError) as reason:
        messages.warning(request, str(reason))
        return 0
    done = []
    if sent.by_email:
        done.append(f"{several(sent.by_email, 'letter')} put into the outbox.")
    if sent.on_paper:
        done.append(f"{several(sent.on_paper, 'letter')} put into the print queue.")
    messages.success(request, " ".join(done)) if done else messages.warning(request, "No letter was sent.")
    if sent.left_out:
        messages.warning(request, " ".join(sent.left_out))
    return sent.on_paper
