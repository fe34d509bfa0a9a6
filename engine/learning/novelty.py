"""Whether a picture shows such a part at all: what the directions in which taught pictures differ leave of it.

The residual of `good_only`, over every taught picture, good or bad, and its varied copies: another light is no other
part. The limit comes from parts that were left out, the analysis made again without them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.learning.good_only import principal
from engine.learning.ridge import Standard
from engine.learning.taught import Floats, Taught

ENOUGH = 10
"""Fewer parts say nothing about what is new."""
AXES = 256
"""At most so many: they are carried in the package."""
GROUPS = 5
"""Parts leave in so many groups."""
QUANTILE, MARGIN = 0.995, 1.3
"""The limit is 1.3 times what 99.5 % of the pictures left out stay below, as for a trained network."""


@dataclass(frozen=True, slots=True, eq=False)
class Novelty:
    """How far a picture lies from the taught ones: the length that their axes leave of it, by the longest usual one."""

    standard: Standard
    axes: Floats
    """D×R, orthonormal."""
    limit: float

    def of(self, values: Floats) -> Floats:
        """N values of N×D descriptions; over 1 the picture is of no such part."""
        return _lengths(self.standard.of(values), self.axes) / self.limit


def fit_novelty(given: Taught) -> Novelty | None:
    """Learn from every taught picture; None from too few parts."""
    codes = given.codes
    parts = int(codes.max()) + 1
    if parts < ENOUGH:
        return None
    lengths = np.empty(len(given))
    for group in range(GROUPS):
        held = codes % GROUPS == group
        standard, axes = _axes(given.values[~held])
        lengths[held] = _lengths(standard.of(given.values[held]), axes)
    limit = MARGIN * float(np.quantile(lengths[given.shown], QUANTILE))
    standard, axes = _axes(given.values)
    return Novelty(standard, axes, max(limit, 1e-9))


def _axes(values: Floats) -> tuple[Standard, Floats]:
    standard, axes = principal(values)
    return standard, np.ascontiguousarray(axes[:, :AXES])


def _lengths(scaled: Floats, axes: Floats) -> Floats:
    left = (scaled**2).sum(axis=1) - ((scaled @ axes) ** 2).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(left, 0.0)), np.float64)
