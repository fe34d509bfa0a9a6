"""Choosing an operating point: the threshold a model judges by, from a labelled evaluation and what a mistake costs.

An escape is a defect that is let through, overkill a sound part that is rejected. NG is score ≥ threshold, so a higher
threshold never lowers escapes and never raises overkill. Every threshold between two neighbouring scores judges the
evaluation alike; the middle of that gap stands for all of it and is the furthest from a change on new parts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.errors import InputError, UsageError
from engine.statistics.mistakes import Floats, Mistakes, Sweep, sweep

WIDE = 0.05
"""An interval wider than this is told: the evaluation is too small for the choice."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one mistake costs, in any one currency, and the share of defects on the line (None = as evaluated)."""

    escape: float
    false_reject: float
    prevalence: float | None = None


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """One threshold, its mistakes, and why it was chosen."""

    threshold: float
    mistakes: Mistakes
    rule: str
    cost_per_1000: float | None = None
    """Expected cost of 1000 parts; None where no costs were given."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the evaluation is too small to promise, one sentence each."""
        cases = (("escapes", self.mistakes.escapes), ("rejected sound parts", self.mistakes.overkill))
        return tuple(
            f"{share.count} of {share.of} {what}: up to {100 * high:.0f} % are possible."
            if share.count == 0
            else f"{share.count} of {share.of} {what}: {100 * low:.0f} % to {100 * high:.0f} % are possible."
            for what, share in cases
            for low, high in [share.interval]
            if high - low > WIDE
        )


def tradeoff_of(positive: ArrayLike, scores: ArrayLike) -> Sweep:
    """Every threshold worth trying, within 0…1, for N scores in 0…1; `positive` is True for defects.

    Raises InputError where they say nothing.
    """
    truth = np.asarray(positive, bool).ravel()
    values = np.asarray(scores, np.float64).ravel()
    if truth.size != values.size:
        raise ValueError(f"{truth.size} truths for {values.size} scores")
    if not truth.any():
        raise InputError("The evaluation has no defects, so nothing tells what escapes.", "Add labelled defects.")
    if truth.all():
        raise InputError("The evaluation has no sound parts, so nothing tells overkill.", "Add labelled sound parts.")
    if not np.isfinite(values).all() or values.min() < 0.0 or values.max() > 1.0:
        raise InputError("The evaluation has scores outside 0…1.", "Evaluate the model again.")
    points = np.unique(values)
    below = np.concatenate(([0.0], points[:-1]))
    middle = (below + points) / 2.0
    # Between two neighbouring floats there is no middle; the upper one then judges alike.
    thresholds = np.where(middle > below, middle, points)
    if points[-1] < 1.0:
        thresholds = np.append(thresholds, (points[-1] + 1.0) / 2.0)
    return sweep(truth, values, thresholds)


def by_recall(curve: Sweep, recall: float, what: str = "defects", cost: Cost | None = None) -> OperatingPoint:
    """The threshold with the least overkill that finds at least this share (0…1] of the defects.

    Of those with equal overkill the one with the fewest escapes.
    """
    if not 0.0 < recall <= 1.0:
        raise UsageError(f"A recall of {recall:g} cannot be asked for.", "Give a share over 0 and up to 1, as 0.99.")
    allowed = math.floor((1.0 - recall) * curve.defects + 1e-9)
    # Thresholds rise and escapes with them, so there is always the first; overkill only falls.
    last = int(np.nonzero(curve.escapes <= allowed)[0][-1])
    at = int(np.nonzero(curve.overkill == curve.overkill[last])[0][0])
    return _point(curve, at, f"finds at least {_percent(recall)} of the {what} with the least overkill", cost)


def by_overkill(curve: Sweep, most: float, cost: Cost | None = None) -> OperatingPoint:
    """The threshold with the fewest escapes that rejects at most this share (0…1) of the sound parts.

    Of those with equal escapes the one with the least overkill. Raises InputError where even the highest threshold
    rejects more.
    """
    if not 0.0 <= most < 1.0:
        raise UsageError(f"An overkill of {most:g} cannot be asked for.", "Give a share from 0 to under 1, as 0.02.")
    allowed = math.floor(most * curve.sound + 1e-9)
    fitting = np.nonzero(curve.overkill <= allowed)[0]
    if not fitting.size:
        raise InputError(
            f"{int(curve.overkill[-1])} of {curve.sound} sound parts have the highest score there is: no threshold "
            f"keeps overkill at {_percent(most)}.",
            "Allow more overkill, or train a better model.",
        )
    at = int(np.nonzero(curve.escapes == curve.escapes[fitting[0]])[0][-1])
    return _point(curve, at, f"rejects at most {_percent(most)} of the sound parts with the fewest escapes", cost)


def by_cost(curve: Sweep, cost: Cost) -> OperatingPoint:
    """The threshold with the least expected cost; of equal ones the one with the fewest escapes."""
    costs = expected_cost(curve, cost)
    at = int(np.argmin(costs))
    words = f"least expected cost with {cost.escape:g} an escape, {cost.false_reject:g} a false reject"
    share = "as evaluated" if cost.prevalence is None else f"{cost.prevalence:.3g}"
    return _point(curve, at, f"{words}, share of defects {share}", cost)


def expected_cost(curve: Sweep, cost: Cost) -> Floats:
    """Of 1000 parts, at every threshold: 1000·(p·escape rate·cost + (1-p)·overkill rate·cost), p the share of defects.

    Raises UsageError for costs that are none.
    """
    amounts = (cost.escape, cost.false_reject)
    if not all(math.isfinite(a) and a >= 0.0 for a in amounts) or not any(amounts):
        raise UsageError("The costs must be numbers from 0 on, and not both 0.", "Give them as 100:1.")
    share = curve.defects / (curve.defects + curve.sound) if cost.prevalence is None else cost.prevalence
    if not 0.0 <= share <= 1.0:
        raise UsageError(f"A share of defects of {share:g} cannot be.", "Give a share from 0 to 1, as 0.01.")
    escaping, rejecting = share * curve.escape_rate * cost.escape, (1 - share) * curve.overkill_rate * cost.false_reject
    return np.asarray(1000.0 * (escaping + rejecting), np.float64)


def neighbours(curve: Sweep, threshold: float, each: int = 3, cost: Cost | None = None) -> list[OperatingPoint]:
    """The points around a threshold where the counts change, `each` below and above, the threshold's own between."""
    changes = np.concatenate(([True], (np.diff(curve.escapes) != 0) | (np.diff(curve.overkill) != 0)))
    rows = np.nonzero(changes)[0]
    here = int(np.searchsorted(curve.thresholds, threshold, side="left"))
    at = int(np.searchsorted(rows, min(here, curve.thresholds.size - 1), side="right")) - 1
    chosen = rows[max(0, at - each) : at + each + 1]
    return [_point(curve, int(row), "", cost) for row in chosen]


def _point(curve: Sweep, at: int, rule: str, cost: Cost | None) -> OperatingPoint:
    return OperatingPoint(
        threshold=float(curve.thresholds[at]),
        mistakes=curve.at(at),
        rule=rule,
        cost_per_1000=None if cost is None else float(expected_cost(curve, cost)[at]),
    )


def _percent(share: float) -> str:
    return f"{100.0 * share:.4g} %"
