"""Send the next few waiting messages.

Talks SMTP and writes outcomes, nothing else: what a message says and whom it is for was settled before it reached the
outbox, how often we run is settled in ``throttle``, and what a reply means in ``verdict``. Never sleeps, never sends
inside a transaction, and may be called by any number of workers at any moment.
"""

import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from django.db import Error, InterfaceError, OperationalError, connection
from django.db.models.functions import Now

from smtp_gateway import addresses, conversation, expiry, identity, leases, ledger, lifecycle, throttle, troubles
from smtp_gateway.conversation import Conversation, Envelope, OpeningError, Server, Timeouts
from smtp_gateway.errors import OutboxError
from smtp_gateway.leases import Lease, LeaseLostError
from smtp_gateway.ledger import Reserved, Settlement
from smtp_gateway.models import DeliveryAttempt, Gateway, GatewayEvent, OutboundMessage
from smtp_gateway.pace import REAL, Pace
from smtp_gateway.verdict import How, Meaning, Stage, Verdict, judge_silence

State = OutboundMessage.State
Outcome = DeliveryAttempt.Outcome

RFC_5321 = Timeouts()

#: Between the end of a conversation's steps and the lease's: a worker may be slow, too.
MARGIN = 60

#: Seconds after which a message that the server has taken is settled, so that pages and counts know of it.
SETTLED_WITHIN = 0.5


@dataclass(kw_only=True)
class Check:
    """What one check did, in numbers."""

    attempts: int = 0
    sent: int = 0
    later: int = 0
    bad: int = 0
    uncertain: int = 0
    unfinished: bool = False
    """It ended because its time was over: look again at once."""

    @property
    def sentence(self) -> str:
        counts = {
            "sent": self.sent,
            "to be tried again": self.later,
            "could not be sent": self.bad,
            "maybe sent": self.uncertain,
        }
        return ", ".join(f"{count} {what}" for what, count in counts.items() if count).capitalize() or "None was taken."


class _StopError(Exception):
    """The gateway pauses or stops; whatever is in hand is settled."""


def check(*, pace: Pace = REAL, timeouts: Timeouts = RFC_5321) -> Check:
    """Recover what others left, then send as many as the throttle allows. Safe to call at any time."""
    leases.recover(pace=pace)
    expiry.take_out()
    throttle.heed_the_clock()
    gateway = Gateway.the()
    if not _may_send(gateway) or not throttle.room(gateway, pace=pace).is_worth_a_check:
        return Check()
    if not identity.is_ours(gateway):
        lifecycle.stop_as_copy()
        return Check()
    try:
        server = conversation.server(gateway)
    except OpeningError as fault:
        troubles.react(fault.verdict, pace=pace)
        return Check()
    seconds = max(timeouts.opening, timeouts.message) + MARGIN * pace.minute / REAL.minute
    with leases.taken(connections=gateway.connections, seconds=seconds) as lease:
        if lease is None:
            return Check()
        return _Delivery(gateway=gateway, server=server, lease=lease, pace=pace, timeouts=timeouts).run()


def _may_send(gateway: Gateway) -> bool:
    return gateway.is_on and not Gateway.objects.filter(pk=1, paused_until__gt=Now()).exists()


