"""What the model's pictures look like: limits of light and sharpness, and the distance from what it was taught.

Novelty is the Mahalanobis distance of the network's mean activations from the training part's (Lee et al. 2018, "A
Simple Unified Framework for Detecting Out-of-Distribution Samples"), with the covariance shrunk (Ledoit & Wolf 2004)
on at most 64 principal directions. What lies outside them is whitened by its mean variance (Tipping & Bishop 1999).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf
from torch import Tensor

from engine.networks.graph import Deployed, Novelty, describe, unit
from engine.packages.guarding import guard_spec, joined
from engine.packages.manifest import GuardSpec
from engine.preprocessing.look import quality_of

DIMENSIONS = 64
ENOUGH = 16
"""Fewer training pictures than this say nothing about what is new."""
MOST = 600
"""More training pictures than this change the estimate little and take time."""
LIMIT_QUANTILE, LIMIT_MARGIN = 0.995, 1.3
BATCH = 16
ROUNDING = 0.03
"""Share of an activation's mean that bf16 and INT8 arithmetic may move it by; not counted as new."""

Floats = NDArray[np.float64]


def limits_from(
    pictures: NDArray[np.uint8],
    rows: NDArray[np.int64],
    *,
    novelty: bool,
    brightness: float,
    contrast: float,
    exposure: float = 0.0,
    earlier: GuardSpec | None = None,
) -> GuardSpec:
    """Limits from the prepared `pictures` (N×H×W×C) at `rows`, none of which violates them; `earlier`: the parent's."""
    qualities = [quality_of(pictures[row]) for row in rows]
    # Never narrower than a line's ordinary drift, whatever the preset varies.
    found = guard_spec(
        qualities, novelty=novelty, brightness=max(0.05, brightness), contrast=max(0.1, contrast), exposure=exposure
    )
    return joined(found, earlier)


@torch.no_grad()
def descriptions_of(
    deployed: Deployed, pictures: NDArray[np.uint8], rows: NDArray[np.int64], check: Callable[[], None]
) -> NDArray[np.float32]:
    """n×D descriptions (engine.networks.graph.describe) of the pictures at `rows`, fp32; `check` may raise to stop."""
    if not rows.size:
        return np.zeros((0, 0), np.float32)
    network: Any = deployed.network
    device = deployed.temperature.device
    found = []
    for part in np.array_split(rows, -(-rows.size // BATCH)):
        check()
        x = deployed.normalise(unit(torch.from_numpy(pictures[part]).to(device)))
        found.append(describe(network.features(x)).cpu().numpy())
    return np.concatenate(found)


def some(rows: NDArray[np.int64], most: int, seed: int) -> NDArray[np.int64]:
    """At most `most` of `rows`, drawn by the seed, in their own order."""
    if rows.size <= most:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def fit_novelty(taught: NDArray[np.float32], held: NDArray[np.float32]) -> Novelty | None:
    """Novelty from n×D descriptions of the training part, its limit from both parts; None from too few pictures.

    The limit is 1.3 × the larger 99.5 % quantile of the distances in either part.
    """
    if len(taught) < ENOUGH:
        return None
    mean = taught.mean(axis=0, dtype=np.float64)
    matrix = whitening(taught.astype(np.float64) - mean, ROUNDING * np.abs(mean))
    parts = [part for part in (taught, held) if len(part)]
    typical = max(float(np.quantile(distances(part, mean, matrix), LIMIT_QUANTILE)) for part in parts)
    return Novelty(_tensor(mean), _tensor(matrix), LIMIT_MARGIN * typical)


def widened(novelty: Novelty, taught: NDArray[np.float32]) -> Novelty:
    """A parent's novelty with its limit raised so far that n×D descriptions of what the child was taught lie inside.

    For a fine-tuning that replays nothing: a handful of corrections says little of what is usual, the parent knew it.
    """
    mean, matrix = novelty.mean.double().cpu().numpy(), novelty.matrix.double().cpu().numpy()
    farthest = float(np.quantile(distances(taught, mean, matrix), LIMIT_QUANTILE)) if len(taught) else 0.0
    return Novelty(novelty.mean.cpu(), novelty.matrix.cpu(), max(float(novelty.limit), LIMIT_MARGIN * farthest))


def distances(descriptions: NDArray[np.floating], mean: Floats, matrix: Floats) -> Floats:
    """‖matrix·(d - mean)‖ of n×D descriptions, n values."""
    return np.asarray(np.linalg.norm((descriptions.astype(np.float64) - mean) @ matrix.T, axis=1), np.float64)


def whitening(centred: Floats, rounding: Floats) -> Floats:
    """The D×D matrix that whitens n×D centred descriptions; `rounding` (D) is the arithmetic's own deviation."""
    size = centred.shape[1]
    covariance = centred.T @ centred / len(centred) + np.diag(rounding**2)
    variances, axes = np.linalg.eigh(covariance)
    axes = axes[:, ::-1]
    kept = min(DIMENSIONS, size, len(centred) - 1)
    main, rest = axes[:, :kept], axes[:, kept:]
    spread = LedoitWolf(assume_centered=True).fit(centred @ main).covariance_ + main.T @ np.diag(rounding**2) @ main
    inner, turn = np.linalg.eigh(spread)
    floor = 1e-12 + 1e-8 * float(variances[-1])
    rows = (turn / np.sqrt(np.maximum(inner, floor))).T @ main.T
    if not rest.shape[1]:
        return np.asarray(rows, np.float64)
    outside = max(floor, float(variances[::-1][kept:].mean()))
    return np.concatenate((rows, rest.T / np.sqrt(outside)))


def _tensor(values: Floats) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))
