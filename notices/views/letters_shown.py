"""Letters by hand as their page shows them: who gets what and how, who stays out and why, and one letter open."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import Min, QuerySet

from circulation.models import Loan, Patron
from circulation.words import a_day, several, who
from library.typed import is_row_number
from notices import letters
from notices.letter_kinds import TO, LetterKind
from notices.models import Audience, Letter, Notice, Outcome, Run, Template

PEOPLE = ("patron__group", "guardian", "also_guardian", "message")
LATELY = 5


@dataclass(frozen=True, kw_only=True)
class Row:
    """One letter in the list. ``why``: it cannot be sent; ``recent``: its reader was written to on that day."""

    letter: Letter
    name: str
    address: str
    readers: list[Patron]
    how_late: str
    recent: date | None

    @property
    def can_go(self) -> bool:
        return not self.letter.why

    @property
    def ticked(self) -> bool:
        return self.can_go and self.recent is None

    @property
    def by_email(self) -> bool:
        return self.letter.channel == Letter.Channel.EMAIL

    @property
    def has_no_address(self) -> bool:
        """Neither an email address nor a postal one: it can only be handed over."""
        return self.letter.guardian is not None and not self.by_email and not self.letter.guardian.address


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A loan that was asked for and is not written about."""

    about: str
    title: str
    why: str


class Shown:
    """The letters of one run by hand. ``letter`` is the id of the one that is open, else the first."""

    def __init__(self, run: Run, *, letter: str = "", as_text: bool = False) -> None:
        self.run = run
        self.as_text = as_text
        self._choice: dict[str, Any] = run.choice or {}
        self._asked = letter

    @property
    def title(self) -> str:
        """``Overdue, first, to patrons``; a correction goes to whom the mistake went."""
        kind = LetterKind.of(self._choice)
        if "audience" not in self._choice:
            return kind.name
        extra = ", extra" if self._choice.get("extra") else ""
        return f"{kind.name}{extra}, to {TO[Audience(self._choice['audience'])]}"

    @property
    def counts(self) -> bool:
        """Whether sending these letters says a step."""
        return LetterKind.of(self._choice).is_step and not self._choice.get("extra")

    @cached_property
    def rows(self) -> list[Row]:
        """The longest late first."""
        with_people = self._letters.select_related(*PEOPLE).defer("text", "html", "message__content")
        found = list(with_people.prefetch_related("lines__notice__loan__patron__group"))
        asked = [letter for letter in found if letter.kind != Template.Kind.SLIP]  # slips go with their list
        recent = letters.written_to(asked, on=self.run.day) if self.run.state == Run.State.DRAFT else {}
        return [_row(letter, on=self.run.day, recent=recent.get(letter.pk)) for letter in found]

    @cached_property
    def left_out(self) -> list[LeftOut]:
        outcomes = dict(self._choice.get("left_out", []))
        loans = Loan.objects.filter(pk__in=outcomes).with_borrowers().order_by("due_on", "pk")
        said = self._said(outcomes)
        return [
            LeftOut(
                about=who(loan.borrower),
                title=loan.item.title,
                why=self._why(loan, Outcome(outcomes[loan.pk]), said.get(loan.pk)),
            )
            for loan in loans
        ]

    @cached_property
    def numbers(self) -> Counter[str]:
        """Letters by channel, those that are ticked at first, and those whose reader has no address at all."""
        counts: Counter[str] = Counter()
        for row in self.rows:
            counts["email" if row.by_email else "paper"] += 1
            counts["no_address"] += row.has_no_address
            counts["recent"] += row.recent is not None
            if row.ticked:
                counts["ticked_email" if row.by_email else "ticked_paper"] += 1
        return counts

    @property
    def loans(self) -> int:
        return self.run.email + self.run.paper

    @cached_property
    def order(self) -> list[int]:
        return list(self._letters.values_list("pk", flat=True))

    @cached_property
    def place(self) -> int:
        """Which one is open, counted from 1; 0 where there is none."""
        asked = int(self._asked) if is_row_number(self._asked) else 0
        return self.order.index(asked) + 1 if asked in self.order else min(len(self.order), 1)

    @cached_property
    def letter(self) -> Letter | None:
        return Letter.objects.select_related(*PEOPLE).get(pk=self.order[self.place - 1]) if self.place else None

    @property
    def before(self) -> int | None:
        return self.order[self.place - 2] if self.place > 1 else None

    @property
    def following(self) -> int | None:
        return self.order[self.place] if self.place < len(self.order) else None

    @property
    def _letters(self) -> QuerySet[Letter]:
        return Letter.objects.of_run(self.run).annotate(oldest=Min("lines__notice__due_on")).order_by("oldest", "pk")

    def _said(self, loan_ids: dict[int, str]) -> dict[int, Notice]:
        notices = Notice.objects.standing().filter(loan__in=loan_ids, number__gt=0).exclude(run=self.run)
        return {notice.loan_id: notice for notice in notices.order_by("number", "occurrence")}

    def _why(self, loan: Loan, outcome: Outcome, said: Notice | None) -> str:
        if outcome == Outcome.ALREADY_TOLD and said is not None:
            return f"{said.step_name} was said on {a_day(said.said_on, on=self.run.day)}."
        if outcome == Outcome.STATUS:
            return f"It is not written about: {loan.get_status_display().lower()}."
        return SENTENCES[outcome]


SENTENCES = {
    Outcome.ALREADY_TOLD: "This step was said before.",
    Outcome.NO_LETTERS: "Letters to this reader are off.",
    Outcome.NO_SCHEDULE: "The schedule says: no letters.",
    Outcome.NO_ADDRESS: "No parent or carer is on file, or we may not write home.",
}


def lately() -> list[Shown]:
    """The last letters that were sent by hand."""
    return [
        Shown(run) for run in Run.objects.filter(state=Run.State.SENT, letters__gt=0).order_by("-finished_at")[:LATELY]
    ]


def _row(letter: Letter, *, on: date, recent: date | None) -> Row:
    loans = [line.notice.loan for line in letter.lines.all()]
    readers = {loan.patron_id: loan.patron for loan in loans if loan.patron is not None}
    return Row(
        letter=letter,
        name=str(letter.recipient) + (f" and {letter.also_guardian}" if letter.also_guardian else ""),
        address=letter.to or _no_address(letter),
        readers=list(readers.values()),
        how_late=_how_late(loans, on=on),
        recent=recent,
    )


def _how_late(loans: list[Loan], *, on: date) -> str:
    """``1 loan, 3 days late``, ``2 loans, oldest 9 days late``, ``1 loan, due Thu 26 Nov``, ``1 loan, back``."""
    number = several(len(loans), "loan")
    if all(loan.returned_on for loan in loans):
        return f"{number}, back"
    first = min(loan.due_on for loan in loans)
    which = "oldest " if len(loans) > 1 else ""
    if first >= on:
        return f"{number}, {'first ' if which else ''}due {a_day(first, on=on)}"
    return f"{number}, {which}{several((on - first).days, 'day')} late"


def _no_address(letter: Letter) -> str:
    person = letter.guardian or letter.patron
    return "prefers paper" if person and person.prefers_paper else "no email address"
