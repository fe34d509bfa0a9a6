"""Bootstrap intervals: equal to resampling by hand, by groups, the same each time."""

from __future__ import annotations

import numpy as np
import pytest

from engine.statistics.metrics import (
    auroc,
    average_precision,
    cohen_kappa,
    confusion_matrix,
    macro_auroc,
    macro_f1,
    micro_auroc,
    micro_f1,
)
from trainer.evaluation import bootstrap as module
from trainer.evaluation.bootstrap import (
    Weighted,
    bootstrap,
    of_difference,
    of_labels,
    of_one_against_rest,
    of_ranking,
    of_several,
)

CLASSES = ("ok", "pit", "scratch")
RANDOM = np.random.default_rng(5)
TRUTH = RANDOM.choice(CLASSES, 60, p=(0.6, 0.3, 0.1)).tolist()
LABELS = [t if RANDOM.random() < 0.7 else str(RANDOM.choice(CLASSES)) for t in TRUTH]
POSITIVE = np.array([t != "ok" for t in TRUTH])
# Coarse, so that scores tie.
SCORES = np.round(np.clip(POSITIVE * 0.3 + RANDOM.random(60) * 0.7, 0, 1), 1)
TABLE = np.round(RANDOM.dirichlet((1, 1, 1), 60), 1)
HOT = np.array([[t == c for c in CLASSES] for t in TRUTH])


def by_hand(rows: np.ndarray) -> dict[str, float]:
    truth, labels = [TRUTH[i] for i in rows], [LABELS[i] for i in rows]
    matrix = confusion_matrix(truth, labels, CLASSES)
    return {
        "macro_f1": macro_f1(matrix),
        "micro_f1": micro_f1(matrix),
        "kappa": cohen_kappa(matrix),
        "ap": average_precision(POSITIVE[rows], SCORES[rows]),
        "auroc": auroc(POSITIVE[rows], SCORES[rows]),
        "auroc_macro": macro_auroc(truth, TABLE[rows], CLASSES),
        "auroc_micro": micro_auroc(truth, TABLE[rows], CLASSES),
    }


def figures() -> list[Weighted]:
    return [of_labels(TRUTH, LABELS), of_ranking(POSITIVE, SCORES), of_one_against_rest(HOT, TABLE)]


def test_weights_mean_repeated_pictures() -> None:
    rows = RANDOM.integers(0, 60, (4, 60))
    weights = np.stack([np.bincount(r, minlength=60) for r in rows]).astype(np.float64)
    found = {k: v for f in figures() for k, v in f.of(weights).items()}
    for i, r in enumerate(rows):
        for name, value in by_hand(r).items():
            assert found[name][i] == pytest.approx(value), name


def test_interval_is_the_percentiles_of_resamples_drawn_by_hand() -> None:
    groups = [f"item{i // 3}" for i in range(60)]
    names, codes = np.unique(groups, return_inverse=True)
    drawn = np.random.default_rng(7).integers(0, names.size, (80, names.size))
    each = [by_hand(np.concatenate([np.nonzero(codes == g)[0] for g in one])) for one in drawn]
    found = bootstrap(groups, figures(), resamples=80, seed=7)
    for name in each[0]:
        low, high = np.quantile([e[name] for e in each], [0.025, 0.975])
        assert found[name] == (pytest.approx(low), pytest.approx(high)), name


def test_interval_of_a_share_is_near_the_normal_one() -> None:
    truth = ["a"] * 360 + ["b"] * 40
    low, high = bootstrap([str(i) for i in range(400)], [of_labels(truth, ["a"] * 400)])["accuracy"]
    half = 1.96 * (0.9 * 0.1 / 400) ** 0.5
    assert low == pytest.approx(0.9 - half, abs=0.006) and high == pytest.approx(0.9 + half, abs=0.006)


def test_pictures_of_one_group_come_and_go_together() -> None:
    truth, labels = ["a"] * 200, ["a"] * 150 + ["b"] * 50
    alone = bootstrap([str(i) for i in range(200)], [of_labels(truth, labels)])["accuracy"]
    grouped = bootstrap([str(i // 50) for i in range(200)], [of_labels(truth, labels)])["accuracy"]
    assert grouped[1] - grouped[0] > 3 * (alone[1] - alone[0])


def test_the_same_pictures_give_the_same_interval_however_many_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = [str(i) for i in range(60)]
    at_once = bootstrap(groups, figures(), resamples=50)
    monkeypatch.setattr(module, "MAX_CELLS", 60 * 3 * 7)
    assert bootstrap(groups, figures(), resamples=50) == at_once


def test_figure_that_is_mostly_undefined_has_no_interval() -> None:
    positive, scores = np.array([True] + [False] * 9), np.linspace(0, 1, 10)
    found = bootstrap([str(i) for i in range(10)], [of_ranking(positive, scores)])
    assert set(found) == {"ap", "auroc"}
    assert bootstrap([str(i) for i in range(10)], [of_ranking(np.zeros(10, bool), scores)]) == {}
    assert bootstrap([], []) == {}


def test_several_labels_equal_counting_by_hand() -> None:
    said = TABLE >= 0.4
    hits, both = (HOT & said).sum(0), HOT.sum(0) + said.sum(0)
    found = of_several(HOT, said).of(np.ones((1, 60)))
    assert found["macro_f1_several"][0] == pytest.approx(np.mean(2 * hits / both))
    assert found["micro_f1_several"][0] == pytest.approx(2 * hits.sum() / both.sum())


def test_difference_is_taken_on_the_same_resamples() -> None:
    same = of_difference(of_labels(TRUTH, LABELS), of_labels(TRUTH, LABELS), "macro_f1", "macro_f1", "d")
    assert bootstrap([str(i) for i in range(60)], [same], resamples=50)["d"] == (0.0, 0.0)
    perfect = of_difference(of_labels(TRUTH, LABELS), of_labels(TRUTH, TRUTH), "macro_f1", "macro_f1", "d")
    low, high = bootstrap([str(i) for i in range(60)], [perfect], resamples=50)["d"]
    assert low < high < 0.0