class _Delivery:
    """One check with its slot: open the conversation, then block after block, message after message."""

    def __init__(self, *, gateway: Gateway, server: Server, lease: Lease, pace: Pace, timeouts: Timeouts) -> None:
        self.gateway = gateway
        self.lease = lease
        self.pace = pace
        self.done = Check()
        self._talk = Conversation(server, timeouts=timeouts)
        self._until = time.monotonic() + pace.minutes(pace.check).total_seconds()
        self._waiting: deque[Reserved] = deque()  # ours, and not begun
        self._settled: list[Settlement] = []  # judged, and not settled yet
        self._taken: Settlement | None = None  # the last of them, if it was accepted: the next commit takes it along
        self._settle_at = 0.0  # when the first of them becomes too old
        self._used = False  # this session has taken a message; a server may close such a one without meaning harm

    def run(self) -> Check:
        ledger.prepare()
        try:
            self._open()  # before anything is reserved: its faults cannot touch a message
            self._probe()
            while self._has_time and self._reserve():
                self._send_block()
            self.done.unfinished = not self._has_time
            self._talk.close()
        except OpeningError as fault:
            troubles.react(fault.verdict, pace=self.pace)
        except _StopError:
            pass
        except LeaseLostError:
            self._save_what_is_known()  # a late 250 still counts
        except (OperationalError, InterfaceError):
            self._save_what_is_known()
            raise
        finally:
            self._talk.drop()
        self._note()
        return self.done

    @property
    def _has_time(self) -> bool:
        return time.monotonic() < self._until

    # The conversation -------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        self._talk = Conversation(self._talk.server, timeouts=self._talk.timeouts)
        self._talk.open()
        self._used = False
        troubles.let_in(self.gateway)

    def _stop(self, found: Verdict) -> None:
        troubles.react(found, pace=self.pace)
        raise _StopError

    def _probe(self) -> None:
        """After a suspicion the From address must be accepted as a recipient before anybody else is named."""
        if not self.gateway.probe_wanted:
            return
        attempt = ledger.begin_probe(self.lease, pace=self.pace)
        if attempt is None:
            raise _StopError
        sender = addresses.for_envelope(self.gateway.from_address)
        ourselves = Envelope(sender=sender, to=sender)
        found = self._talk.mail(ourselves)
        if found.is_good:
            found = self._talk.rcpt(ourselves)
        outcome = Outcome.PROBE_PASSED if found.is_good else Outcome.PROBE_REFUSED
        DeliveryAttempt.objects.filter(pk=attempt).update(
            outcome=outcome, finished_at=Now(), stage=found.stage, code=found.code, enhanced=found.enhanced,
            words=found.words, sentence=found.sentence,
        )  # fmt: skip
        if not found.is_good:
            self._stop(_as_probe(found))
        self._talk.rset()
        troubles.probe_passed()

    # Messages ---------------------------------------------------------------------------------------------------------

    def _reserve(self) -> bool:
        self._waiting = deque(ledger.reserve(self.lease, pace=self.pace))
        return bool(self._waiting)

    def _send_block(self) -> None:
        """Send what is reserved, one commit a message: a text goes out after the commit that begins the next one."""
        current, named = self._begin(), None
        while current is not None:
            found, following, named = self._deliver(current, named)
            self._keep(current, found)
            self._consider(current, found, following)
            current = following or self._begin()
        self._settle_all()

    def _begin(self) -> Reserved | None:
        return self._mark()[1]

    def _deliver(self, message: Reserved, named: Verdict | None) -> tuple[Verdict, Reserved | None, Verdict | None]:
        """One message from its address to its dot. ``named``: what the server has said to its envelope already.

        Returns its verdict, the message that was begun with it, and what the server said to that one's envelope.
        """
        found = self._envelope(message, named)
        if not found.is_good:
            return found, None, None
        body_is_ours, following = self._mark(body=message)
        if not body_is_ours:
            return self._not_ours(), following, None
        found, named = self._talk.text(self._text_of(message), following=self._to_pipeline(following))
        return found, following, named

    def _mark(self, *, body: Reserved | None = None) -> tuple[bool, Reserved | None]:
        """Let this text go, and begin the next that is still wanted; those that are not are passed over."""
        if self._settled and (self._taken is None or time.monotonic() > self._settle_at):
            self._settle_all()
        following = [self._waiting[0].id] if self._waiting and self._has_time else []
        if body is None and not following:
            return False, None
        taken, self._taken = self._taken, None
        marked = ledger.mark(self.lease, taken=taken, body=body.id if body else None, following=following)
        begun = marked.begun
        if following and begun is None and len(self._waiting) > 1:
            begun = ledger.mark(self.lease, following=[each.id for each in self._waiting][1:]).begun
        return marked.body_is_ours, self._come_to(begun)

    def _come_to(self, begun: int | None) -> Reserved | None:
        """That one's turn. Those before it are not wanted any more; if there is none, nobody's turn comes."""
        while self._waiting:
            message = self._waiting.popleft()
            if message.id == begun:
                return message
        return None

    def _text_of(self, message: Reserved) -> bytes:
        return ledger.content(message.id) if message.content is None else message.content

    def _envelope(self, message: Reserved, named: Verdict | None) -> Verdict:
        """MAIL, RCPT, DATA, on a new connection where the last one broke.

        A session that has done its work and is closed at MAIL is opened again, once.
        """
        try:
            if named is None and not self._talk.is_open:
                self._open()
            found = named or self._name(message)
            if found.stage is Stage.MAIL and found.closing and self._used:
                self._open()
                found = self._name(message)
            return found
        except OpeningError as fault:
            return fault.verdict

    def _name(self, message: Reserved) -> Verdict:
        envelope = self._envelope_of(message)
        if envelope is None:
            return judge_silence(stage=Stage.MAIL, how=How.BAD_ADDRESS)
        return self._talk.fault_of(envelope) or self._talk.name(envelope)

    def _to_pipeline(self, following: Reserved | None) -> Envelope | None:
        """The next message's envelope, where it can travel with this one's text."""
        if following is None or not self._talk.may_pipeline:
            return None
        envelope = self._envelope_of(following)
        return None if envelope is None or self._talk.fault_of(envelope) else envelope

    def _envelope_of(self, message: Reserved) -> Envelope | None:
        """None for an address that the door would have refused and that stands in the row all the same."""
        sender = addresses.for_envelope(self.gateway.from_address)
        try:
            to = addresses.for_envelope(addresses.checked(message.to))
        except OutboxError:
            return None
        content = self._text_of(message)
        return Envelope(
            sender=sender,
            to=to,
            size=len(content),
            eight_bit=not content.isascii(),
            utf8=addresses.needs_smtputf8(message.to),
        )

    def _not_ours(self) -> Verdict:
        """Between its address and its text the message left our hands: not a byte of it may go out, not even a dot."""
        self._talk.drop()
        return judge_silence(stage=Stage.BODY, how=How.DROP)

    def _keep(self, message: Reserved, found: Verdict) -> None:
        """What is good goes on record with the next commit and is settled with others; all else is settled at once."""
        settlement = self._settlement(message, found)
        self.done.attempts += 1
        if not self._settled:
            self._settle_at = time.monotonic() + SETTLED_WITHIN
        self._settled.append(settlement)
        self._taken = settlement if settlement.outcome is Outcome.SENT else None
        for name in ("sent", "later", "bad", "uncertain"):
            if settlement.outcome == name:
                setattr(self.done, name, getattr(self.done, name) + 1)

    def _settlement(self, message: Reserved, found: Verdict) -> Settlement:
        meaning = _meaning(message, found)
        if meaning is Meaning.GOOD:
            return Settlement(message=message.id, state=State.SENT, outcome=Outcome.SENT, verdict=found)
        state, outcome, wait = {
            Meaning.BAD: (State.BAD, Outcome.BAD, None),
            Meaning.UNCERTAIN: (State.UNCERTAIN, Outcome.UNCERTAIN, self.pace.minutes(self.pace.uncertain)),
            Meaning.LATER: (
                State.WAITING,
                Outcome.LATER,
                found.wait or self.pace.later_pause(attempts=message.attempts),
            ),
            Meaning.LOST: (State.WAITING, Outcome.LATER, self.pace.lost_pause(attempts=message.attempts)),
        }.get(meaning, (State.WAITING, Outcome.TAKEN_BACK, None))
        return Settlement(
            message=message.id,
            state=state,
            outcome=outcome,
            verdict=found,
            wait=wait,
            charged=outcome != Outcome.TAKEN_BACK,
            suspicious=meaning is Meaning.SUSPICIOUS,
        )

    def _consider(self, message: Reserved, found: Verdict, following: Reserved | None) -> None:
        """What this verdict means for the session and the gateway. Raises _StopError when nothing more may be tried."""
        meaning = _meaning(message, found)
        if meaning.is_the_gateways:
            self._put_back(following)
            self._stop(found)
        if meaning in {Meaning.GOOD, Meaning.BAD, Meaning.LATER}:
            troubles.reached(self.gateway)
        if meaning is Meaning.GOOD:
            self._used = True
            self._forget_refusals()
        elif meaning is Meaning.BAD and not found.nobody_there and not message.suspicious:
            self._count_refusal(message, following)
        elif meaning is Meaning.LOST and troubles.session_lost(self.gateway, message.id, found, pace=self.pace):
            self._put_back(following)
            raise _StopError
        if self._talk.is_open and found.stage in {Stage.RCPT, Stage.DATA}:
            self._talk.rset()

    def _put_back(self, following: Reserved | None) -> None:
        """Write what is judged; a message that was begun and never named goes back as it was."""
        if following is not None:
            self._settled.append(_taken_back(following))
        self._settle_all()

    def _count_refusal(self, message: Reserved, following: Reserved | None) -> None:
        self._settle_all()
        self.gateway.refused_running = [*self.gateway.refused_running, message.id]
        if troubles.refused(message.id):
            self._put_back(following)
            raise _StopError

    def _forget_refusals(self) -> None:
        if self.gateway.refused_running:
            troubles.accepted()
            self.gateway.refused_running = []

    def _settle_all(self) -> None:
        self._taken = None
        if self._settled:
            ledger.settle(self.lease, pace=self.pace, settled=self._settled)
        self._settled = []

    def _save_what_is_known(self) -> None:
        """The lease or the database went away with verdicts in our hands: one try in a new session.

        What cannot be written now is *maybe sent* for whoever comes next, which is true, if less than we know.
        """
        self._talk.drop()
        connection.close()
        with suppress(Error):
            self._settle_all()

    def _note(self) -> None:
        Gateway.objects.filter(pk=1).update(last_check_at=Now())
        if self.done.attempts:
            GatewayEvent.objects.create(action=GatewayEvent.Action.BATCH, sentence=self.done.sentence)


