"""Which samples make up each batch of an epoch; depends on seed and epoch alone, so a resumed run draws the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Sampling = Literal["plain", "balanced", "weighted"]


def epoch_batches(
    labels: NDArray[np.int64],
    rows: NDArray[np.int64],
    sound: Sequence[int],
    sampling: Sampling,
    batch: int,
    total: int,
    seed: tuple[int, int],
    new: NDArray[np.bool_] | None = None,
    new_share: float = 0.0,
) -> list[NDArray[np.int64]]:
    """The batches of one epoch, `total` samples drawn from `rows` (indices into `labels`), the last short one dropped.

    `new` marks corrections among all samples: `new_share` of every batch comes from them, the rest from the others.
    """
    rng = np.random.default_rng(seed)
    if new is not None and new[rows].any() and not new[rows].all():
        fresh, old = rows[new[rows]], rows[~new[rows]]
        count = round(total * new_share)
        parts = [
            _draw(labels, fresh, sound, "weighted", count, rng),
            _draw(labels, old, sound, sampling, total - count, rng),
        ]
        order = _interleave([p.size for p in parts])
        drawn = np.concatenate(parts)[order]
    else:
        drawn = _draw(labels, rows, sound, sampling, total, rng)
    if drawn.size <= batch:
        return [drawn]
    return [drawn[i : i + batch] for i in range(0, drawn.size - batch + 1, batch)]


def _draw(
    labels: NDArray[np.int64],
    rows: NDArray[np.int64],
    sound: Sequence[int],
    sampling: Sampling,
    count: int,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    if sampling == "plain":
        return _cycle(rows, count, rng)
    is_sound = np.isin(labels[rows], list(sound))
    if sampling == "balanced" and is_sound.any() and not is_sound.all():
        good = _draw(labels, rows[is_sound], sound, "plain", (count + 1) // 2, rng)
        bad = _draw(labels, rows[~is_sound], sound, "weighted", count // 2, rng)
        # Defective and sound alternate, as published.
        return np.concatenate((good, bad))[_interleave([good.size, bad.size])]
    present = np.unique(labels[rows])
    shares = [count * (i + 1) // present.size - count * i // present.size for i in range(present.size)]
    parts = [_cycle(rows[labels[rows] == c], n, rng) for c, n in zip(present, shares, strict=True)]
    return rng.permutation(np.concatenate(parts))


def _cycle(rows: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """`count` of `rows`, each as often as the others, in a new order every round."""
    rounds = -(-count // max(1, rows.size))
    return np.concatenate([rng.permutation(rows) for _ in range(max(1, rounds))])[:count]


def _interleave(sizes: Sequence[int]) -> NDArray[np.int64]:
    """An order that mixes consecutive blocks of these sizes evenly."""
    places = np.concatenate([(np.arange(n) + 0.5) / max(1, n) for n in sizes])
    return np.argsort(places, kind="stable")
