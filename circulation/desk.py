"""Lend, renew, take back: what a person with a scanner does, and what a loan's status may become.

Every verb is one transaction that ends in ``loans_changed``. The rules of the borrower's group decide how long and
how many; which of two desks wins is decided by the database (``loan_one_open_per_item``). This module reads no
clock, writes to nobody, and knows nothing of letters: whoever listens to the signal does.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from circulation.calendar import CalendarError, OpenDays
from circulation.models import Group, Item, Loan, PartnerLibrary, Patron
from circulation.saving import wait_for_imports
from circulation.signals import Cause, loans_changed
from circulation.words import a_day, several, who

UNDO = timedelta(minutes=1)
"""How long what was done at the desk can be taken back."""

LONGEST = timedelta(days=3653)
"""A due date after so long is a slip of the keyboard."""

SHELF_CHECKS = 3
"""How many shelf checks look for a book that is said to be back, before a person decides (product.md, C3)."""

RENEWABLE = {Loan.Status.ON_LOAN, Loan.Status.SAYS_BACK, Loan.Status.EXTENSION_ASKED}
"""A borrower who renews has the thing in hand, so these become *on loan* again."""

CHANGED_BY_RENEWAL = [
    one
    for one in Loan._meta.concrete_fields
    if one.name in {"due_on", "due_set_on", "renewals", "status", "status_reason", "quiet_until", "shelf_checks_left"}
]
"""What undoing a renewal puts back."""


class DeskError(Exception):
    """Why it cannot be done, as a sentence for the person at the desk."""


class AlreadyOut(DeskError):
    """The thing is on loan; ``loan`` says to whom, so that a desk can offer to take it back."""

    def __init__(self, sentence: str, *, loan: Loan) -> None:
        super().__init__(sentence)
        self.loan = loan


class NeedsDate(DeskError):
    """The rules give no due date, and a person may choose one."""


@transaction.atomic
def lend(
    item: Item,
    *,
    to: Patron | PartnerLibrary,
    on: date,
    at: datetime | None = None,
    due: date | None = None,
    by: Any = None,
    **interlibrary: Any,
) -> Loan:
    """Lend ``item`` from ``on`` until ``due``, or for as long as the borrower's group may have it.

    Without ``at``, the moment, it cannot be undone. An item of a partner library becomes ILL borrowing, a loan to a
    partner library ILL lending. ``interlibrary``: what only those have (due_to_lender, our_reference, their_reference,
    conditions).
    Raises AlreadyOut when the item is out, NeedsDate when the rules give no due date, and DeskError when the borrower
    may not have it or ``due`` cannot be.
    """
    if isinstance(to, Patron):
        _refuse_patron(to, on=on)
    elif item.owner_id:
        raise DeskError(f"{item} belongs to {item.owner}. Only our own things can be lent to another library.")
    loan = Loan(item=item, service=_service(item, to), lent_on=on, lent_at=at, due_set_on=on, **interlibrary)
    loan.patron, loan.partner = (to, None) if isinstance(to, Patron) else (None, to)
    loan.due_on = _due_given(due, on=on) if due else _due_on(loan, on=on)
    try:
        with transaction.atomic():
            loan.save(force_insert=True)
    except IntegrityError as error:
        raise _already_out(item, on=on) from error
    _changed([loan], Cause.LENT, by=by)
    return loan


@transaction.atomic
def renew(thing: Item | Loan, *, on: date, at: datetime | None = None, due: date | None = None, by: Any = None) -> Loan:
    """Give more time from ``on``; the steps start anew. Without ``at``, the moment, it cannot be undone.

    Raises DeskError with the rule that stands against it, or when the thing is not on loan.
    """
    loan = _out(thing)
    _refuse_renewal(loan, on=on)
    before = {one.name: one.value_from_object(loan) for one in CHANGED_BY_RENEWAL}
    new_due = _due_given(due, on=on) if due else _due_on(loan, on=on)
    if new_due <= loan.due_on:
        raise DeskError(f"{loan.item} is due {a_day(loan.due_on, on=on)}, and it cannot be had for longer than that.")
    loan.renewals += 1
    _set_due(loan, new_due, on=on)
    if loan.status in RENEWABLE:
        _set_status(loan, Loan.Status.ON_LOAN)
    if at is not None:
        loan.renewed_at, loan.before_renewal = at, before
    loan.save()
    _changed([loan], Cause.RENEWED, by=by)
    return loan


@transaction.atomic
def change_due(loan: Loan, *, to: date, on: date, by: Any = None) -> Loan:
    """Another due date by a librarian's decision, earlier or later; no rule of the group stands against it."""
    loan = _locked(loan)
    _refuse_returned(loan, on=on)
    _set_due(loan, _due_given(to, on=on), on=on)
    loan.save()
    _changed([loan], Cause.RENEWED, by=by)
    return loan


