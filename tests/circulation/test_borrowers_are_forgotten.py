"""A loan that came back long ago forgets who had the thing; letters forget what they were about (product.md, S3)."""

from datetime import date, timedelta

import pytest
from auditlog.models import LogEntry
from django.db import connection
from django.utils import timezone

from circulation import desk, retention
from circulation.models import Loan
from library.models import Library
from notices import compose, scan, standing, take_back
from notices.models import Letter, Notice
from smtp_gateway.models import OutboundMessage
from tests.builders import a_loan, a_partner
from tests.notices.builders import a_gateway_with_an_address, a_schedule

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 23)
LONG_AGO = DAY - timedelta(days=61)


def _returned(on: date, **fields: object) -> Loan:
    return a_loan(due=on, lent=on - timedelta(days=14), returned=on, **fields)


def test_after_sixty_days_nobody_knows_who_had_it() -> None:
    """One day earlier somebody still does."""
    old, recent = _returned(LONG_AGO), _returned(DAY - timedelta(days=60))

    forgotten = retention.forget(on=DAY)

    assert forgotten == 1
    assert Loan.objects.get(pk=old.pk).is_forgotten
    assert Loan.objects.get(pk=recent.pk).patron == recent.patron


def test_the_library_says_for_how_long() -> None:
    """A number in its settings."""
    loan = _returned(DAY - timedelta(days=8))
    Library.objects.update_or_create(pk=1, defaults={"keep_borrowers_days": 7})

    retention.forget(on=DAY)

    assert Loan.objects.get(pk=loan.pk).is_forgotten


@pytest.mark.parametrize("status", [Loan.Status.BILLED, Loan.Status.LOST])
def test_what_is_not_settled_keeps_its_borrower(status: Loan.Status) -> None:
    """Somebody still pays or replaces."""
    loan = _returned(LONG_AGO, status=status)

    retention.forget(on=DAY)

    assert Loan.objects.get(pk=loan.pk).patron == loan.patron


def test_what_is_out_keeps_its_borrower_however_old_it_is() -> None:
    """And a partner library is no person."""
    out = a_loan(due=LONG_AGO)
    partner = a_partner()
    lent = a_loan(due=LONG_AGO, partner=partner, lent=LONG_AGO, returned=LONG_AGO)

    retention.forget(on=DAY)

    assert (Loan.objects.get(pk=out.pk).patron, Loan.objects.get(pk=lent.pk).partner) == (out.patron, partner)


def test_private_reasons_and_the_list_of_changes_go_with_the_borrower() -> None:
    """That something was decided stays; about whom, and why, does not."""
    loan = a_loan(due=LONG_AGO, lent=LONG_AGO)
    desk.set_status(loan, Loan.Status.NO_LETTERS, on=LONG_AGO, reason="in hospital")
    desk.take_back(loan, on=LONG_AGO, at=timezone.now())

    retention.forget(on=DAY)

    loan = Loan.objects.get(pk=loan.pk)
    entries = LogEntry.objects.get_for_object(loan)
    assert (loan.status_reason, loan.before_renewal) == ("", None)
    assert {(entry.object_repr, entry.changes) for entry in entries} == {("erased", None)}


def test_an_old_letter_is_empty_and_names_no_loan() -> None:
    """That it was written, to whom and when, stays for the figures, and so does the loan's step."""
    a_schedule(1)
    loan = a_loan(due=LONG_AGO - timedelta(days=1))
    scan.run(on=LONG_AGO)
    desk.take_back(loan, on=LONG_AGO, at=timezone.now())
    Letter.objects.update(state=Letter.State.PRINTED, text="Boy Overboard", html="<p>Boy Overboard</p>")

    retention.forget(on=DAY)

    letter = Letter.objects.get()
    assert (letter.patron, letter.text, letter.html, letter.lines.count()) == (loan.patron, "", "", 0)
    assert [(notice.loan_id, notice.number) for notice in Notice.objects.all()] == [(loan.pk, 1)]


def test_what_was_sent_loses_its_text_and_so_does_what_was_written_before() -> None:
    """A letter that was written again has two messages, and both named the thing."""
    today = timezone.localdate()
    standing.set_up()
    a_gateway_with_an_address()
    a_schedule(1)
    loan = a_loan(due=today - timedelta(days=1))
    scan.run(on=today)
    compose.write_planned(on=today)
    take_back.recheck(Letter.objects.values_list("pk", flat=True), why="", on=today, rewrite=[Letter.objects.get().pk])
    compose.write_planned(on=today)
    OutboundMessage.objects.filter(letter__isnull=False).update(
        state="sent", sent_at=timezone.now(), finished_at=timezone.now()
    )
    desk.take_back(loan, on=today, at=timezone.now())

    retention.forget(on=today + timedelta(days=61))

    messages = OutboundMessage.objects.order_by("pk")
    assert [(message.state, bytes(message.content)) for message in messages] == [("cancelled", b""), ("sent", b"")]


def test_looking_for_old_loans_reads_no_others() -> None:
    """Every hour, over a million loans: by an index that holds only those that can be forgotten."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = Loan.objects.with_borrower_to_forget(before=DAY).order_by("returned_on", "pk").explain()

    assert "loan_to_forget" in plan
