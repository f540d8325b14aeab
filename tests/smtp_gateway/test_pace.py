"""How long the gateway waits."""

from tests.smtp_gateway.outgoing import FAST


def test_pauses_grow_to_four_hours():
    """5, 15, 30, 60, 120, 240 minutes and then every four hours, each ±20 %."""
    minutes = [FAST.later_pause(attempts=attempts).total_seconds() for attempts in range(1, 9)]

    expected = [5, 15, 30, 60, 120, 240, 240, 240]
    assert [0.8 * each <= seen <= 1.2 * each for each, seen in zip(expected, minutes, strict=True)] == [True] * 8
