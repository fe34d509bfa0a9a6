"""Where a new model's REVIEW begins and ends, and a limit from few parts: both from how the held-out scores spread.

Scores are probabilities crowded at 0 and 1, so spread is measured on their logits: a band made there follows the scores
wherever the limit lies, and never reaches 0 or 1, where it would leave no part to be OK, or none to be NG.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST = 1e-6
"""No band comes nearer to 0 or 1."""
SURE = 0.003
"""Scores nearer than this to 0 or 1 count as just so near: how sure the surest are does not say where the limit is."""
HALF_BAND = 0.5
"""The band reaches so many standard deviations to each side. Limit and band drawn 500 times from 5 good and 2 bad
castings of 357, scored by two first models: 0.5 sends 7 and 20 % of all parts to REVIEW and lets 10 and 13 % of the
bad pass, 0.75 12 and 29 %, and 9 and 11 %."""
APART = 0.15
"""And so far at least, as a share of the way between both kinds: a few parts that lie far apart hide the doubtful."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Logits of the held-out defect scores: means of both kinds, and their common deviation."""

    sound: float
    defective: float
    deviation: float

    @property
    def half_band(self) -> float:
        """How far the band reaches, in logits."""
        return max(HALF_BAND * self.deviation, APART * (self.defective - self.sound))

    @property
    def between(self) -> float:
        """The score halfway between both kinds."""
        return _score(0.5 * (self.sound + self.defective))


def spread_of(defective: NDArray[np.bool_], scores: NDArray[np.float64]) -> Spread | None:
    """How N defect scores of both kinds spread; None where one kind is missing, or there is but one of each."""
    inner = np.clip(scores.astype(np.float64), SURE, 1.0 - SURE)
    logits = np.log(inner) - np.log1p(-inner)
    kinds = [logits[~defective], logits[defective]]
    free = len(logits) - 2
    if not all(kind.size for kind in kinds) or free < 1:
        return None
    squares = sum(float(((kind - kind.mean()) ** 2).sum()) for kind in kinds)
    return Spread(float(kinds[0].mean()), float(kinds[1].mean()), math.sqrt(squares / free))


def band_around(limit: float, margin: float, spread: Spread | None) -> tuple[float, float]:
    """Scores that are REVIEW, around the limit (inside 0…1); none where `margin` is 0.

    By the spread; where there is none, `margin` to each side, at most halfway to 0 and to 1.
    """
    if margin <= 0.0:
        return limit, limit
    if spread is None:
        return max(limit - margin, limit / 2), min(limit + margin, (1.0 + limit) / 2)
    middle, half = math.log(limit) - math.log1p(-limit), spread.half_band
    return min(limit, _score(middle - half)), max(limit, _score(middle + half))


def _score(logit: float) -> float:
    """Inside LEAST…1 - LEAST."""
    return min(1.0 - LEAST, max(LEAST, 0.5 * (1.0 + math.tanh(0.5 * logit))))
