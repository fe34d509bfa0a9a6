"""Honest probabilities and a threshold, both from the validation part. numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.packages.manifest import LimitSpec
from engine.statistics.bands import band_around, spread_of
from engine.statistics.metrics import best_f1_threshold, defect_scores, target_recall_threshold
from engine.statistics.shares import exact_p
from trainer.evaluation.reliability import expected_calibration_error, reliability

HALF = 0.5
LOWEST, HIGHEST = 0.7, 5.0


def temperature_of(logits: NDArray[np.float32], labels: NDArray[np.int64], head: str = "softmax") -> float:
    """The temperature with the least negative log-likelihood (Guo et al. 2017) of N×K logits; 1.0 without samples.

    `labels`: N class indices, or for the heads `sigmoid` and `binary` N×K of 0 and 1 (`binary`, K = 1, takes N too).
    Bounded to 0.7…5: a small validation part without a mistake would ask for certainty without end.
    """
    if not labels.size:
        return 1.0
    candidates = np.exp(np.linspace(np.log(LOWEST), np.log(HIGHEST), 80))
    losses = [negative_log_likelihood(logits / t, labels, head) for t in candidates]
    return round(float(candidates[int(np.argmin(losses))]), 4)


def negative_log_likelihood(logits: NDArray[np.floating], labels: NDArray[np.int64], head: str = "softmax") -> float:
    """Mean over the samples (and the classes of a `sigmoid` head) of -log P(truth); shapes as `temperature_of`."""
    if head == "softmax":
        return cross_entropy(logits, labels)
    return binary_cross_entropy(logits, several(labels, logits.shape[1]) if head == "sigmoid" else labels)


def cross_entropy(logits: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """Mean negative log-likelihood of N×K logits, N class indices."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    chosen = shifted[np.arange(labels.size), labels]
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - chosen))


def binary_cross_entropy(logits: NDArray[np.floating], held: NDArray[np.int64]) -> float:
    """Mean of log(1 + eˣ) - x·y over N×K logits x and as many truths y of 0 and 1."""
    x, y = logits.astype(np.float64), held.reshape(logits.shape).astype(np.float64)
    return float(np.mean(np.logaddexp(0.0, x) - x * y))


def several(labels: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """N class indices as N×K of 0 and 1; what has that shape already stays."""
    if labels.ndim == 2:
        return labels.astype(np.int64)
    return np.asarray(np.eye(classes, dtype=np.int64)[labels], np.int64)


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """N×K probabilities."""
    raised = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float64)


def probabilities(logits: NDArray[np.floating], head: str) -> NDArray[np.float64]:
    """N×K probabilities by the manifest's head: softmax over the classes, or the sigmoid of each."""
    if head == "sigmoid":
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits.astype(np.float64))), np.float64)
    return softmax(logits)


def logits_from(scores: NDArray[np.floating], head: str) -> NDArray[np.float64]:
    """Logits (up to a constant a row) that give these N×K probabilities; certainty is cut at 10⁻³⁰ and 10⁻⁷."""
    if head == "sigmoid":
        inner = np.clip(scores.astype(np.float64), 1e-7, 1.0 - 1e-7)
        return np.asarray(np.log(inner) - np.log1p(-inner), np.float64)
    return np.asarray(np.log(np.maximum(scores.astype(np.float64), 1e-30)), np.float64)


def calibration_of(
    logits: NDArray[np.floating],
    labels: NDArray[np.int64],
    temperature: float,
    head: str,
    classes: Sequence[str],
    ok_classes: Sequence[str],
) -> dict[str, Any]:
    """The manifest's `calibration`: temperature, and before and after it the error and the reliability diagram.

    `defect`: the probability of "defect" against the share of defects; `top`: the probability of the likeliest class
    against the share it was right; 15 bins of equal width. Only the temperature without samples.
    """
    kept: dict[str, Any] = {"temperature": temperature}
    if not labels.size:
        return kept
    held = several(labels, len(classes)).astype(bool)
    sound = [i for i, name in enumerate(classes) if name in ok_classes]
    defective = held[:, [i for i in range(len(classes)) if i not in sound]].any(axis=1)
    error: dict[str, dict[str, float]] = {"defect": {}, "top": {}}
    bars: dict[str, dict[str, list[list[float]]]] = {"defect": {}, "top": {}}
    for when, divisor in (("before", 1.0), ("after", temperature)):
        scores = probabilities(logits / divisor, head)
        top = scores.argmax(axis=1)
        told = {"top": (scores.max(axis=1), held[np.arange(top.size), top])}
        if sound:
            judged = defect_scores(scores, classes, ok_classes, exclusive=head != "sigmoid")
            told["defect"] = (np.clip(judged, 0.0, 1.0), defective)
        for what, (said, right) in told.items():
            error[what][when] = round(expected_calibration_error(said, right), 6)
            bars[what][when] = [bar.plain() for bar in reliability(said, right)]
    return {**kept, "pictures": len(held), "ece": error, "reliability": bars}


def limits_of(
    rule: str,
    margin: float,
    truth: Sequence[str],
    scores: NDArray[np.float64],
    classes: Sequence[str],
    ok_classes: Sequence[str],
    *,
    exclusive: bool = True,
) -> LimitSpec:
    """The threshold by the rule (`best_f1`, `recall:0.99`, `between`, or a number), with a review band around it
    (bands.band_around) where `margin` is above 0."""
    positive = np.array([t not in ok_classes for t in truth], bool)
    judged = defect_scores(scores, classes, ok_classes, exclusive=exclusive)
    spread = spread_of(positive, judged) if ok_classes else None
    if not ok_classes or not truth:
        threshold = HALF
    elif rule == "between":
        threshold = HALF if spread is None else spread.between
    elif rule == "best_f1":
        threshold = best_f1_threshold(positive, judged)
    elif rule.startswith("recall:"):
        threshold = target_recall_threshold(positive, judged, float(rule.removeprefix("recall:")))
    else:
        threshold = float(rule)
    threshold = round(min(0.999, max(0.001, threshold)), 6)
    low, high = band_around(threshold, margin, spread)
    return LimitSpec(ng_at=threshold, review_from=round(low, 6), review_to=round(high, 6))


def first_limits(
    rule: str,
    margin: float,
    truth: Sequence[str],
    scores: NDArray[np.float64],
    classes: Sequence[str],
    ok_classes: Sequence[str],
    *,
    exclusive: bool = True,
) -> LimitSpec:
    """`limits_of` for a new model; `best_f1` moves the threshold from half only where it is surely better.

    A handful of pictures must not move it: half is where calibrated scores tip.
    """
    chosen = limits_of(rule, margin, truth, scores, classes, ok_classes, exclusive=exclusive)
    bad = np.array([name not in ok_classes for name in truth], bool)
    judged = defect_scores(scores, classes, ok_classes, exclusive=exclusive)
    if rule != "best_f1" or surely_better(bad, judged, HALF, chosen.ng_at):
        return chosen
    return limits_of(str(HALF), margin, truth, scores, classes, ok_classes, exclusive=exclusive)


def surely_better(bad: NDArray[np.bool_], score: NDArray[np.float64], before: float, after: float) -> bool:
    """Whether the threshold `after` judges N parts better than `before` does by more than chance (McNemar, 5 %)."""
    was, now = ((score >= at) == bad for at in (before, after))
    gained, lost = int((now & ~was).sum()), int((was & ~now).sum())
    return gained > lost and exact_p(gained, lost) < 0.05
