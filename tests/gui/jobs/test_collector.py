"""Cycles with widgets in them are destroyed on the GUI thread, whoever allocates."""

from __future__ import annotations

import gc
import threading

from pytestqt.qtbot import QtBot

from gui.jobs.collector import Collector


class Cycle:
    """Garbage that only the collector finds; it says on which thread."""

    def __init__(self, heard: list[int]) -> None:
        self.itself, self.heard = self, heard

    def __del__(self) -> None:
        self.heard.append(threading.get_ident())


def test_cycles_are_collected_on_the_gui_thread_only(qtbot: QtBot) -> None:
    collector, heard = Collector(), list[int]()
    collector.start()
    try:
        for _ in range(2000):
            Cycle(heard)

        kept: list[list[int]] = []

        def allocate() -> None:
            kept.extend([] for _ in range(20_000))

        thread = threading.Thread(target=allocate)
        thread.start()
        thread.join()
        assert heard == []
        qtbot.waitUntil(lambda: bool(heard), timeout=10_000)
        assert set(heard) == {threading.get_ident()}
    finally:
        collector.stop()
    assert gc.isenabled()
