"""Do the probabilities mean what they say? Reliability diagram and expected calibration error; numpy only.

Bins are of equal width over 0…1 (Guo et al. 2017, "On Calibration of Modern Neural Networks", section 2): bin m of M
holds the confidences in ((m - 1)/M, m/M], the first one 0 too. Empty bins are left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

BINS = 15


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """One bar of the diagram: the mean confidence said, the share that was right, and of how many."""

    confidence: float
    right: float
    count: int

    def plain(self) -> list[float]:
        """[mean confidence, share right, count], as the manifest keeps it."""
        return [round(self.confidence, 6), round(self.right, 6), self.count]


def reliability(confidence: ArrayLike, right: ArrayLike, bins: int = BINS) -> tuple[ReliabilityBin, ...]:
    """The bars of N confidences in 0…1 and N truths (1 = it was so). Raises ValueError for other confidences."""
    said, truth = np.asarray(confidence, np.float64).ravel(), np.asarray(right, np.float64).ravel()
    if said.size != truth.size:
        raise ValueError(f"{said.size} confidences for {truth.size} truths")
    if not ((said >= 0.0) & (said <= 1.0)).all():
        raise ValueError("confidences must lie in 0…1")
    places = np.clip(np.ceil(said * bins).astype(np.int64) - 1, 0, bins - 1)
    found = []
    for place in np.unique(places):
        chosen = places == place
        found.append(ReliabilityBin(float(said[chosen].mean()), float(truth[chosen].mean()), int(chosen.sum())))
    return tuple(found)


def expected_calibration_error(confidence: ArrayLike, right: ArrayLike, bins: int = BINS) -> float:
    """Σ countₘ/N · |share rightₘ - mean confidenceₘ| over the bins; nan without samples."""
    bars = reliability(confidence, right, bins)
    total = sum(bar.count for bar in bars)
    if not total:
        return math.nan
    return sum(bar.count * abs(bar.right - bar.confidence) for bar in bars) / total
