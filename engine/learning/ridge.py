"""Weighted ridge regression in closed form, with more numbers a row than rows or fewer, and what it would have said of
each part had that part never been taught.

Hoerl and Kennard, Ridge regression, Technometrics 12 (1970), 55-67. Dual form: Saunders, Gammerman and Vovk, Ridge
regression learning algorithm in dual variables, ICML 1998. Rows left out in groups: the residuals left out are
(I - H_GG)^-1 e_G, H the hat matrix (Cook and Weisberg, Residuals and influence in regression, 1982, 2.2; for single
rows, Allen's PRESS, Technometrics 16 (1974), 125-127).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.learning.taught import Floats, Indices

FLAT = 1e-3
"""A number that varies less than this share of the usual one is not blown up to weigh as much."""
NEGLIGIBLE = 1e-12
"""Axes weaker than this share of the strongest are rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Standard:
    """What is taken off D numbers and what they are divided by."""

    mean: Floats
    deviation: Floats

    def of(self, values: Floats) -> Floats:
        """N×D on the common scale."""
        return np.asarray((values - self.mean) / self.deviation, np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """K outputs of D standardised numbers: z @ weights + bias."""

    standard: Standard
    weights: Floats
    bias: Floats

    def of(self, values: Floats) -> Floats:
        """N×K outputs of N×D descriptions."""
        return np.asarray(self.standard.of(values) @ self.weights + self.bias, np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """Rows on the axes along which they spread: all that a ridge of any penalty needs."""

    standard: Standard
    roots: Floats
    """Square roots of the rows' weights, which sum to 1."""
    axes: Floats
    """D×R, orthonormal."""
    along: Floats
    """N×R, the weighted rows on them."""
    strengths: Floats
    """R, the squares of the singular values."""


def standard_of(mean: Floats, variance: Floats) -> Standard:
    """The scale of D numbers with these means and variances."""
    deviation = np.sqrt(np.maximum(variance, 0.0))
    usual = float(np.median(deviation[deviation > 0])) if (deviation > 0).any() else 1.0
    return Standard(mean, np.maximum(deviation, FLAT * usual))


def spectrum_of(values: Floats, weights: Floats, *, dual: bool | None = None) -> Spectrum:
    """Of N×D rows with weights that sum to 1. By the N×N products where rows are fewer than numbers (`dual`), by the
    D×D ones else; both give the same ridge.
    """
    mean = weights @ values
    standard = standard_of(mean, weights @ (values - mean) ** 2)
    roots = np.sqrt(weights)
    scaled = standard.of(values) * roots[:, None]
    if len(values) < values.shape[1] if dual is None else dual:
        strengths, vectors = np.linalg.eigh(scaled @ scaled.T)
        kept = strengths > NEGLIGIBLE * max(float(strengths[-1]), 1e-300)
        strengths, vectors = strengths[kept], vectors[:, kept]
        along = vectors * np.sqrt(strengths)
        return Spectrum(standard, roots, scaled.T @ vectors / np.sqrt(strengths), along, strengths)
    strengths, axes = np.linalg.eigh(scaled.T @ scaled)
    return Spectrum(standard, roots, axes, scaled @ axes, np.maximum(strengths, 0.0))


def ridge(rows: Spectrum, targets: Floats, penalty: float) -> Linear:
    """Least squares of N×K targets with an unpenalised constant; `penalty` on the scale of weights that sum to 1."""
    mean = rows.roots**2 @ targets
    away = rows.along.T @ ((targets - mean) * rows.roots[:, None])
    return Linear(rows.standard, rows.axes @ (away / (rows.strengths + penalty)[:, None]), mean)


def left_out(rows: Spectrum, targets: Floats, parts: Indices, penalty: float) -> Floats:
    """N×K outputs of the same ridge for each part's rows, taught by all other parts. Scale and weights stay."""
    gain = 1.0 / (rows.strengths + penalty)
    mean = rows.roots**2 @ targets
    wanted = (targets - mean) * rows.roots[:, None]
    missed = wanted - rows.along @ (gain[:, None] * (rows.along.T @ wanted))
    told = np.empty_like(targets)
    for group in grouped(parts):
        along, roots = rows.along[group], rows.roots[group]
        own = (along * gain) @ along.T + np.outer(roots, roots)
        told[group] = targets[group] - np.linalg.solve(np.eye(len(group)) - own, missed[group]) / roots[:, None]
    return told


def grouped(parts: Indices) -> list[Indices]:
    """The rows of each part."""
    order = np.argsort(parts, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(parts[order])) + 1)
