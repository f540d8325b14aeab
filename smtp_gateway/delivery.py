"""Send the next few waiting messages.

Talks SMTP and writes outcomes, nothing else: what a message says and whom it is for was settled before it reached the
outbox, how often we run is settled in ``throttle``, and what a reply means in ``verdict``. Never sleeps, never sends
inside a transaction, and may be called by any number of workers at any moment.
"""

import time
from dataclasses import dataclass, field

from django.db import connection
from django.db.models.functions import Now

from smtp_gateway import addresses, conversation, identity, leases, ledger, lifecycle, throttle, troubles
from smtp_gateway.conversation import Conversation, OpeningError, Timeouts
from smtp_gateway.leases import Lease
from smtp_gateway.ledger import Begun, Settlement
from smtp_gateway.models import DeliveryAttempt, Gateway, GatewayEvent, OutboundMessage
from smtp_gateway.pace import REAL, Pace
from smtp_gateway.verdict import How, Meaning, Stage, Verdict, judge_silence

State = OutboundMessage.State
Outcome = DeliveryAttempt.Outcome

RFC_5321 = Timeouts()

#: Between the end of a conversation's steps and the lease's: a worker may be slow, too.
MARGIN = 60


@dataclass(kw_only=True)
class Check:
    """What one check did, in numbers."""

    attempts: int = 0
    sent: int = 0
    later: int = 0
    bad: int = 0
    uncertain: int = 0
    unfinished: bool = False
    """It ended because its time was over, with more to do: look again at once."""


class _StopError(Exception):
    """The gateway pauses or stops; whatever is in hand is settled."""


def check(*, pace: Pace = REAL, timeouts: Timeouts = RFC_5321) -> Check:
    """Recover what others left, then send as many as the throttle allows. Safe to call at any time."""
    leases.recover(pace=pace)
    expire()
    gateway = Gateway.the()
    if not _may_send(gateway) or not throttle.room(gateway, pace=pace).is_worth_a_check:
        return Check()
    if not identity.is_ours(gateway):
        lifecycle.stop_as_copy()
        return Check()
    seconds = max(timeouts.opening, timeouts.message) + MARGIN * pace.minute / REAL.minute
    with leases.taken(connections=gateway.connections, seconds=seconds) as lease:
        if lease is None:
            return Check()
        return _Delivery(gateway=gateway, lease=lease, pace=pace, timeouts=timeouts).run()


def expire() -> int:
    """Take out what is no longer worth delivering: *cancelled* if it was never tried, *bad* if the server put it off."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE smtp_gateway_outboundmessage
               SET state = CASE WHEN times_uncertain > 0 THEN 'uncertain' WHEN attempts > 0 THEN 'bad'
                                ELSE 'cancelled' END,
                   not_before = CASE WHEN times_uncertain > 0 THEN NULL ELSE not_before END,
                   finished_at = CASE WHEN times_uncertain > 0 THEN NULL ELSE clock_timestamp() END,
                   expires_at = CASE WHEN times_uncertain > 0 THEN NULL ELSE expires_at END,
                   reserved_at = NULL, stage = '',
                   reason = 'It could not be delivered in time.'
             WHERE state IN ('waiting', 'held') AND expires_at <= clock_timestamp()
            """
        )
        expired = cursor.rowcount
    if expired:
        messages = "1 message was" if expired == 1 else f"{expired} messages were"
        GatewayEvent.objects.create(
            action=GatewayEvent.Action.EXPIRED, sentence=f"{messages} not delivered in time and taken out."
        )
    return expired


def _may_send(gateway: Gateway) -> bool:
    return gateway.is_on and not Gateway.objects.filter(pk=1, paused_until__gt=Now()).exists()


