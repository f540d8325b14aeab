"""Which letters a person can write by hand (product.md, L1; BiblioTECH: Reports – Letters), and what they are called.

Only what is about a person's loans and has wording: class lists and slips come from the print queue, corrections from
what they correct. Knows templates; writes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from circulation.models import Loan, PartnerLibrary
from notices.models import Audience, Template
from notices.models.template import letter_name

Kind, Service = Template.Kind, Loan.Service
BY_HAND = (Kind.STEP, Kind.TERM_ENDS, Kind.LEAVING, Kind.STAFF_LIST, Kind.ALL_CLEAR, Kind.RECALL, Kind.DIRECT)
ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth"}
TO = {
    Audience.PATRON: "patrons",
    Audience.GUARDIAN: "guardians",
    Audience.PARTNER: "partner libraries",
    Audience.CONTACT: "contacts",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterKind:
    """One letter of the list. ``number`` is the step, 0 for the other kinds."""

    service: Loan.Service = Service.CIRCULATION
    kind: Template.Kind = Kind.STEP
    number: int = 0

    @classmethod
    def of(cls, choice: dict[str, Any]) -> Self:
        """From what a run by hand keeps of the question."""
        return cls(
            service=Service(choice.get("service", Service.CIRCULATION)),
            kind=Kind(choice.get("kind", Kind.STEP)),
            number=choice.get("number", 0),
        )

    @property
    def key(self) -> str:
        """``1``, ``term_ends``, ``ill_lending-2``: how forms and addresses name it."""
        what = str(self.number) if self.is_step else self.kind.value
        return what if self.service == Service.CIRCULATION else f"{self.service}-{what}"

    @property
    def is_step(self) -> bool:
        return self.kind == Kind.STEP

    @property
    def name(self) -> str:
        """*Overdue, first*, as BiblioTECH's reports are called; *Term ends*; *ILL lending: Overdue, second*."""
        by_number = self.is_step and self.number in ORDINALS
        name = f"Overdue, {ORDINALS[self.number]}" if by_number else letter_name(self.kind, self.number)
        return name if self.service == Service.CIRCULATION else f"{self.service.label}: {name}"

    def has_wording(self, audience: str) -> bool:
        return Template.objects.filter(
            kind=self.kind,
            service=self.service,
            number=self.number or None,
            audience=audience,
            current__isnull=False,
        ).exists()


def every() -> list[LetterKind]:
    """Those with wording, the steps of each service first; interlibrary loans once a partner library exists."""
    services = list(Service) if PartnerLibrary.objects.exists() else [Service.CIRCULATION]
    with_wording = Template.objects.filter(kind__in=BY_HAND, service__in=services, current__isnull=False)
    rows = with_wording.exclude(kind=Kind.DIRECT).exclude(number__lt=0).exclude(audience=Audience.CONTACT)
    known = {
        LetterKind(service=Service(service), kind=Kind(kind), number=number or 0)
        for service, kind, number in rows.values_list("service", "kind", "number")
    }
    return sorted(known, key=lambda one: (services.index(one.service), BY_HAND.index(one.kind), one.number))


def by_key(key: str, *, among: Iterable[LetterKind]) -> LetterKind | None:
    return next((one for one in among if one.key == key), None)
