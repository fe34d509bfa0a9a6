"""Training events to whoever started the trainer: JSON lines for a program, one moving line for a person."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

from engine.training import (
    EpochDone,
    TrainingEvent,
    TrainingFailed,
    TrainingFinished,
    TrainingInterrupted,
    TrainingNote,
    TrainingProgress,
    TrainingStarted,
)

Emit = Callable[[TrainingEvent], None]
BAR_WIDTH = 28
INTERVAL_S = 0.2


def reporter(stream: TextIO, *, jsonl: bool) -> Emit:
    """JSON lines when asked for or when nobody watches a terminal, else a progress bar."""
    if jsonl or not stream.isatty():
        return JsonLines(stream)
    return ProgressBar(stream)


class JsonLines:
    """One event a line, flushed; progress at most five times a second."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last = 0.0

    def __call__(self, event: TrainingEvent) -> None:
        """Write one event."""
        if isinstance(event, TrainingProgress) and event.done < event.total:
            if time.monotonic() - self._last < INTERVAL_S:
                return
            self._last = time.monotonic()
        self._stream.write(event.model_dump_json(exclude_none=True) + "\n")
        self._stream.flush()


class ProgressBar:
    """One line that moves in place; notes and epochs stay above it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last = 0.0
        self._shown = 0

    def __call__(self, event: TrainingEvent) -> None:
        """Show one event."""
        if isinstance(event, TrainingProgress):
            if event.done < event.total and time.monotonic() - self._last < INTERVAL_S:
                return
            self._last = time.monotonic()
            self._line(_bar(event), "")
        elif not isinstance(event, TrainingFailed):
            # A failure is raised as well and told by whoever called.
            self._line(describe(event), "\n")

    def _line(self, text: str, end: str) -> None:
        self._stream.write("\r" + text.ljust(self._shown) + end)
        self._stream.flush()
        self._shown = 0 if end else len(text)


def describe(event: TrainingEvent) -> str:
    """One event in words."""
    match event:
        case TrainingStarted():
            parts = f"{event.train} to learn from, {event.validation} to validate, {event.test} to test"
            return f"{event.preset or event.architecture} on {event.device}: {parts}"
        case TrainingNote():
            return event.text
        case TrainingProgress():
            return _bar(event)
        case EpochDone():
            figures = "  ".join(f"{k} {v:.4f}" for k, v in event.figures.items())
            mark = "  best so far" if event.best else ""
            loss = f"{event.validation_loss:.4f}" if event.validation_loss is not None else "—"
            head = f"epoch {event.epoch}/{event.epochs}  loss {event.train_loss:.4f} / {loss}"
            return f"{head}  {figures}  {event.seconds:.0f} s{mark}"
        case TrainingFinished():
            accuracy = event.metrics.get("accuracy")
            shown = f", accuracy {accuracy:.4f}" if isinstance(accuracy, float) else ""
            return f"{event.package} is version {event.version}{shown}, made in {event.seconds:.0f} s"
        case TrainingInterrupted():
            return f"Stopped. Go on with: lineside train --resume {event.run} --out PKG"
        case TrainingFailed():
            return f"{event.message} {event.remedy}".strip()


def _bar(event: TrainingProgress) -> str:
    share = event.done / event.total if event.total else 1.0
    filled = round(BAR_WIDTH * share)
    loss = f"  loss {event.loss:.4f}" if event.loss is not None else ""
    return f"{event.stage:<10} [{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {share:4.0%}{loss}"


def meter(stream: TextIO, what: str) -> Callable[[int, int], None] | None:
    """A line that counts in place, for a terminal only."""
    if not stream.isatty():
        return None
    began = time.monotonic()
    last = [0.0]

    def show(done: int, total: int) -> None:
        now = time.monotonic()
        if done < total and now - last[0] < 0.2:
            return
        last[0] = now
        stream.write(f"\r{done}/{total} {what}, {done / max(1e-9, now - began):.0f} a second   ")
        stream.write("\n" if done == total else "")
        stream.flush()

    return show
