"""Intervals of figures by the bootstrap: percentiles over resampled groups (Efron & Tibshirani 1993, chapter 13).

A resample draws as many groups as there are, with replacement; pictures of one group (item, lot, series) come and go
together, because they are not independent. It is never made: each picture only gets a weight, how often it was drawn,
and every figure is computed from weights, for many resamples at once. Seeded: the same pictures, the same interval.
A figure without a single mistake has an interval of no width here; Wilson's is the honest one there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.statistics.metrics import Floats

RESAMPLES = 1000
SEED = 0
MAX_CELLS = 4_000_000
"""Weights held at a time."""
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Weighted:
    """Figures by name of B resamples at once: weights B×N → B values each (nan = undefined there).

    `width`: how many numbers it holds a resample.
    """

    width: int
    of: Callable[[Floats], Mapping[str, Floats]]


def bootstrap(
    groups: Sequence[str],
    figures: Sequence[Weighted],
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
    level: float = 0.95,
) -> dict[str, Interval]:
    """The percentile interval of every figure; one that is undefined in over half of the resamples is left out."""
    if not groups or not figures:
        return {}
    found: dict[str, list[Floats]] = {}
    names, codes = np.unique(np.asarray(groups, object).astype(str), return_inverse=True)
    at_a_time = max(1, MAX_CELLS // max(names.size, *(f.width for f in figures)))
    random = np.random.default_rng(seed)
    for begin in range(0, resamples, at_a_time):
        weights = _drawn(random, names.size, min(at_a_time, resamples - begin))[:, codes]
        for figure in figures:
            for name, values in figure.of(weights).items():
                found.setdefault(name, []).append(values)
    joined = {name: np.concatenate(parts) for name, parts in found.items()}
    return {name: _percentiles(v, level) for name, v in joined.items() if np.isfinite(v).sum() * 2 > resamples}


def of_labels(truth: Sequence[str], labels: Sequence[str], suffix: str = "") -> Weighted:
    """accuracy, macro_f1, micro_f1 and kappa of N labels, as `engine.statistics.metrics` defines them."""
    names = {name: i for i, name in enumerate(dict.fromkeys([*truth, *labels]))}
    true = np.array([names[t] for t in truth], np.int64)
    said = np.array([names[label] for label in labels], np.int64)
    cells, inverse = np.unique(true * len(names) + said, return_inverse=True)
    order, starts = _runs(inverse)
    rows, columns = np.eye(len(names))[cells // len(names)], np.eye(len(names))[cells % len(names)]
    right = cells // len(names) == cells % len(names)

    def of(weights: Floats) -> Mapping[str, Floats]:
        counts = np.add.reduceat(weights[:, order], starts, axis=1)
        support, given = counts @ rows, counts @ columns
        hits = (counts * right) @ rows
        total, both = counts.sum(axis=1), support + given
        f1 = _ratio(2.0 * hits, both, 0.0)
        accuracy = counts[:, right].sum(axis=1) / total
        expected = (support * given).sum(axis=1) / total**2
        return {
            f"accuracy{suffix}": accuracy,
            f"micro_f1{suffix}": accuracy,
            f"macro_f1{suffix}": f1.sum(axis=1) / (both > 0).sum(axis=1),
            f"kappa{suffix}": _ratio(accuracy - expected, 1.0 - expected, np.nan),
        }

    return Weighted(len(truth), of)


def of_ranking(positive: ArrayLike, scores: ArrayLike, ap: str = "ap", auroc: str = "auroc") -> Weighted:
    """Average precision and AUROC of N scores, ties as in `engine.statistics.metrics`, under these names."""
    truth, values = np.asarray(positive, bool).ravel(), np.asarray(scores, np.float64).ravel()
    _, inverse = np.unique(-values, return_inverse=True)
    order, starts = _runs(inverse)

    def of(weights: Floats) -> Mapping[str, Floats]:
        bad = np.add.reduceat((weights * truth)[:, order], starts, axis=1)
        good = np.add.reduceat((weights * ~truth)[:, order], starts, axis=1)
        hits, alarms = np.cumsum(bad, axis=1), np.cumsum(good, axis=1)
        positives, negatives = hits[:, -1], alarms[:, -1]
        steps = (bad * _ratio(hits, hits + alarms, 0.0)).sum(axis=1)
        below = negatives[:, None] - alarms + good / 2.0
        return {
            ap: _ratio(steps, positives, np.nan),
            auroc: _ratio((bad * below).sum(axis=1), positives * negatives, np.nan),
        }

    return Weighted(truth.size, of)


def of_one_against_rest(hot: NDArray[np.bool_], table: ArrayLike) -> Weighted:
    """auroc_macro and ap_macro (means over the classes that can be ranked) and auroc_micro of N×K truths and scores."""
    scores = np.asarray(table, np.float64).reshape(hot.shape)
    classes = [of_ranking(hot[:, k], scores[:, k]) for k in range(hot.shape[1])]
    together = of_ranking(hot, scores)

    def of(weights: Floats) -> Mapping[str, Floats]:
        each = [c.of(weights) for c in classes]
        micro = together.of(np.repeat(weights, len(classes), axis=1))["auroc"]
        return {
            "auroc_macro": _mean([e["auroc"] for e in each]),
            "ap_macro": _mean([e["ap"] for e in each]),
            "auroc_micro": micro,
        }

    return Weighted(hot.size, of)


def of_several(hot: NDArray[np.bool_], said: NDArray[np.bool_]) -> Weighted:
    """macro_f1_several (mean over the classes that occur as truth or are said) and micro_f1_several, N×K each."""
    right, both = (hot & said).astype(np.float64), hot.astype(np.float64) + said

    def of(weights: Floats) -> Mapping[str, Floats]:
        hits, all_of_both = weights @ right, weights @ both
        f1, seen = _ratio(2.0 * hits, all_of_both, 0.0), all_of_both > 0
        return {
            "macro_f1_several": _ratio(f1.sum(axis=1), seen.sum(axis=1), np.nan),
            "micro_f1_several": _ratio(2.0 * hits.sum(axis=1), all_of_both.sum(axis=1), np.nan),
        }

    return Weighted(hot.size, of)


def of_difference(one: Weighted, other: Weighted, name: str, other_name: str, called: str) -> Weighted:
    """A figure of `one` less a figure of `other` on the same resamples, both over the same N pictures."""
    return Weighted(
        max(one.width, other.width), lambda weights: {called: one.of(weights)[name] - other.of(weights)[other_name]}
    )


def _drawn(random: np.random.Generator, groups: int, resamples: int) -> Floats:
    """B×G: how often each group was drawn."""
    chosen = random.integers(0, groups, (resamples, groups)) + np.arange(resamples)[:, None] * groups
    counts = np.bincount(chosen.ravel(), minlength=resamples * groups)
    return np.asarray(counts.reshape(resamples, groups), np.float64)


def _runs(inverse: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The order that brings equal values together, and where each run of them begins."""
    flat = inverse.ravel()
    order = np.argsort(flat, kind="stable")
    starts = np.concatenate(([0], np.nonzero(np.diff(flat[order]))[0] + 1)) if flat.size else flat
    return order, starts.astype(np.int64)


def _ratio(above: ArrayLike, below: ArrayLike, otherwise: float) -> Floats:
    top, bottom = np.broadcast_arrays(np.asarray(above, np.float64), np.asarray(below, np.float64))
    found = np.divide(top, bottom, out=np.full(top.shape, otherwise), where=bottom > 0)
    return np.asarray(found, np.float64)


def _mean(each: Sequence[Floats]) -> Floats:
    """Over the classes, of those that are defined."""
    values = np.stack(each)
    known = np.isfinite(values)
    return _ratio(np.where(known, values, 0.0).sum(axis=0), known.sum(axis=0), np.nan)


def _percentiles(values: Floats, level: float) -> Interval:
    known = values[np.isfinite(values)]
    low, high = np.quantile(known, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return float(low), float(high)
