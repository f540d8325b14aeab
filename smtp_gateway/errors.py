"""The gateway's refusals. Each is a sentence that a person can act on; none carries a reader's address or title."""


class GatewayError(Exception):
    """Something at the gateway that cannot be done as asked."""


class OutboxError(GatewayError):
    """A message that cannot be queued, or a verb that does not fit a message's state."""


class LifecycleError(GatewayError):
    """The gateway cannot start; its words are for the page."""

    def __init__(self, sentence: str, *, words: str = "") -> None:
        super().__init__(sentence)
        self.words = words
