"""Home: what needs a person first, then today's letters, then figures (product.md, H1).

Says nothing of its own but the sentence under the title; every number is a link to the rows that it counts.
"""

from datetime import date

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from library import areas, links, slots, today
from library.access import Role, allow, may
from smtp_gateway import lifecycle, outbox, throttle
from smtp_gateway.models import Gateway


@allow(Role.DESK_HELPER)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """A desk helper's home is the desk."""
    if not may(request).librarian:
        return HttpResponseRedirect(reverse("area", args=["desk"]))
    day = timezone.localdate()
    written = today.written(on=day)
    steps = today.by_step()
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
            "checklist": [(task, areas.by_key(task.area)) for task in today.checklist()],
            "steps": steps,
            "steps_most": max((step.loans for step in steps), default=0),
            "steps_all": sum(step.loans for step in steps),
            "chart": today.thirty_days(until=day),
            "ahead": today.ahead(of=day, ran_today=written.run is not None and written.run.by_clock),
            "gateway": Gateway.the(),
            "status": lifecycle.status(),
            "next_check_at": throttle.next_check_at(at=timezone.now()),
            "to": _links(request, day),
        },
    )


def _links(request: HttpRequest, day: date) -> dict[str, str]:
    """The lists behind the numbers."""
    return {
        "runs": f"{reverse('runs')}?day={day}",
        "notices": links.behind(request, "due-notices", "notices.notice", said_on=day),
        "letters": links.behind(request, "runs", "notices.letter", day=day),
        "by_email": links.behind(request, "runs", "notices.letter", day=day, channel__exact="email"),
        "on_paper": links.behind(request, "runs", "notices.letter", day=day, channel__exact="paper"),
        "to_print": reverse("print-queue"),
        "loans": f"{reverse('loans')}?said=any",
        "closed_days": links.behind(request, "closed-days", "circulation.closeddays")
        if may(request).administrator
        else "",
        "sent": links.outbox("sent"),
        "waiting": links.outbox("waiting"),
        "waiting_letters": links.outbox("waiting", kind="notice"),
        "bad": links.outbox("bad"),
        "uncertain": links.outbox("uncertain"),
    }
