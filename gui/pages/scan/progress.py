"""How far a scan is, how fast it goes and what is left, in figures and in words. No widgets."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from gui.i18n.language import number, translate


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan is: pictures done of total, pictures per second, seconds left (None = not known yet)."""

    done: int
    total: int | None
    rate: float
    left_s: float | None


class Meter:
    """Counts the pictures of a scan and the seconds it works, its pauses left out.

    `before`: so many were done when it went on; they say nothing about how fast it is now.
    """

    def __init__(self, before: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self._before, self._done, self._clock = before, 0, clock
        self._worked = 0.0
        self._since: float | None = None

    def run(self) -> None:
        """It works from now on."""
        self._since = self._clock() if self._since is None else self._since

    def hold(self) -> None:
        """It pauses from now on."""
        self._worked, self._since = self._seconds, None

    def add(self, count: int) -> None:
        """So many more are done."""
        self._done += count

    def progress(self, total: int | None) -> Progress:
        """How far it is, of `total` pictures with those before."""
        seconds, done = self._seconds, self._before + self._done
        rate = self._done / seconds if seconds > 0 else 0.0
        return Progress(done, total, rate, max(0, total - done) / rate if total and rate else None)

    @property
    def _seconds(self) -> float:
        return self._worked + (0.0 if self._since is None else self._clock() - self._since)


def progress_words(progress: Progress, *, paused: bool) -> str:
    """Pictures done, per second, and the time left."""
    done = number(progress.done)
    if progress.total:
        words = translate("Scan", "{done} of {total} pictures").format(done=done, total=number(progress.total))
    else:
        words = translate("Scan", "{done} pictures").format(done=done)
    parts = [words, translate("Scan", "{rate} a second").format(rate=number(progress.rate))]
    if paused:
        parts.append(translate("Scan", "paused"))
    elif progress.left_s is not None:
        parts.append(translate("Scan", "{time} left").format(time=_minutes(progress.left_s)))
    return " · ".join(parts)


def end_words(count: int, total: int | None, *, ended: bool) -> str:
    """How far it came: `count` of `total` pictures."""
    if ended:
        return translate("Scan", "All {count} pictures judged").format(count=number(count))
    if total:
        words = translate("Scan", "Stopped after {count} of {total} pictures")
        return words.format(count=number(count), total=number(total))
    return translate("Scan", "Stopped after {count} pictures").format(count=number(count))


def _minutes(seconds: float) -> str:
    """65 → `1:05`, 3725 → `1:02:05`."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
