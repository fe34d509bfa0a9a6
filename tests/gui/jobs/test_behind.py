"""Long work of the window goes behind the line, which runs in the same process."""

from __future__ import annotations

import os
import sys
import threading

import pytest
from pytestqt.qtbot import QtBot

from engine.station.runner import Runner
from engine.system.threads import NICENESS
from gui.jobs.jobs import Jobs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="threads have no niceness of their own there")


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


class Once(Runner):
    """Notes how nice its thread is."""

    def __init__(self) -> None:
        super().__init__("once")
        self.found = -1

    def run(self) -> None:
        self.found = niceness()


def test_long_work_steps_back_and_short_work_does_not(qtbot: QtBot) -> None:
    jobs, here = Jobs(), niceness()
    found: dict[str, int] = {}
    jobs.stream(lambda _job, _report: niceness(), lambda _item: None, lambda nice: found.update(long=nice))
    jobs.run(niceness, lambda nice: found.update(short=nice))
    qtbot.waitUntil(lambda: len(found) == 2)
    assert jobs.shutdown()
    assert found == {"long": max(here, NICENESS), "short": here}
    assert niceness() == here


def test_a_scan_runs_behind_and_a_line_does_not() -> None:
    here, scan, line = niceness(), Once(), Once()
    scan.start(behind=True)
    line.start()
    assert scan.stop() and line.stop()
    assert (scan.found, line.found) == (max(here, NICENESS), here)