@transaction.atomic
def agree(
    loan: Loan,
    *,
    on: date,
    due_to_lender: date | None = None,
    due: date | None = None,
    recalled: bool = False,
    by: Any = None,
) -> Loan:
    """Another date that the other library grants, or demands when it is ``recalled``; the steps begin anew.

    ILL borrowing takes ``due_to_lender``: the reader's date follows from it, earlier by the days for the post; a recall
    that comes too late for the post wants the thing on the next open day. ILL lending takes ``due``.
    Raises DeskError when it came back, or when the reader would have to bring it before today (product.md, C4).
    """
    loan = _locked(loan)
    _refuse_returned(loan, on=on)
    if loan.service == Loan.Service.ILL_BORROWING:
        loan.due_to_lender = due_to_lender
        new_due = _for_the_reader(loan, on=on, at_once=recalled)
    else:
        assert due is not None  # only the lender decides
        new_due = _due_given(due, on=on)
    _set_due(loan, new_due, on=on)
    _set_status(loan, Loan.Status.RECALLED if recalled else Loan.Status.ON_LOAN)
    loan.save()
    _changed([loan], Cause.RENEWED, by=by)
    return loan


@transaction.atomic
def take_back(thing: Item | Loan, *, on: date, at: datetime, by: Any = None) -> Loan:
    """The thing is home; only the item is needed. The loan keeps its status, so that a desk can say "tell the office".

    Raises DeskError when it is not on loan.
    """
    loan = _out(thing)
    _refuse_returned(loan, on=on)
    loan.returned_on, loan.returned_at = max(on, loan.lent_on), at
    loan.shelf_checks_left = 0
    loan.save(update_fields=["returned_on", "returned_at", "shelf_checks_left"])
    _changed([loan], Cause.RETURNED, by=by)
    return loan


@transaction.atomic
def undo_lend(loan: Loan, *, at: datetime, by: Any = None) -> Item:
    """It was never lent: the loan is gone, also from the borrower's history.

    Raises DeskError after a minute, when it came back meanwhile, or when something (a letter) names the loan.
    """
    loan = _locked(loan)
    if loan.returned_on:
        raise DeskError(f"{loan.item} came back meanwhile.")
    if not undoable(loan.lent_at, at=at):
        raise DeskError(f"{loan.item} was lent more than a minute ago. Take it back instead.")
    if _is_named(loan):
        raise DeskError(f"A letter speaks of {loan.item} by now. Take it back instead.")
    _changed([loan], Cause.LENDING_UNDONE, by=by)
    loan.delete()
    return loan.item


@transaction.atomic
def undo_renew(loan: Loan, *, at: datetime, by: Any = None) -> Loan:
    """The due date and status from before the last renewal. Raises DeskError after a minute, or when it came back."""
    loan = _locked(loan)
    _refuse_returned(loan, on=timezone.localdate(at))
    if loan.before_renewal is None or not undoable(loan.renewed_at, at=at):
        raise DeskError(f"{loan.item} was renewed more than a minute ago, and stays renewed.")
    for one in CHANGED_BY_RENEWAL:
        setattr(loan, one.name, one.to_python(loan.before_renewal[one.name]))
    loan.renewed_at = loan.before_renewal = None
    loan.save()
    _changed([loan], Cause.RENEWAL_UNDONE, by=by)
    return loan


@transaction.atomic
def undo_return(loan: Loan, *, at: datetime, by: Any = None) -> Loan:
    """It was the wrong book: the loan is open again. Raises DeskError after a minute, or when it was lent anew."""
    loan = _locked(loan)
    if not undoable(loan.returned_at, at=at):
        raise DeskError(f"{loan.item} was taken back more than a minute ago. Lend it again instead.")
    day, loan.returned_on, loan.returned_at = loan.returned_on, None, None
    loan.shelf_checks_left = SHELF_CHECKS if loan.status == Loan.Status.SAYS_BACK else 0
    try:
        with transaction.atomic():
            loan.save(update_fields=["returned_on", "returned_at", "shelf_checks_left"])
    except IntegrityError as error:
        assert day is not None  # returned_at and returned_on go together
        raise _already_out(loan.item, on=day) from error
    _changed([loan], Cause.RETURN_UNDONE, by=by)
    return loan


