"""A mail server that takes everything, remembers each copy, and is gone now and then at the worst moment.

It is the witness: what it received has arrived, whatever the database believes.
"""

import random
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.smtp_gateway.scripted import DROP, Mischief, ScriptedServer

WITHOUT_PIPELINING = ["SIZE 20000000", "8BITMIME", "SMTPUTF8"]
WITH_PIPELINING = ["PIPELINING", *WITHOUT_PIPELINING]


@dataclass(repr=False)  # thousands of messages would stand in it
class Sink(ScriptedServer):
    """``losing``: the share of texts after which it closes the connection, as often before taking them as after."""

    losing: float = 0.0
    slow: float = 0.0
    """Seconds, on average, for each of: looking up the recipient, taking the text, and saying so."""
    seed: int = 0
    drops: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)
        if self.losing or self.slow:
            self.answers |= {
                "rcpt": lambda _: self._take_time(),
                "dot": lambda _: self._take_time() or self._drop("before"),
                "accepted": lambda _: self._take_time() or self._drop("after"),
            }

    @property
    def copies(self) -> Counter[str]:
        """How often each Message-ID has arrived."""
        return Counter(self.message_ids)

    def _take_time(self) -> None:
        if self.slow:
            time.sleep(self._dice.uniform(0, 2 * self.slow))

    def _drop(self, when: str) -> Mischief | None:
        if self._dice.random() >= self.losing:
            return None
        self.drops[when] += 1
        return DROP
