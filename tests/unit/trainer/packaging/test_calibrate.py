"""Reliability against a case counted by hand; the temperature makes over-confident scores honest, for every head."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trainer.evaluation.reliability import ReliabilityBin, expected_calibration_error, reliability
from trainer.packaging.calibrate import (
    calibration_of,
    logits_from,
    negative_log_likelihood,
    probabilities,
    temperature_of,
)

pytestmark = pytest.mark.slow

CLASSES, OK = ("ok", "pit"), ("ok",)


def test_reliability_and_error_are_those_counted_by_hand() -> None:
    confidence, right = [0.1, 0.2, 0.9, 0.95, 1.0], [0, 1, 1, 1, 0]
    assert reliability(confidence, right, bins=2) == (
        ReliabilityBin(pytest.approx(0.15), 0.5, 2),
        ReliabilityBin(pytest.approx(0.95), pytest.approx(2 / 3), 3),
    )
    expected = 2 / 5 * abs(0.5 - 0.15) + 3 / 5 * abs(2 / 3 - 0.95)
    assert expected_calibration_error(confidence, right, bins=2) == pytest.approx(expected)


def test_an_edge_belongs_to_the_bin_below_it_and_zero_to_the_first() -> None:
    assert [b.count for b in reliability([0.0, 0.5, 0.51], [0, 0, 1], bins=2)] == [2, 1]


def test_no_samples_have_no_error_and_no_bars_and_wrong_confidences_are_refused() -> None:
    assert math.isnan(expected_calibration_error([], [])) and reliability([], []) == ()
    with pytest.raises(ValueError, match=r"0…1"):
        reliability([1.2], [1])
    with pytest.raises(ValueError, match="confidences for"):
        reliability([0.2, 0.3], [1])


def overconfident(head: str) -> tuple[np.ndarray, np.ndarray]:
    """Logits four times too large with their labels in the head's shape."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 600)
    if head == "softmax":
        return (4.0 * (np.eye(2)[truth] * 2.0 + rng.normal(0, 1.5, (600, 2)))).astype(np.float32), truth
    if head == "binary":
        return (4.0 * (2.0 * truth - 1.0 + rng.normal(0, 1.5, 600))[:, None]).astype(np.float32), truth
    held = rng.integers(0, 2, (600, 3))
    return (4.0 * (2.0 * held - 1.0 + rng.normal(0, 1.5, (600, 3)))).astype(np.float32), held


@pytest.mark.parametrize("head", ["softmax", "sigmoid", "binary"])
def test_temperature_lowers_the_likelihood_loss_of_overconfident_scores(head: str) -> None:
    logits, labels = overconfident(head)
    found = temperature_of(logits, labels, head)
    assert found > 2.0
    best = negative_log_likelihood(logits / found, labels, head)
    assert best < negative_log_likelihood(logits, labels, head) - 0.1
    assert best <= negative_log_likelihood(logits / (found * 1.2), labels, head)


def test_class_indices_teach_a_sigmoid_head_the_same_as_their_table() -> None:
    logits, _ = overconfident("sigmoid")
    labels = np.random.default_rng(1).integers(0, 3, 600)
    assert temperature_of(logits, labels, "sigmoid") == temperature_of(
        logits, np.eye(3, dtype=np.int64)[labels], "sigmoid"
    )


def test_calibration_tells_error_and_diagram_before_and_after() -> None:
    logits, labels = overconfident("softmax")
    found = calibration_of(logits, labels, temperature_of(logits, labels), "softmax", CLASSES, OK)
    for what in ("defect", "top"):
        assert found["ece"][what]["after"] < found["ece"][what]["before"] / 2
        bars = found["reliability"][what]["after"]
        assert sum(count for *_, count in bars) == found["pictures"] == 600
        weighted = sum(count * abs(right - said) for said, right, count in bars) / 600
        assert weighted == pytest.approx(found["ece"][what]["after"], abs=1e-5)
    assert calibration_of(logits[:0], labels[:0], 1.0, "softmax", CLASSES, OK) == {"temperature": 1.0}


@pytest.mark.parametrize("head", ["softmax", "sigmoid"])
def test_logits_taken_back_from_scores_give_the_same_scores(head: str) -> None:
    logits = np.random.default_rng(2).normal(0, 3, (50, 3))
    scores = probabilities(logits, head)
    assert probabilities(logits_from(scores, head), head) == pytest.approx(scores, abs=1e-9)
