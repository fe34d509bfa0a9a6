"""The points of ROC and precision-recall curves; numpy only. Equal scores make one point (Fawcett 2006)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.statistics.metrics import Floats


def roc_points(positive: ArrayLike, scores: ArrayLike) -> tuple[Floats, Floats]:
    """False and true positive rate, from (0, 0) rising to (1, 1); needs both kinds among the N truths."""
    hits, alarms = _counts(positive, scores)
    return alarms / max(1.0, alarms[-1]), hits / max(1.0, hits[-1])


def pr_points(positive: ArrayLike, scores: ArrayLike) -> tuple[Floats, Floats]:
    """Recall (rising from 0) and precision; at recall 0 the precision of the first point. Needs a positive."""
    hits, alarms = _counts(positive, scores)
    precision = hits[1:] / (hits[1:] + alarms[1:])
    return hits / max(1.0, hits[-1]), np.concatenate((precision[:1], precision))


def _counts(positive: ArrayLike, scores: ArrayLike) -> tuple[Floats, Floats]:
    """Hits and false alarms over the distinct scores, falling; both begin with 0."""
    truth: NDArray[np.bool_] = np.asarray(positive, bool).ravel()
    values = np.asarray(scores, np.float64).ravel()
    order = np.argsort(-values, kind="stable")
    ends = np.append(np.nonzero(np.diff(values[order]))[0], values.size - 1)
    hits = np.cumsum(truth[order])[ends].astype(np.float64)
    return np.concatenate(([0.0], hits)), np.concatenate(([0.0], ends + 1 - hits))
