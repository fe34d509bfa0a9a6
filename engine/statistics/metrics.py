"""Figures of a model: accuracy, F1, kappa, AP, AUROC, thresholds. numpy only; trainer, gate and reports use the same
functions, and tests hold them equal to scikit-learn's. Escapes and overkill are counted by mistakes.

Truth and labels are sequences of class names; `positive` is a bool array (True = defect), `scores` a float array where
higher means more defective. A figure that is not defined (one class only, no samples) is nan, in
`evaluate_scores` None.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.domain.inspection import UNKNOWN_PART, Prediction, Scores
from engine.domain.recipe import ClassRule, Limits, Recipe, without_bands
from engine.statistics.mistakes import Mistakes
from engine.statistics.shares import Z
from engine.verdicts.verdict import SOUND, decide, defect_score

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """Precision, recall and F1 of one class (0 where nothing was predicted or present), and how many there were."""

    precision: float
    recall: float
    f1: float
    support: int


def confusion_matrix(truth: Sequence[str], labels: Sequence[str], classes: Sequence[str]) -> NDArray[np.int64]:
    """K×K counts, row = truth, column = label, in the order of `classes`; every name must be among them."""
    index = {name: i for i, name in enumerate(classes)}
    matrix = np.zeros((len(classes), len(classes)), np.int64)
    for true, label in zip(truth, labels, strict=True):
        matrix[index[true], index[label]] += 1
    return matrix


def accuracy(matrix: NDArray[np.int64]) -> float:
    """Share of the diagonal; nan for an empty matrix."""
    total = int(matrix.sum())
    return float(np.trace(matrix)) / total if total else math.nan


def per_class(matrix: NDArray[np.int64]) -> list[ClassFigures]:
    """Precision, recall, F1 and support for each row of a confusion matrix."""
    hits, support, given = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    return [
        ClassFigures(
            precision=float(h / g) if g else 0.0,
            recall=float(h / s) if s else 0.0,
            f1=float(2 * h / (s + g)) if s + g else 0.0,
            support=int(s),
        )
        for h, s, g in zip(hits, support, given, strict=True)
    ]


def macro_f1(matrix: NDArray[np.int64]) -> float:
    """Mean F1 over the classes that occur as truth or as label; nan when none does."""
    seen = (matrix.sum(axis=0) + matrix.sum(axis=1)) > 0
    values = [c.f1 for c, s in zip(per_class(matrix), seen, strict=True) if s]
    return float(np.mean(values)) if values else math.nan


def micro_f1(matrix: NDArray[np.int64]) -> float:
    """F1 over all decisions together; with one label a picture it equals the accuracy."""
    return accuracy(matrix)


def cohen_kappa(matrix: NDArray[np.int64]) -> float:
    """Agreement beyond chance (Cohen 1960): (observed - expected) / (1 - expected); nan when expected is 1."""
    total = float(matrix.sum())
    if not total:
        return math.nan
    expected = float((matrix.sum(axis=0) * matrix.sum(axis=1)).sum()) / total**2
    observed = float(np.trace(matrix)) / total
    return (observed - expected) / (1.0 - expected) if expected < 1.0 else math.nan


def kappa_interval(matrix: NDArray[np.int64]) -> tuple[float, float]:
    """95 % interval of Cohen's kappa, cut to -1…1; (nan, nan) where kappa is not defined.

    By the large-sample standard error √(pₒ(1-pₒ) / n) / (1-pₑ) (Cohen 1960).
    """
    kappa, total = cohen_kappa(matrix), float(matrix.sum())
    if math.isnan(kappa):
        return math.nan, math.nan
    expected = float((matrix.sum(axis=0) * matrix.sum(axis=1)).sum()) / total**2
    observed = float(np.trace(matrix)) / total
    half = Z * math.sqrt(observed * (1.0 - observed) / total) / (1.0 - expected)
    return max(-1.0, kappa - half), min(1.0, kappa + half)


def average_precision(positive: ArrayLike, scores: ArrayLike) -> float:
    """Area under the precision-recall steps, Σ (Rₙ - Rₙ₋₁)·Pₙ over distinct scores; nan without a positive."""
    truth, values = _ordered(positive, scores)
    total = int(truth.sum())
    if not total:
        return math.nan
    # Only the last of equal scores is a real operating point.
    ends = np.append(np.nonzero(np.diff(values))[0], values.size - 1)
    hits = np.cumsum(truth)[ends]
    precision, recall = hits / (ends + 1), hits / total
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def auroc(positive: ArrayLike, scores: ArrayLike) -> float:
    """Chance that a positive scores above a negative, ties count half (Mann-Whitney); nan without both."""
    truth = np.asarray(positive, bool).ravel()
    values = np.asarray(scores, np.float64).ravel()
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        return math.nan
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[inverse.ravel()]
    return float((ranks[truth].sum() - positives * (positives + 1) / 2.0) / (positives * negatives))


def macro_auroc(truth: Sequence[str], scores: ArrayLike, classes: Sequence[str]) -> float:
    """Mean one-against-rest AUROC of the classes that occur; scores N×K in the order of `classes`."""
    table = _table(scores, classes)
    known = [auroc([t == name for t in truth], table[:, i]) for i, name in enumerate(classes)]
    known = [value for value in known if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan


def micro_auroc(truth: Sequence[str], scores: ArrayLike, classes: Sequence[str]) -> float:
    """AUROC over all N×K pairs of picture and class together."""
    hot = np.asarray(truth, object)[:, None] == np.asarray(classes, object)[None, :]
    return auroc(hot, _table(scores, classes))


def best_f1_threshold(positive: ArrayLike, scores: ArrayLike, default: float = 0.5) -> float:
    """The threshold with the highest F1 of "defect"; `default` when it is as good, else the middle of the best gap."""
    truth = np.asarray(positive, bool).ravel()
    values = np.asarray(scores, np.float64).ravel()
    if not truth.any() or truth.all():
        return default
    points = np.unique(values)
    # Between two scores every threshold judges alike, so the middle of each gap stands for all of it.
    candidates = np.append((points[:-1] + points[1:]) / 2.0, default)
    figures = [_f1_at(truth, values, t) for t in candidates]
    best = max(figures)
    if figures[-1] == best:
        return default
    ties = [float(t) for t, f in zip(candidates, figures, strict=True) if f == best]
    return min(ties, key=lambda t: abs(t - default))


def target_recall_threshold(positive: ArrayLike, scores: ArrayLike, recall: float, default: float = 0.5) -> float:
    """The highest threshold that still rejects at least `recall` (0…1) of the defects; `default` without defects."""
    truth = np.asarray(positive, bool).ravel()
    bad = np.sort(np.asarray(scores, np.float64).ravel()[truth])[::-1]
    if not bad.size:
        return default
    return float(bad[max(0, math.ceil(recall * bad.size - 1e-9) - 1)])


def defect_scores(
    scores: ArrayLike, classes: Sequence[str], ok_classes: Sequence[str], *, exclusive: bool = True
) -> Floats:
    """`verdicts.verdict.defect_score` of N rows (N×K, in the order of `classes`); nan where a score is no number."""
    names, sound = tuple(classes), frozenset(ok_classes)
    rows = [Scores(names, tuple(map(float, row)), exclusive) for row in _table(scores, classes)]
    found = [defect_score(r, sound) if all(map(math.isfinite, r.values)) else math.nan for r in rows]
    return np.asarray(found, np.float64)


def labels_at(
    scores: ArrayLike,
    classes: Sequence[str],
    ok_classes: Sequence[str],
    threshold: float,
    *,
    exclusive: bool = True,
    rules: Sequence[ClassRule] = (),
) -> list[str]:
    """The label `verdicts.verdict.decide` gives each of N rows at this threshold, with no review band and no guard.

    `rules` are the classes' own limits; a row that is not judged (a score is no number) has the label "".
    """
    limits = Limits(threshold, threshold, threshold)
    recipe = without_bands(Recipe("", 0, tuple(ok_classes), limits, rules=tuple(rules)))
    names = tuple(classes)
    return [
        decide(Prediction(Scores(names, tuple(map(float, row)), exclusive)), recipe).label
        for row in _table(scores, classes)
    ]


def evaluate_scores(
    truth: Sequence[str],
    labels: Sequence[str],
    scores: ArrayLike,
    classes: Sequence[str],
    ok_classes: Sequence[str],
    threshold: float,
    *,
    exclusive: bool = True,
) -> dict[str, Any]:
    """All figures of N judged pictures, under stable keys, plain types only.

    `scores` is N×K in the order of `classes`; `truth` may hold kinds the model does not know (they count as defects).
    A part labelled UNKNOWN_PART is no escape and no overkill. AP and the binary AUROC are of "defect" by the defect
    score, None without a sound part. A model of many labels (`exclusive` False) without a sound class says "ok".
    """
    names = list(dict.fromkeys([*classes, *sorted(set(truth) | set(labels))]))
    matrix = confusion_matrix(truth, labels, names)
    ok = set(ok_classes) or (set() if exclusive else {SOUND})
    positive = np.array([t not in ok for t in truth], bool)
    judged = defect_scores(scores, classes, ok_classes, exclusive=exclusive)
    rejected, aside = [label not in ok for label in labels], [label == UNKNOWN_PART for label in labels]
    counted = Mistakes.by_label(positive, rejected, aside)
    return {
        "accuracy": _plain(accuracy(matrix)),
        "macro_f1": _plain(macro_f1(matrix)),
        "micro_f1": _plain(micro_f1(matrix)),
        "kappa": _plain(cohen_kappa(matrix)),
        "ap": _plain(average_precision(positive, judged)) if ok else None,
        "auroc": {"binary": _plain(auroc(positive, judged)) if ok else None}
        | _one_against_rest(truth, _table(scores, classes), classes),
        "per_class": {name: _rounded(c) for name, c in zip(names, per_class(matrix), strict=True)},
        "confusion": {"classes": names, "matrix": matrix.tolist()},
        "threshold": round(float(threshold), 6),
        "count": len(truth),
        "escapes": counted.escapes.plain(),
        "overkill": counted.overkill.plain(),
        "unknown": {"defective": counted.defective.review, "sound": counted.sound.review},
    }


def _one_against_rest(truth: Sequence[str], table: Floats, classes: Sequence[str]) -> dict[str, float | None]:
    """Macro and micro AUROC of the rows whose kind the model knows."""
    known = [i for i, t in enumerate(truth) if t in set(classes)]
    named = [truth[i] for i in known]
    return {
        "macro": _plain(macro_auroc(named, table[known], classes)),
        "micro": _plain(micro_auroc(named, table[known], classes)),
    }


def _rounded(c: ClassFigures) -> dict[str, float]:
    return {
        "precision": round(c.precision, 6),
        "recall": round(c.recall, 6),
        "f1": round(c.f1, 6),
        "support": c.support,
    }


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 6)


def _table(scores: ArrayLike, classes: Sequence[str]) -> Floats:
    return np.asarray(scores, np.float64).reshape(-1, len(classes))


def _ordered(positive: ArrayLike, scores: ArrayLike) -> tuple[NDArray[np.bool_], Floats]:
    truth = np.asarray(positive, bool).ravel()
    values = np.asarray(scores, np.float64).ravel()
    order = np.argsort(-values, kind="stable")
    return truth[order], values[order]


def _f1_at(truth: NDArray[np.bool_], values: Floats, threshold: float) -> float:
    rejected = values >= threshold
    return 2.0 * float((truth & rejected).sum()) / float(truth.sum() + rejected.sum())
