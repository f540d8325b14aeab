"""How runs and their letters are said on pages: states as icon and word, outcomes as sentences. Decides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from notices import said
from notices.models import Letter, Outcome, Run
from notices.models.letter import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    tone: str
    icon: str
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One outcome of a run, in loans. ``tab`` leads to the ``letters`` that tell of them."""

    sentence: str
    number: int
    tab: str = ""
    letters: int = 0


RUNS = {
    Run.State.DONE: Look(tone="ok", icon="circle-check", word="Done"),
    Run.State.QUIET: Look(tone="off", icon="calendar-off", word="Quiet day"),
    Run.State.FAILED: Look(tone="bad", icon="circle-x", word="Could not be done"),
    Run.State.SENT: Look(tone="ok", icon="send", word="Sent by hand"),
}
HELD = Look(tone="held", icon="hand-stop", word="Held for you")
LET_GO = Look(tone="ok", icon="circle-check", word="Let go")
DROPPED = Look(tone="off", icon="ban", word="Dropped")
SENTENCES = {
    Outcome.EMAIL: "Told by email",
    Outcome.PAPER: "Told on paper",
    Outcome.FAILED: "Their letter could not be written",
    Outcome.ALREADY_TOLD: "Were told this step before",
    Outcome.NOT_YET: "Have not reached their next step",
    Outcome.TOO_SOON: "Their people were written to a few days ago, or have a letter that is held",
    Outcome.NO_AUTO_SEND: "Letters do not go by themselves",
    Outcome.NO_LETTERS: "Letters are switched off",
    Outcome.NO_ADDRESS: "No address, and the step goes by email only",
    Outcome.NO_SCHEDULE: "No schedule, or one that says no letters",
    Outcome.STATUS: "Billed, lost, back, or quiet for another reason",
    Outcome.PAST_STOP: "Later than stop after: silent loans",
    Outcome.CLOSED: "Today is no day for letters of their schedule",
}


def state(run: Run) -> Look:
    if run.is_held:
        return HELD
    if run.let_go_at:
        return LET_GO
    if run.dropped_at:
        return DROPPED
    return RUNS.get(Run.State(run.state), RUNS[Run.State.DONE])


def by_whom(run: Run) -> str:
    if run.by_clock:
        return "The daily run"
    return (run.by.get_full_name() or run.by.get_username()) if run.by else "By hand"


def outcomes(run: Run) -> list[Counted]:
    """Every outcome in the order of ``SENTENCES``; together they are the loans that were looked at."""
    letters = Letter.objects.of_run(run)
    behind = {
        Outcome.EMAIL: ("email", letters.filter(channel=Letter.Channel.EMAIL).count()),
        Outcome.PAPER: ("paper", letters.on_paper().count()),
        Outcome.FAILED: ("failed", letters.filter(state=Letter.State.FAILED).count()),
    }
    return [
        Counted(sentence=sentence, number=getattr(run, outcome.value), tab=tab, letters=count)
        for outcome, sentence in SENTENCES.items()
        for tab, count in [behind.get(outcome, ("", 0))]
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterLook:
    state: said.Look
    readers: list[str]
    loans: int


def looks(letters: Sequence[Letter]) -> dict[int, LetterLook]:
    """State, children and number of loans for the letters of one page: one query."""
    about: dict[int, list[Line]] = {letter.pk: [] for letter in letters}
    lines = Line.objects.filter(letter__in=about, taken_out_at=None)
    for line in lines.select_related("notice__loan__patron__group", "notice__loan__partner"):
        about[line.letter_id].append(line)
    return {
        letter.pk: LetterLook(
            state=said.look_of(letter),
            readers=list(dict.fromkeys(_borrower(line) for line in about[letter.pk])),
            loans=len(about[letter.pk]),
        )
        for letter in letters
    }


def _borrower(line: Line) -> str:
    patron = line.notice.loan.patron
    return f"{patron.full_name}, {patron.group}" if patron else str(line.notice.loan.borrower)
