"""The child process of one opening of a source, seen from the station; sources.process.host is the other side."""

from __future__ import annotations

import copy
import logging
import multiprocessing
import os
import secrets
import time
from contextlib import suppress
from multiprocessing.connection import wait
from threading import Condition, Lock, Thread
from typing import Any, cast

from engine.domain.inspection import Frame, Value
from engine.errors import FrameTimeout, LinesideError, SourceLost
from engine.sources.address import masked
from engine.sources.process.host import BEAT, GO, SKIPPED, Facts, Links, Make, failed, run
from engine.sources.process.ring import Bell, RingReader, segment, unlink
from engine.system.terminal import start_apart

log = logging.getLogger(__name__)

ASK_S, SLICE_S, HEAR_S, LAST_WORD_S = 5.0, 0.05, 0.1, 0.5
STOP_S, TERM_S, KILL_S = 1.2, 0.2, 0.3
HANGS = ("The camera's driver hangs; it was ended.", "If it goes on, check the camera's power and cable.")
DIED = ("The camera's process ended unexpectedly.", "If it goes on, check the camera's driver; see the log.")
MAX_RINGS = 64


class SourceProcess:
    """One child process from its start to its end; never used again. One thread hears what it says and watches it."""

    def __init__(self, uri: str, make: Make, settings: list[tuple[str, Value]], limits: tuple[float, ...]) -> None:
        self._uri, (self._open_s, self._silent_s, stall_s) = masked(uri), limits
        self._prefix = f"lineside{os.getpid()}.{secrets.token_hex(3)}"
        context = multiprocessing.get_context("spawn")
        self._commands, commands = context.Pipe()
        self._events, events = context.Pipe(duplex=False)
        bell, their_bell = context.Pipe()
        self._pulse = context.RawArray("Q", 3)
        theirs = Links(commands, events, their_bell, self._pulse)
        self._process = context.Process(
            target=run, args=(uri, make, settings, stall_s, self._prefix, theirs), name="lineside-source", daemon=True
        )
        self._ours = [self._commands, self._events, bell]
        self._bell = Bell(bell)
        self.facts: Facts | None = None
        self._edition, self._word = -1, cast(LinesideError | None, None)
        self._closing = self._over = False
        self._changed, self._asking, self._reading, self._rings = Condition(), Lock(), Lock(), Lock()
        self._ring: RingReader | None = None
        self._told, self._taken, self._dropped = 0, 0, 0
        self._begun = time.monotonic()
        try:
            start_apart(self._process)
        except BaseException as error:
            for link in self._ours:
                link.close()
            if not isinstance(error, OSError):
                raise
            raise SourceLost("The camera's process cannot be started.", "Close other programs.") from error
        finally:
            for link in (commands, events, their_bell):
                link.close()
        self.pid = self._process.pid
        self._ear = Thread(target=self._hear, name=f"hear {self._uri}"[:40], daemon=True)
        self._ear.start()

    @property
    def skipped(self) -> int:
        """In the source, in rings given back and in this one."""
        with self._rings:
            return self._dropped + int(self._pulse[SKIPPED]) + (self._ring.skipped if self._ring else 0)

    def opened(self, timeout: float) -> bool:
        """Whether it said that it is open. Raises its last word."""
        with self._changed:
            self._changed.wait_for(lambda: self.facts or self._word or self._closing, timeout)
            if self._word is not None:
                raise copy.copy(self._word)
            return self.facts is not None

    def read(self, timeout: float) -> Frame:
        """What the ring has; its last word once it is empty."""
        until = time.monotonic() + timeout
        if not self._reading.acquire(timeout=max(0.0, timeout)):
            raise FrameTimeout("Another reader waits for this source's picture.")
        try:
            self._pulse[GO] = 1
            while not self._closing:
                word = self._word
                frame = self._next()
                if frame is not None:
                    return frame
                if word is not None:
                    raise copy.copy(word)
                left = until - time.monotonic()
                if left <= 0:
                    break
                self._listen(min(left, SLICE_S))
        finally:
            self._reading.release()
        raise FrameTimeout("No picture came in time.")

    def ask(self, act: str, *args: object) -> object:
        """Have the child do something; its answer. Raises its LinesideError, SourceLost when there is no answer."""
        if self.facts is None:
            raise SourceLost("The source is not open yet.", "Wait until it is.")
        if not self._asking.acquire(timeout=ASK_S):
            raise SourceLost(*HANGS)
        try:
            self._commands.send((act, *args))
            until = time.monotonic() + ASK_S
            while not self._commands.poll(SLICE_S):
                if self._word is not None or self._closing:
                    raise EOFError
                if time.monotonic() > until:
                    self._end(SourceLost(*HANGS))
            value, edition, facts = self._commands.recv()
        except (EOFError, OSError):
            raise self._gone() from None
        finally:
            self._asking.release()
        self._take_facts(edition, facts)
        if isinstance(value, LinesideError):
            raise value
        return value

    def close(self) -> None:
        """End the process and give everything back."""
        self._closing = True
        with self._changed:
            self._changed.notify_all()
        self._stop()
        self._over = True
        self._ear.join(1.0)
        try:
            self._process.join(TERM_S)
            self._process.close()
        except ValueError:
            log.error("the process %s of %s cannot be ended", self.pid, self._uri)
        with self._reading, self._asking, self._rings:
            for link in self._ours:
                link.close()
            if self._ring is not None:
                self._ring.close()
                self._ring = None
            # One more than was told: it may have died in between.
            for index in range(self._told + 1):
                unlink(segment(self._prefix, index))

    # ── the process ──────────────────────────────────────────────────────────────────────────────────────────────
    def _stop(self) -> None:
        if self._asking.acquire(timeout=2 * SLICE_S):
            with suppress(OSError):
                self._commands.send(("stop",))
            self._asking.release()
        for end, patience in ((None, STOP_S), (self._process.terminate, TERM_S), (self._process.kill, KILL_S)):
            if end is not None:
                log.info("the process of %s did not end when it was asked to", self._uri)
                end()
            if wait([self._process.sentinel], patience):
                return

    def _end(self, word: SourceLost) -> None:
        """Kill it, with these words."""
        self._say(word)
        log.error("%s: %s (process %s)", self._uri, word.message, self.pid)
        with suppress(ValueError):
            self._process.kill()

    def _say(self, word: LinesideError) -> None:
        with self._changed:
            self._word = self._word or word
            self._changed.notify_all()

    def _gone(self) -> LinesideError:
        with self._changed:
            self._changed.wait_for(lambda: self._word or self._closing, LAST_WORD_S)
            if self._closing:
                return SourceLost("The source was closed.", "Open it again.")
            return copy.copy(self._word) or SourceLost(*DIED)

    # ── on the thread that hears ─────────────────────────────────────────────────────────────────────────────────
    def _hear(self) -> None:
        before, beat, quiet = time.monotonic(), -1, 0.0
        while not self._over:
            ready = wait([self._events, self._process.sentinel], HEAR_S)
            if self._events in ready:
                try:
                    self._event(*self._events.recv())
                except (EOFError, OSError):
                    break
                except Exception as error:
                    self._end(failed(error))
                    break
            elif ready:
                break
            now = time.monotonic()
            # Only what was seen here counts: a machine that slept makes no driver hang.
            quiet = quiet + min(now - before, 2 * HEAR_S) if self._pulse[BEAT] == beat else 0.0
            before, beat = now, self._pulse[BEAT]
            self._watch(quiet, now)
        self._died()

    def _watch(self, quiet: float, now: float) -> None:
        if self._word is not None or self._closing:
            return
        if self.facts is None:
            if now - self._begun > self._open_s:
                words = f"The camera does not open: its driver gave no answer within {self._open_s:g} s."
                self._end(SourceLost(words, "Check the camera's power and cable."))
        elif quiet > self._silent_s:
            self._end(SourceLost(*HANGS))

    def _event(self, kind: str, what: Any) -> None:
        match kind:
            case "log":
                name, level, text = what
                logging.getLogger(name).log(level, "%s", text)
            case "facts":
                self._take_facts(*what)
            case "ring":
                if what != self._told or what >= MAX_RINGS:
                    raise ValueError("rings out of order")
                self._told += 1
            case "word":
                self._say(what)

    def _take_facts(self, edition: int, facts: Facts) -> None:
        with self._changed:
            if edition > self._edition:
                self._edition, self.facts = edition, facts
                self._changed.notify_all()

    def _died(self) -> None:
        if self._closing:
            return
        self._process.join(LAST_WORD_S)
        if self._word is None:
            log.error("the process of %s ended by itself, exit code %s", self._uri, self._process.exitcode)
            self._say(SourceLost(*DIED))

    # ── on the reading thread ────────────────────────────────────────────────────────────────────────────────────
    def _listen(self, timeout: float) -> None:
        try:
            self._bell.wait(timeout)
        except (EOFError, OSError):
            with self._changed:
                self._changed.wait_for(lambda: self._word or self._closing, timeout)

    def _next(self) -> Frame | None:
        with self._rings:
            while True:
                told = self._told
                frame = self._ring.take(self._uri) if self._ring else None
                if frame is not None or self._taken >= told:
                    return frame
                self._switch()

    def _switch(self) -> None:
        """To the next ring that was told of; the one before is empty."""
        if self._ring is not None:
            self._dropped += self._ring.skipped
            self._ring.close()
            self._ring = None
            unlink(segment(self._prefix, self._taken - 1))
        self._taken += 1
        try:
            self._ring = RingReader(segment(self._prefix, self._taken - 1))
        except (OSError, ValueError) as error:
            log.error("the pictures of %s cannot be reached: %s", self._uri, error)
