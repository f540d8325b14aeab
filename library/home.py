"""Home: what needs a person first, then today's letters, then figures (product.md, H1).

Says nothing of its own but the sentence under the title; every number is a link to the rows that it counts.
"""

from datetime import date
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from library import slots, today
from library.access import Role, allow, may
from smtp_gateway import lifecycle, outbox, throttle
from smtp_gateway.models import Gateway


@allow(Role.DESK_HELPER)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """A desk helper's home is the desk."""
    if not may(request).librarian:
        return HttpResponseRedirect(reverse("desk"))
    day = timezone.localdate()
    written = today.written(on=day)
    long = today.counted_lately(on=day, at=timezone.now())
    return render(
        request,
        "library/home.html",
        {
            "here": "home",
            "day": day,
            "written": written,
            "figures": outbox.figures(on=day),
            "printer": today.printer(),
            "needs": [need for ask in slots.needs for need in ask(request, day)],
            "checklist": today.checklist(),
            "steps": long.steps,
            "steps_at": long.at,
            "steps_most": max((step.loans for step in long.steps), default=0),
            "steps_all": sum(step.loans for step in long.steps),
            "chart": long.chart,
            "ahead": today.ahead(of=day, ran_today=written.run is not None and written.run.by_clock),
            "gateway": Gateway.the(),
            "status": lifecycle.status(),
            "next_check_at": throttle.next_check_at(at=timezone.now()),
            "to": {**_outbox(), **_letters(written, day)},
        },
    )


def _outbox() -> dict[str, str]:
    """The tabs of the outbox behind its numbers."""
    return {tab: f"{reverse('outbox')}?{urlencode({'tab': tab})}" for tab in ("sent", "waiting", "bad", "uncertain")}


def _letters(written: today.Written, day: date) -> dict[str, str]:
    """Today's run with its letters; the list of runs where there was more than one, or none."""
    if written.run is None or written.runs > 1:
        runs = f"{reverse('runs')}?{urlencode({'day': day.isoformat()})}"
        return dict.fromkeys(("run", "letters", "by_email", "on_paper", "taken_back"), runs)
    run = reverse("run", args=[written.run.pk])
    tabs = {"letters": "every", "by_email": "email", "on_paper": "paper", "taken_back": "taken_back"}
    return {"run": run, **{name: f"{run}?{urlencode({'tab': tab})}" for name, tab in tabs.items()}}
