"""Direct email (product.md, C6; BiblioTECH: direct email): a message in the librarian's own mail program.

Fills the Direct template with what a patron has on loan, for the patron or for one guardian, and makes the ``mailto:``
link of it (RFC 6068). It sends nothing and sees no answer: all that is kept is that somebody opened it. Whoever must
not be written to is named with the reason and gets no link.
"""

from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from django.contrib.auth.models import User
from django.db import transaction

from circulation.models import Guardianship, Loan, Patron
from circulation.models.people import FOREVER
from circulation.words import a_day
from library.models import Library
from notices import rendering
from notices.letter_data import Book, Child, LetterData, LibraryData
from notices.models import Audience, Letter, Line, Notice, Template, TemplateVersion

LONGEST_LINK = 1_500
"""Characters of the whole link: some mail programs cut what is longer than about 2,000."""


class DirectEmailError(Exception):
    """There is no message to open; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """The patron, or one guardian. ``why_not``: why this one is not offered."""

    patron: Patron
    guardianship: Guardianship | None = None
    why_not: str = ""

    @property
    def name(self) -> str:
        return self.guardianship.guardian.name if self.guardianship else self.patron.full_name

    @property
    def email(self) -> str:
        return self.guardianship.guardian.email if self.guardianship else self.patron.email

    @property
    def audience(self) -> Audience:
        return Audience.GUARDIAN if self.guardianship else Audience.PATRON

    @property
    def dear(self) -> str:
        if self.guardianship:
            return self.guardianship.guardian.salutation or self.guardianship.guardian.name
        return self.patron.known_as or self.patron.first_name or self.patron.last_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """The message as it will be opened."""

    subject: str
    text: str
    link: str


def whom(patron: Patron, *, on: date) -> list[Recipient]:
    """The patron first, then everybody at home who is on file."""
    links = patron.guardianships.filter(guardian__erased_at=None).select_related("guardian").order_by("pk")
    return [
        Recipient(patron=patron, why_not=_why_not_patron(patron, on=on)),
        *(
            Recipient(patron=patron, guardianship=link, why_not=_why_not_guardian(patron, link, on=on))
            for link in links
        ),
    ]


def loans_of(patron: Patron) -> list[Loan]:
    """What the message lists: the first due first."""
    loans = Loan.objects.on_loan().of_patron(patron).filter(service=Loan.Service.CIRCULATION)
    return list(loans.select_related("item").order_by("due_on", "pk"))


def filled(recipient: Recipient, loans: list[Loan], *, by: User | None, on: date) -> Filled:
    """The message; as many loans as the link can hold, and "and 4 more". Raises DirectEmailError without wording."""
    version = _wording(recipient.audience)
    wording = rendering.compiled(subject=version.subject, body=version.body, audience=recipient.audience)
    for listed in range(len(loans), -1, -1):
        data = _data(recipient, loans[:listed], more=len(loans) - listed, by=by, on=on)
        try:
            words = rendering.render(wording, data)
        except rendering.TemplateError as reason:
            raise DirectEmailError(str(reason)) from reason
        link = mailto(recipient.email, subject=words.subject, body=words.text)
        if len(link) <= LONGEST_LINK:
            break
    else:
        link = mailto(recipient.email, subject=words.subject)  # its fixed words alone are too long: copy the text
    return Filled(subject=words.subject, text=words.text, link=link)


def mailto(to: str, *, subject: str, body: str = "") -> str:
    """A link by RFC 6068: everything but unreserved characters is percent-encoded, lines end in CRLF (section 5)."""
    lines = "\r\n".join(body.splitlines())
    fields = [("subject", subject), *([("body", lines)] if body else [])]
    return f"mailto:{quote(to, safe='@')}?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in fields)


@transaction.atomic
def opened(recipient: Recipient, loans: list[Loan], *, by: User | None, on: date) -> Letter:
    """Keep that somebody opened this message; whether it was sent, only their mail program knows."""
    if recipient.why_not:
        raise DirectEmailError(recipient.why_not)
    message = filled(recipient, loans, by=by, on=on)
    letter = Letter.objects.create(
        kind=Template.Kind.DIRECT,
        number=0,
        state=Letter.State.OPENED,
        service=Loan.Service.CIRCULATION,
        audience=recipient.audience,
        channel=Letter.Channel.EMAIL,
        day=on,
        patron=None if recipient.guardianship else recipient.patron,
        guardian=recipient.guardianship.guardian if recipient.guardianship else None,
        to=recipient.email,
        subject=message.subject,
        text=message.text,
        why=f"Opened in the mail program of {by.get_full_name() or by.get_username()}." if by else "",
    )
    notices = Notice.objects.bulk_create(Notice(loan=loan, due_on=loan.due_on, number=0, said_on=on) for loan in loans)
    Line.objects.bulk_create(Line(letter=letter, notice=notice) for notice in notices)
    return letter


def _why_not_patron(patron: Patron, *, on: date) -> str:
    if patron.erased_at:
        return "This patron was erased."
    if patron.no_letters_until and patron.no_letters_until > on:
        return f"Letters about {patron.full_name} are off{_until(patron.no_letters_until, on=on)}."
    return "" if patron.email else f"{patron.full_name} has no email address on file."


def _why_not_guardian(patron: Patron, link: Guardianship, *, on: date) -> str:
    if patron.no_letters_until and patron.no_letters_until > on:
        return f"Letters about {patron.full_name} are off{_until(patron.no_letters_until, on=on)}."
    if not patron.may_write_home or patron.group.is_staff:
        return f"We may not write home about {patron.full_name}."
    if not link.library_letters:
        return "Letters to this guardian are off."
    if link.no_letters_until and link.no_letters_until > on:
        return f"Letters to this guardian are off{_until(link.no_letters_until, on=on)}."
    return "" if link.guardian.email else f"{link.guardian} has no email address on file."


def _until(day: date, *, on: date) -> str:
    return "" if day == FOREVER else f" until {a_day(day, on=on)}"


def _wording(audience: Audience) -> TemplateVersion:
    template = Template.objects.filter(
        kind=Template.Kind.DIRECT, service=Loan.Service.CIRCULATION, audience=audience
    ).select_related("current")
    found = template.first()
    if found is None or found.current is None:
        raise DirectEmailError("There is no wording for direct email to this reader. Write it under Templates.")
    return found.current


def _data(recipient: Recipient, loans: list[Loan], *, more: int, by: User | None, on: date) -> LetterData:
    books = [Book(title=loan.item.title, author=loan.item.author, due=loan.due_on) for loan in loans]
    patron, home = recipient.patron, recipient.guardianship is not None
    child = Child(
        name=patron.name_at_home or patron.first_name or patron.last_name,
        books=books,
        group=patron.group.name,
        titles=patron.group.home_reads_titles,
    )
    return LetterData(
        audience=recipient.audience,
        library=LibraryData.of(Library.the()),
        today=on,
        dear=recipient.dear,
        books=() if home else books,
        children=[child] if home else (),
        group=patron.group.name,
        librarian=by.first_name if by else "",
        more=more,
    )
