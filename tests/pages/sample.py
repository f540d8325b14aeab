"""A library with something of everything that a page can show: a message in every state, a run, letters, notices."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from django.utils import timezone

from circulation.imports import by_hand
from circulation.imports.plan import Options
from circulation.models import ClosedDays, ImportFile, Loan
from library.models import Library
from notices import letters, presets, standing, templates
from notices.models import Audience, Letter, Notice, Run, Schedule, Template
from smtp_gateway import outbox
from smtp_gateway.models import DailyLog, DeliveryAttempt, Gateway, OutboundMessage
from tests.builders import a_closed_day, a_group, a_guardian, a_guardianship, a_loan, a_partner, a_patron

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
    def people(self) -> dict[str, int]:
        """A patron with loans and a guardian, and their rows' numbers; made when a crawl asks for them."""
        return _people(timezone.localdate())

    @cached_property
    def schedule(self) -> Schedule:
        """Reminders, letters home and a last step; a ready-made one."""
        return presets.load("secondary_school")

    @cached_property
    def closed_days(self) -> ClosedDays:
        """Holidays that begin today."""
        today = timezone.localdate()
        return a_closed_day(day=today, until=today + timedelta(days=20), name="Summer holidays")

    @cached_property
    def files(self) -> list[ImportFile]:
        """A file in every state of an import, and one whose columns nobody knows."""
        return _files(timezone.now())

    @cached_property
    def templates(self) -> list[Template]:
        """One in somebody's own words with earlier versions, one that nobody has worded."""
        return _templates(timezone.localdate())

    @cached_property
    def spoken_of_next(self) -> Loan:
        """Lent to a library and late, so that a letter about it comes; no import moves its borrower."""
        standing.set_up()
        presets.load("illiad_lending")
        return a_loan(due=timezone.localdate() - timedelta(days=2), partner=a_partner())

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
    words = {
        "subject": "A library book to bring back",
        "text": "Hi Mia,",
        "html": '<td class="body"><p>Hi Mia,</p></td>',
    }
    Letter.objects.create(channel="paper", state=Letter.State.TO_PRINT, **words, **common)
    return run


def _people(day: date) -> dict[str, int]:
    """Two sisters, a father who is written to about one of them, and a library far away."""
    ruby, asha = a_patron(group=a_group(name="7B"), known_as="Roo"), a_patron(group=a_group(name="5A"), email="")
    father = a_guardian()
    link = a_guardianship(patron=ruby, guardian=father)
    a_guardianship(patron=asha, guardian=father, library_letters=False, reason="Asked not to be written to.")
    late = a_loan(due=day - timedelta(days=14), patron=ruby)
    a_loan(due=day + timedelta(days=2), patron=ruby)
    a_loan(due=day - timedelta(days=3), patron=a_patron(left_on=day - timedelta(days=9)))
    return {
        "patron": ruby.pk,
        "guardian": father.pk,
        "second_guardian": a_guardian(name=father.name, email="other@home.example").pk,
        "guardianship": link.pk,
        "group": ruby.group_id,
        "partner": a_partner().pk,
        "loan": late.pk,
        "item": late.item_id,
    }


def _files(now: datetime) -> list[ImportFile]:
    """With what is added, changed, absent and refused, a question, and letters that go on paper instead."""
    day, header = timezone.localdate(now), "barcode,last_name,first_name,group,email,guardian_name,guardian_email"
    a_loan(due=day, patron=a_patron(barcode="P1", first_name="Mia", last_name="Chen", group=a_group(name="7B")))
    rows = "P1,Chen,Mia,7A,,Ann Chen,chen@home.example\nP7,Lee,Tom,7A,,Bo Lee,chen@home.example\nP8,Lee,Kim,7A,no,,"
    loans = f"barcode,title,patron_barcode,due\nX1,Holes,P1,{day}"
    whole = Options(skip_refused=True, unmatched=True)

    def taken_in(content: str, kind: str = "patrons") -> ImportFile:
        return by_hand.take_in(content.encode(), kind=kind, name=f"{kind}.csv", on=day, at=now)

    planned, doubted = taken_in(f"{header}\n{rows}"), taken_in(loans, "loans")
    unknown, refused = taken_in("Nr;Name\n1;Chen"), taken_in("")
    waiting = by_hand.ask_to_apply(taken_in(f"{header}\n{rows}").pk, whole, at=now)
    applied = by_hand.ask_to_apply(taken_in(f"{header}\n{rows}").pk, whole, at=now)
    by_hand.apply_asked(applied.pk, on=day, at=now)
    return [planned, doubted, unknown, refused, waiting, applied]


def _templates(day: date) -> list[Template]:
    standing.set_up()
    worded = Template.objects.select_related("current").get(service="circulation", number=2, audience=Audience.GUARDIAN)
    for body in ("Dear {{ dear }},\n\n{{ children }}\n\n{{ foot }}", "Dear {{ dear }}: final\n\n{{ children }}"):
        opened = worded.current.pk if worded.current else None
        templates.save(worded, subject="Books at home", body=body, opened=opened, by=None, on=day)
        worded.refresh_from_db()
    return [worded, templates.begin(service=Loan.Service.CIRCULATION, number=7, audience=Audience.PATRON)]


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
