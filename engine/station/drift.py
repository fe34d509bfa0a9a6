"""The imaging self-test: what a picture looks like, and how far the station's have drifted from the golden one.

Sharpness: Tenengrad (Krotkov 1988; TENG in Pertuz et al., Pattern Recognition 46, 2013): the mean squared Sobel
gradient. Here its root over the mean grey, so that exposure and gain hardly move it. Shift: phase correlation (Kuglin
and Hines 1975) of the pictures reduced to SHIFT_SIDE and windowed; a part that fills the picture and lies elsewhere
each time moves it as the camera would, so such products need a wide `shift_px`.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median
from typing import Literal, cast

from engine.domain.inspection import Frame, Pixels
from engine.domain.recipe import WHOLE, Imaging, View
from engine.preprocessing.golden import TOO_DARK, Golden, Measure, grey_of
from engine.verdicts.doubts import unequal

Level = Literal["fine", "warn", "review"]
SURE = 0.3
"""Response of the phase correlation under which a shift is not judged. One scene gives 0.9 and more, castings laid down
anew each time 0.1…0.25, unlike pictures 0.05."""
MEASURED_EVERY_S = 0.2
BACK_AT = 0.8
"""A level is left only below this share of its limit."""
FAR_OUT = 2.0
AT_LEAST = 3
"""Before the window is full only a median of so many frames, over FAR_OUT times the limit, tells anything."""
_RANK: dict[Level, int] = {"fine": 0, "warn": 1, "review": 2}


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the self-test."""

    name: Literal["brightness", "saturation", "focus", "shift"]
    golden: float
    now: float
    """Of the picture developed to 8-bit grey, as the golden one is: units as in `Figures`; shift in frame pixels."""
    drift: float
    """What is held against the limits: share changed (signed), share more on top, share lost, frame pixels. nan: not
    judged, because the golden picture is too flat or dark, or the two are too unlike."""
    limit: tuple[float, float]
    """From which on it warns, and from which on parts go to REVIEW."""
    level: Level
    words: str = ""
    """What drifted, by how much, and why that may be; empty while it is fine."""


@dataclass(frozen=True, slots=True, eq=False)
class Drift:
    """How the station's pictures stand against the golden one: the worst level, its words, and each figure's median."""

    level: Level = "fine"
    words: str = ""
    checks: tuple[Check, ...] = ()
    """Empty before the first picture."""


def compare(imaging: Imaging, pixels: Pixels, bits: int = 0, bayer: str = "") -> list[Check]:
    """One picture against the golden one, figure by figure: the self-test on demand.

    `bits` and `bayer`: the frame's, or the recipe's where it states them. Raises ValueError for pixels that are no
    picture, and for one of another size than the golden one.
    """
    golden = Golden(imaging)
    measured = golden.measure(grey_of(pixels, bits, bayer))
    return _checks(imaging, golden, [measured], {})


