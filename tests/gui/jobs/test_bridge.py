"""The crossing from the station's thread: events never drop, pictures may."""

from __future__ import annotations

import threading
import time

import numpy as np
from pytestqt.qtbot import QtBot

from engine.domain.inspection import (
    Frame,
    Inspection,
    ModelRef,
    Outcome,
    RecipeRef,
    Scores,
    Times,
    Traveller,
    Verdict,
    new_id,
    utc_now,
)
from engine.events import Inspected, Picture, StationEvent
from gui.jobs.bridge import Bridge


def picture(sequence: int) -> Picture:
    now = utc_now()
    frame = Frame(np.zeros((8, 8), np.uint8), "bench", sequence, now)
    verdict = Verdict(Outcome.OK, "sound", 0.0, ("good",))
    inspection = Inspection(
        new_id(now),
        frame.ref,
        Scores(("sound",), (1.0,)),
        (),
        verdict,
        ModelRef("m", "0"),
        RecipeRef("r", 1, ""),
        Traveller(),
        Times(now),
    )
    return Picture(frame, None, inspection)


def test_every_event_arrives_in_order_and_only_the_newest_picture(qtbot: QtBot) -> None:
    bridge = Bridge()
    events: list[StationEvent] = []
    pictures: list[Picture] = []
    bridge.drained.connect(events.extend)
    bridge.pictured.connect(pictures.append)
    made = [picture(n) for n in range(500)]

    def station() -> None:
        for each in made:
            bridge.publish(Inspected(each.inspection))
            bridge.show.put(each)

    thread = threading.Thread(target=station)
    thread.start()
    thread.join()
    bridge.start()
    qtbot.waitUntil(lambda: len(events) == 500, timeout=2000)
    bridge.stop()
    assert [e.inspection.id for e in events if isinstance(e, Inspected)] == [p.inspection.id for p in made]
    assert [p.frame.sequence for p in pictures] == [499]
    assert bridge.show.replaced == 499


def test_stop_delivers_what_still_waits(qtbot: QtBot) -> None:
    bridge = Bridge()
    events: list[StationEvent] = []
    bridge.drained.connect(events.extend)
    bridge.start()
    bridge.publish(Inspected(picture(1).inspection))
    bridge.stop()
    assert len(events) == 1
    qtbot.wait(80)
    assert len(events) == 1


def test_a_slow_screen_gets_fewer_ticks_never_a_pile_of_them(qtbot: QtBot) -> None:
    bridge = Bridge()
    seen: list[int] = []

    def slow(_picture: Picture) -> None:
        seen.append(1)
        qtbot.wait(0)
        threading.Event().wait(0.05)

    bridge.pictured.connect(slow)
    stop = threading.Event()

    def station() -> None:
        while not stop.wait(0.005):
            bridge.show.put(picture(1))

    thread = threading.Thread(target=station)
    thread.start()
    begun = time.monotonic()
    bridge.start()
    qtbot.waitUntil(lambda: len(seen) >= 6)
    took = time.monotonic() - begun
    stop.set()
    thread.join()
    bridge.stop()
    # 50 ms of drawing and as long a rest; without the rest six would be over after 333 ms. Load only makes it longer.
    assert took > 0.45
