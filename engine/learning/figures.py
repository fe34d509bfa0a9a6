"""What so few parts can tell of the model they taught: mistakes on parts left out, their intervals, a threshold, and
what more parts would bring.

A score of a part is one that its own head never saw it for. The upper end of an interval is Wilson's. The lower one is
Wilson's with one mistake fewer: leaving a part out takes away the very part that would have taught its kind, so the
count stands a little above the model's own mistakes. On 200 draws of castings (25 good and 10 bad, 60 and 25, 100 and
40) Wilson alone covers the truth 80 to 93 times of 100, this 96 to 99 times, and is at most 1.12 times as wide.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from engine.errors import InputError
from engine.learning.taught import Bools, Floats
from engine.statistics.costs import Prices, cost_of
from engine.statistics.metrics import auroc, target_recall_threshold
from engine.statistics.mistakes import Mistakes, sweep
from engine.statistics.shares import Share

INNER = 1e-9
STEADY = 10
LEAST_SLOPE, USUAL_SLOPE, MOST_SLOPE = 0.25, 0.7, 1.5
"""Mistakes fall with parts to the power of -slope. Usual: castings from 25 and 10 to 100 and 40 parts."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Mistakes of one kind, counted on parts left out."""

    share: Share

    @property
    def interval(self) -> tuple[float, float]:
        """Where the model's own share lies, 0…1, at 95 % confidence; (0, 1) of no parts."""
        low = Share(max(0, self.share.count - 1), self.share.of).interval[0]
        return low, self.share.interval[1]

    @property
    def likely(self) -> float:
        """The share to speak of, about the middle of what may be: none in ten is not never. 0…1; nan of no parts."""
        return (self.share.count + 1 / 3) / (self.share.of + 2 / 3) if self.share.of else math.nan


@dataclass(frozen=True, slots=True)
class Figures:
    """A model at its threshold."""

    threshold: float
    escapes: Expected
    overkill: Expected
    auroc: float
    """nan where one kind is missing."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """Shares of such defects that pass and of good parts that are rejected, now and with more parts; 0…1."""

    escapes: float
    overkill: float
    escapes_then: float
    overkill_then: float


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """Defect scores 0…1 of parts left out, one a part, and which parts are defective. A part nobody could score (nan)
    is left out of it."""

    scores: Floats
    defective: Bools

    @property
    def logits(self) -> Floats:
        """The scores on a scale without ends."""
        inner = np.clip(self.scores, INNER, 1.0 - INNER)
        return np.asarray(np.log(inner) - np.log1p(-inner), np.float64)


def told_by_part(parts: Sequence[str], scores: Floats, defective: Bools) -> Told:
    """One score a part: the mean over its pictures, on the logits. N rows, the varied copies left away before."""
    known = np.isfinite(scores)
    keys, codes = np.unique(np.array(parts, dtype=str)[known], return_inverse=True)
    rows = Told(scores[known], defective[known])
    logits = np.bincount(codes.ravel(), rows.logits, len(keys)) / np.maximum(np.bincount(codes.ravel()), 1)
    bad = np.bincount(codes.ravel(), rows.defective, len(keys)) > 0
    return Told(np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits))), np.asarray(bad, np.bool_))


def even_threshold(told: Told) -> float:
    """Where both kinds are equally unlikely to be mistaken: as many of their own deviations from either mean.

    Means and deviations on the logits; each deviation is drawn to the common one as by STEADY more parts, for ten parts
    tell a mean and hardly a spread. 0.5 where a kind is missing.
    """
    kinds = [told.logits[~told.defective], told.logits[told.defective]]
    if not all(kind.size for kind in kinds):
        return 0.5
    squares = [float(((kind - kind.mean()) ** 2).sum()) for kind in kinds]
    common = math.sqrt(sum(squares) / max(1, told.scores.size - 2))
    own = [math.sqrt(square / max(1, kind.size - 1)) for square, kind in zip(squares, kinds, strict=True)]
    spread = [(k.size * o + STEADY * common) / (k.size + STEADY) for k, o in zip(kinds, own, strict=True)]
    good, bad = (float(kind.mean()) for kind in kinds)
    if bad <= good or sum(spread) <= 0.0:
        return _score(0.5 * (good + bad))
    return _score((good * spread[1] + bad * spread[0]) / (spread[0] + spread[1]))


def recall_threshold(told: Told, recall: float) -> float:
    """So low that the wanted share (0…1) of defects is caught: of those left out, and of a normal spread of logits."""
    bad = told.logits[told.defective]
    if not bad.size:
        raise InputError("No bad part is taught, so none can be said to be caught.", "Teach one.")
    counted = target_recall_threshold(told.defective, told.scores, recall)
    if bad.size < 2:
        return counted
    reach = NormalDist().inv_cdf(min(max(recall, 0.5), 1.0 - 1e-6)) * math.sqrt(1.0 + 1.0 / bad.size)
    return min(counted, _score(float(bad.mean() - reach * bad.std(ddof=1))))


def cost_threshold(told: Told, prices: Prices) -> float:
    """Where mistakes on parts left out cost least; of equally cheap ones that in the middle of the widest gap."""
    points = np.unique(told.logits)
    cuts = np.concatenate([points[:1] - 1.0, (points[:-1] + points[1:]) / 2.0, points[-1:] + 1.0])
    counted = sweep(told.defective, told.logits, cuts)
    costs = np.array([cost_of(counted.at(row), prices) for row in range(len(cuts))])
    edges = np.concatenate([points[:1] - 2.0, points, points[-1:] + 2.0])
    cheap = np.flatnonzero(costs <= costs.min() + 1e-12)
    return _score(float(cuts[cheap[int(np.argmax(np.diff(edges)[cheap]))]]))


def figures_of(told: Told, threshold: float) -> Figures:
    """Mistakes of parts left out; NG is score ≥ threshold."""
    found = Mistakes.by_label(told.defective, told.scores >= threshold)
    area = auroc(told.defective, told.scores)
    return Figures(threshold, Expected(found.escapes), Expected(found.overkill), area)


def outlook(now: Figures, fewer: Sequence[Figures], good: int, bad: int) -> Outlook:
    """What so many more good and bad parts would bring. `fewer`: figures of heads taught by half of the parts.

    Mistakes fall as a power of the parts (Cortes and others, Learning curves, NIPS 1993); the slope is read off the
    halves, drawn towards the usual one as long as few mistakes are counted.
    """
    have = (now.overkill.share.of, now.escapes.share.of)
    grown = math.sqrt((have[0] + good) / max(1, have[0]) * (have[1] + bad) / max(1, have[1]))
    slope = _slope(now, fewer)
    then = grown**-slope
    return Outlook(now.escapes.likely, now.overkill.likely, now.escapes.likely * then, now.overkill.likely * then)


def _slope(now: Figures, fewer: Sequence[Figures]) -> float:
    kinds = [(now.escapes, [one.escapes for one in fewer]), (now.overkill, [one.overkill for one in fewer])]
    seen, weight = 0.0, 0.0
    for kind, halves in kinds:
        count, of = (sum(getattr(one.share, name) for one in halves) for name in ("count", "of"))
        if of and kind.share.of:
            heard = float(count + kind.share.count)
            seen += heard * math.log2(Expected(Share(count, of)).likely / kind.likely)
            weight += heard
    steady = 4.0
    return min(MOST_SLOPE, max(LEAST_SLOPE, (seen + steady * USUAL_SLOPE) / (weight + steady)))


def _score(logit: float) -> float:
    return min(1.0 - INNER, max(INNER, 0.5 * (1.0 + math.tanh(0.5 * logit))))
