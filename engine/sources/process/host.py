"""The child process of a source: opens it, keeps its frames coming into the ring, answers commands, shows it is alive.

Everything the source does is called from one thread. The other side is engine.sources.process.source.
"""

from __future__ import annotations

import faulthandler
import logging
import math
import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, MutableSequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from multiprocessing.connection import Connection, wait
from threading import Lock, Thread
from typing import Any

from engine.domain.inspection import Frame, Value, utc_now
from engine.errors import FrameIncomplete, FrameTimeout, LinesideError, PictureError, SourceLost, UnsupportedProperty
from engine.sources.base import FrameSource
from engine.sources.process.ring import Bell, Item, Rings, unlink

log = logging.getLogger(__name__)

Make = Callable[[str], FrameSource]

BEAT, GO, SKIPPED = range(3)
"""Places in the pulse: turns made, 1 = frames are wanted, what the source itself skipped."""
READ_S, READ_TRIGGERED_S = 0.1, 0.005
"""Commands wait for a read to end: a trigger must not wait long."""
REST_S, FULL_S, LOOK_S = 0.02, 0.005, 0.5
ORPHAN_S, HUNG_S = 0.7, 60.0
FIRED_BEFORE = timedelta(milliseconds=20)
"""The camera's time on this machine's clock is an estimate: it may seem to expose a little before its trigger."""
TEXT, LOGS_A_SECOND = 1000, 50
LONGEST_S = 600.0
NO_PICTURES = "Check the firewall, the packet size (jumbo frames), the cable and the switch."


@dataclass(frozen=True, slots=True)
class Facts:
    """What a source says about itself while it is open."""

    description: str
    free_running: bool
    live: bool
    total: int | None


@dataclass(frozen=True, slots=True)
class Links:
    """What joins the two processes; of each pipe one end is in either."""

    commands: Connection[Any, Any]
    events: Connection[Any, Any]
    bell: Connection[Any, Any]
    pulse: MutableSequence[int]


class Orphaned(Exception):
    """The process that asked is gone."""


class Talk:
    """Says things to the other process, from any thread."""

    def __init__(self, link: Connection[Any, Any]) -> None:
        self._link, self._lock = link, Lock()

    def say(self, kind: str, what: object) -> None:
        """One event. Raises Orphaned."""
        try:
            with self._lock:
                self._link.send((kind, what))
        except OSError:
            raise Orphaned from None


class Forward(logging.Handler):
    """Sends warnings and worse to the other process, so many a second; of the rest only their number."""

    def __init__(self, talk: Talk) -> None:
        super().__init__(logging.WARNING)
        self.setFormatter(logging.Formatter("%(message)s"))
        self._talk, self._second, self._sent, self._kept_back = talk, 0, 0, 0

    def emit(self, record: logging.LogRecord) -> None:
        """One record as name, level and text."""
        second = int(time.monotonic())
        if second != self._second:
            kept_back, self._kept_back, self._second, self._sent = self._kept_back, 0, second, 0
            if kept_back:
                self._send(record.name, logging.WARNING, f"{kept_back} more records were left out")
        self._sent += 1
        if self._sent > LOGS_A_SECOND:
            self._kept_back += 1
            return
        try:
            self._send(record.name, record.levelno, self.format(record))
        except Exception:
            self.handleError(record)

    def _send(self, name: str, level: int, text: str) -> None:
        with suppress(Orphaned):
            self._talk.say("log", (name[:TEXT], level, text[-4 * TEXT :]))


