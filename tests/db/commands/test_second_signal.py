"""The first Ctrl-C or SIGTERM asks a run to stop, the second does not wait for what it is stuck in."""

from __future__ import annotations

import signal

import pytest

from db.commands.run import SIGNALS, _stopping
from engine.station.loop import Station


class Asked(Station):
    """A station that only counts how often it was asked to stop."""

    def __init__(self) -> None:
        self.times = 0

    def request_stop(self) -> None:
        """Once more."""
        self.times += 1


@pytest.mark.parametrize("first", SIGNALS)
@pytest.mark.parametrize("second", SIGNALS)
def test_second_signal_ends_what_the_first_could_not(first: signal.Signals, second: signal.Signals) -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    line = Asked()
    with pytest.raises(KeyboardInterrupt), _stopping(line):
        signal.raise_signal(first)
        assert line.times == 1
        signal.raise_signal(second)
    assert line.times == 1 and [signal.getsignal(number) for number in SIGNALS] == before