@transaction.atomic
def set_status(
    loan: Loan, status: Loan.Status, *, on: date, reason: str = "", quiet_until: date | None = None, by: Any = None
) -> Loan:
    """Another status for an open loan, with a private reason; *on loan* resumes the letters.

    Raises DeskError when it came back, when *no letters* has no reason, or when an extension has no end to come.
    """
    loan = _locked(loan)
    _refuse_returned(loan, on=on)
    if status == Loan.Status.NO_LETTERS and not reason.strip():
        raise DeskError("No letters needs a reason: whoever looks at this loan next must know why it is quiet.")
    if status == Loan.Status.EXTENSION_ASKED and quiet_until is None:
        raise DeskError("Say until when it stays quiet: an extension that nobody answers must not last forever.")
    if quiet_until is not None and quiet_until <= on:
        raise DeskError(f"{a_day(quiet_until, on=on)} is not a later day than today. Choose one.")
    _set_status(loan, status, reason=reason, quiet_until=quiet_until)
    loan.save()
    _changed([loan], Cause.STATUS, by=by)
    return loan


def undoable(done_at: datetime | None, *, at: datetime) -> bool:
    """Whether what was done at ``done_at`` can still be taken back at ``at``."""
    return done_at is not None and at - done_at <= UNDO


def says_it_is_back(loan: Loan, *, on: date, by: Any = None) -> Loan:
    """The borrower gave it back, they say: quiet, and looked for on the next shelf checks."""
    return set_status(loan, Loan.Status.SAYS_BACK, on=on, by=by)


def looked_for(checks_left: Mapping[int, int]) -> int:
    """A shelf check is done, and these loans (id and checks that were left) were not on the shelf. Returns how many.

    A loan whose number has changed since was counted by somebody else, or found, and is left alone.
    """
    counted = Q(pk__in=[])
    for pk, left in checks_left.items():
        counted |= Q(pk=pk, shelf_checks_left=left)
    said_back = Loan.objects.open().filter(counted, status=Loan.Status.SAYS_BACK, shelf_checks_left__gt=0)
    return said_back.update(shelf_checks_left=F("shelf_checks_left") - 1)


def _service(item: Item, to: Patron | PartnerLibrary) -> Loan.Service:
    if isinstance(to, PartnerLibrary):
        return Loan.Service.ILL_LENDING
    return Loan.Service.ILL_BORROWING if item.owner_id else Loan.Service.CIRCULATION


def _refuse_patron(patron: Patron, *, on: date) -> None:
    """Raises DeskError when this patron may have nothing more. Two desks counting at once take turns."""
    patron = Patron.objects.select_for_update(of=("self",), no_key=True).select_related("group").get(pk=patron.pk)
    if patron.erased_at:
        raise DeskError("This card is no longer on file.")
    if patron.left_on and patron.left_on <= on:
        raise DeskError(f"{who(patron)}, left on {a_day(patron.left_on, on=on)}.")
    most = patron.group.max_loans
    if most is not None and Loan.objects.open().of_patron(patron).count() >= most:
        raise DeskError(f"{who(patron)}, has {several(most, 'loan')} already, as many as this group may have.")


def _refuse_returned(loan: Loan, *, on: date) -> None:
    if loan.returned_on:
        raise DeskError(f"{loan.item} came back on {a_day(loan.returned_on, on=on)}.")


def _refuse_renewal(loan: Loan, *, on: date) -> None:
    _refuse_returned(loan, on=on)
    if loan.status not in RENEWABLE and loan.service == Loan.Service.CIRCULATION:
        raise DeskError(f"{loan.item} cannot be renewed: its status is {loan.get_status_display().lower()}.")
    if loan.patron and loan.service == Loan.Service.CIRCULATION and loan.renewals >= loan.patron.group.max_renewals:
        raise DeskError(
            f"{loan.item} was renewed {several(loan.renewals, 'time')}, as often as {loan.patron.group} may."
        )


def _due_given(due: date, *, on: date) -> date:
    """A due date that somebody chose. Raises DeskError when it has passed, is far off, or on a closed day."""
    if due < on:
        raise DeskError(f"{a_day(due, on=on)} has passed. Choose a later day.")
    if due - on > LONGEST:
        raise DeskError(f"{a_day(due, on=on)} is more than ten years away. Choose an earlier day.")
    days = OpenDays.load()
    if not days.is_open(due):
        following = a_day(_open_day(days, due), on=on)
        raise DeskError(f"The library is closed on {a_day(due, on=on)}. The next open day is {following}.")
    return due


