"""Three workers, a server that drops now and then, and somebody who kills and freezes workers at random.

``python -m pytest tests/faults/test_chaos.py -m slow -s`` shows its figures.
"""

import random
import signal
import statistics
import threading
import time
from collections import deque
from contextlib import closing
from dataclasses import dataclass, field

import psycopg2

from smtp_gateway import leases
from smtp_gateway.conversation import Timeouts
from smtp_gateway.models import DeliveryAttempt, Gateway, OutboundMessage, Slot
from smtp_gateway.pace import Pace
from tests.faults import oracle
from tests.faults.conftest import database_url
from tests.faults.nursery import Nursery, Worker
from tests.faults.sink import Sink

#: A minute is a quarter of a second; an uncertain message goes again after one. Leases last some two and a half.
PACE = Pace(minute=0.25, check=8, uncertain=4)
TIMEOUTS = Timeouts(connect=0.25, command=0.25, data=0.25, block=0.25, dot=0.5, quit=0.1)
LONGER_THAN_A_LEASE = 3.2


@dataclass(kw_only=True)
class Report:
    """The figures of one run."""

    messages: int
    kills: int = 0
    kills_in_the_act: int = 0
    """Killed while it held a slot."""
    stops: int = 0
    died_by_themselves: int = 0
    """Workers that ended without having been killed: a fault of ours."""
    drops: int = 0
    attempts: int = 0
    seconds: float = 0
    worst_window: int = 0
    limit: int = 0
    used: float = 0
    """Share of what the throttle allows that was used until the last message was first tried."""
    recoveries: list[float] = field(default_factory=list)
    """Seconds from each kill until nothing was in the dead worker's hands."""
    findings: oracle.Findings | None = None

    def __str__(self) -> str:
        found = self.findings
        assert found is not None
        times = sorted(self.recoveries) or [0.0]
        figures = [
            f"{self.messages} messages, {self.kills} kills ({self.kills_in_the_act} in the act), {self.stops} stops",
            f"{self.drops} drops, {self.attempts} attempts in {self.seconds:.0f} s",
            f"lost {len(found.lost)}, silent {len(found.silent)}, belied {len(found.belied)}",
            f"uncertain {found.uncertain}, twice {found.twice}, ended {found.states}",
            f"recovery after a kill: median {statistics.median(times):.3f} s, worst {times[-1]:.3f} s",
            f"worst window {self.worst_window} of {self.limit}, used {self.used:.0%}",
        ]
        return "; ".join(figures)


@dataclass(kw_only=True)
class Chaos:
    """Run it once with everything queued; the gateway's row has three connections."""

    sink: Sink
    nursery: Nursery
    kills: int
    stops: int
    workers: int = 3
    seed: int = 0
    every: float = 0.45
    """Seconds between two acts, on average."""
    patience: float = 400

    def run(self) -> Report:
        self._dice = random.Random(self.seed)
        self._frozen: deque[tuple[float, Worker]] = deque()
        self._watches: list[threading.Thread] = []
        report = self.report = Report(messages=OutboundMessage.objects.count())
        started = time.monotonic()
        acts = ["kill"] * self.kills + ["stop"] * self.stops
        self._dice.shuffle(acts)
        next_act = started + self.every
        while acts or self._frozen or OutboundMessage.objects.on_the_way().exists():
            assert time.monotonic() - started < self.patience, self._what_is_left()
            self._thaw()
            self._restock()
            if acts and time.monotonic() >= next_act:
                if self._act(acts[-1]):
                    acts.pop()
                next_act = time.monotonic() + self._dice.uniform(0.2, 1.8) * self.every
            time.sleep(0.02)
        report.seconds = time.monotonic() - started
        self._end()
        return report

    def _act(self, act: str) -> bool:
        """False: all of them are frozen just now."""
        awake = [worker for worker in self.nursery.living if all(worker is not frozen for _, frozen in self._frozen)]
        if not awake:
            return False
        at_work = [worker for worker in awake if str(worker.pid) in self._holders()]
        worker = self._dice.choice(at_work or awake)
        if act == "kill":
            self._kill(worker)
        else:
            worker.signal(signal.SIGSTOP)
            self._frozen.append((time.monotonic() + LONGER_THAN_A_LEASE, worker))
            self.report.stops += 1
        return True

    def _holders(self) -> set[str]:
        return {holder.rpartition(" ")[2] for holder in Slot.objects.values_list("holder", flat=True)}

    def _kill(self, worker: Worker) -> None:
        token = Slot.objects.filter(holder__endswith=f" {worker.pid}").values_list("token", flat=True).first()
        worker.kill()
        self.report.kills += 1
        if token is not None:
            self.report.kills_in_the_act += 1
            watch = threading.Thread(target=self._watch, args=[str(token), time.monotonic()], daemon=True)
            watch.start()
            self._watches.append(watch)

    def _watch(self, token: str, killed_at: float) -> None:
        """Until nothing is in the dead hands any more."""
        query = (
            "SELECT EXISTS (SELECT FROM smtp_gateway_outboundmessage WHERE lease_token = %(token)s"
            " AND state = 'sending')"
            " OR EXISTS (SELECT FROM smtp_gateway_slot WHERE token = %(token)s)"
        )
        with closing(psycopg2.connect(database_url())) as own, own.cursor() as cursor:
            own.autocommit = True
            while time.monotonic() - killed_at < 60:
                cursor.execute(query, {"token": token})
                if not cursor.fetchone()[0]:
                    break
                time.sleep(0.01)
        self.report.recoveries.append(time.monotonic() - killed_at)

    def _thaw(self) -> None:
        while self._frozen and self._frozen[0][0] <= time.monotonic():
            self._frozen.popleft()[1].signal(signal.SIGCONT)

    def _restock(self) -> None:
        for _ in range(self.workers - len(self.nursery.living)):
            self.nursery.fork(pace=PACE, timeouts=TIMEOUTS, until=self.patience)

    def _end(self) -> None:
        self.report.died_by_themselves = len(self.nursery.workers) - len(self.nursery.living) - self.report.kills
        for worker in self.nursery.living:
            worker.kill()
        leases.recover(pace=PACE)
        for watch in self._watches:
            watch.join(5)
        gateway = Gateway.the()
        begun = sorted(at.timestamp() for at in DeliveryAttempt.objects.values_list("started_at", flat=True))
        window = PACE.minutes(gateway.minutes_between_checks).total_seconds()
        report = self.report
        report.findings = oracle.findings(self.sink.copies)
        report.drops = sum(self.sink.drops.values())
        report.attempts, report.limit = len(begun), gateway.messages_each_check
        report.worst_window = worst(begun, window=window)
        busy = DeliveryAttempt.objects.filter(number=1).order_by("-started_at")[0].started_at.timestamp() - begun[0]
        report.used = sum(1 for at in begun if at <= begun[0] + busy) / (report.limit * max(busy / window, 1))

    def _what_is_left(self) -> str:
        left = OutboundMessage.objects.on_the_way().values("dedup_key", "state", "stage", "attempts")
        return f"{left.count()} left: {list(left[:5])}"


def worst(moments: list[float], *, window: float) -> int:
    """The most moments that any stretch of so many seconds holds; ``moments`` are sorted."""
    most, first = 0, 0
    for index, moment in enumerate(moments):
        while moments[first] <= moment - window:
            first += 1
        most = max(most, index - first + 1)
    return most
