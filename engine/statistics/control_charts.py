"""Shewhart's charts for counts: p (share of rejected parts) and u (defects per part), with Western Electric's rules.

Sources: Montgomery, Introduction to Statistical Quality Control, chapter 7 (limits for sizes that vary: each point has
its own); Western Electric, Statistical Quality Control Handbook, 1956 (the four rules); NIST/SEMATECH e-Handbook of
Statistical Methods, 6.3.2 and 6.3.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

LEAST_EXPECTED = 1.0
"""Below so many expected rejects (or defects) a point is mostly zeros, and its limits say nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class ControlChart:
    """N points in the order of time. `lower` and `upper` are the limits at 3 σ of each point, cut to what can be."""

    values: Floats
    """The share or rate of each point; nan where nothing was inspected."""
    sizes: Floats
    centre: float
    """The mean of all parts together (p̄ or ū); nan without any."""
    sigma: Floats
    lower: Floats
    upper: Floats
    small: NDArray[np.bool_]
    """Too few parts for its limits: drawn grey, and no rule looks at it."""
    rules: tuple[frozenset[int], ...]
    """Which of rules 1…4 each point completes; empty = in control."""

    @property
    def out(self) -> tuple[int, ...]:
        """The points that break a rule."""
        return tuple(i for i, broken in enumerate(self.rules) if broken)


def p_chart(rejected: ArrayLike, inspected: ArrayLike, least: float = LEAST_EXPECTED) -> ControlChart:
    """Share of rejected parts: p̄ ± 3·√(p̄(1−p̄)/nᵢ), p̄ = Σ rejected ÷ Σ inspected.

    Counts per point, nᵢ may differ. Raises ValueError for negative counts, or more rejected than inspected.
    """
    counts, sizes = _counts(rejected, inspected)
    if (counts > sizes).any():
        raise ValueError("more parts rejected than inspected")
    centre = _mean(counts, sizes)
    spread = np.sqrt(centre * (1.0 - centre)) if sizes.sum() else 0.0
    return _chart(counts, sizes, centre, float(spread), 1.0, least)


def u_chart(defects: ArrayLike, inspected: ArrayLike, least: float = LEAST_EXPECTED) -> ControlChart:
    """Defects per part: ū ± 3·√(ū/nᵢ), ū = Σ defects ÷ Σ inspected. Raises ValueError for negative counts."""
    counts, sizes = _counts(defects, inspected)
    centre = _mean(counts, sizes)
    spread = np.sqrt(centre) if sizes.sum() else 0.0
    return _chart(counts, sizes, centre, float(spread), np.inf, least)


def western_electric(z: Sequence[float] | Floats) -> tuple[frozenset[int], ...]:
    """Which rules each of N points completes; `z` is the distance from the centre in σ, nan = a point to pass over.

    1: beyond 3 σ. 2: two of three successive beyond 2 σ on the same side. 3: four of five beyond 1 σ on the same side.
    4: eight in a row on one side. A point is marked when it is itself one of those that count.
    """
    found: list[set[int]] = [set() for _ in z]
    kept = [i for i, value in enumerate(z) if np.isfinite(value)]
    for side in (1.0, -1.0):
        away = np.array([side * z[i] for i in kept])
        for n, i in enumerate(kept):
            if away[n] > 3.0:
                found[i].add(1)
            for rule, wanted, among, limit in ((2, 2, 3, 2.0), (3, 4, 5, 1.0), (4, 8, 8, 0.0)):
                last = away[max(0, n - among + 1) : n + 1]
                if away[n] > limit and int((last > limit).sum()) >= wanted:
                    found[i].add(rule)
    return tuple(frozenset(rules) for rules in found)


def _counts(counts: ArrayLike, sizes: ArrayLike) -> tuple[Floats, Floats]:
    upper, lower = np.asarray(counts, np.float64).ravel(), np.asarray(sizes, np.float64).ravel()
    if upper.shape != lower.shape or (upper < 0).any() or (lower < 0).any():
        raise ValueError("counts and sizes must be of one length and not negative")
    return upper, lower


def _mean(counts: Floats, sizes: Floats) -> float:
    total = float(sizes.sum())
    return float(counts.sum()) / total if total else float("nan")


def _chart(counts: Floats, sizes: Floats, centre: float, spread: float, most: float, least: float) -> ControlChart:
    empty = np.full(sizes.shape, np.nan)
    some = sizes > 0
    values = np.divide(counts, sizes, out=empty.copy(), where=some)
    sigma = np.divide(spread, np.sqrt(sizes), out=empty.copy(), where=some)
    small = ~some | (sizes * centre < least)
    z = np.divide(values - centre, sigma, out=empty.copy(), where=some & ~small & (sigma > 0))
    return ControlChart(
        values,
        sizes,
        centre,
        sigma,
        np.clip(centre - 3 * sigma, 0.0, most),
        np.clip(centre + 3 * sigma, 0.0, most),
        np.asarray(small, np.bool_),
        western_electric(z),
    )
