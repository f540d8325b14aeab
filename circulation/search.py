"""Find patrons, items and loans: by number, by the beginning of any word, by a reference number.

``mia ch`` finds Mia Chen, ``obrien`` finds O'Brien, ``Tāmati`` and ``tamati`` are one. Who may search by what is an
argument: addresses and titles are for librarians (product.md, S1). Shows nothing and changes nothing.
"""

from typing import TypeVar

from django.db.models import F, Model, Q, QuerySet

from circulation.models import Guardian, Item, Loan, PartnerLibrary, Patron
from circulation.models.finding import HasWords, IsOneOf

M = TypeVar("M", bound=Model)

AMONG = 1_000
LONGEST = 200
"""No number, name or title is longer, and PostgreSQL refuses words of more than 2,046 bytes."""


def cleaned(text: str) -> str:
    """What a scanner or a person typed, without control characters and spaces around it."""
    return "".join(one for one in text if one.isprintable()).strip()[:LONGEST]


def patron_by_number(number: str) -> Patron | None:
    """The patron with exactly this card number; failing that, in capitals or not. Erased patrons are not found."""
    wanted = _as_typed(number)
    found = Patron.objects.filter(barcode__in=wanted, erased_at=None).select_related("group")
    return min(found, key=lambda patron: wanted.index(patron.barcode), default=None)


def item_by_number(number: str) -> Item | None:
    """The item with exactly this barcode; failing that, in capitals or not."""
    wanted = _as_typed(number)
    found = Item.objects.filter(barcode__in=wanted).select_related("owner")
    return min(found, key=lambda item: wanted.index(item.barcode), default=None)


def patrons(text: str, *, addresses: bool) -> QuerySet[Patron]:
    """Patrons who have a word beginning with each word of ``text``; those who left come last."""
    found = Patron.objects.filter(HasWords(text, guarded=addresses), erased_at=None).select_related("group")
    return found.order_by(F("left_on").desc(nulls_first=True), "last_name", "first_name", "barcode")


def items(text: str, *, titles: bool) -> QuerySet[Item]:
    """Items by the beginning of their barcode and, where ``titles`` may be searched, of words of title and author."""
    return Item.objects.filter(HasWords(text, guarded=titles)).select_related("owner").order_by("title", "barcode")


def guardians(text: str) -> QuerySet[Guardian]:
    """Guardians by the beginning of words of their name and address; for librarians."""
    return Guardian.objects.filter(HasWords(text, guarded=True), erased_at=None).order_by("name", "pk")


def first(found: QuerySet[M], most: int) -> list[M]:
    """The first ``most``, where a person only looks whether it is there: of very many, of some that were found.

    Asked in one query, PostgreSQL walks through all titles in their order until enough of them fit, and where next to
    none does, that is to the end.
    """
    return list(found.filter(IsOneOf("pk", found.order_by().values("pk")[:AMONG]))[:most])


def open_loans_by_reference(reference: str) -> QuerySet[Loan]:
    """Interlibrary loans by our or their reference number, whole."""
    wanted = _as_typed(reference)
    return Loan.objects.open().with_borrowers().filter(Q(our_reference__in=wanted) | Q(their_reference__in=wanted))


def of_loans(text: str) -> Q:
    """Which loans: by words of their borrower or their thing, or by a whole reference number; for librarians.

    Of few people and things the loans are gone to one by one; where very many have such a word, all loans are looked
    at, each in a table of those who have it. Which of the two, PostgreSQL cannot know beforehand: it is asked here.
    """
    patrons = Patron.objects.filter(HasWords(text, guarded=True), erased_at=None).values("pk")
    partners = PartnerLibrary.objects.filter(Q(name__icontains=text) | Q(symbol__iexact=text)).values("pk")
    things = Item.objects.filter(HasWords(text, guarded=True)).values("pk")
    wanted = _as_typed(text)
    references = Q(our_reference__in=wanted) | Q(their_reference__in=wanted)
    if any(len(found[: AMONG + 1]) > AMONG for found in (patrons, things)):
        return Q(patron__in=patrons) | Q(partner__in=partners) | Q(item__in=things) | references
    people = Q(IsOneOf("patron", patrons)) | Q(IsOneOf("partner", partners))
    return people | Q(IsOneOf("item", things)) | references


def _as_typed(number: str) -> list[str]:
    return list(dict.fromkeys([number, number.upper(), number.lower()]))
