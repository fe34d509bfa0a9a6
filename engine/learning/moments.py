"""Counts, sums and sums of products of described pictures: they add when a part comes, subtract when it goes, and hold
all that a head or a PCA needs when pictures are many.

Chan, Golub and LeVeque, Algorithms for computing the sample variance, American Statistician 37 (1983), 242-247.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.learning.ridge import Linear, standard_of
from engine.learning.taught import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Of weighted rows of D numbers: their weight, their sum (D) and the sum of their products (D×D)."""

    weight: float
    total: Floats
    products: Floats

    def __add__(self, other: Moments) -> Moments:
        """With the other rows."""
        return Moments(self.weight + other.weight, self.total + other.total, self.products + other.products)

    def __sub__(self, other: Moments) -> Moments:
        """Without the other rows, which must be among them."""
        return Moments(self.weight - other.weight, self.total - other.total, self.products - other.products)

    def __mul__(self, factor: float) -> Moments:
        """The same rows, each of so many times its weight."""
        return Moments(self.weight * factor, self.total * factor, self.products * factor)


def moments_of(values: Floats, weights: Floats | None = None) -> Moments:
    """Of N×D rows; each weighs 1 where no weights are given."""
    each = np.ones(len(values)) if weights is None else weights
    heavy = values * each[:, None]
    return Moments(float(each.sum()), heavy.sum(axis=0), values.T @ heavy)


def ridge_of(kinds: Mapping[str, Moments], penalty: float) -> Linear:
    """The ridge of classes by their moments, one output a class in the order given, as `ridge.ridge` of the rows."""
    whole = _sum(kinds)
    mean = whole.total / whole.weight
    centred = whole.products / whole.weight - np.outer(mean, mean)
    standard = standard_of(mean, np.diag(centred))
    scaled = centred / np.outer(standard.deviation, standard.deviation)
    shares = np.array([kind.weight / whole.weight for kind in kinds.values()])
    sums = [(kind.total - kind.weight * mean) / whole.weight / standard.deviation for kind in kinds.values()]
    weights = np.linalg.solve(scaled + penalty * np.eye(len(mean)), np.stack(sums, axis=1))
    return Linear(standard, np.asarray(weights, np.float64), shares)


def _sum(kinds: Mapping[str, Moments]) -> Moments:
    first, *rest = kinds.values()
    for kind in rest:
        first = first + kind
    return first
