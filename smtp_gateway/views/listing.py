"""Which messages the outbox page lists: a tab, and what was asked of it.

A page is fetched by key, never by offset, and nothing counts finished rows beyond one day, so that the list of a
million messages opens like the list of ten.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.db.models import Case, Count, Q, Value, When
from django.http import QueryDict

from library.form_look import dress
from library.typed import is_row_number
from smtp_gateway.models import OutboundMessage
from smtp_gateway.models.message import OutboundMessageQuerySet, bounds
from smtp_gateway.views import looks

State = OutboundMessage.State
PAGE = 50
TODAY, ALL = "today", "all"
ENDED = (State.SENT, State.CANCELLED)
TABS = (TODAY, State.WAITING, State.SENDING, State.HELD, State.BAD, State.UNCERTAIN, *ENDED, ALL)
#: In *today*: those that need a person first, then what is on its way, then what has ended.
URGENCY = {State.BAD: 0, State.UNCERTAIN: 1, State.HELD: 2, State.SENDING: 3, State.WAITING: 4}
URGENCY_ENDED = 9


class Filter(forms.Form):
    """The fields above the list. Nonsense in the address is ignored, not scolded."""

    q = forms.CharField(required=False, max_length=200, label="To or subject")
    day = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    kind = forms.ChoiceField(required=False, choices=[("", "Every kind"), *OutboundMessage.Kind.choices])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


@dataclass(frozen=True, kw_only=True)
class Tab:
    """One state of the list with the number of its rows; *all* has no number, it would count every row there is."""

    key: str
    words: str
    number: int | None
    current: bool


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What somebody asked to see. ``today`` is the library's date; ``after`` is the key of the row before the page."""

    tab: str
    today: date
    words: str = ""
    day: date | None = None
    kind: str = ""
    after: str = ""

    @classmethod
    def asked(cls, query: QueryDict, *, today: date) -> "Listing":
        form = Filter(query)
        form.is_valid()
        tab = query.get("tab", TODAY)
        return cls(
            tab=tab if tab in TABS else TODAY,
            today=today,
            words=form.cleaned_data.get("q", "").strip(),
            day=form.cleaned_data.get("day"),
            kind=form.cleaned_data.get("kind", ""),
            after=query.get("after", ""),
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.words or self.day or self.kind)

    def rows(self, tab: str) -> OutboundMessageQuerySet:
        """The rows of a tab. Open states: all that is open. Ended ones: the day that was asked for, else today."""
        rows = self._found()
        if tab in ENDED:
            return rows.in_state(tab).finished_on(self.day or self.today)
        if tab == TODAY:
            open_too = Q() if self.day else Q(state__in=State.open_ones())
            return rows.filter(_touched_on(self.day or self.today) | open_too)
        if tab != ALL:
            rows = rows.in_state(tab)
        return rows.queued_on(self.day) if self.day else rows

    def _found(self) -> OutboundMessageQuerySet:
        """Of every state and day, the rows that fit the words and the kind."""
        rows = OutboundMessage.objects.without_content()
        if self.words:
            rows = rows.finding(self.words)
        return rows.of_kind(self.kind) if self.kind else rows

    def page(self) -> tuple[list[OutboundMessage], str]:
        """At most PAGE messages, and the key with which the older ones begin (empty: there are none)."""
        rows = self._by_urgency() if self.tab == TODAY else self._after(self.rows(self.tab), urgency=0)
        found = list(rows[: PAGE + 1])
        if len(found) <= PAGE:
            return found, ""
        last = found[PAGE - 1]
        return found[:PAGE], f"{last.urgency}-{last.pk}"  # type: ignore[attr-defined]

    def _by_urgency(self) -> OutboundMessageQuerySet:
        """A page of each state from its own index, and of those the first: one sort would read all that waits.

        A day that was asked for has few of all that waits: they are found by the clock, and sorted.
        """
        found = self._found()
        if self.day:
            ranks = [When(state=state, then=Value(urgency)) for state, urgency in URGENCY.items()]
            rows = found.filter(_touched_on(self.day)).annotate(urgency=Case(*ranks, default=Value(URGENCY_ENDED)))
            return self._beyond(rows).order_by("urgency", "-id")
        touched = found.filter(_touched_on(self.today))
        parts = [self._after(found.in_state(state), urgency=urgency) for state, urgency in URGENCY.items()]
        parts.append(self._after(touched.in_state(*ENDED), urgency=URGENCY_ENDED))
        first, *others = (part[: PAGE + 1] for part in parts)
        return first.union(*others, all=True).order_by("urgency", "-id")

    def _after(self, rows: OutboundMessageQuerySet, *, urgency: int) -> OutboundMessageQuerySet:
        """These rows of one urgency, the newest first, from the key on that was asked for."""
        rows = rows.annotate(urgency=Value(urgency)).order_by("-id")
        last, _, pk = self.after.partition("-")
        if not (is_row_number(last) and is_row_number(pk)) or urgency > int(last):
            return rows
        return rows.filter(pk__lt=int(pk)) if urgency == int(last) else rows.none()

    def _beyond(self, rows: OutboundMessageQuerySet) -> OutboundMessageQuerySet:
        """Rows of every urgency, from the key on that was asked for."""
        last, _, pk = self.after.partition("-")
        if not (is_row_number(last) and is_row_number(pk)):
            return rows
        return rows.filter(Q(urgency__gt=int(last)) | Q(urgency=int(last), pk__lt=int(pk)))

    def tabs(self) -> list[Tab]:
        """Every state with the number of rows that its list has."""
        open_now: Counter[str] = Counter()
        for state in State.open_ones():
            open_now[state] = 0
        rows = self.rows(ALL).filter(state__in=State.open_ones()).order_by()
        open_now.update(dict(rows.values_list("state").annotate(number=Count("pk"))))
        ended: dict[str, int] = {state: self.rows(state).count() for state in ENDED}
        numbers: dict[str, int | None] = {**open_now, **ended, ALL: None}
        # Without a day, *today* is what is open and what ended today: counted already.
        numbers[TODAY] = self.rows(TODAY).count() if self.day else open_now.total() + sum(ended.values())
        words = {TODAY: "that day" if self.day else "today", ALL: "All"}
        words.update({state: look.word.lower() for state, look in looks.MESSAGE.items()})
        return [Tab(key=key, words=words[key], number=numbers[key], current=key == self.tab) for key in TABS]


def _touched_on(day: date) -> Q:
    """Queued or ended on this day by the library's clock."""
    start, end = bounds(day)
    return Q(created_at__gte=start, created_at__lt=end) | Q(finished_at__gte=start, finished_at__lt=end)