def _due_on(loan: Loan, *, on: date) -> date:
    """How long the group may have it, on an open day, and never after the group's last day."""
    days = OpenDays.load()
    if loan.service == Loan.Service.ILL_BORROWING:
        return _for_the_reader(loan, on=on)
    if loan.patron is None:
        raise NeedsDate("Say until when: a loan to another library has no usual length.")
    group = loan.patron.group
    due = _open_day(days, on + timedelta(days=group.loan_days))
    return due if group.last_due_date is None else min(due, _last_day(group, days, on=on))


def _last_day(group: Group, days: OpenDays, *, on: date) -> date:
    assert group.last_due_date is not None
    last = _open_day(days, group.last_due_date, backwards=True)
    if last < on:
        raise NeedsDate(f"Nothing is lent to {group} after {a_day(last, on=on)}. Choose a due date by hand.")
    return last


def _due_from_reader(loan: Loan, days: OpenDays) -> date:
    """The lender's date, earlier by the partner's days for the post (product.md, C4)."""
    lender = loan.item.owner
    if loan.due_to_lender is None or lender is None:
        raise NeedsDate("Say until when: only the library that lent it can tell.")
    return _open_day(days, loan.due_to_lender - timedelta(days=lender.post_days), backwards=True)


def _for_the_reader(loan: Loan, *, on: date, at_once: bool = False) -> date:
    """The reader's date; one that has passed already is refused, or with ``at_once`` becomes the next open day."""
    days = OpenDays.load()
    due, lender = _due_from_reader(loan, days), loan.item.owner
    if due >= on:
        return due
    if at_once:
        return _open_day(days, on + timedelta(days=1))
    assert lender is not None
    assert loan.due_to_lender is not None
    raise DeskError(
        f"{lender} wants it back on {a_day(loan.due_to_lender, on=on)}, and the post takes "
        f"{several(lender.post_days, 'day')}: the reader’s day, {a_day(due, on=on)}, has passed. Agree on a later one."
    )


def _open_day(days: OpenDays, day: date, *, backwards: bool = False) -> date:
    try:
        return days.first_open(day, backwards=backwards)
    except CalendarError as error:
        raise DeskError(str(error)) from error


def _set_due(loan: Loan, due: date, *, on: date) -> None:
    """What was renewed before this can no longer be undone: it would undo this, too."""
    loan.due_on, loan.due_set_on = due, on
    loan.renewed_at = loan.before_renewal = None


def _set_status(loan: Loan, status: Loan.Status, *, reason: str = "", quiet_until: date | None = None) -> None:
    loan.status, loan.status_reason, loan.quiet_until = status, reason.strip(), quiet_until
    loan.shelf_checks_left = SHELF_CHECKS if status == Loan.Status.SAYS_BACK else 0


def _locked(loan: Loan) -> Loan:
    """The loan as it stands now, ours until the transaction ends."""
    wait_for_imports(Loan)
    return Loan.objects.select_for_update(of=("self",), no_key=True).with_borrowers().get(pk=loan.pk)


def _open_loan(item: Item) -> Loan | None:
    wait_for_imports(Loan)
    return Loan.objects.select_for_update(of=("self",), no_key=True).with_borrowers().open().filter(item=item).first()


def _out(thing: Item | Loan) -> Loan:
    """The loan that is meant, locked. Raises DeskError when the item is not on loan."""
    loan = _locked(thing) if isinstance(thing, Loan) else _open_loan(thing)
    if loan is None:
        raise DeskError(f"{thing} is not on loan.")
    return loan


def _is_named(loan: Loan) -> bool:
    """Whether any row of another table hangs on this loan, and would go with it."""
    return any(
        relation.field.model._default_manager.filter(**{relation.field.name: loan}).exists()
        for relation in Loan._meta.related_objects
    )


def _already_out(item: Item, *, on: date) -> DeskError:
    loan = Loan.objects.open().with_borrowers().filter(item=item).first()
    if loan is None:
        return DeskError(f"{item} was lent somewhere else at this moment. Scan it again.")
    return AlreadyOut(f"{item} is on loan to {who(loan.borrower)}, until {a_day(loan.due_on, on=on)}.", loan=loan)


def _changed(loans: list[Loan], cause: Cause, *, by: Any) -> None:
    loans_changed.send(sender=Loan, loan_ids=[loan.pk for loan in loans], cause=cause, by=by)
