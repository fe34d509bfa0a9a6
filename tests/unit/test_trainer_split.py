"""Splits keep groups and copies together, classes alike, and repeat by seed; batches are fair."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import DatasetError
from trainer.batches import epoch_batches
from trainer.formats.dataset import Part, Sample, join_copies
from trainer.split import SplitRule, split


def sample(i: int, label: str, group: str, part: Part = "", digest: str = "") -> Sample:
    pixels = np.zeros((8, 8), np.uint8)
    return Sample(str(i), label, group, lambda: (pixels, None), part=part, digest=digest)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 14), st.booleans()), min_size=60, max_size=120), st.integers(0, 9))
def test_no_group_crosses_parts(rows: list[tuple[int, bool]], seed: int) -> None:
    samples = [sample(i, "ng" if bad else "ok", f"g{g}") for i, (g, bad) in enumerate(rows)]
    if len({s.group for s in samples}) < 4:
        return
    parts = split(samples, SplitRule(0.2, 0.2, seed=seed))
    groups = [{samples[i].group for i in rows} for rows in (parts.train, parts.validation, parts.test)]
    assert not (groups[0] & groups[1] or groups[0] & groups[2] or groups[1] & groups[2])
    assert sorted((*parts.train, *parts.validation, *parts.test)) == list(range(len(samples)))


def test_classes_are_alike_in_every_part_and_the_seed_repeats_it() -> None:
    samples = [sample(i, "ng" if i % 5 == 0 else "ok", str(i)) for i in range(200)]
    parts = split(samples, SplitRule(0.2, 0.2, seed=3))
    for rows in (parts.train, parts.validation, parts.test):
        assert np.mean([samples[i].label == "ng" for i in rows]) == pytest.approx(0.2, abs=0.03)
    assert parts == split(samples, SplitRule(0.2, 0.2, seed=3)) != split(samples, SplitRule(0.2, 0.2, seed=4))


def test_folds_cover_everything_once() -> None:
    samples = [sample(i, "ng" if i % 8 == 0 else "ok", f"g{i // 8}") for i in range(96)]
    tests = [split(samples, SplitRule(0.0, 0.0, 3, fold)).test for fold in range(3)]
    assert sorted(i for rows in tests for i in rows) == list(range(96))


def test_copies_of_held_out_pictures_are_not_learnt() -> None:
    samples = join_copies(
        [sample(i, "ok", str(i), "train", digest=str(i)) for i in range(10)]
        + [sample(10, "ok", "10", "test", digest="3")]
    )
    parts = split(samples, SplitRule(0.2, 0.2))
    assert parts.test == (10,) and parts.dropped == (3,)
    assert 3 not in (*parts.train, *parts.validation)


def test_test_half_is_what_scikit_learn_gives() -> None:
    selection = pytest.importorskip("sklearn.model_selection", reason="scikit-learn is the reference (train extra)")
    samples = [sample(i, "ok", str(i), "test" if i < 21 else "train") for i in range(40)]
    parts = split(samples, SplitRule(validation_from="test-half"))
    validation, test = selection.train_test_split(range(21), test_size=0.5, random_state=42)
    assert parts.validation == tuple(sorted(validation)) and parts.test == tuple(sorted(test))


def test_too_few_pictures_say_so() -> None:
    with pytest.raises(DatasetError, match="too few"):
        split([sample(0, "ok", "a")], SplitRule())


def labels(*counts: int) -> np.ndarray:
    return np.repeat(np.arange(len(counts)), counts).astype(np.int64)


def test_balanced_batches_hold_as_many_sound_as_defective() -> None:
    known = labels(90, 6, 4)
    for rows in epoch_batches(known, np.arange(100), (0,), "balanced", 8, 96, (1, 0)):
        assert int((known[rows] == 0).sum()) == 4


def test_plain_epoch_shows_each_picture_once_and_repeats_by_seed() -> None:
    known = labels(50, 50)
    first = epoch_batches(known, np.arange(100), (0,), "plain", 10, 100, (1, 0))
    again = epoch_batches(known, np.arange(100), (0,), "plain", 10, 100, (1, 0))
    other = epoch_batches(known, np.arange(100), (0,), "plain", 10, 100, (1, 1))
    assert sorted(np.concatenate(first).tolist()) == list(range(100))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_corrections_get_their_share_of_every_batch() -> None:
    known, new = labels(300, 320), np.arange(620) >= 600
    for rows in epoch_batches(known, np.arange(620), (0,), "balanced", 20, 400, (1, 0), new, 0.4):
        assert int(new[rows].sum()) == pytest.approx(8, abs=1)
