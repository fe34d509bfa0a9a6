"""Splits keep groups and copies together, classes alike, and repeat by seed; batches are fair."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.errors import DatasetError, UsageError
from trainer.augmentation.order import epoch_batches
from trainer.formats.samples.dataset import Part, Sample, join_copies
from trainer.split import SplitRule, check_classes, split, torch_permutation

PARTS: tuple[Part, ...] = ("", "", "train", "validation", "test")


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


def test_own_parts_share_nothing_by_default() -> None:
    rows: list[tuple[Part, str]] = [("train", "1"), ("validation", "1"), ("validation", "2"), ("test", "2")]
    rows += [("train", "3"), ("validation", "4"), ("test", "5")]
    samples = join_copies([sample(i, "ok", str(i), part, digest) for i, (part, digest) in enumerate(rows)])
    parts = split(samples, SplitRule())
    assert (parts.train, parts.validation, parts.test) == ((4,), (1, 5), (3, 6)) and parts.dropped == (0, 2)
    assert parts.notes == ("2 copies of held-out pictures are left out.",)


def leaking_set() -> list[Sample]:
    rows = [sample(i, "ok" if i % 2 else "ng", f"g{i}", "train", digest=str(i)) for i in range(20)]
    return join_copies([*rows, sample(20, "ok", "g20", "test", digest="3"), sample(21, "ng", "g21", "test")])


def test_leaks_are_refused_with_an_example() -> None:
    with pytest.raises(DatasetError, match=r"1 copies of held-out pictures, such as 3 and 20\..*leaks=allow"):
        split(leaking_set(), SplitRule(leaks="refuse"))


def test_leaks_stay_when_allowed_and_are_told() -> None:
    parts = split(leaking_set(), SplitRule(leaks="allow"))
    assert parts.dropped == () and 3 in (*parts.train, *parts.validation)
    assert "1 copies of held-out pictures are used all the same" in parts.notes[0]


def test_groups_across_own_parts_are_leaks_too() -> None:
    samples = [sample(i, "ok" if i % 2 else "ng", f"lot{i % 4}", "train" if i < 12 else "test") for i in range(13)]
    parts = split(samples, SplitRule())
    assert parts.dropped == (0, 4, 8) and parts.notes[0] == "3 pictures of groups that are held out are left out."


def test_torch_random_is_what_torch_gives() -> None:
    torch = pytest.importorskip("torch", reason="torch is the reference (train extra)")
    data = pytest.importorskip("torch.utils.data")
    names = [f"{kind}/img_{i:03}.jpg" for kind in ("10", "2", "1") for i in range(77)]
    samples = [replace(sample(0, key[0], "strip"), key=key) for key in names]
    listed = sorted(range(len(names)), key=lambda i: names[i].split("/"))  # as torchvision's ImageFolder does

    def pair(rows: list[int], count: int) -> list[list[int]]:
        generator = torch.Generator().manual_seed(42)
        return [list(part) for part in data.random_split(rows, [len(rows) - count, count], generator=generator)]

    rest, test = pair(listed, int(0.10 * 231))
    train, validation = pair(rest, int(0.15 * 231))
    parts = split(samples, SplitRule(0.15, 0.10, seed=42, method="torch-random"))
    assert parts.test == tuple(sorted(test)) and parts.validation == tuple(sorted(validation))
    assert parts.train == tuple(sorted(train)) and "share a group" in parts.notes[0]


@pytest.mark.parametrize(("count", "seed"), [(0, 1), (1, 1), (2, 0), (997, 2**40 + 3)])
def test_permutation_is_torchs(count: int, seed: int) -> None:
    torch = pytest.importorskip("torch", reason="torch is the reference (train extra)")
    wanted = torch.randperm(count, generator=torch.Generator().manual_seed(seed)).tolist()
    assert torch_permutation(count, seed) == wanted


def test_torch_random_leaves_copies_out_and_knows_no_folds() -> None:
    samples = join_copies([sample(i, "ok" if i % 2 else "ng", str(i), digest=str(i // 2)) for i in range(60)])
    rule = SplitRule(0.2, 0.2, seed=1, method="torch-random")
    parts = split(samples, rule)
    digests = [{samples[i].digest for i in rows} for rows in (parts.train, parts.validation, parts.test)]
    assert len(parts.test) == 12 and parts.dropped
    assert not (digests[0] & digests[1] or digests[0] & digests[2] or digests[1] & digests[2])
    with pytest.raises(UsageError, match="no folds"):
        split(samples, replace(rule, folds=3))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 20), st.sampled_from("abc"), st.sampled_from(PARTS)), min_size=40, max_size=90),
    st.integers(0, 9),
    st.sampled_from([0, 3]),
)
def test_every_sample_is_used_once_and_nothing_crosses(
    rows: list[tuple[int, str, Part]], seed: int, folds: int
) -> None:
    samples = [sample(i, label, f"g{group}", part) for i, (group, label, part) in enumerate(rows)]
    try:
        parts = split(samples, SplitRule(0.2, 0.2, folds, 0, seed=seed))
    except DatasetError:
        assume(False)
    assert sorted((*parts.train, *parts.validation, *parts.test, *parts.dropped)) == list(range(len(samples)))
    groups = [{samples[i].group for i in rows} for rows in (parts.train, parts.validation, parts.test)]
    assert not (groups[0] & groups[1] or groups[0] & groups[2] or groups[1] & groups[2])
    assert {samples[i].group for i in parts.dropped} <= groups[1] | groups[2]
    assert set(parts.test) >= {i for i, s in enumerate(samples) if s.part == "test"}


def test_class_that_a_held_out_part_lacks_is_noted() -> None:
    samples = [sample(i, "ng" if i in (3, 7) else "ok", str(i), "test" if i > 15 else "train") for i in range(20)]
    parts = split(samples, SplitRule())
    assert "The test part has no picture of ng: its figures say nothing of that." in parts.notes


def test_class_that_nothing_is_left_of_to_learn_from_is_refused() -> None:
    samples = [sample(i, "ng" if i > 15 else "ok", str(i), "test" if i > 15 else "train") for i in range(20)]
    with pytest.raises(DatasetError, match="'ng' has 4 pictures and none of them is left to learn from"):
        check_classes(samples, split(samples, SplitRule()))
    also = [replace(samples[0], also=("ng",)), *samples[1:]]
    check_classes(also, split(also, SplitRule(validation=0.0)))


def test_one_class_set_is_refused() -> None:
    samples = [sample(i, "ok", str(i)) for i in range(20)]
    with pytest.raises(DatasetError, match="one class 'ok', so there is nothing to tell apart"):
        check_classes(samples, split(samples, SplitRule()))


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
