"""A library with something of everything that a page can show: a message in every state, a run, letters, notices."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from django.utils import timezone

from circulation.models import Loan
from library.models import Library
from notices import letters, standing
from notices.models import Audience, Letter, Notice, Run
from smtp_gateway import outbox
from smtp_gateway.models import DailyLog, DeliveryAttempt, Gateway, OutboundMessage
from tests.builders import a_group, a_loan, a_partner, a_patron

State = OutboundMessage.State
Outcome = DeliveryAttempt.Outcome

LETTER = """\
From: Banksia College Library <library@banksia.example>\r
To: {name} <{to}>\r
Subject: {subject}\r
Date: Mon, 23 Nov 2026 06:31:00 +1100\r
Message-ID: <{key}@banksia.example>\r
MIME-Version: 1.0\r
Content-Type: multipart/alternative; boundary="leaf"\r
\r
--leaf\r
Content-Type: text/plain; charset=utf-8\r
\r
Dear {name},\r
\r
Could you please help Mia look for this library book?\r
--leaf\r
Content-Type: text/html; charset=utf-8\r
\r
<html lang="en"><head><title>A letter</title></head><body style="background:#fff">\r
<p style="color:#222">Dear {name},</p></body></html>\r
--leaf--\r
"""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The rows that tests speak of."""

    messages: dict[State, OutboundMessage]
    run: Run
    daily_log: DailyLog

    @cached_property
    def letters_by_hand(self) -> tuple[Run, Run]:
        """Drafts, and letters that were sent; made when a crawl asks for them, because other tests count rows."""
        return _letters_by_hand(timezone.localdate())


def a_message(
    *, key: str, name: str = "Ngozi Okafor", subject: str = "Library books to look for at home"
) -> OutboundMessage:
    """A letter in the outbox with a text and an HTML part."""
    to = f"{key}@home.example"
    return outbox.queue(
        outbox.Finished(
            content=LETTER.format(name=name, to=to, subject=subject, key=key).encode(),
            to=to,
            to_name=name,
            subject=subject,
            kind=outbox.Kind.NOTICE,
            dedup_key=key,
        )
    )


def a_sample() -> Sample:
    now = timezone.now()
    library = Library.the()
    library.name = "Banksia College Library"
    library.save()
    a_partner()
    _gateway_is_on(now)
    return Sample(
        messages={state: _in_state(state, now) for state in State},
        run=_a_run(timezone.localdate(), now),
        daily_log=_a_daily_log(timezone.localdate(), now),
    )


def _gateway_is_on(now: datetime) -> None:
    gateway = Gateway.the()
    gateway.state, gateway.stop_cause = Gateway.State.ON, ""
    gateway.host, gateway.from_address, gateway.last_check_at = "mail.example", "library@banksia.example", now
    gateway.save()


def _in_state(state: State, now: datetime) -> OutboundMessage:
    message = a_message(key=f"letter-{state}")
    fields: dict[str, object] = {"state": state}
    if state == State.SENT:
        _tried(message, Outcome.SENT, code=250, enhanced="2.0.0", words="Ok: queued as 4Zb7Kq2vT9")
        fields |= {"sent_at": now, "finished_at": now, "attempts": 1, "last_code": 250}
    elif state == State.BAD:
        _tried(message, Outcome.LATER, code=451, enhanced="4.7.1", words="Greylisted, please try again")
        _tried(message, Outcome.BAD, code=550, enhanced="5.1.1", words="<b>User unknown</b> in virtual table")
        fields |= {"finished_at": now, "attempts": 2, "reason": "No such mailbox."}
        fields |= {"last_code": 550, "last_enhanced": "5.1.1"}
    elif state == State.UNCERTAIN:
        _tried(message, Outcome.UNCERTAIN)
        fields |= {"not_before": None, "attempts": 2, "times_uncertain": 2, "reason": "No answer came after the text."}
    elif state == State.SENDING:
        fields |= {"lease_token": "0" * 32, "attempts": 1, "stage": "envelope"}
    elif state == State.CANCELLED:
        fields |= {"finished_at": now, "reason": "The book came back."}
    OutboundMessage.objects.filter(pk=message.pk).update(**fields)
    message.refresh_from_db()
    return message


def _tried(message: OutboundMessage, outcome: Outcome, *, code: int | None = None, **reply: str) -> None:
    DeliveryAttempt.objects.create(
        message=message,
        outcome=outcome,
        stage="rcpt",
        code=code,
        finished_at=timezone.now(),
        sentence="What the server meant.",
        **reply,
    )


def _a_run(day: date, now: datetime) -> Run:
    run = Run.objects.create(
        day=day, started_at=now, finished_at=now, looked_at=5, already_told=2, not_yet=1, email=1, paper=1, letters=2
    )
    patron = a_patron(group=a_group(name="7B"))
    loan: Loan = a_loan(due=day - timedelta(days=8), patron=patron)
    Notice.objects.create(loan=loan, due_on=loan.due_on, number=2, run=run, said_on=day)
    common = {"run": run, "service": loan.service, "audience": "patron", "patron": patron, "number": 2, "day": day}
    Letter.objects.create(channel="email", to=patron.email, state=Letter.State.QUEUED, **common)
    Letter.objects.create(channel="paper", state=Letter.State.TO_PRINT, **common)
    return run


def _letters_by_hand(day: date) -> tuple[Run, Run]:
    """By email, on paper and left out: once as drafts, once sent."""
    standing.set_up()
    group = a_group(name="7C")
    by_email, on_paper = a_patron(group=group), a_patron(group=group, email="")
    quiet = a_patron(group=group, no_letters_until=day + timedelta(days=9))
    for patron in (by_email, on_paper, quiet):
        a_loan(due=day - timedelta(days=3), patron=patron)
    sent = letters.draft(1, audience=Audience.PATRON, groups=[group], on=day, by=None)
    letters.send(sent, set(sent.letters_of.on_paper().values_list("pk", flat=True)), on=day, by=None)
    sent.letters_of.update(state=Letter.State.PRINTED)
    sent.refresh_from_db()
    return letters.draft(2, audience=Audience.PATRON, groups=[group], on=day, by=None), sent


def _a_daily_log(day: date, now: datetime) -> DailyLog:
    return DailyLog.objects.create(
        day=day,
        covers_from=now - timedelta(days=1),
        covers_to=now,
        attention=1,
        subject="Library mail, Mon 23 Nov: 1 thing to look at",
        text="To look at\n   1. One email could not be sent.",
        html='<html lang="en"><head><title>Log</title></head><body><p>One email could not be sent.</p></body></html>',
    )
