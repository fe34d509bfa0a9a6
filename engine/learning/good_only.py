"""A head taught by good parts alone: how much of a part the directions in which good parts differ cannot explain.

The residual of a principal component analysis (Jackson and Mudholkar, Control procedures for residuals associated with
principal component analysis, Technometrics 21 (1979), 341-349) on the standardised description of the whole picture,
with a soft end instead of a last component: a direction of strength s explains s / (s + e) of itself, e the strength of
the middle one. Written as the ridge that makes each picture out of the others it is left out in closed form, and every
good part is measured by an analysis that neither it nor its copies had a share in: inside its own rows a PCA explains
all.

How much is left of a good part depends on the light and the focus it is seen in: that is learnt from the varied copies,
as a ridge from the leading directions to the logarithm of what is left, and taken off.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.errors import InputError
from engine.learning.ridge import Spectrum, Standard, grouped, left_out, ridge, spectrum_of
from engine.learning.taught import Floats, Indices, Taught

FEWEST = 5
"""Good parts below which nothing is said of the next one."""
COPIES = 8
"""Varied copies of each picture that serve this head best: what spoils a picture must be seen to be taken off."""
MIDDLE = 0.5
"""The soft end lies at the strength of the middle direction: about n/2 of them explain more than half of themselves."""
MOST = 1000
"""Directions that are kept, the strongest: a package must stay below 20 MB."""
LEADING = 100
"""Directions by which the usual residual is foretold, of a third of them at most: weak ones hold another part's
chance, and many of them foretell defects too."""
PENALTY = 0.3
LIMIT = 2.326
"""Score 0.5 lies so many deviations of log r above the usual good part: about 1 in 100 reaches it."""
TINY = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class GoodOnly:
    """The score of N descriptions: logistic((log r - z @ slope - centre) / width), z the description on the common
    scale, r the length of z - z @ axes @ axes.T."""

    standard: Standard
    axes: Floats
    """D×R: each direction by the root of the share it explains."""
    slope: Floats
    """D."""
    centre: float
    width: float

    def residuals(self, values: Floats) -> Floats:
        """N lengths r of N×D descriptions."""
        scaled = self.standard.of(values)
        return np.asarray(np.linalg.norm(scaled - scaled @ self.axes @ self.axes.T, axis=1), np.float64)

    def scores(self, values: Floats) -> Floats:
        """N scores 0…1, higher = less like the good parts."""
        logs = np.log(np.maximum(self.residuals(values), TINY))
        return _scored(logs - self.standard.of(values) @ self.slope, self.centre, self.width)


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
    weights = 1.0 / np.bincount(codes)[codes] / parts
    rows = strongest(spectrum_of(given.values, weights), MOST)
    end = float(np.sort(rows.strengths)[::-1][int(MIDDLE * (len(rows.strengths) - 1))])
    # What lies beyond the kept directions is left over whole, of a part taught as of one left out.
    beyond = (rows.standard.of(given.values) ** 2).sum(axis=1) - (rows.along**2).sum(axis=1) / weights
    squares = squares_left_out(rows, codes, end) + np.maximum(beyond, 0.0)
    logs = 0.5 * np.log(np.maximum(squares, TINY**2))
    foretold, slope = _foretold(rows, weights, codes, logs)
    over = (logs - foretold)[given.shown]
    width = max(float(over.std(ddof=1)), 1e-3)
    centre = float(over.mean()) + LIMIT * width * float(np.sqrt(1.0 + 1.0 / parts))
    axes = rows.axes * np.sqrt(rows.strengths / (rows.strengths + end))
    return GoodFit(GoodOnly(rows.standard, axes, slope, centre, width), _scored(logs - foretold, centre, width))


def principal(values: Floats) -> tuple[Standard, Floats]:
    """Scale and leading axes of N×D rows with a hard end: half as many as there are rows, or numbers."""
    rows = spectrum_of(values, np.full(len(values), 1.0 / len(values)))
    return rows.standard, np.ascontiguousarray(strongest(rows, max(1, int(MIDDLE * min(values.shape)))).axes)


def strongest(rows: Spectrum, most: int) -> Spectrum:
    """Along so many directions at most, the strongest first."""
    kept = np.argsort(-rows.strengths, kind="stable")[:most]
    return Spectrum(rows.standard, rows.roots, rows.axes[:, kept], rows.along[:, kept], rows.strengths[kept])


def squares_left_out(rows: Spectrum, parts: Indices, end: float) -> Floats:
    """N squared residuals of rows, each made out of the rows of all other parts and their mean. The scale stays.

    With B = (Z Zᵀ + e·I)⁻¹ less its part along the constant, G the rows of a part and S the inverse of B_GG, what the
    others do not explain of it has the squares diag(S - e·S (B²)_GG S): the block inverse, as for any ridge.
    """
    shared = rows.strengths + end
    once, twice = 1.0 / shared, -(rows.strengths + 2.0 * end) / (end * shared) ** 2
    found = np.empty(len(parts))
    for group in grouped(parts):
        along, roots = rows.along[group], rows.roots[group]
        own = np.eye(len(group)) - np.outer(roots, roots)
        inverse = np.linalg.inv((own - (along * once) @ along.T) / end)
        squared = own / end**2 + (along * twice) @ along.T
        found[group] = np.diag(inverse - end * inverse @ squared @ inverse) / roots**2
    return found


def _foretold(rows: Spectrum, weights: Floats, codes: Indices, logs: Floats) -> tuple[Floats, Floats]:
    """What log r usually is where each row lies, by the other parts, and the slope (D) that says so of any picture."""
    leading = strongest(rows, max(1, min(LEADING, len(rows.strengths) // 3)))
    places = spectrum_of(leading.along / leading.roots[:, None], weights)
    found = ridge(places, logs[:, None], PENALTY)
    slope = leading.axes @ (found.weights[:, 0] / found.standard.deviation)
    # The constant is in the centre: a slope alone is z @ slope.
    constant = float(found.bias[0] - found.standard.mean @ (found.weights[:, 0] / found.standard.deviation))
    return left_out(places, logs[:, None], codes, PENALTY)[:, 0] - constant, slope


def _scored(over: Floats, centre: float, width: float) -> Floats:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * (over - centre) / width)), np.float64)
