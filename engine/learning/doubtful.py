"""Which words look wrong: parts that all the others, taught without them, would call something else.

Left-out scores against the word said; the confident learning of Northcutt, Jiang and Chuang (Confident learning:
estimating uncertainty in dataset labels, JAIR 70 (2021), 1373-1411) ranks by the same margin. It only asks: no word is
changed by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.learning.taught import Floats


@dataclass(frozen=True, slots=True)
class Doubt:
    """One part: what was said, what the others say, and how much likelier that is (difference of logarithms)."""

    part: str
    said: str
    likelier: str
    by: float


def doubts(parts: Sequence[str], words: Sequence[str], classes: Sequence[str], left_out: Floats) -> tuple[Doubt, ...]:
    """All parts, the most doubtful first; those with `by` above 0 are called otherwise by the others. `left_out`: N×K
    scores of N pictures; a part of many pictures counts by their mean, and by the first of its words."""
    logs = np.log(np.maximum(left_out, 1e-12))
    keys, first, codes = np.unique(np.array(parts, dtype=str), return_index=True, return_inverse=True)
    sums = [np.bincount(codes.ravel(), column, len(keys)) for column in logs.T]
    means = np.asarray(np.stack(sums, axis=1) / np.bincount(codes.ravel())[:, None], np.float64)
    rows = zip(keys, first, means, strict=True)
    found = [_doubt(str(key), words[int(row)], classes, mean) for key, row, mean in rows]
    return tuple(sorted(found, key=lambda doubt: (-doubt.by, doubt.part)))


def _doubt(part: str, said: str, classes: Sequence[str], logs: Floats) -> Doubt:
    own = list(classes).index(said)
    others = np.where(np.arange(len(classes)) == own, -np.inf, logs)
    best = int(np.argmax(others))
    return Doubt(part, said, classes[best], float(logs[best] - logs[own]))
