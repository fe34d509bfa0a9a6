"""A head taught by good parts alone: how much of a part the directions in which good parts differ cannot explain.

Residual of a principal component analysis (Jackson and Mudholkar, Control procedures for residuals associated with
principal component analysis, Technometrics 21 (1979), 341-349) on the standardised description of the whole picture.
What it comes to on good parts is measured on parts that were left out, the analysis made again without them: inside
its own rows a PCA explains everything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.errors import InputError
from engine.learning.ridge import Standard, standard_of
from engine.learning.taught import Floats, Indices, Taught

FEWEST = 5
"""Good parts below which nothing is said of the next one."""
SHARE = 0.5
"""Components, as a share of the rows; no more than this share of the numbers either, or nothing is left over."""
LIMIT = 2.326
"""Score 0.5 lies so many deviations of log r above the usual good part: about 1 in 100 reaches it."""
WORK = 1e10
"""Leaving out one part at a time costs rows³ each; where that is more than this in all, parts leave in groups."""
FEWEST_GROUPS = 5
NEGLIGIBLE = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class GoodOnly:
    """The score of N descriptions: logistic((log r - centre) / width), r the length of z less its part on the axes."""

    standard: Standard
    axes: Floats
    """D×R, orthonormal."""
    centre: float
    width: float

    def residuals(self, values: Floats) -> Floats:
        """N lengths, on the common scale."""
        return _residuals(self.standard.of(values), self.axes)

    def scores(self, values: Floats) -> Floats:
        """N scores 0…1, higher = less like the good parts."""
        return _scored(self.residuals(values), self.centre, self.width)


@dataclass(frozen=True, slots=True, eq=False)
class GoodFit:
    """A head, and N scores of the taught rows, each by an analysis that its part had no share in."""

    head: GoodOnly
    left_out: Floats


def fit_good(given: Taught) -> GoodFit:
    """Learn from good parts alone. Raises InputError for fewer than FEWEST parts, or pictures that are all alike."""
    codes = given.codes
    parts = int(codes.max()) + 1
    if parts < FEWEST:
        raise InputError(f"{parts} good parts are too few to learn from.", f"Teach {FEWEST} or more.")
    if len(np.unique(given.values[given.shown], axis=0)) < FEWEST:
        raise InputError("The pictures of the good parts are all alike.", "Show parts that differ as good parts do.")
    standard, axes = principal(given.values)
    found = np.empty(len(given))
    for group in _groups(parts, min(given.values.shape)):
        rest = ~np.isin(codes, group)
        scale, without = principal(given.values[rest])
        found[~rest] = _residuals(scale.of(given.values[~rest]), without)
    logs = np.log(np.maximum(found[given.shown], 1e-12))
    width = max(float(logs.std(ddof=1)), 1e-3)
    centre = float(logs.mean()) + LIMIT * width * float(np.sqrt(1.0 + 1.0 / parts))
    return GoodFit(GoodOnly(standard, axes, centre, width), _scored(found, centre, width))


def principal(values: Floats) -> tuple[Standard, Floats]:
    """Scale and leading axes of N×D rows, SHARE·N of them; by whichever products are fewer."""
    mean = values.mean(axis=0)
    standard = standard_of(mean, ((values - mean) ** 2).mean(axis=0))
    scaled = standard.of(values)
    wanted = max(1, int(SHARE * min(values.shape)))
    if len(values) > values.shape[1]:
        return standard, np.ascontiguousarray(np.linalg.eigh(scaled.T @ scaled)[1][:, ::-1][:, :wanted])
    strengths, vectors = np.linalg.eigh(scaled @ scaled.T)
    strengths, vectors = strengths[::-1][:wanted], vectors[:, ::-1][:, :wanted]
    kept = strengths > NEGLIGIBLE * strengths[0]
    return standard, scaled.T @ vectors[:, kept] / np.sqrt(strengths[kept])


def _residuals(scaled: Floats, axes: Floats) -> Floats:
    left = (scaled**2).sum(axis=1) - ((scaled @ axes) ** 2).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(left, 0.0)), np.float64)


def _scored(residuals: Floats, centre: float, width: float) -> Floats:
    height = (np.log(np.maximum(residuals, 1e-12)) - centre) / width
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * height)), np.float64)


def _groups(parts: int, rows: int) -> list[Indices]:
    """Which parts leave together: each alone where that is cheap."""
    count = max(min(FEWEST_GROUPS, parts), min(parts, int(WORK / max(rows, 1) ** 3)))
    return [np.flatnonzero(np.arange(parts) % count == group) for group in range(count)]
