"""The print queue: letters on paper, class by class, checked once more at the moment of printing (product.md, N10).

``prepare`` takes out what may no longer be said and has what changed written again; ``to_print`` reads what then lies
ready; ``mark`` marks as printed exactly what was shown, and nothing that changed or was printed by somebody else
meanwhile. Whoever prints again gets the same words, less what may no longer be sent. How a letter lies on paper is the
business of ``sheets``.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import BigIntegerField, F, OuterRef, Subquery
from django.db.models.functions import Coalesce, TruncDate

from circulation.models import Group
from circulation.words import several
from notices import compose, sheets, take_back
from notices.models import Audience, Letter, Line, Template
from notices.models.letter import LetterQuerySet
from notices.sheets import Sheet, class_order
from smtp_gateway.models.message import bounds

NO_CLASS = 0
"""Key of the pile of letters to other libraries; the others have their group's."""
OPEN_FOR = timedelta(minutes=30)
"""So long somebody is taken to stand at the printer with the letters that they opened."""
SLIP = ("slip", "slips")
SORT_OF = {
    Audience.CONTACT: ("class list", "class lists"),
    Audience.GUARDIAN: ("letter home", "letters home"),
    Audience.PATRON: ("letter to a patron", "letters to patrons"),
    Audience.PARTNER: ("letter to another library", "letters to other libraries"),
}
SORTS = [*SORT_OF.values(), SLIP]
WHY = "No longer so when it was to be printed."


@dataclass(frozen=True, kw_only=True)
class Pile:
    """The letters of one class, or those to other libraries, as they come out of the printer."""

    group: Group | None
    sheets: list[Sheet]
    all_as_slips: bool = False

    @property
    def key(self) -> int:
        return self.group.pk if self.group else NO_CLASS

    @property
    def name(self) -> str:
        return str(self.group) if self.group else "Other libraries"

    @property
    def letters(self) -> list[Sheet]:
        """One a page."""
        return [sheet for sheet in self.sheets if not self._as_slip(sheet)]

    @property
    def slips(self) -> list[Sheet]:
        return [sheet for sheet in self.sheets if self._as_slip(sheet)]

    @property
    def quarters(self) -> list[list[Sheet]]:
        """Four slips a page."""
        return [self.slips[first : first + 4] for first in range(0, len(self.slips), 4)]

    @property
    def by_post(self) -> int:
        return sum(not sheet.by_hand for sheet in self.letters)

    @property
    def by_hand(self) -> int:
        return len(self.letters) - self.by_post

    @property
    def can_be_slips(self) -> bool:
        return any(sheet.can_be_slip for sheet in self.sheets)

    @property
    def about_others(self) -> bool:
        """Whether some of them are read by somebody else than whom they are about."""
        return any(sheet.audience in (Audience.GUARDIAN, Audience.CONTACT) for sheet in self.letters)

    @property
    def carried_home(self) -> int:
        """Letters to homes without a postal address: a child takes them along."""
        return sum(sheet.by_hand and sheet.letter.guardian_id is not None for sheet in self.letters)

    def _as_slip(self, sheet: Sheet) -> bool:
        return sheet.is_slip or (self.all_as_slips and sheet.can_be_slip)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """One class in the queue: how many letters it has, and how many of each sort."""

    key: int
    name: str
    letters: int
    sorts: str
    """*4 to homes, 9 slips, 1 class list*"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What the last check did: letters that nobody may get any more, and letters that say something else now."""

    taken_back: int
    rewritten: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """How many letters were marked as printed, and sentences about the others."""

    printed: int
    left_out: list[str] = field(default_factory=list)


def waiting(key: int | None = None) -> LetterQuerySet:
    """The letters to print: all of them, or one pile's."""
    return _of_pile(Letter.objects.to_print(), key)


