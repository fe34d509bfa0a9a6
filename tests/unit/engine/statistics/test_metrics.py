"""The figures equal scikit-learn's, and keep their keys."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.domain.inspection import Severity
from engine.domain.recipe import ClassRule
from engine.statistics.metrics import (
    accuracy,
    auroc,
    average_precision,
    best_f1_threshold,
    cohen_kappa,
    confusion_matrix,
    defect_scores,
    evaluate_scores,
    labels_at,
    macro_auroc,
    macro_f1,
    micro_auroc,
    micro_f1,
    per_class,
    target_recall_threshold,
)

reference = pytest.importorskip("sklearn.metrics", reason="scikit-learn is the reference (train extra)")

CLASSES = ("ok", "scratch", "pit", "stain")


def judged(seed: int, count: int = 120) -> tuple[list[str], list[str], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    truth = [CLASSES[i] for i in rng.integers(0, 4, count)]
    # Coarse rounding makes ties, the case that naive rankings get wrong.
    raw = np.round(rng.random((count, 4)) + np.eye(4)[[CLASSES.index(t) for t in truth]] * 0.4, 1) + 0.01
    scores = raw / raw.sum(axis=1, keepdims=True)
    return truth, [CLASSES[i] for i in scores.argmax(axis=1)], scores


@pytest.mark.parametrize("seed", range(5))
def test_decision_figures_equal_scikit_learn(seed: int) -> None:
    truth, labels, _ = judged(seed)
    matrix = confusion_matrix(truth, labels, CLASSES)
    assert np.array_equal(matrix, reference.confusion_matrix(truth, labels, labels=CLASSES))
    assert accuracy(matrix) == pytest.approx(reference.accuracy_score(truth, labels))
    assert macro_f1(matrix) == pytest.approx(reference.f1_score(truth, labels, average="macro"))
    assert micro_f1(matrix) == pytest.approx(reference.f1_score(truth, labels, average="micro"))
    assert cohen_kappa(matrix) == pytest.approx(reference.cohen_kappa_score(truth, labels))
    wanted = reference.precision_recall_fscore_support(truth, labels, labels=CLASSES, zero_division=0)
    for i, figures in enumerate(per_class(matrix)):
        assert (figures.precision, figures.recall, figures.f1) == pytest.approx(tuple(w[i] for w in wanted[:3]))
        assert figures.support == wanted[3][i]


@pytest.mark.parametrize("seed", range(5))
def test_ranking_figures_equal_scikit_learn_with_ties(seed: int) -> None:
    truth, _, scores = judged(seed)
    positive = np.array([t != "ok" for t in truth])
    defect = defect_scores(scores, CLASSES, ("ok",))
    assert average_precision(positive, defect) == pytest.approx(reference.average_precision_score(positive, defect))
    assert auroc(positive, defect) == pytest.approx(reference.roc_auc_score(positive, defect))
    index = [CLASSES.index(t) for t in truth]
    for ours, average in ((macro_auroc, "macro"), (micro_auroc, "micro")):
        wanted = reference.roc_auc_score(index, scores, multi_class="ovr", average=average)
        assert ours(truth, scores, CLASSES) == pytest.approx(wanted)


def test_undefined_figures_are_nan() -> None:
    assert math.isnan(auroc([True, True], [0.1, 0.2]))
    assert math.isnan(average_precision([False], [0.3]))
    assert math.isnan(cohen_kappa(np.array([[3, 0], [0, 0]])))
    assert math.isnan(accuracy(np.zeros((2, 2), np.int64)))


def test_best_threshold_stays_at_half_when_half_is_as_good() -> None:
    assert best_f1_threshold([True, False], [0.9, 0.1]) == 0.5
    assert best_f1_threshold([True, True, False], [0.3, 0.8, 0.1]) == pytest.approx(0.2)
    assert best_f1_threshold([True, True], [0.3, 0.8]) == 0.5


def test_target_recall_threshold_lets_no_more_defects_through_than_asked() -> None:
    positive, scores = [True] * 4 + [False], [0.9, 0.7, 0.4, 0.2, 0.3]
    assert target_recall_threshold(positive, scores, 1.0) == pytest.approx(0.2)
    assert target_recall_threshold(positive, scores, 0.75) == pytest.approx(0.4)
    assert target_recall_threshold([False], [0.3], 1.0) == 0.5


def test_label_is_the_likeliest_defect_from_the_threshold_on() -> None:
    scores = [[0.45, 0.30, 0.15, 0.10], [0.55, 0.20, 0.15, 0.10]]
    assert labels_at(scores, CLASSES, ("ok",), 0.5) == ["scratch", "ok"]
    assert labels_at(scores, CLASSES, (), 0.5) == ["ok", "ok"]


def test_evaluation_keeps_its_keys_and_counts_unknown_kinds_as_defects() -> None:
    truth = ["ok", "scratch", "crease", "ok"]
    scores = [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.4, 0.6]]
    labels = labels_at(scores, ("ok", "scratch"), ("ok",), 0.5)
    figures = evaluate_scores(truth, labels, scores, ("ok", "scratch"), ("ok",), 0.5)
    assert {"accuracy", "macro_f1", "micro_f1", "kappa", "ap", "auroc", "per_class", "confusion", "threshold"} <= set(
        figures
    )
    assert figures["confusion"]["classes"] == ["ok", "scratch", "crease"]
    assert figures["escapes"]["count"] == 1 and figures["overkill"]["count"] == 1
    assert figures["per_class"]["crease"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1}
    assert set(figures["auroc"]) == {"binary", "macro", "micro"}


def test_labels_are_the_verdicts_with_critical_classes_first() -> None:
    rules = (ClassRule("pit", Severity.CRITICAL, 0.1, 0.05, 0.1), ClassRule("stain", Severity.MINOR, 0.9))
    scores = [[0.55, 0.30, 0.15, 0.0], [0.92, 0.0, 0.08, 0.0], [0.2, 0.1, 0.0, 0.7], [math.nan, 0.0, 0.0, 0.0]]
    assert labels_at(scores, CLASSES, ("ok",), 0.5, rules=rules) == ["pit", "ok", "ok", ""]
    assert labels_at(scores[:3], CLASSES, ("ok",), 0.5) == ["ok", "ok", "stain"]


def test_classes_that_do_not_exclude_each_other_are_not_summed() -> None:
    scores = [[0.9, 0.4, 0.3, 0.2], [0.3, 0.4, 0.3, 0.2], [0.9, 0.4, 0.6, 0.2]]
    assert defect_scores(scores, CLASSES, ("ok",), exclusive=False).tolist() == pytest.approx([0.4, 0.7, 0.6])
    assert labels_at(scores, CLASSES, ("ok",), 0.5, exclusive=False) == ["ok", "scratch", "pit"]


def test_many_labels_without_a_sound_class_have_an_operating_curve() -> None:
    scores = [[0.1, 0.2], [0.8, 0.1], [0.3, 0.9], [0.1, 0.4]]
    truth, classes = ["ok", "a", "b", "b"], ("a", "b")
    labels = labels_at(scores, classes, (), 0.5, exclusive=False)
    assert labels == ["ok", "a", "b", "ok"]
    figures = evaluate_scores(truth, labels, scores, classes, (), 0.5, exclusive=False)
    assert figures["auroc"]["binary"] == 1.0
    assert figures["escapes"]["count"] == 1
    assert figures["overkill"] == {"count": 0, "of": 1, "interval": figures["overkill"]["interval"]}


@pytest.mark.parametrize("exclusive", [True, False])
@given(st.lists(st.tuples(*[st.floats(0.0, 1.0)] * 4), min_size=1, max_size=5), st.floats(0.0, 1.0))
def test_defect_score_at_the_threshold_is_a_defect_label(
    exclusive: bool, rows: list[tuple[float, ...]], threshold: float
) -> None:
    table = np.array(rows) + 1e-6
    table = table / table.sum(axis=1, keepdims=True) if exclusive else np.clip(table, 0.0, 1.0)
    found = defect_scores(table, CLASSES, ("ok",), exclusive=exclusive)
    labels = labels_at(table, CLASSES, ("ok",), threshold, exclusive=exclusive)
    assert [label != "ok" for label in labels] == (found >= threshold).tolist()
