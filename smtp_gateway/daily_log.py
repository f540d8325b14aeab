"""The daily log: what happened since the last one, to the From address, also when nothing happened.

Verdict first, figures that agree with the attempts, no names. Its absence is the alarm. A day's row is the permission
to send: it is unique and is inserted in the transaction that queues the mail, so two clocks make one log.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from library import slots
from library.models import Library
from library.slots import LogLine
from smtp_gateway import lifecycle, mime, outbox, throttle
from smtp_gateway.errors import OutboxError
from smtp_gateway.models import DailyLog, DeliveryAttempt, Gateway, GatewayEvent, OutboundMessage

Outcome = DeliveryAttempt.Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the log counts. The attempts add up to their outcomes; *now* is the outbox at the end of the period."""

    attempts: int
    sent: int
    later: int
    refused: int
    maybe: int
    not_charged: int
    waiting: int
    to_try_again: int
    bad: int
    uncertain: int
    held: int
    stops: int
    empty_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A log as it is sent: subject, both texts, and how many things there are to look at."""

    subject: str
    text: str
    html: str
    attention: int
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """What the two templates show."""

    to_look_at: list[LogLine]
    lines: list[LogLine]
    figures: Figures
    start: datetime
    end: datetime
    next_log: datetime
    status: lifecycle.Status
    library: Library
    links: dict[str, str] = field(default_factory=dict)


def send_if_due(*, at: datetime) -> DailyLog | None:
    """Write and queue today's log once its time has come, whoever asks and however often."""
    local = timezone.localtime(at)
    gateway = Gateway.the()
    if not gateway.from_address or local.time() < gateway.daily_log_at:
        return None
    if DailyLog.objects.filter(day=local.date()).exists():
        return None
    try:
        with transaction.atomic():
            return _send(local.date(), at)
    except IntegrityError:  # another clock was first, and its log is the log
        return None


def write(*, at: datetime) -> Written:
    """The log as it would be sent now."""
    page = _page(at)
    count = len(page.to_look_at)
    verdict = "all well" if not count else "1 thing to look at" if count == 1 else f"{count} things to look at"
    return Written(
        subject=f"Library mail, {_short(timezone.localtime(at).date())}: {verdict}",
        text=render_to_string("smtp_gateway/mail/log.txt", {"page": page, "verdict": verdict}),
        html=render_to_string("smtp_gateway/mail/log.html", {"page": page, "verdict": verdict}),
        attention=count,
        start=page.start,
        end=at,
    )


def figures(*, start: datetime, end: datetime) -> Figures:
    """What was attempted in the period, from the attempts; and how the outbox stands."""
    ended: Counter[str] = Counter(
        dict(
            DeliveryAttempt.objects.ended_between(start, end)
            .filter(message__isnull=False)
            .order_by()
            .values_list("outcome")
            .annotate(count=Count("*"))
        )
    )
    rows = OutboundMessage.objects
    waiting = rows.waiting().count()
    return Figures(
        attempts=sum(ended.values()),
        sent=ended[Outcome.SENT],
        later=ended[Outcome.LATER],
        refused=ended[Outcome.BAD],
        maybe=ended[Outcome.UNCERTAIN],
        not_charged=ended[Outcome.TAKEN_BACK] + ended[Outcome.CRASHED],
        waiting=waiting,
        to_try_again=rows.waiting().filter(attempts__gt=0).count(),
        bad=rows.bad().count(),
        uncertain=rows.needing_a_person().uncertain().count(),
        held=rows.held().count(),
        stops=GatewayEvent.objects.filter(action=GatewayEvent.Action.STOPPED, at__gte=start, at__lt=end).count(),
        empty_at=throttle.empty_at(waiting, at=end) if waiting else None,
    )