def printed_on(day: date, key: int | None = None) -> LetterQuerySet:
    """What was printed on this day by the library's clock."""
    start, end = bounds(day)
    return _of_pile(Letter.objects.printed().filter(printed_at__gte=start, printed_at__lt=end), key)


def counts(letters: LetterQuerySet) -> list[Count]:
    """Piles with the number of their letters, without reading one of them; the youngest class first."""
    sorts: dict[int, Counter[tuple[str, str]]] = {}
    for key, audience, kind in letters.annotate(pile=_pile()).order_by().values_list("pile", "audience", "kind"):
        sorts.setdefault(key, Counter())[_sort(audience, kind)] += 1
    groups = sorted(Group.objects.filter(pk__in=sorts), key=class_order)
    found = [_count(group.pk, str(group), sorts[group.pk]) for group in groups]
    return found + ([_count(NO_CLASS, "Other libraries", sorts[NO_CLASS])] if NO_CLASS in sorts else [])


def _count(key: int, name: str, sorts: Counter[tuple[str, str]]) -> Count:
    each = [several(sorts[words], *words) for words in SORTS if sorts[words]]
    return Count(key=key, name=name, letters=sorts.total(), sorts=", ".join(each))


def _sort(audience: str, kind: str) -> tuple[str, str]:
    """What the letter is called among others, one and many."""
    if kind == Template.Kind.SLIP:
        return SLIP
    return SORT_OF[Audience(audience)]


def days(*, until: date, back: int = 14) -> list[tuple[date, int]]:
    """The days on which something was printed, the latest first, with how many letters."""
    since, _ = bounds(until - timedelta(days=back))
    rows = Letter.objects.printed().filter(printed_at__gte=since).annotate(printed_on=TruncDate("printed_at"))
    found = Counter(rows.order_by().values_list("printed_on", flat=True))
    return sorted(found.items(), reverse=True)


def prepare(key: int | None, *, on: date, at: datetime, by: User | None) -> Prepared:
    """Check a pile once more, and write again what changed, or was written on an earlier day and says *tomorrow*.

    What a desk changed a moment ago is written here, too, instead of by the next tick.

    Raises OutboxError while the gateway has no From address: then nothing can be written, and nothing is lost.
    """
    soon = Letter.objects.on_paper().filter(state__in=[Letter.State.TO_PRINT, Letter.State.PLANNED])
    before = list(_of_pile(soon, key).values_list("pk", flat=True))
    with transaction.atomic():
        take_back.recheck(before, why=WHY, on=on)
        stale = Letter.objects.to_print().filter(pk__in=before, day__lt=on)
        stale.filter(lines__in=Line.objects.filter(taken_out_at=None)).update(
            state=Letter.State.PLANNED, revision=F("revision") + 1
        )
        changed = set(Letter.objects.filter(pk__in=before).to_write().values_list("pk", flat=True))
        compose.write_now(changed, on=on)
        gone = Letter.objects.filter(pk__in=before, state=Letter.State.TAKEN_BACK).count()
    _opened(waiting(key), at=at, by=by)
    return Prepared(taken_back=gone, rewritten=len(changed))


def to_print(key: int | None, *, on: date, as_slips: bool = False) -> list[Pile]:
    """What can be printed now. A letter that would not stand ``prepare`` is not shown, though nothing is changed."""
    return _piles(_only_wanted(sheets.of(waiting(key)), on=on), as_slips=as_slips)


def to_print_again(key: int | None, *, day: date, on: date, as_slips: bool = False) -> list[Pile]:
    """What was printed on ``day``, in the same words; left out is what may no longer be sent."""
    with_words = printed_on(day, key).exclude(html="")
    return _piles(_only_wanted(sheets.of(with_words), on=on), as_slips=as_slips)


def opened_by_others(piles: Iterable[Pile], *, at: datetime, by: User | None) -> dict[User, datetime]:
    """Who else opened some of these letters for printing a short while ago, and when."""
    letters = (sheet.letter for pile in piles for sheet in pile.sheets)
    return {
        letter.opened_by: letter.opened_at
        for letter in letters
        if letter.opened_by and letter.opened_by != by and letter.opened_at and at - letter.opened_at < OPEN_FOR
    }