def run(uri: str, make: Make, settings: list[tuple[str, Value]], stall_s: float, prefix: str, links: Links) -> None:
    """The whole life of the child process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    rings: list[str] = []
    Thread(target=_end_with_parent, args=(rings,), name="orphan", daemon=True).start()
    talk = Talk(links.events)
    logging.basicConfig(handlers=[Forward(talk)], level=logging.WARNING, force=True)
    # Not by way of the interpreter's end: a driver's threads and exit hooks may hang there.
    with suppress(Orphaned):
        _serve(Host(uri, make, stall_s, links, talk, Rings(prefix, rings)), settings, talk)
        os._exit(0)
    # The station was killed: nobody else removes what it had.
    _remove(rings)
    os._exit(1)


def _serve(host: Host, settings: list[tuple[str, Value]], talk: Talk) -> None:
    try:
        host.open(settings)
        while host.turn():
            pass
    except LinesideError as error:
        talk.say("word", bounded(error))
    except Orphaned:
        raise
    except Exception as error:
        log.error("the driver failed:\n%s", traceback.format_exc())
        talk.say("word", failed(error))
    finally:
        host.close()


def bounded(error: LinesideError) -> LinesideError:
    """The same error with texts of a sensible length."""
    error.message, error.remedy = error.message[:TEXT], error.remedy[:TEXT]
    return error


def failed(error: Exception) -> SourceLost:
    """What a driver raises that is none of ours: it may go by when the source is opened again."""
    words = f"{type(error).__name__}: {error}"[:TEXT]
    return SourceLost(f"The camera's driver failed ({words}).", "Check the camera; its log has the details.")


def _end_with_parent(rings: list[str]) -> None:
    """Also where the main thread hangs in a driver: no camera stays held by a process nobody knows of."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    time.sleep(ORPHAN_S)
    _remove(rings)
    os._exit(1)


def _expect_life(nowhere: int) -> None:
    """A driver that hangs holding the interpreter stops the orphan thread too: this end needs no interpreter."""
    faulthandler.dump_traceback_later(HUNG_S, exit=True, file=nowhere)


def _remove(rings: list[str]) -> None:
    with suppress(OSError):
        for name in rings:
            unlink(name)


