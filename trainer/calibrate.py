"""Honest probabilities and a threshold, both from the validation part. numpy only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.manifest import LimitSpec
from engine.metrics import best_f1_threshold, defect_scores, target_recall_threshold

LOWEST, HIGHEST = 0.7, 5.0


def temperature_of(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The temperature with the least cross-entropy (Guo et al. 2017) of N×K logits; 1.0 without samples.

    Bounded to 0.7…5: a small validation part without a mistake would ask for certainty without end.
    """
    if not labels.size:
        return 1.0
    candidates = np.exp(np.linspace(np.log(LOWEST), np.log(HIGHEST), 80))
    losses = [cross_entropy(logits / t, labels) for t in candidates]
    return round(float(candidates[int(np.argmin(losses))]), 4)


def cross_entropy(logits: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """Mean negative log-likelihood of N×K logits."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    chosen = shifted[np.arange(labels.size), labels]
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - chosen))


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """N×K probabilities."""
    raised = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float64)


def limits_of(
    rule: str,
    margin: float,
    truth: Sequence[str],
    scores: NDArray[np.float64],
    classes: Sequence[str],
    ok_classes: Sequence[str],
) -> LimitSpec:
    """The threshold by the rule (`best_f1`, `recall:0.99`, or a number) with a review band of ± `margin`."""
    positive = [t not in ok_classes for t in truth]
    judged = defect_scores(scores, classes, ok_classes)
    if not ok_classes or not truth:
        threshold = 0.5
    elif rule == "best_f1":
        threshold = best_f1_threshold(positive, judged)
    elif rule.startswith("recall:"):
        threshold = target_recall_threshold(positive, judged, float(rule.removeprefix("recall:")))
    else:
        threshold = float(rule)
    threshold = round(min(0.999, max(0.001, threshold)), 6)
    return LimitSpec(
        ng_at=threshold,
        review_from=max(0.0, round(threshold - margin, 6)),
        review_to=min(1.0, round(threshold + margin, 6)),
    )
