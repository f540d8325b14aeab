"""What a librarian may do with loans, one or many: each verb with its words, and the states in which it makes sense.

The deed itself is a verb of ``circulation.desk``. What it refuses is told in its sentence, and the others are done.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django import forms

from circulation import desk
from circulation.forms.look import DressedForm
from circulation.models import Loan
from circulation.words import several
from library import lists

Status = Loan.Status


class NewDue(DressedForm):
    due = forms.DateField(label="New due date", help_text="A day on which the library is open.")


class Reason(DressedForm):
    reason = forms.CharField(
        label="Why", required=False, max_length=500, help_text="Private: it stands in no letter and no export."
    )


class NeededReason(DressedForm):
    reason = forms.CharField(
        label="Why",
        max_length=500,
        help_text="Private: it stands in no letter and no export.",
        error_messages={"required": "Say why: whoever looks at this next must know why it is quiet."},
    )


@dataclass(frozen=True, kw_only=True)
class Asked:
    """By whom, when, and what the verb's form was told."""

    on: date
    at: datetime
    by: Any
    due: date | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Verb:
    """``did`` tells afterwards, with the number before it; ``form`` is asked first, on a page that names the loans.

    ``sure`` stands on that page's button, with the number of loans in it.
    """

    key: str
    button: str
    icon: str
    states: tuple[Status, ...]
    deed: Callable[[Loan, Asked], Loan]
    did: tuple[str, str]
    sure: str = ""
    ask: str = ""
    form: type[DressedForm] | None = None
    danger: bool = False

    def button_for(self, number: int) -> str:
        return self.sure.format(several(number, "loan"))

    def done(self, number: int) -> str:
        return f"{several(number, 'loan')} {self.did[number != 1]}."


@dataclass(kw_only=True)
class Outcome:
    """What was done, and a sentence for each loan with which it could not be done."""

    done: list[Loan] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def do(verb: Verb, loans: Iterable[Loan], asked: Asked) -> Outcome:
    """One loan after the other, each for itself."""
    outcome = Outcome()
    for loan in loans:
        try:
            outcome.done.append(verb.deed(loan, asked))
        except desk.DeskError as refusal:
            outcome.refused.append(str(refusal))
    return outcome


def _status(status: Status) -> Callable[[Loan, Asked], Loan]:
    return lambda loan, asked: desk.set_status(loan, status, on=asked.on, reason=asked.reason, by=asked.by)


def _new_due(loan: Loan, asked: Asked) -> Loan:
    assert asked.due is not None  # its form asks for it
    return desk.change_due(loan, to=asked.due, on=asked.on, by=asked.by)


VERBS = (
    Verb(
        key="renew",
        button="Renew",
        icon="refresh",
        states=(Status.ON_LOAN, Status.SAYS_BACK, Status.EXTENSION_ASKED),
        deed=lambda loan, asked: desk.renew(loan, on=asked.on, at=asked.at, by=asked.by),
        did=("was renewed", "were renewed"),
    ),
    Verb(
        key="new-due",
        button="New due date",
        icon="calendar-event",
        states=tuple(Status),
        deed=_new_due,
        did=("has a new due date", "have a new due date"),
        sure="Give {} a new due date",
        ask="The steps begin anew from it. What waits about these loans is taken back.",
        form=NewDue,
    ),
    Verb(
        key="says-back",
        button="Says it is back",
        icon="help-circle",
        states=(Status.ON_LOAN,),
        deed=lambda loan, asked: desk.says_it_is_back(loan, on=asked.on, by=asked.by),
        did=(
            "is looked for on the next shelf checks, and quiet",
            "are looked for on the next shelf checks, and quiet",
        ),
    ),
    Verb(
        key="bill",
        button="Mark as billed",
        icon="receipt",
        states=(Status.ON_LOAN, Status.SAYS_BACK, Status.LOST),
        deed=_status(Status.BILLED),
        did=("is billed and waits for payment", "are billed and wait for payment"),
        sure="Mark {} as billed",
        ask="They wait for payment then, and nobody is written to about them. The bill itself is the office’s.",
        form=Reason,
    ),
    Verb(
        key="lost",
        button="Mark as lost",
        icon="alert-triangle",
        states=(Status.ON_LOAN, Status.SAYS_BACK, Status.BILLED, Status.NO_LETTERS),
        deed=_status(Status.LOST),
        did=("is given up as lost", "are given up as lost"),
        sure="Mark {} as lost",
        ask="Nobody is written to about them any more. If one comes back, the desk says so.",
        form=Reason,
        danger=True,
    ),
    Verb(
        key="no-letters",
        button="Stop letters",
        icon="ban",
        states=(Status.ON_LOAN, Status.SAYS_BACK),
        deed=_status(Status.NO_LETTERS),
        did=("is quiet now", "are quiet now"),
        sure="Stop letters about {}",
        ask="Nobody is written to about these loans until they are on loan again.",
        form=NeededReason,
    ),
    Verb(
        key="on-loan",
        button="On loan again",
        icon="book-2",
        states=tuple(status for status in Status if status != Status.ON_LOAN),
        deed=_status(Status.ON_LOAN),
        did=("is on loan again, and letters go on", "are on loan again, and letters go on"),
    ),
)


def by_key(key: str) -> Verb | None:
    return next((verb for verb in VERBS if verb.key == key), None)


def for_list(url: str, *, states: Sequence[str]) -> list[lists.Verb]:
    """Those that do something to loans in these states, as the buttons of a list."""
    return [
        lists.Verb(
            key=verb.key, label=verb.button, icon=verb.icon, url=url, states=tuple(verb.states), danger=verb.danger
        )
        for verb in VERBS
        if set(verb.states).intersection(states)
    ]
