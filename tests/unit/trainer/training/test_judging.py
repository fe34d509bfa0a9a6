"""Calibration, thresholds, where a map lies, and augmentation that moves masks with their pictures."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from trainer.augmentation.geometry import augment  # noqa: E402
from trainer.config import load_config  # noqa: E402
from trainer.evaluation.places import placed  # noqa: E402
from trainer.packaging.calibrate import cross_entropy, first_limits, limits_of, softmax, temperature_of  # noqa: E402

CLASSES, OK = ("ok", "pit"), ("ok",)


def test_overconfident_scores_are_softened() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 400)
    honest = (np.eye(2)[truth] * 2.0 + rng.normal(0, 1.5, (400, 2))).astype(np.float32)
    found = temperature_of(honest * 4.0, truth)
    assert found > 2.0
    assert cross_entropy(honest * 4.0 / found, truth) < cross_entropy(honest * 4.0, truth)


def test_temperature_is_bounded_without_mistakes_and_one_without_samples() -> None:
    truth = np.array([0, 1, 0, 1])
    assert temperature_of((np.eye(2)[truth] * 10).astype(np.float32), truth) == pytest.approx(0.7)
    assert temperature_of(np.zeros((0, 2), np.float32), np.zeros(0, np.int64)) == 1.0


@pytest.mark.parametrize(("rule", "expected"), [("best_f1", 0.5), ("recall:1.0", 0.6), ("0.3", 0.3)])
def test_threshold_follows_its_rule_and_the_band_lies_around_it(rule: str, expected: float) -> None:
    logits = np.log(np.array([[0.7, 0.3], [0.7, 0.3], [0.4, 0.6], [0.1, 0.9]]))
    truth = ["ok", "ok", "pit", "pit"]
    limits = limits_of(rule, 0.1, truth, softmax(logits), CLASSES, OK)
    # Half is as good as any other threshold between the classes, so best_f1 keeps it.
    assert limits.ng_at == pytest.approx(expected)
    # How wide the band is follows from the scores' spread: bands.py and its tests.
    assert 0.0 < limits.review_from <= limits.ng_at < limits.review_to < 1.0
    assert limits.review_to - limits.review_from <= 0.25
    none = limits_of(rule, 0.0, truth, softmax(logits), CLASSES, OK)
    assert none.review_from == none.ng_at == none.review_to


def test_without_sound_classes_the_threshold_is_half() -> None:
    assert limits_of("best_f1", 0.0, ["pit"], np.array([[0.2, 0.8]]), CLASSES, ()).ng_at == 0.5


def test_map_on_the_mask_points_and_one_beside_it_does_not() -> None:
    mask = np.zeros((80, 100), np.uint8)
    mask[20:40, 40:60] = 255
    heat = np.zeros((20, 25), np.float32)
    heat[5:10, 10:15] = 0.9
    right = placed(heat, mask, 0.5)
    assert right.pointed and right.iou > 0.7
    wrong = placed(np.roll(heat, 10, axis=0), mask, 0.5)
    assert not wrong.pointed and wrong.iou < 0.1


def test_masks_follow_every_move_of_their_pictures() -> None:
    moves = ["flip_horizontal=true", "flip_vertical=true", "turn=true", "shift=0.1", "height=64", "width=64"]
    config = load_config("demo-segdec", [*moves, "brightness=0", "contrast=0", "noise=0"])
    masks = torch.zeros(16, 1, 64, 64)
    masks[:, :, 10:20, 30:50] = 1.0
    rng = torch.Generator().manual_seed(1)
    pictures, moved = augment(masks.clone(), masks, config, rng)
    assert moved is not None and torch.equal(pictures, moved)
    assert not torch.equal(moved, masks)
    again, _ = augment(masks.clone(), masks, config, torch.Generator().manual_seed(1))
    assert torch.equal(again, pictures)


@pytest.mark.parametrize(("times", "expected"), [(1, 0.5), (8, 0.75)])
def test_a_handful_of_pictures_does_not_move_a_new_models_threshold(times: int, expected: float) -> None:
    defective = np.array([0.05, 0.1, 0.6, 0.9, 0.95] * times)
    scores = np.stack((1.0 - defective, defective), axis=1)
    truth = ["ok", "ok", "ok", "pit", "pit"] * times
    assert limits_of("best_f1", 0.0, truth, scores, CLASSES, OK).ng_at == pytest.approx(0.75)
    assert first_limits("best_f1", 0.0, truth, scores, CLASSES, OK).ng_at == pytest.approx(expected)
    assert first_limits("recall:1.0", 0.0, truth, scores, CLASSES, OK).ng_at == pytest.approx(0.9)
