"""What pages of people say: how late, whether letters go by themselves, who hears at home. Changes no row."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from circulation.forms.look import StopLetters
from circulation.models import Guardianship, Loan, Patron
from circulation.words import a_day, several

SMALL = ("no", "one", "two", "three", "four", "five")


@dataclass(frozen=True, kw_only=True)
class Home:
    """One guardianship on a page: its state in words, and the form that switches it off."""

    link: Guardianship
    is_on: bool
    state: str
    form: StopLetters


def how_late(loans: Iterable[Loan], *, on: date) -> str:
    """``one 14 days late``, ``two late, the longest 14 days``; empty when nothing is."""
    late = [(on - loan.due_on).days for loan in loans if loan.due_on < on]
    if not late:
        return ""
    if len(late) == 1:
        return f"one {several(late[0], 'day')} late"
    return f"{spelled(len(late))} late, the longest {several(max(late), 'day')}"


def next_in_lede(said: Sequence[str]) -> str:
    """The first letter that comes, of those about several loans; without any, why the first of them hears nothing."""
    coming = next((one for one in said if not one.endswith(".")), "")
    return f"Next: {coming}." if coming else next(iter(said), "")


def spelled(count: int) -> str:
    """Small numbers in a sentence as words."""
    return SMALL[count] if count < len(SMALL) else f"{count:,}"


def by_themselves(patron: Patron) -> tuple[bool, str]:
    """Whether the daily run writes about this patron, and whose word that is."""
    group = patron.group
    if not group.active:
        return False, f"no, {group} is not active"
    if patron.auto_send == Patron.AutoSend.GROUP:
        return group.auto_send, f"{'yes' if group.auto_send else 'no'}, as {group}"
    yes = patron.auto_send == Patron.AutoSend.YES
    return yes, "yes, whatever the group says" if yes else "no, whatever the group says"


def home(link: Guardianship, *, on: date, form: StopLetters | None = None) -> Home:
    """``form``: the one that came back, if it is about this guardianship."""
    prefix = f"home{link.pk}"
    quiet_until = link.no_letters_until if link.no_letters_until and link.no_letters_until > on else None
    if not link.library_letters:
        state = "Library letters: no"
    elif quiet_until:
        state = f"No library letters until {a_day(quiet_until, on=on)}"
    else:
        state = "Library letters: yes"
    is_on = link.library_letters and quiet_until is None
    ours = form if form is not None and form.prefix == prefix else StopLetters(on=on, prefix=prefix)
    return Home(link=link, is_on=is_on, state=state, form=ours)


def siblings(links: Sequence[Guardianship], *, of: Patron) -> dict[int, list[Patron]]:
    """By guardian, the other patrons whose guardian the same person is. One query."""
    others = Guardianship.objects.filter(guardian__in=[link.guardian_id for link in links], patron__erased_at=None)
    found: dict[int, list[Patron]] = {}
    for link in others.exclude(patron=of).select_related("patron__group").order_by("patron__last_name", "pk"):
        found.setdefault(link.guardian_id, []).append(link.patron)
    return found


def thought_over(letters: int) -> str:
    """What became of letters that waited, as a further sentence; empty where none did."""
    if not letters:
        return ""
    one = "1 letter that waited was taken back, or is written again without it."
    return " " + (one if letters == 1 else f"{letters:,} letters that waited were taken back, or are written again.")


def listed(names: Sequence[str]) -> str:
    """``Mia Chen``, ``Mia Chen and Leo Chen``, ``Asha, Tom and Ruby``."""
    *first, last = names or ["nobody"]
    return f"{', '.join(first)} and {last}" if first else last
