"""Silent loans (product.md, N17): past *stop after*, so that no run says anything of them any more.

A person decides: lost, no letters with a reason, or one more letter by hand. Which schedule a loan falls under is the
scan's own rule, so what a run counts as *past stop after* is what stands here, and what no run looks at any more.
"""

import re
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import F, Max, QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest
from django.urls import reverse, reverse_lazy
from django.utils import timezone

from circulation.models import Loan, Patron
from circulation.words import several
from library import slots
from notices import letters
from notices.assignments import assignments
from notices.models import Audience, Notice, Run, Schedule, Step
from notices.scan_sql import COVERS
from notices.wanted import WRITTEN_ABOUT

KEY = "silent"


class SilentError(Exception):
    """No letter can be written about these loans; the sentence says why."""


# Promises: open loans that are written about and later than their schedule's stop allows. The bound lets PostgreSQL
# begin in the index of due dates; OFFSET 0 keeps it from reading all patrons for the few that it finds there.
SILENT = f"""
SELECT loan.id
FROM circulation_loan loan
CROSS JOIN LATERAL (SELECT collection_id FROM circulation_item WHERE id = loan.item_id OFFSET 0) AS item
LEFT JOIN LATERAL (SELECT group_id FROM circulation_patron WHERE id = loan.patron_id OFFSET 0) AS patron ON TRUE
JOIN unnest(%(services)s::text[], %(groups)s::bigint[], %(collections)s::bigint[], %(stops)s::integer[])
    AS falls_under (service, group_id, collection_id, stop_after) ON {COVERS}
WHERE loan.returned_on IS NULL AND loan.due_on < %(bound)s AND loan.due_on < %(on)s - falls_under.stop_after
  AND {WRITTEN_ABOUT}
"""

NAMED = re.compile(r"%\((\w+)\)s")


def register() -> None:
    slots.loan_tabs.register(
        slots.LoanTab(
            key=KEY,
            words="Silent",
            narrow=lambda loans: silent(loans, on=timezone.localdate()),
            empty="A loan comes here when it is later than its schedule speaks of. Nothing is said of it any more.",
        ),
        order=20,
    )
    slots.loan_bulk_verbs.register(
        slots.BulkVerb(label="Write once more", icon="mail", url=reverse_lazy("loans-write-once-more")),  # type: ignore[arg-type]
        order=40,
    )
    slots.needs.register(needs, order=50)


def silent(loans: QuerySet[Any], *, on: date) -> QuerySet[Any]:
    """Of these open loans, the ones of which nothing is said any more."""
    covered = [one for one in assignments(list(Schedule.objects.in_force())) if not one.schedule.no_letters]
    if not covered:
        return loans.none()
    values: dict[str, Any] = {
        "services": [one.service for one in covered],
        "groups": [one.group for one in covered],
        "collections": [one.collection for one in covered],
        "stops": [one.schedule.stop_after for one in covered],
        "on": on,
        "bound": on - timedelta(days=min(one.schedule.stop_after for one in covered)),
    }
    in_order = [values[name] for name in NAMED.findall(SILENT)]  # a part of a queryset takes no names
    # The bound once more: with it the list begins in the index of due dates, too.
    return loans.filter(due_on__lt=values["bound"], pk__in=RawSQL(NAMED.sub("%s", SILENT), in_order))


def once_more(loans: QuerySet[Loan], *, on: date, by: User | None) -> Run:
    """Drafts of one more letter to the readers of these loans, at the highest step that they heard; nothing is sent.

    It does not count as a step. Raises SilentError where none of them can be written about by hand.
    """
    late = loans.filter(service=Loan.Service.CIRCULATION, due_on__lt=on, patron__isnull=False)
    newest = late.aggregate(newest=Max("due_on"))["newest"]
    if newest is None:
        raise SilentError("Letters by hand are about late loans of patrons. Tick at least one.")
    heard = Notice.objects.told().filter(loan__in=late, due_on=F("loan__due_on"), number__gt=0).select_related("step")
    last = heard.order_by("-number", "-said_on").first()
    home = last is not None and last.step is not None and last.step.who in (Step.Who.GUARDIANS, Step.Who.BOTH)
    return letters.draft(
        last.number if last else 1,
        extra=True,
        audience=Audience.GUARDIAN if home else Audience.PATRON,
        patrons=Patron.objects.filter(loans__in=late).distinct(),
        days_late=(on - newest).days,
        on=on,
        by=by,
    )


def needs(request: HttpRequest, on: date) -> list[slots.Need]:
    """On Home: that somebody decides about them."""
    number = silent(Loan.objects.open(), on=on).count()
    if not number:
        return []
    return [
        slots.Need(
            icon="book-2",
            tone="warn",
            sentence=f"{several(number, 'loan')} {'is' if number == 1 else 'are'} silent.",
            reason="They are later than their schedules speak of: lost, no letters, or one more letter.",
            action="Decide",
            url=f"{reverse('loans')}?tab={KEY}",
        )
    ]