class ImagingWatch:
    """Watches a line's frames for drift. Without an `Imaging` it costs nothing and all is fine. For one thread.

    `view`: the recipe's, whose bits and mosaic go before the camera's. Until `imaging.frames` frames were measured only
    what is far out is told (FAR_OUT, AT_LEAST). A level that was reached is left below BACK_AT of its limit.
    """

    def __init__(self, imaging: Imaging | None, view: View = WHOLE) -> None:
        self._imaging, self._view = imaging, view
        self._golden = None if imaging is None else Golden(imaging)
        self._kept: deque[Measure] = deque(maxlen=imaging.frames if imaging else 1)
        self._measured_at: datetime | None = None
        self._levels: dict[str, Level] = {}
        self._drift = Drift()

    def take(self, frame: Frame) -> Drift:
        """How the pictures stand, this one among them. At most five a second are measured, by their capture times."""
        if self._imaging is None or self._golden is None or not self._is_due(frame.captured_at):
            return self._drift
        self._measured_at = frame.captured_at
        seen = self._view.stated(frame.bits, frame.bayer)
        try:
            self._kept.append(self._golden.measure(grey_of(frame.pixels, seen.bits, seen.bayer)))
        except ValueError as error:
            # Its size or kind is another: the camera is set differently, and no median makes that better.
            self.reset()
            self._drift = Drift("review", f"the picture cannot be compared with the golden one: {error}")
            return self._drift
        self._drift = self._judged(self._imaging, self._golden)
        return self._drift

    def reset(self) -> None:
        """Forget what was seen: the camera was opened again or set differently."""
        self._kept.clear()
        self._levels, self._measured_at, self._drift = {}, None, Drift()

    def _is_due(self, at: datetime) -> bool:
        # A clock that was set back must not stop the watch: the distance counts either way.
        return self._measured_at is None or abs((at - self._measured_at).total_seconds()) >= MEASURED_EVERY_S

    def _judged(self, imaging: Imaging, golden: Golden) -> Drift:
        checks = _checks(imaging, golden, list(self._kept), self._levels)
        if len(self._kept) < imaging.frames:
            early = len(self._kept) >= AT_LEAST
            checks = [c if early and abs(c.drift) > FAR_OUT * c.limit[1] else _fine(c) for c in checks]
        self._levels = {c.name: c.level for c in checks}
        told = sorted((c for c in checks if c.words), key=lambda c: -_RANK[c.level])
        level: Level = told[0].level if told else "fine"
        return Drift(level, "; ".join(c.words for c in told), tuple(checks))


def _checks(imaging: Imaging, golden: Golden, seen: list[Measure], before: dict[str, Level]) -> list[Check]:
    """Each figure's median over what was seen, held against its limits."""
    bright, white = median(m.brightness for m in seen), median(m.saturation for m in seen)
    sharp = median(m.focus for m in seen)
    sure = [m for m in seen if m.confidence >= SURE]
    away = math.nan
    if 2 * len(sure) > len(seen):
        away = math.hypot(median(m.dx for m in sure), median(m.dy for m in sure))
    dark = golden.brightness < TOO_DARK
    found = [
        Check("brightness", golden.brightness, bright, bright / max(golden.brightness, 1 / 255) - 1.0, (0, 0), "fine"),
        Check("saturation", golden.saturation, white, max(0.0, white - golden.saturation), (0, 0), "fine"),
        Check(
            "focus",
            golden.focus,
            sharp,
            math.nan if dark or not golden.focus else 1.0 - sharp / golden.focus,
            (0, 0),
            "fine",
        ),
        Check("shift", 0.0, away, away, (0, 0), "fine"),
    ]
    limits = (imaging.brightness, imaging.saturation, imaging.focus, imaging.shift_px)
    return [_told(c, limit, before.get(c.name, "fine")) for c, limit in zip(found, limits, strict=True)]


def _told(check: Check, limit: tuple[float, float], before: Level) -> Check:
    """The check with its level and words. Sharper than the golden picture is no drift, whatever brightness says."""
    size = abs(check.drift) if check.name == "brightness" else check.drift
    level: Level = "fine"
    for reached, at in zip(("warn", "review"), limit, strict=True):
        holds = _RANK[before] >= _RANK[cast(Level, reached)]
        # A drift that is not a number is over no limit.
        if size > (at * BACK_AT if holds else at):
            level = cast(Level, reached)
    made = replace(check, limit=limit, level=level)
    return made if level == "fine" else replace(made, words=_words(made))


def _fine(check: Check) -> Check:
    return replace(check, level="fine", words="")


def _words(check: Check) -> str:
    limit = check.limit[_RANK[check.level] - 1]
    if check.name == "shift":
        by, most = unequal(check.drift, limit, 0)
        return f"the picture has moved by {by} px (limit {most} px): camera or fixture loose?"
    by, most = unequal(abs(check.drift) * 100, limit * 100, 0)
    if check.name == "focus":
        return f"the picture has lost {by} % of its sharpness (limit {most} %): focus, vibration, dirty lens?"
    if check.name == "saturation":
        return f"{by} % more of the picture is overexposed than of the golden one (limit {most} %): lamp, reflection?"
    if check.drift < 0:
        return f"the picture is {by} % darker than the golden one (limit {most} %): lamp, aperture, dirt?"
    return f"the picture is {by} % brighter than the golden one (limit {most} %): exposure, stray light?"
