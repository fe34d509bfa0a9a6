"""What the thresholds of a recipe would have done to parts whose truth is known, and what that costs.

An escape is a defective part judged OK, overkill a sound part judged NG; REVIEW is work for a person, whatever it is.
Expected cost of N parts: escapes·cost + overkill·cost + reviews·cost, given per 1000 parts like these.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.domain.inspection import Outcome
from engine.errors import UsageError
from engine.statistics.metrics import wilson_interval

Floats = NDArray[np.float64]
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


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts at one setting of the thresholds; the intervals are 95 % Wilson."""

    escapes: int
    defects: int
    overkill: int
    sound: int
    reviews: int

    @property
    def total(self) -> int:
        """All known parts."""
        return self.defects + self.sound

    @property
    def escape_interval(self) -> tuple[float, float]:
        """Where the share of defects let through truly lies."""
        return wilson_interval(self.escapes, self.defects)

    @property
    def overkill_interval(self) -> tuple[float, float]:
        """Where the share of sound parts rejected truly lies."""
        return wilson_interval(self.overkill, self.sound)

    @property
    def review_interval(self) -> tuple[float, float]:
        """Where the share of parts put before a person truly lies."""
        return wilson_interval(self.reviews, self.total)

    def cost(self, prices: Prices) -> float:
        """Of 1000 parts like these."""
        spent = self.escapes * prices.escape + self.overkill * prices.false_reject + self.reviews * prices.review
        return 1000.0 * spent / self.total if self.total else 0.0


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


def figures_of(outcomes: Sequence[Outcome], defective: Sequence[bool]) -> Figures:
    """The counts of N verdicts; NO VERDICT counts as no mistake."""
    pairs = list(zip(outcomes, defective, strict=True))
    return Figures(
        escapes=sum(bad and outcome is Outcome.OK for outcome, bad in pairs),
        defects=sum(bad for _, bad in pairs),
        overkill=sum(not bad and outcome is Outcome.NG for outcome, bad in pairs),
        sound=sum(not bad for _, bad in pairs),
        reviews=sum(outcome is Outcome.REVIEW for outcome, _ in pairs),
    )


def curve_of(scores: ArrayLike, defective: ArrayLike, band: tuple[float, float], prices: Prices) -> Curve:
    """By the defect score alone. `band`: how far REVIEW reaches below and above the threshold, both from 0 on.

    Raises ValueError for scores and truths of different lengths, or without both kinds of parts.
    """
    values, truth = np.asarray(scores, np.float64).ravel(), np.asarray(defective, bool).ravel()
    if values.size != truth.size or not truth.any() or truth.all():
        raise ValueError("a curve needs a truth for every score, and both kinds of parts")
    thresholds = np.linspace(0.0, 1.0, POINTS)
    low, high = np.maximum(0.0, thresholds - band[0]), np.minimum(1.0, thresholds + band[1])
    bad, good = np.sort(values[truth]), np.sort(values[~truth])
    escapes = np.searchsorted(bad, low, side="left")
    overkill = good.size - np.searchsorted(good, high, side="left")
    every = np.sort(values)
    reviews = np.searchsorted(every, high, side="left") - np.searchsorted(every, low, side="left")
    spent = escapes * prices.escape + overkill * prices.false_reject + reviews * prices.review
    return Curve(
        thresholds,
        np.asarray(escapes / bad.size, np.float64),
        np.asarray(overkill / good.size, np.float64),
        np.asarray(reviews / values.size, np.float64),
        np.asarray(1000.0 * spent / values.size, np.float64),
    )
