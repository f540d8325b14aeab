"""One scan or one button at the desk: what it was, which verb it means, and what is told about it.

What was scanned is found by ``search`` and done by ``desk``; whether it may be done is the verbs' decision. A refusal
is told with the deed that would mend it. Knows no HTTP: the views hand over what was typed and show what is told.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from django.db.models import TextChoices
from django.utils import timezone

from circulation import desk, search
from circulation.models import Item, Loan, Patron
from circulation.views.just_happened import Deed, JustHappened
from circulation.words import a_day, who

MOST_CHOICES = 12


class Mode(TextChoices):
    """What a scanned item means at this moment."""

    LEND = "lend", "Lend"
    RETURN = "return", "Return"
    RENEW = "renew", "Renew"


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A button beside a refusal: the verb that would mend it."""

    button: str
    verb: str
    item: int | None = None
    loan: int | None = None
    patron: int | None = None
    asks_date: bool = False


@dataclass(frozen=True, kw_only=True)
class Told:
    """A sentence: ``heading`` says what did not happen, ``title`` is set in italics before the rest."""

    heading: str
    sentence: str
    title: str = ""
    offers: tuple[Offer, ...] = ()
    returned: int | None = None
    """The loan that came back and may not simply be forgotten: other apps offer what can be done about it."""


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the typed words may mean: more than one thing, or a thing that nobody scanned."""

    patrons: list[Patron]
    items: list[tuple[Item, Loan | None]]
    more: bool


@dataclass(kw_only=True)
class Sitting:
    """Who sits at the desk, in which mode, for which patron; afterwards, what is to be told."""

    by: Any
    at: datetime
    mode: Mode
    patron: Patron | None
    happened: JustHappened
    is_librarian: bool
    told: list[Told] = field(default_factory=list)
    choices: Choices | None = None

    @property
    def on(self) -> date:
        return timezone.localdate(self.at)

    def scan(self, typed: str) -> None:
        """A card, a barcode, or words; an empty field is no scan."""
        text = search.cleaned(typed)
        if not text:
            return
        expects_card = self.mode == Mode.LEND and self.patron is None
        card, item = search.patron_by_number(text), search.item_by_number(text)
        if card and (expects_card or not item):
            self._card(card)
        elif item:
            self._item(item)
        else:
            self._words(text)

    def lend(self, item: Item, *, due: date | None = None) -> None:
        if self.patron is None:
            self._no_card_yet(item)
            return
        try:
            loan = desk.lend(item, to=self.patron, on=self.on, at=self.at, due=due, by=self.by)
        except desk.AlreadyOut as refusal:
            self._out_already(item, refusal, to=self.patron)
        except desk.DeskError as refusal:
            wants_date = due is not None or isinstance(refusal, desk.NeedsDate)
            self._not_lent(item, refusal, wants_date=wants_date)
        else:
            self.happened.add(Deed.LENT, item, loan)

    def take_back(self, thing: Item | Loan) -> bool:
        """Whether it is back now."""
        item = thing if isinstance(thing, Item) else thing.item
        try:
            loan = desk.take_back(thing, on=self.on, at=self.at, by=self.by)
        except desk.DeskError as refusal:
            self._refused(Deed.NOT_RETURNED, item, refusal)
            return False
        sentence, to_do = self._to_do_about(loan)
        if sentence:
            self.told.append(replace(_about(item, "Returned.", f"{item} {sentence}"), returned=loan.pk))
        self.happened.add(Deed.RETURNED, item, loan, to_do=to_do)
        return True

    def renew(self, thing: Item | Loan) -> None:
        item = thing if isinstance(thing, Item) else thing.item
        try:
            loan = desk.renew(thing, on=self.on, at=self.at, by=self.by)
        except desk.DeskError as refusal:
            self._refused(Deed.NOT_RENEWED, item, refusal)
        else:
            self.happened.add(Deed.RENEWED, item, loan)

    def hand_over(self, loan: Loan) -> None:
        """Take it back from whoever has it, and lend it to the patron at the desk."""
        if self.take_back(loan):
            self.lend(loan.item)

    def undo(self, number: int) -> None:
        """Take back what was done under this number in the list."""
        entry = self.happened.find(number)
        loan = Loan.objects.with_borrowers().filter(pk=entry.loan or 0).first() if entry else None
        if entry is None or loan is None or entry.undone:
            self.told.append(Told(heading="Nothing to undo.", sentence="It was undone, or it is too long ago."))
            return
        undo: dict[Deed, Callable[..., object]] = {
            Deed.LENT: desk.undo_lend,
            Deed.RETURNED: desk.undo_return,
            Deed.RENEWED: desk.undo_renew,
        }
        try:
            undo[Deed(entry.deed)](loan, at=self.at, by=self.by)
        except desk.DeskError as refusal:
            self.told.append(_about(loan.item, "Not undone.", str(refusal)))
        else:
            self.happened.mark_undone(entry)

    def _card(self, card: Patron) -> None:
        if self.mode != Mode.RETURN:
            self.patron = card
            return
        sentence = f"That is a patron’s card: {who(card)}. To take something back, scan the thing itself."
        offer = Offer(button=f"Lend to {card.first_name or card}", verb="open", patron=card.pk)
        self.told.append(Told(heading="Not returned.", sentence=sentence, offers=(offer,)))

    def _item(self, item: Item) -> None:
        verbs: dict[Mode, Callable[[Item], object]] = {
            Mode.LEND: self.lend,
            Mode.RETURN: self.take_back,
            Mode.RENEW: self.renew,
        }
        verbs[self.mode](item)

    def _words(self, text: str) -> None:
        """What begins with these words; one name and nothing else is meant without asking. Half a number is not."""
        names, things = self.mode != Mode.RETURN, self.mode != Mode.LEND or self.patron is not None
        patrons = search.first(search.patrons(text, addresses=self.is_librarian), MOST_CHOICES + 1) if names else []
        items = self._items(text) if things else []
        if _is_number(text) and not items:
            self._maybe_the_next_card(text, is_known=bool(patrons))
        elif not patrons and not items:
            self.told.append(Told(heading="Not found.", sentence=self._nothing_is(text, names=names, titles=things)))
        if len(patrons) == 1 and not items and not _is_number(text):
            self.patron = patrons[0]
        elif patrons or items:
            most = MOST_CHOICES // 2 if patrons and items else MOST_CHOICES
            more = max(len(patrons), len(items)) > most
            self.choices = Choices(patrons=patrons[:most], items=_with_loans(items[:most]), more=more)

    def _maybe_the_next_card(self, number: str, *, is_known: bool) -> None:
        """Whose card it is nobody knows: what is scanned next, unseen, must not be lent to the child before."""
        before, sentence, offers = self.patron, f"No card and no item has the number {number}.", tuple[Offer, ...]()
        if self.mode == Mode.LEND and before is not None:
            self.patron = None
            sentence += f" It may have been the next card, so nothing more is lent to {before} now."
            offers = (Offer(button=f"Go on with {before.first_name or before}", verb="open", patron=before.pk),)
        if not is_known:
            self.told.append(Told(heading="Not found.", sentence=sentence, offers=offers))

    def _items(self, text: str) -> list[Item]:
        """By number, by title or by the reference number of a loan; the last two are for librarians."""
        items = search.first(search.items(text, titles=self.is_librarian), MOST_CHOICES + 1)
        if self.is_librarian:
            items += [loan.item for loan in search.open_loans_by_reference(text)[:MOST_CHOICES]]
        return items

    def _nothing_is(self, text: str, *, names: bool, titles: bool) -> str:
        titles = titles and self.is_librarian
        if not names and not titles:
            return f"No item has the number {text}."
        searched = "Nobody’s name and no title" if names and titles else "Nobody’s name" if names else "No title"
        return f"{searched} has words that begin with “{text}”."

    def _no_card_yet(self, item: Item) -> None:
        loan = Loan.objects.open().with_borrowers().filter(item=item).first()
        sentence = f"{item} is an item, and nobody is at the desk. Scan a patron’s card first."
        offers = (Offer(button="Take it back", verb="return", loan=loan.pk),) if loan else ()
        self.told.append(_about(item, "Not lent.", sentence, *offers))

    def _out_already(self, item: Item, refusal: desk.AlreadyOut, *, to: Patron) -> None:
        """A second scan of what the patron has just got is told, but nothing went wrong."""
        loan = refusal.loan
        if loan.patron_id != to.pk:
            offer = Offer(button=f"Return it and lend it to {to.first_name or to}", verb="hand-over", loan=loan.pk)
            self._refused(Deed.NOT_LENT, item, refusal, offer, loan=loan)
            return
        sentence = f"{item} is with {to} already, until {a_day(loan.due_on, on=self.on)}."
        if desk.undoable(loan.lent_at, at=self.at):
            self.told.append(_about(item, "Scanned twice.", sentence))
        else:
            self.told.append(_about(item, "Not lent.", sentence, Offer(button="Renew it", verb="renew", loan=loan.pk)))

    def _not_lent(self, item: Item, refusal: desk.DeskError, *, wants_date: bool) -> None:
        if wants_date and self.is_librarian:
            offer = Offer(button="Lend it until this day", verb="lend", item=item.pk, asks_date=True)
            self._refused(Deed.NOT_LENT, item, refusal, offer)
        elif wants_date:
            self._refused(Deed.NOT_LENT, item, desk.DeskError(f"{refusal} A librarian can do that."))
        else:
            self._refused(Deed.NOT_LENT, item, refusal)

    def _refused(
        self, deed: Deed, item: Item, refusal: desk.DeskError, *offers: Offer, loan: Loan | None = None
    ) -> None:
        self.told.append(_about(item, f"{deed.label.removesuffix(':')}.", str(refusal), *offers))
        self.happened.add(deed, item, loan)

    def _to_do_about(self, loan: Loan) -> tuple[str, str]:
        """A sentence, and in short, for what came back and may not simply go on the shelf."""
        if loan.status == Loan.Status.BILLED:
            return f"is back. It was billed to {who(loan.borrower)}: tell the office.", "Billed: tell the office"
        if loan.status == Loan.Status.LOST:
            return "is back. It was given up as lost: tell the office if it was paid for.", "Was lost: tell the office"
        if loan.service == Loan.Service.ILL_BORROWING:
            by = f" by {a_day(loan.due_to_lender, on=self.on)}" if loan.due_to_lender else ""
            return f"belongs to {loan.item.owner}: send it home{by}.", f"Send it home{by}"
        return "", ""


def _is_number(text: str) -> bool:
    """Whether a scanner may have read it; names have no digits."""
    return any(one.isdigit() for one in text)


def _with_loans(items: list[Item]) -> list[tuple[Item, Loan | None]]:
    """Each item with its open loan, in one query."""
    loans = {loan.item_id: loan for loan in Loan.objects.open().with_borrowers().filter(item__in=items)}
    return [(item, loans.get(item.pk)) for item in items]


def _about(item: Item, heading: str, sentence: str, *offers: Offer) -> Told:
    """A sentence that begins with the item's title shows it as a title."""
    title = item.title if sentence.startswith(item.title) else ""
    return Told(heading=heading, title=title, sentence=sentence.removeprefix(title), offers=offers)
