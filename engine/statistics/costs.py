"""What the thresholds of a recipe would have cost on parts whose truth is known; mistakes says what is counted.

Expected cost of N parts: escapes·cost + overkill·cost + reviews·cost, given per 1000 parts like these.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from engine.errors import UsageError
from engine.statistics.mistakes import Floats, Mistakes, sweep

POINTS = 201
"""Thresholds the curve is drawn at, from 0 to 1."""
FEWEST = 10
"""Known parts of either kind below which the figures say nothing."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What one of each costs, in any one currency."""

    escape: float = 100.0
    false_reject: float = 5.0
    review: float = 1.0

    def __post_init__(self) -> None:
        """Raises UsageError for what is no price."""
        amounts = (self.escape, self.false_reject, self.review)
        if not all(math.isfinite(a) and a >= 0.0 for a in amounts):
            raise UsageError("The costs must be numbers from 0 on.", "Correct them.")


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Shares and cost at every threshold tried; the review band is moved along with it. Arrays of one length."""

    thresholds: Floats
    escapes: Floats
    """Share of the defects, 0…1."""
    overkill: Floats
    """Share of the sound parts, 0…1."""
    reviews: Floats
    """Share of all, 0…1."""
    costs: Floats
    """Of 1000 parts."""

    @property
    def cheapest(self) -> float:
        """The threshold of the least cost; in the middle of the first stretch that has it."""
        lowest = np.flatnonzero(np.isclose(self.costs, self.costs.min()))
        apart = np.flatnonzero(np.diff(lowest) > 1)
        first = lowest[: int(apart[0]) + 1] if apart.size else lowest
        return float(self.thresholds[first[len(first) // 2]])


def enough(defective: Sequence[bool]) -> bool:
    """Whether there are known parts enough of both kinds for a curve."""
    bad = sum(defective)
    return bad >= FEWEST and len(defective) - bad >= FEWEST


def cost_of(counted: Mistakes, prices: Prices) -> float:
    """Of 1000 parts like these; 0 of none. NO VERDICT costs nothing."""
    spent = _spent(counted.escapes.count, counted.overkill.count, counted.review.count, prices)
    return float(1000.0 * spent / counted.total) if counted.total else 0.0


def curve_of(scores: ArrayLike, defective: ArrayLike, band: tuple[float, float], prices: Prices) -> Curve:
    """By the defect score alone. `band`: how far REVIEW reaches below and above the threshold, both from 0 on.

    Raises ValueError for scores and truths of different lengths, or without both kinds of parts.
    """
    counted = sweep(defective, scores, np.linspace(0.0, 1.0, POINTS), band)
    if not counted.defects or not counted.sound:
        raise ValueError("a curve needs both kinds of parts")
    spent = _spent(counted.escapes, counted.overkill, sum(counted.reviewed), prices)
    return Curve(
        counted.thresholds,
        counted.escape_rate,
        counted.overkill_rate,
        counted.review_rate,
        np.asarray(1000.0 * spent / (counted.defects + counted.sound), np.float64),
    )


def _spent(escapes: Any, overkill: Any, reviews: Any, prices: Prices) -> Any:
    """What so many of each cost together; numbers or arrays of them."""
    return escapes * prices.escape + overkill * prices.false_reject + reviews * prices.review
