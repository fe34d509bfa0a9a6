"""Geometry of a report's plots: numbers in, what an SVG template draws out. Colours are the page's (classes s0…s7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.statistics.metrics import Floats
from trainer.evaluation.reliability import ReliabilityBin

WIDTH, HEIGHT = 480, 340
LEFT, RIGHT, TOP, BOTTOM = 72, 464, 24, 284
"""The plot's area, in pixels of the drawing."""
SERIES = 8
DASHES = ("", "7 4", "2 3", "9 3 2 3")
SIMPLIFIED_FROM = 400
SIMPLIFIED_BY = 0.3
"""Pixels by which a curve of many points may be drawn beside itself."""
FEW = 10
"""A bar of fewer pictures is drawn hollow: it says little."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One curve: x and y in data units; `style` is its colour's number, `note` goes into the legend."""

    label: str
    x: Floats
    y: Floats
    note: str = ""
    style: int = 0


@dataclass(frozen=True, slots=True)
class Stroke:
    """A drawn curve with its place in the legend."""

    points: str
    css: str
    dash: str
    label: str
    note: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A drawn bar in pixels; `title` shows on hovering."""

    x: float
    y: float
    width: float
    height: float
    css: str
    title: str


@dataclass(frozen=True, slots=True)
class Mark:
    """An upright line at x pixels, with its words."""

    x: float
    label: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Chart:
    """All of one plot. Ticks: pixels and text."""

    title: str
    x_label: str
    y_label: str
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    strokes: tuple[Stroke, ...] = ()
    bars: tuple[Bar, ...] = ()
    marks: tuple[Mark, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()
    """Of bars: style and words."""
    diagonal: bool = False
    note: str = ""


def curve_chart(
    title: str,
    x_label: str,
    y_label: str,
    series: Sequence[Series],
    *,
    y_top: float = 1.0,
    marks: Sequence[tuple[float, str]] = (),
    diagonal: bool = False,
    note: str = "",
) -> Chart:
    """Curves over 0…1 (x) and from 0 to 1, or to a round number from `y_top` on (y)."""
    top = 1.0 if y_top <= 1.0 else _round_up(y_top)
    y_ticks = tuple((_y(t), _number(t * top)) for t in (0.0, 0.25, 0.5, 0.75, 1.0))
    strokes = tuple(
        Stroke(
            _points(s.x, np.asarray(s.y) / top),
            f"s{s.style % SERIES}",
            DASHES[(s.style // SERIES + s.style) % len(DASHES)],
            s.label,
            s.note,
        )
        for s in series
    )
    return Chart(title, x_label, y_label, _UNIT_TICKS, y_ticks, strokes, (), _marks(marks), (), diagonal, note)


def steps(thresholds: Floats, values: ArrayLike) -> tuple[Floats, Floats]:
    """A value that holds up to its threshold and from there on the next one, over 0…1, as a curve with corners."""
    at = np.concatenate(([0.0], np.repeat(thresholds[1:], 2), [1.0]))
    return at, np.repeat(np.asarray(values, np.float64), 2)


def reliability_chart(title: str, x_label: str, y_label: str, bars: Sequence[ReliabilityBin], bins: int) -> Chart:
    """The share that came true over the probability said; on the diagonal the probabilities are honest."""
    drawn = []
    for bar in bars:
        place = min(bins - 1, max(0, int(np.ceil(bar.confidence * bins)) - 1))
        left, right, top = _x(place / bins), _x((place + 1) / bins), _y(bar.right)
        words = f"said {bar.confidence:.3f}, came true {bar.right:.3f}, {bar.count} pictures"
        css = "s0 few" if bar.count < FEW else "s0"
        drawn.append(Bar(left + 1, top, right - left - 2, BOTTOM - top, css, words))
    legend = (("s0", f"{FEW} pictures or more"), ("s0 few", "fewer: says little"))
    return Chart(title, x_label, y_label, _UNIT_TICKS, _UNIT_Y, (), tuple(drawn), (), legend, True)


def mirrored_histogram(title: str, x_label: str, right: ArrayLike, wrong: ArrayLike, bins: int = 20) -> Chart:
    """Counts over 0…1: right ones upwards, wrong ones downwards, each on a scale of its own up to its highest bar."""
    middle = (TOP + BOTTOM) / 2
    drawn: list[Bar] = []
    ticks: list[tuple[float, str]] = [(middle, "0")]
    for values, up, css, word in ((right, True, "s0", "right"), (wrong, False, "s1", "wrong")):
        counts, edges = np.histogram(np.asarray(values, np.float64), bins=bins, range=(0.0, 1.0))
        most = int(counts.max())
        if most:
            ticks.append((TOP if up else BOTTOM, str(most)))
        for i in np.nonzero(counts)[0].tolist():
            tall = max(1.5, (middle - TOP) * counts[i] / most)
            words = f"{counts[i]} {word}, {edges[i]:.2f} to {edges[i + 1]:.2f}"
            left, wide = _x(edges[i]) + 1, _x(edges[i + 1]) - _x(edges[i]) - 2
            drawn.append(Bar(left, middle - tall if up else middle, wide, tall, css, words))
    sizes = np.asarray(right).size, np.asarray(wrong).size
    legend = (("s0", f"upwards: {sizes[0]} right"), ("s1", f"downwards: {sizes[1]} wrong, on its own scale"))
    return Chart(title, x_label, "pictures", _UNIT_TICKS, tuple(ticks), (), tuple(drawn), (), legend)


def _points(x: Floats, y: Floats) -> str:
    across, up = LEFT + (RIGHT - LEFT) * np.asarray(x), BOTTOM - (BOTTOM - TOP) * np.asarray(y)
    corners: NDArray[np.float32] = np.stack([across, up], axis=1).astype(np.float32)
    if len(corners) > SIMPLIFIED_FROM:
        fewer = cv2.approxPolyDP(corners.reshape(-1, 1, 2), SIMPLIFIED_BY, False)
        corners = np.asarray(fewer, np.float32).reshape(-1, 2)
    return " ".join(f"{px:.1f},{py:.1f}" for px, py in corners.tolist())


def _marks(marks: Sequence[tuple[float, str]]) -> tuple[Mark, ...]:
    middle = (LEFT + RIGHT) / 2
    return tuple(Mark(round(_x(at), 1), words, "start" if _x(at) < middle else "end") for at, words in marks)


def _x(value: float) -> float:
    return LEFT + (RIGHT - LEFT) * float(value)


def _y(value: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * float(value)


def _round_up(value: float) -> float:
    """The next of 1, 2, 4, 5, 6, 8 times a power of ten: its quarters are short to write."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(n * power for n in (1, 2, 4, 5, 6, 8, 10) if n * power >= value))


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.3g}"


_UNIT_TICKS = tuple((_x(t), f"{t:g}") for t in (0.0, 0.25, 0.5, 0.75, 1.0))
_UNIT_Y = tuple((_y(t), f"{t:g}") for t in (0.0, 0.25, 0.5, 0.75, 1.0))