@transaction.atomic
def mark(shown: Mapping[int, int], *, at: datetime, by: User | None) -> Marked:
    """Mark as printed the letters of ``shown`` (id and revision, as they lay on the screen) that are still the same."""
    rows = Letter.objects.filter(pk__in=shown).order_by("pk").select_for_update(of=("self",))
    found = list(rows.select_related("printed_by", "patron", "guardian", "group", "partner").defer("text", "html"))
    waits = Letter.State.TO_PRINT
    same = [one.pk for one in found if one.state == waits and one.revision == shown[one.pk]]
    printed = Letter.objects.filter(pk__in=same).update(state=Letter.State.PRINTED, printed_at=at, printed_by=by)
    return Marked(printed=printed, left_out=_why_not([one for one in found if one.pk not in same]))


def _why_not(letters: list[Letter]) -> list[str]:
    """Letters printed by somebody else are told by name of that person; changed ones by their reader."""
    others = Counter(
        str(one.printed_by.get_full_name() or one.printed_by) if one.printed_by else "somebody"
        for one in letters
        if one.state == Letter.State.PRINTED
    )
    sentences = [
        f"{several(number, 'letter')} had been marked as printed by {who} before: do not post them twice."
        for who, number in others.items()
    ]
    return sentences + [_changed(one) for one in letters if one.state != Letter.State.PRINTED]


def _changed(letter: Letter) -> str:
    if letter.state == Letter.State.TAKEN_BACK:
        return f"The letter to {letter.recipient} was taken back meanwhile. Take it out of the pile."
    return f"The letter to {letter.recipient} changed meanwhile. Take it out of the pile; the new one waits here."


def _opened(letters: LetterQuerySet, *, at: datetime, by: User | None) -> None:
    """Who came first stays named, so that who comes second is told."""
    still_open = letters.filter(opened_at__gt=at - OPEN_FOR).exclude(opened_by=by).exclude(opened_by=None)
    letters.exclude(pk__in=still_open.values("pk")).update(opened_at=at, opened_by=by)


def _pile() -> Coalesce:
    """A letter lies with the class that hands it out; one to a home with the youngest class of its children."""
    of_child = Line.objects.filter(letter=OuterRef("pk"), taken_out_at=None).order_by(
        F("notice__loan__patron__group__year_level").asc(nulls_last=True), "notice__loan__patron__group"
    )
    first = Subquery(of_child.values("notice__loan__patron__group")[:1])
    return Coalesce("patron__group", "group", first, NO_CLASS, output_field=BigIntegerField())


def _of_pile(letters: LetterQuerySet, key: int | None) -> LetterQuerySet:
    return (
        letters if key is None else letters.filter(pk__in=letters.annotate(pile=_pile()).filter(pile=key).values("pk"))
    )


def _only_wanted(found: list[Sheet], *, on: date) -> list[Sheet]:
    """Without those of which any part may no longer go to their reader."""
    letters = {sheet.letter.pk: sheet.letter for sheet in found}
    no_longer = {*take_back.unwanted(letters, on=on), *take_back.to_be_parted(letters, on=on)}
    return [sheet for sheet in found if sheet.letter.pk not in no_longer]


def _piles(found: list[Sheet], *, as_slips: bool) -> list[Pile]:
    by_key: dict[int, list[Sheet]] = {}
    for sheet in found:
        by_key.setdefault(sheet.group.pk if sheet.group else NO_CLASS, []).append(sheet)
    piles = [
        Pile(group=of_class[0].group if key else None, sheets=of_class, all_as_slips=as_slips)
        for key, of_class in by_key.items()
    ]
    return sorted(piles, key=lambda pile: (pile.group is None, class_order(pile.group) if pile.group else ()))