def _send(day: date, at: datetime) -> DailyLog:
    start = _covers_from(at)
    log = DailyLog.objects.create(day=day, covers_from=start, covers_to=at)
    written = write(at=at)
    log.covers_from, log.subject, log.text, log.html = start, written.subject, written.text, written.html
    log.attention = written.attention
    try:
        sender = mime.sender()
        key = f"daily-log:{day}"
        log.message = outbox.queue(
            outbox.Finished(
                content=mime.build(
                    sender=sender,
                    to=sender.address,
                    to_name=sender.name,
                    subject=written.subject,
                    text=written.text,
                    html=written.html,
                    message_id=mime.message_id(key, domain=sender.domain),
                    date=timezone.localtime(at),
                ),
                to=sender.address,
                to_name=sender.name,
                subject=written.subject,
                kind=outbox.Kind.DAILY_LOG,
                dedup_key=key,
            )
        )
    except OutboxError as refusal:
        log.reason = str(refusal)
    log.save()
    return log


def _page(at: datetime) -> _Page:
    gateway = Gateway.the()
    start = _covers_from(at)
    counted = figures(start=start, end=at)
    status = lifecycle.status(gateway, at=at)
    told = [line for lines in slots.daily_log_lines for line in lines(start, at)]
    to_look_at = [*_own_lines(counted, status), *(line for line in told if line.attention)]
    return _Page(
        to_look_at=[_with_link(line) for line in to_look_at],
        lines=[_with_link(line) for line in told if not line.attention],
        figures=counted,
        start=timezone.localtime(start),
        end=timezone.localtime(at),
        next_log=_next_log(gateway, at),
        status=status,
        library=Library.the(),
        links={name: _link(name) for name in ("outbox", "gateway")},
    )


def _own_lines(counted: Figures, status: lifecycle.Status) -> list[LogLine]:
    lines = []
    if not status.is_well:
        lines.append(LogLine(sentence=f"{status.sentence} {status.remedy}", attention=True, url=_link("gateway")))
    if counted.bad:
        emails = "One email" if counted.bad == 1 else f"{counted.bad} emails"
        reasons = "; ".join(_reasons())
        lines.append(
            LogLine(
                sentence=f"{emails} could not be sent: {reasons} Put it right and try again.",
                attention=True,
                url=_link("outbox", "?tab=bad"),
            )
        )
    if counted.uncertain:
        emails = "One email" if counted.uncertain == 1 else f"{counted.uncertain} emails"
        lines.append(
            LogLine(
                sentence=f"{emails} may or may not have arrived. Send once more, or count as sent.",
                attention=True,
                url=_link("outbox", "?tab=uncertain"),
            )
        )
    return lines


def _reasons() -> list[str]:
    """Why, in at most three sentences with their numbers; never for whom."""
    counted = OutboundMessage.objects.bad().order_by().values_list("reason").annotate(count=Count("*"))
    return [reason if count == 1 else f"{reason} ({count})" for reason, count in counted.order_by("-count")[:3]]


def _covers_from(at: datetime) -> datetime:
    last = DailyLog.objects.filter(covers_to__lt=at).order_by("-covers_to").first()
    return last.covers_to if last else at - timedelta(days=1)


def _next_log(gateway: Gateway, at: datetime) -> datetime:
    local = timezone.localtime(at)
    day = local.date() + timedelta(days=1)
    return datetime.combine(day, gateway.daily_log_at, tzinfo=local.tzinfo)


def _with_link(line: LogLine) -> LogLine:
    """Slots give paths; a mail needs whole addresses."""
    whole = line.url if not line.url or "://" in line.url else f"{_site()}{line.url}"
    return LogLine(sentence=line.sentence, attention=line.attention, url=whole if "://" in whole else "")


def _link(name: str, query: str = "") -> str:
    """A page's whole address; nothing where the site's own is not known or the page does not exist."""
    try:
        path = reverse(name)
    except NoReverseMatch:
        return ""
    return f"{_site()}{path}{query}" if _site() else ""


def _site() -> str:
    address: str = settings.SITE_URL
    return address.rstrip("/")


def _short(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"
