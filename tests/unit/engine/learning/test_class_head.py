"""The head of classes: what it says of parts it never saw, and that order and copies change nothing they must not."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import InputError
from engine.learning.class_head import calibrated, fit_classes, softmax
from engine.learning.taught import Taught, balanced, classes_of, taught
from engine.statistics.metrics import auroc
from tests.unit.engine.learning.drawn import described

BOTH = ("ok", "bad")


@pytest.mark.parametrize("numbers", [10, 400])
def test_parts_never_seen_are_told_apart(numbers: int) -> None:
    whole = described(11, 60, 60, numbers, apart=4.0 if numbers < 100 else 1.5)
    shown, other = whole.chosen(np.arange(120) % 3 > 0), whole.chosen(np.arange(120) % 3 == 0)
    fit = fit_classes(shown, BOTH)
    scores = fit.head.scores(other.values)
    assert auroc([word == "bad" for word in other.words], scores[:, 1]) > 0.95
    assert np.allclose(scores.sum(axis=1), 1.0)


def test_classes_without_a_sound_one_are_told_apart() -> None:
    kinds = ("scratch", "dent", "stain")
    whole = described(12, 0, 40, 30, apart=7.0, kinds=kinds)
    fit = fit_classes(whole, kinds)
    right = np.array([kinds[i] for i in fit.left_out.argmax(axis=1)]) == np.array(whole.words)
    assert right.mean() > 0.9


def test_order_of_the_words_changes_nothing() -> None:
    given = described(13, 20, 8, 50, copies=2)
    order = np.random.default_rng(0).permutation(len(given))
    texts = [[texts[i] for i in order] for texts in (given.parts, given.words)]
    again = taught(given.values[order], texts[0], texts[1], given.varied[order])
    one, other = fit_classes(given, BOTH), fit_classes(again, BOTH)
    assert np.abs(one.head.scores(given.values) - other.head.scores(given.values)).max() < 1e-9
    assert np.abs(one.left_out - other.left_out).max() < 1e-9


def test_scores_left_out_are_probabilities_that_hold() -> None:
    given = described(14, 300, 300, 20, apart=2.0)
    told = fit_classes(given, BOTH).left_out[:, 1]
    bad = np.array(given.words) == "bad"
    for low, high in ((0.1, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.9)):
        inside = (told >= low) & (told < high)
        assert abs(bad[inside].mean() - told[inside].mean()) < 0.12


def test_ten_bad_parts_among_many_good_ones_are_heard() -> None:
    given = described(15, 300, 10, 30, apart=5.0)
    told = fit_classes(given, BOTH).left_out[:, 1]
    assert told[np.array(given.words) == "bad"].mean() > 0.4


def test_part_of_many_pictures_weighs_as_one_of_a_single_one() -> None:
    plain = described(16, 10, 10)
    more = taught(
        np.concatenate([plain.values, plain.values[:1].repeat(5, axis=0) + 0.01]),
        [*plain.parts, *[plain.parts[0]] * 5],
        [*plain.words, *[plain.words[0]] * 5],
    )
    weights = balanced(more, classes_of(more, BOTH))
    assert np.allclose(np.bincount(more.codes, weights=weights), 1 / 20)


def test_parts_told_apart_without_a_mistake_do_not_make_it_certain() -> None:
    held = np.eye(2).repeat(10, axis=0)
    scale, offset = calibrated(held, held)
    assert 0.85 < softmax(held * scale + offset).max() < 0.99


@pytest.mark.parametrize(
    ("words", "classes", "sentence"),
    [
        (("ok", "ok"), ("ok",), "All parts are taught as one class"),
        (("ok", "odd"), BOTH, "odd is no class"),
        (("ok", "ok"), BOTH, "No part is taught as bad"),
    ],
)
def test_words_that_teach_nothing_are_refused(words: tuple[str, ...], classes: tuple[str, ...], sentence: str) -> None:
    given = Taught(np.eye(2), ("a", "b"), words, np.zeros(2, np.bool_))
    with pytest.raises(InputError, match=sentence):
        fit_classes(given, classes)


def test_description_without_numbers_is_refused() -> None:
    with pytest.raises(InputError, match="holds no numbers"):
        taught(np.array([[1.0, np.nan]]), ["a"], ["ok"])
    with pytest.raises(InputError, match="No picture is taught"):
        taught(np.empty((0, 4)), [], [])