@dataclass(kw_only=True)
class _Delivery:
    """One check with its slot: open the conversation, then block after block, message after message."""

    gateway: Gateway
    lease: Lease
    pace: Pace
    timeouts: Timeouts
    done: Check = field(default_factory=Check)
    settled: list[Settlement] = field(default_factory=list)
    """Judged, and not written yet: the next commit takes them along."""
    used: bool = False
    """This session has taken a message; the server may close such a one without meaning harm."""

    def run(self) -> Check:
        started = time.monotonic()
        try:
            self._open()
            self._probe()
            while ledger.reserve(self.lease, pace=self.pace):
                self._send_block(until=started + self.pace.minutes(self.pace.check).total_seconds())
                if self.done.unfinished:
                    break
            self.talk.close()
        except _StopError:
            pass
        finally:
            self._hang_up()
        Gateway.objects.filter(pk=1).update(last_check_at=Now())
        return self.done

    # The conversation -------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        """Before anything is reserved: its faults cannot touch a message."""
        try:
            self._converse()
        except OpeningError as fault:
            self._stop(fault.verdict)

    def _converse(self) -> None:
        self.talk = Conversation(conversation.server(self.gateway), timeouts=self.timeouts)
        self.talk.open()
        self.used = False
        troubles.let_in(self.gateway)

    def _hang_up(self) -> None:
        if hasattr(self, "talk"):
            self.talk.drop()

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
        found = self.talk.mail(sender)
        if found.is_good:
            found = self.talk.rcpt(sender)
        outcome = Outcome.PROBE_PASSED if found.is_good else Outcome.PROBE_REFUSED
        DeliveryAttempt.objects.filter(pk=attempt).update(
            outcome=outcome, finished_at=Now(), stage=found.stage, code=found.code, enhanced=found.enhanced,
            words=found.words, sentence=found.sentence,
        )  # fmt: skip
        if not found.is_good:
            self._stop(_as_probe(found))
        self.talk.rset()
        troubles.probe_passed()

    # Messages ---------------------------------------------------------------------------------------------------------

    def _send_block(self, *, until: float) -> None:
        """Send what is reserved, one commit a message. The text of one goes out after the commit that begins the next."""
        current = self._write(begin=True).begun
        while current is not None:
            found = self._envelope(current)
            following = None
            if found.is_good:
                out_of_time = time.monotonic() >= until
                self.done.unfinished = self.done.unfinished or out_of_time
                written = self._write(body=current.id, begin=not out_of_time)
                following = written.begun
                found = self.talk.text(current.content) if written.body_is_ours else self._not_ours()
            self._settle(current, found)
            self._consider(current, found, following)
            current = following or self._write(begin=time.monotonic() < until).begun
        self._write()

    def _envelope(self, message: Begun) -> Verdict:
        """MAIL, RCPT, DATA. A session that has done its work and is closed at MAIL is opened again, once."""
        found = self._name(message)
        if found.stage is Stage.MAIL and found.closing and self.used:
            try:
                self._converse()
            except OpeningError as fault:
                return fault.verdict
            found = self._name(message)
        return found

    def _name(self, message: Begun) -> Verdict:
        ascii_only = message.content.isascii()
        utf8 = addresses.needs_smtputf8(message.to)
        found = self.talk.envelope_fault(to=message.to, size=len(message.content), content_is_ascii=ascii_only)
        if found is not None:
            return found
        sender = addresses.for_envelope(self.gateway.from_address)
        found = self.talk.mail(sender, size=len(message.content), eight_bit=not ascii_only, utf8=utf8)
        if found.is_good:
            found = self.talk.rcpt(addresses.for_envelope(message.to))
        if found.is_good:
            found = self.talk.data()
        return found

    def _not_ours(self) -> Verdict:
        """Between its address and its text the message left our hands: not a byte of it may go out, not even a dot."""
        self.talk.drop()
        return judge_silence(stage=Stage.BODY, how=How.DROP)

    def _settle(self, message: Begun, found: Verdict) -> None:
        self.done.attempts += 1
        settlement = self._settlement(message, found)
        self.settled.append(settlement)
        for name in ("sent", "later", "bad", "uncertain"):
            if settlement.outcome == name:
                setattr(self.done, name, getattr(self.done, name) + 1)

    def _settlement(self, message: Begun, found: Verdict) -> Settlement:
        meaning = found.meaning
        if message.suspicious and meaning is Meaning.SUSPICIOUS:
            meaning = Meaning.BAD  # the probe was accepted: this refusal is about the recipient after all
        state, outcome, wait = {
            Meaning.GOOD: (State.SENT, Outcome.SENT, None),
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
            attempt=message.attempt,
            state=state,
            outcome=outcome,
            verdict=found,
            wait=wait,
            charged=outcome != Outcome.TAKEN_BACK,
            suspicious=meaning is Meaning.SUSPICIOUS,
        )

    def _consider(self, message: Begun, found: Verdict, following: Begun | None) -> None:
        """What this verdict means for the session and the gateway. Raises _StopError when nothing more may be tried."""
        meaning = Meaning.BAD if message.suspicious and found.meaning is Meaning.SUSPICIOUS else found.meaning
        if meaning.is_the_gateways:
            self._give_up(found, following)
        if meaning in {Meaning.GOOD, Meaning.BAD, Meaning.LATER}:
            troubles.reached(self.gateway)
        if meaning is Meaning.GOOD:
            self.used = True
            self._forget_refusals()
        elif meaning is Meaning.BAD and not found.nobody_there and not message.suspicious:
            self._count_refusal(message, following)
        elif meaning is Meaning.LOST and troubles.session_lost(message.id, found, pace=self.pace):
            self.gateway.unreachable_since = None
            self._put_back(following)
            raise _StopError
        self._ready_for(found, following)

    def _ready_for(self, found: Verdict, following: Begun | None) -> None:
        """A clean session for the next message: RSET after a refusal, a new connection after a loss."""
        if self.talk.is_open:
            if found.stage in {Stage.RCPT, Stage.DATA}:
                self.talk.rset()
            return
        try:
            self._converse()
        except OpeningError as fault:
            self._give_up(fault.verdict, following)

    def _give_up(self, found: Verdict, following: Begun | None) -> None:
        self._put_back(following, because=found)
        self._stop(found)

    def _put_back(self, following: Begun | None, *, because: Verdict | None = None) -> None:
        """Write what is judged; a message that was begun and not named goes back as it was."""
        if following is not None:
            found = because or judge_silence(stage=Stage.MAIL, how=How.DROP)
            self.settled.append(
                Settlement(
                    message=following.id,
                    attempt=following.attempt,
                    state=State.WAITING,
                    outcome=Outcome.TAKEN_BACK,
                    verdict=found,
                    charged=False,
                )
            )
        self._write()

    def _count_refusal(self, message: Begun, following: Begun | None) -> None:
        self.gateway.refused_running = [*self.gateway.refused_running, message.id]
        if len(self.gateway.refused_running) < troubles.REFUSALS_ALLOWED:
            troubles.refused(message.id)
            return
        self._write()
        if troubles.refused(message.id):
            self._put_back(following)
            raise _StopError

    def _forget_refusals(self) -> None:
        if self.gateway.refused_running:
            troubles.accepted()
            self.gateway.refused_running = []

    def _write(self, *, body: int | None = None, begin: bool = False) -> ledger.Written:
        settled, self.settled = self.settled, []
        return ledger.write(self.lease, pace=self.pace, settled=settled, body=body, begin=begin)


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