class Host:
    """One source and its way to the other process."""

    def __init__(self, uri: str, make: Make, stall_s: float, links: Links, talk: Talk, rings: Rings) -> None:
        self._uri, self._make, self._stall_s, self._talk, self._rings = uri, make, stall_s, talk, rings
        self._commands, self._pulse, self._bell = links.commands, links.pulse, Bell(links.bell)
        self._source: FrameSource | None = None
        self._facts: Facts | None = None
        self._edition, self._nowhere = 0, os.open(os.devnull, os.O_WRONLY)
        self._held: Item | None = None
        self._stopped = self._going = self._came = False
        self._since = self._looked = self._told = time.monotonic()
        self._periods: deque[float] = deque(maxlen=9)
        self._fired: deque[datetime] = deque(maxlen=64)

    def open(self, settings: list[tuple[str, Value]]) -> None:
        """Open the source, apply the settings and say so."""
        _expect_life(self._nowhere)
        self._source = self._make(self._uri)
        self._source.open()
        if (cv2 := sys.modules.get("cv2")) is not None:
            cv2.setNumThreads(1)
        for name, value in settings:
            self._source.set(name, value)
        self._facts = _facts(self._source)
        self._talk.say("facts", (self._edition, self._facts))

    def close(self) -> None:
        """Release the source and the ring."""
        try:
            if self._source is not None:
                self._source.close()
        except Exception:
            log.exception("the source did not close in order")
        self._rings.close()

    def turn(self) -> bool:
        """Commands, then at most one frame. False: it was told to stop."""
        source = self._source
        assert source is not None
        self._pulse[BEAT] += 1
        self._answer(source)
        if self._stopped:
            return False
        if time.monotonic() - self._told >= LOOK_S:
            self._tell(source)
            _expect_life(self._nowhere)
        if not self._wanted():
            wait([self._commands], REST_S)
            self._look(source)
        elif self._held is not None:
            if not self._place(self._held, source.free_running):
                wait([self._commands], FULL_S)
            self._look(source)
        else:
            self._read(source)
        return True

    # ── frames ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _wanted(self) -> bool:
        if not self._going and self._pulse[GO]:
            self._going, self._since = True, time.monotonic()
        return self._going

    def _read(self, source: FrameSource) -> None:
        item: Item
        try:
            item = source.read(READ_S if source.free_running else READ_TRIGGERED_S)
        except FrameTimeout:
            self._look(source, waiting=True)
            return
        except (FrameIncomplete, PictureError) as error:
            item = error
        now = time.monotonic()
        if self._came:
            self._periods.append(now - self._since)
        self._since = self._looked = now
        self._came = True
        self._pulse[SKIPPED] = max(0, source.skipped)
        self._place(self._stamped(item), source.free_running)

    def _place(self, item: Item, free: bool) -> bool:
        """Into the ring, a larger one where it must be; False: it is held until there is room."""
        if (index := self._rings.room(item, in_order=not free)) is not None:
            self._talk.say("ring", index)
        placed = self._rings.put(item)
        self._held = None if placed else item
        self._ring_bell()
        return placed

    def _ring_bell(self) -> None:
        try:
            self._bell.ring()
        except (OSError, EOFError):
            raise Orphaned from None

    def _stamped(self, item: Item) -> Item:
        """With the time of the last trigger before it, where the source says none."""
        if not isinstance(item, Frame) or item.triggered_at is not None or not self._fired:
            return item
        until = (item.exposed_at or item.captured_at) + FIRED_BEFORE
        fired = next((at for at in reversed(self._fired) if at <= until), None)
        return item if fired is None else replace(item, triggered_at=fired)

    # ── signs of life ────────────────────────────────────────────────────────────────────────────────────────────
    def _look(self, source: FrameSource, *, waiting: bool = False) -> None:
        """No frame: ask the device itself every now and then. `waiting`: a frame was asked for. Raises SourceLost."""
        now = time.monotonic()
        if now - self._looked < LOOK_S:
            return
        source.check()
        self._looked = time.monotonic()
        quiet = now - self._since
        if not (waiting and source.free_running and quiet > self._stall_s and quiet > self._patience(source)):
            return
        begun = "The camera answers but no" if self._came else "The control connection works, but no"
        raise SourceLost(f"{begun} pictures arrive.", NO_PICTURES)

    def _patience(self, source: FrameSource) -> float:
        """Four times the time between frames, three exposures: as the device says, and as it was."""
        rate, exposure = _number(source, "frame_rate"), _number(source, "exposure_us")
        usual = sorted(self._periods)[len(self._periods) // 2] if self._periods else 0.0
        return min(LONGEST_S, max(4 / rate if rate else 0.0, 3e-6 * exposure, 4 * usual))

    # ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _answer(self, source: FrameSource) -> None:
        while not self._stopped and (command := self._heard()) is not None:
            self._one(source, *command)

    def _heard(self) -> tuple[Any, ...] | None:
        try:
            return tuple(self._commands.recv()) if self._commands.poll(0) else None
        except (OSError, EOFError):
            raise Orphaned from None

    def _one(self, source: FrameSource, act: str, *args: Any) -> None:
        lost: SourceLost | None = None
        value: object
        if act == "stop":
            self._stopped = True
            return
        try:
            value = self._do(source, act, args)
        except LinesideError as error:
            value = bounded(error)
            lost = error if isinstance(error, SourceLost) else None
        except Exception as error:
            log.error("the driver failed at %s:\n%s", act, traceback.format_exc())
            value = lost = failed(error)
        if lost is None:
            self._tell(source)
        try:
            self._commands.send((value, self._edition, self._facts))
        except OSError:
            raise Orphaned from None
        if lost is not None:
            raise lost

    def _do(self, source: FrameSource, act: str, args: tuple[Any, ...]) -> object:
        match act:
            case "trigger":
                self._pulse[GO] = 1
                self._fired.append(utc_now())
                source.trigger()
            case "get":
                return source.get(*args)
            case "set":
                source.set(*args)
                self._since = time.monotonic()
                self._periods.clear()
            case "caps":
                return source.caps()
            case _:
                source.check()
        return None

    def _tell(self, source: FrameSource) -> None:
        """What changed about the source; the ring goes its way."""
        self._told = time.monotonic()
        facts = _facts(source)
        self._rings.order(not facts.free_running)
        if self._facts is not None and facts.free_running != self._facts.free_running:
            self._held = None
            self._fired.clear()
        if facts != self._facts:
            self._facts, self._edition = facts, self._edition + 1
            self._talk.say("facts", (self._edition, facts))


def _facts(source: FrameSource) -> Facts:
    return Facts(source.description[:TEXT], source.free_running, source.live, source.total)


def _number(source: FrameSource, name: str) -> float:
    """A setting as a number over 0; 0.0 for one that the source does not have."""
    try:
        value = source.get(name)
    except UnsupportedProperty:
        return 0.0
    number = float(value) if isinstance(value, int | float) else 0.0
    return number if math.isfinite(number) and number > 0 else 0.0
