"""What a run says on the console: a bar on a terminal, plain lines otherwise; and the stable JSON lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from tqdm import tqdm

from engine import events
from engine.domain.inspection import Inspection, Outcome
from engine.errors import StorageError
from engine.names import folder_name
from engine.reports.run import Tally, json_line

PLAIN_EVERY_S = 5.0


class Console:
    """Takes a station's events: counts, shows progress, writes JSON lines. Called from one thread at a time."""

    def __init__(
        self, total: int | None, unit: str, jsonl: Path | None = None, *, truth_from_folder: bool = False
    ) -> None:
        self.tally = Tally()
        self.failed: events.Failed | None = None
        self.stopped: events.Stopped | None = None
        self.unreadable: list[events.PictureSkipped] = []
        self._truth_from_folder = truth_from_folder
        self._total, self._unit = total, unit
        self._jsonl: IO[str] | None = _open_lines(jsonl) if jsonl else None
        self._bar: Any = tqdm(total=total, unit=f" {unit}", dynamic_ncols=True) if sys.stderr.isatty() else None
        self._begun = self._last = time.monotonic()
        self._before = 0

    def __enter__(self) -> Console:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.close()
        if self._jsonl is not None:
            self._jsonl.close()

    def take_up(self, done: Sequence[Inspection]) -> None:
        """What a scan that goes on judged before: counted and written like the rest, so that the lines are whole."""
        for inspection in done:
            if inspection.verdict.outcome is Outcome.NO_VERDICT and inspection.frame.height == 0:
                self.unreadable.append(events.PictureSkipped(inspection.frame.name, inspection.verdict.reasons[0]))
            self.tally.add(inspection, self._truth(inspection))
            if self._jsonl is not None:
                self._jsonl.write(json_line(inspection))
        self._before = len(done)
        if self._bar is not None:
            self._bar.initial = self._bar.n = self._before
            self._bar.refresh()

    def write_lines(self, lines: Iterable[str]) -> None:
        """Further JSON lines, behind those of the inspections."""
        if self._jsonl is not None:
            self._jsonl.writelines(lines)

    def __call__(self, event: events.StationEvent) -> None:
        """Handle one event."""
        match event:
            case events.Inspected(inspection=inspection):
                self._count(event)
                if self._jsonl is not None:
                    self._jsonl.write(json_line(inspection))
            case events.PictureSkipped(name=name, reason=reason):
                self.unreadable.append(event)
                self._say(f"skipped {name}: {reason}")
            case events.Lost(reason=reason, retry_s=retry):
                self._say(f"{reason} Trying again in {retry:.1f} s.")
            case events.Recovered(source=source):
                self._say(f"{source} is back.")
            case events.Warned(message=message, remedy=remedy):
                self._say(f"{message} {remedy}".strip())
            case events.Alarmed(message=message, remedy=remedy):
                self._say(f"ALARM: {message} {remedy}".strip())
            case events.ImagingChanged(level=level, words=words):
                self._say("The picture is as it should be again." if level == "fine" else f"Imaging: {words}.")
            case events.ModelSwapped(model=model):
                self._say(f"Model {model.name} {model.version} judges from now on.")
            case events.Failed():
                self.failed = event
            case events.Stopped():
                self.stopped = event
            case _:
                pass

    def _count(self, event: events.Inspected) -> None:
        self.tally.add(event.inspection, self._truth(event.inspection))
        if self._bar is not None:
            ng = self.tally.outcomes[Outcome.NG]
            self._bar.set_postfix_str(f"NG {ng} REVIEW {self.tally.outcomes[Outcome.REVIEW]}", refresh=False)
            self._bar.update()
        elif time.monotonic() - self._last > PLAIN_EVERY_S:
            self._last = time.monotonic()
            rate = (self.tally.total - self._before) / (self._last - self._begun)
            left = f", {(self._total - self.tally.total) / rate:.0f} s left" if self._total else ""
            print(f"{self.tally.total} {self._unit}, {rate:.1f}/s{left}", file=sys.stderr, flush=True)

    def _truth(self, inspection: Inspection) -> str | None:
        return folder_name(inspection.frame.name) if self._truth_from_folder else None

    def _say(self, text: str) -> None:
        if self._bar is not None:
            self._bar.write(text, file=sys.stderr)
        else:
            print(text, file=sys.stderr, flush=True)


def summary(tally: Tally) -> str:
    """Counts and, where truth is known, the verdicts against it, as lines for a person."""
    counts = "  ".join(f"{outcome} {tally.outcomes[outcome]}" for outcome in Outcome)
    lines = [f"Inspected {tally.total}:  {counts}"]
    if tally.unknown:
        asked = ": another product?" if 2 * tally.unknown > tally.total else "."
        lines.insert(0, f"{tally.unknown} of {tally.total} are unknown to this model{asked}")
    if tally.truths:
        width = max(12, *(len(t) for t in tally.truths))
        lines.append(f"{'truth':<{width}}" + "".join(f"{outcome:>12}" for outcome in Outcome))
        lines += [f"{t:<{width}}" + "".join(f"{n:>12}" for n in tally.row(t)) for t in tally.truths]
    return "\n".join(lines)


def _open_lines(path: Path) -> IO[str]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}.", "Choose another file.") from error
