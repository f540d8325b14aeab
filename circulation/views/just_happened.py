"""What just happened at this desk: kept in the session, so that it survives a reload and leaves with the person.

The session keeps numbers of rows and moments; names and titles are read when they are shown. What can be undone, and
until when, is decided by the verbs of ``circulation.desk``.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.contrib.sessions.backends.base import SessionBase
from django.db.models import TextChoices
from django.utils import timezone

from circulation import desk
from circulation.models import Item, Loan, PartnerLibrary, Patron
from circulation.words import a_day, several, who

KEY = "just-happened"
MOST = 12


class Deed(TextChoices):
    """Done, and undone within a minute; or not done, because a rule or another desk stood against it."""

    LENT = "lent", "Lent"
    RETURNED = "returned", "Returned"
    RENEWED = "renewed", "Renewed"
    NOT_LENT = "not-lent", "Not lent:"
    NOT_RETURNED = "not-returned", "Not returned:"
    NOT_RENEWED = "not-renewed", "Not renewed:"


DONE = {Deed.LENT: "arrow-right", Deed.RETURNED: "arrow-back-up", Deed.RENEWED: "refresh"}
"""What was done, with its icon."""


@dataclass(kw_only=True)
class Entry:
    """As the session keeps it. ``loan`` is the loan that was changed, or the one that stood against it."""

    number: int
    deed: str
    item: int
    loan: int | None
    patron: int | None
    partner: int | None
    at: str
    due: str = ""
    undone: bool = False
    to_do: str = ""
    """What a person has still to do about it; the next scan may come before she has read the alert."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One line of the list: ``before`` the title, ``after`` it, and ``small`` below."""

    number: int
    tone: str
    icon: str
    before: str
    title: str
    after: str
    small: str
    to_do: str
    seconds: int
    """For so long it can still be undone."""
    loan: int | None
    """The loan that a librarian may open; a lending that was undone has none."""


class JustHappened:
    """The newest first, of today: a dozen, and before those what a person has still to do something about."""

    def __init__(self, session: SessionBase, *, at: datetime) -> None:
        self._session, self._at = session, at
        kept = [Entry(**one) for one in session.get(KEY, [])]
        today = timezone.localdate(at)
        self._entries = [one for one in kept if timezone.localdate(datetime.fromisoformat(one.at)) == today]

    def add(self, deed: Deed, item: Item, loan: Loan | None = None, *, to_do: str = "") -> None:
        entry = Entry(
            number=1 + max((one.number for one in self._entries), default=0),
            deed=deed.value,
            item=item.pk,
            loan=loan.pk if loan else None,
            patron=loan.patron_id if loan else None,
            partner=loan.partner_id if loan else None,
            due=loan.due_on.isoformat() if loan else "",
            at=self._at.isoformat(),
            to_do=to_do,
        )
        self._entries = [entry, *self._entries]
        self._entries = self._entries[:MOST] + [one for one in self._entries[MOST:] if one.to_do]
        self._keep()

    def find(self, number: int) -> Entry | None:
        """What was done under this number; not what was refused."""
        return next((one for one in self._entries if one.number == number and one.deed in DONE), None)

    def mark_undone(self, entry: Entry) -> None:
        entry.undone = True
        self._keep()

    def shown(self) -> list[Shown]:
        """As lines, with names and titles as they are now."""
        items = Item.objects.in_bulk({one.item for one in self._entries})
        borrowers = _Borrowers(self._entries)
        return [self._line(one, items[one.item], borrowers.of(one)) for one in self._entries if one.item in items]

    def last_done(self) -> int:
        """The number of what Ctrl Z takes back; 0 when nothing can be."""
        return next((one.number for one in self._entries if self._seconds_left(one)), 0)

    def _seconds_left(self, entry: Entry) -> int:
        if entry.deed not in DONE or entry.undone:
            return 0
        return max(0, int((datetime.fromisoformat(entry.at) + desk.UNDO - self._at).total_seconds()))

    def _line(self, entry: Entry, item: Item, borrower: Patron | PartnerLibrary | None) -> Shown:
        deed, moment = Deed(entry.deed), datetime.fromisoformat(entry.at)
        return Shown(
            number=entry.number,
            tone="off" if entry.undone else "ok" if deed in DONE else "warn",
            icon=DONE.get(deed, "alert-triangle"),
            before=str(deed.label),
            title=item.title,
            after=_after(deed, borrower),
            small=" · ".join(filter(None, [f"{timezone.localtime(moment):%H:%M}", _small(entry, borrower, moment)])),
            to_do="" if entry.undone else entry.to_do,
            seconds=self._seconds_left(entry),
            loan=None if entry.undone and deed == Deed.LENT else entry.loan,
        )

    def _keep(self) -> None:
        self._session[KEY] = [asdict(one) for one in self._entries]


class _Borrowers:
    """The people and libraries of these entries, in two queries at most."""

    def __init__(self, entries: list[Entry]) -> None:
        self._patrons = Patron.objects.select_related("group").in_bulk(_ids(one.patron for one in entries))
        self._partners = PartnerLibrary.objects.in_bulk(_ids(one.partner for one in entries))

    def of(self, entry: Entry) -> Patron | PartnerLibrary | None:
        return self._patrons.get(entry.patron or 0) or self._partners.get(entry.partner or 0)


def _ids(found: Iterator[int | None]) -> set[int]:
    return {one for one in found if one is not None}


def _after(deed: Deed, borrower: Patron | PartnerLibrary | None) -> str:
    if borrower is None or deed not in DONE:
        return ""
    return f" to {borrower}" if deed == Deed.LENT else f", {who(borrower)}"


def _small(entry: Entry, borrower: Patron | PartnerLibrary | None, moment: datetime) -> str:
    """Beside the time: until when, how late, who has it."""
    if entry.undone:
        return "undone"
    if not entry.due:
        return ""
    due, on = date.fromisoformat(entry.due), timezone.localdate(moment)
    if entry.deed == Deed.LENT:
        return f"due {a_day(due, on=on)}"
    if entry.deed == Deed.RENEWED:
        return f"now due {a_day(due, on=on)}"
    if entry.deed == Deed.RETURNED:
        return f"{several((on - due).days, 'day')} late" if on > due else "in time"
    return f"with {borrower} until {a_day(due, on=on)}"