def _meaning(message: Reserved, found: Verdict) -> Meaning:
    """For one that was suspicious before, the probe was accepted: this refusal is about the recipient after all."""
    return Meaning.BAD if message.suspicious and found.meaning is Meaning.SUSPICIOUS else found.meaning


def _taken_back(message: Reserved) -> Settlement:
    return Settlement(
        message=message.id,
        state=State.WAITING,
        outcome=Outcome.TAKEN_BACK,
        verdict=Verdict(
            meaning=Meaning.NOTHING, stage=Stage.MAIL, sentence="The gateway paused before it was this message's turn."
        ),
        charged=False,
    )


def _as_probe(found: Verdict) -> Verdict:
    """A refused From address is a suspicion, whatever the words; a broken session is just that."""
    if found.meaning in {Meaning.BAD, Meaning.SUSPICIOUS, Meaning.LATER}:
        sentence = "The server would not take a message to the library's own From address."
        return Verdict(
            meaning=Meaning.SUSPICIOUS, stage=found.stage, sentence=sentence, code=found.code,
            enhanced=found.enhanced, words=found.words,
        )  # fmt: skip
    if found.meaning is Meaning.LOST:
        return Verdict(meaning=Meaning.UNREACHABLE, stage=found.stage, sentence=found.sentence, words=found.words)
    return found
