"""The demo line as a data set: what its URI asks for, and what it may not."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import DatasetError, UsageError
from engine.sources.demo import KINDS, PartMaker
from trainer.formats.demo import open_demo


def keys(uri: str) -> list[str]:
    return [s.key for s in open_demo(uri).samples]


def test_bare_uri_is_a_thousand_parts_of_line_1_half_of_them_defective() -> None:
    dataset = open_demo("demo:")
    maker = PartMaker(1, kinds=KINDS, defect_rate=0.5)
    assert [(s.key, s.label) for s in dataset.samples] == [(f"1/{n}", maker.label(n)) for n in range(1000)]
    assert dataset.classes == ("ok", *sorted(KINDS)) and dataset.ok_classes == ("ok",)
    assert (dataset.id, dataset.format, dataset.location) == ("demo:", "demo", None)


def test_parts_are_spread_over_the_lines_as_evenly_as_can_be() -> None:
    found = keys("demo:?seed=3&lines=3&count=8")
    assert found == ["3/0", "3/1", "4/0", "4/1", "4/2", "5/0", "5/1", "5/2"]
    assert keys("demo:?seed=3&lines=4&count=2") == ["4/0", "6/0"]


def test_every_line_begins_at_the_same_part() -> None:
    assert keys("demo:?start=7&lines=2&count=4") == ["1/7", "1/8", "2/7", "2/8"]


def test_last_of_two_values_holds_and_the_speed_is_passed_over() -> None:
    assert keys("demo:?seed=1&seed=4&count=1&fps=9&lines=1&start=0") == ["4/0"]


@pytest.mark.parametrize(
    ("rate", "labels"), [("0", {"ok"}), ("1", {"pit", "scratch"}), ("0.5", {"ok", "pit", "scratch"})]
)
def test_rate_and_kinds_say_what_the_parts_show(rate: str, labels: set[str]) -> None:
    dataset = open_demo(f"demo:?count=60&kinds=scratch,,pit&defect_rate={rate}")
    assert {s.label for s in dataset.samples} == labels
    assert dataset.classes == ("ok", "pit", "scratch")


def test_part_is_its_own_group_and_has_the_truth_as_its_mask() -> None:
    dataset = open_demo("demo:?seed=5&start=2&count=1&defect_rate=1&kinds=pit")
    sample, part = dataset.samples[0], PartMaker(5, kinds=("pit",), defect_rate=1).part(2)
    pixels, mask = sample.load()
    assert (sample.group, sample.has_mask, sample.digest, sample.path) == ("5/2", True, "", None)
    assert np.array_equal(pixels, part.pixels)
    assert mask is not None and part.truth.mask is not None and np.array_equal(mask, part.truth.mask)


def test_sound_classes_can_be_named() -> None:
    assert open_demo("demo:?count=2&kinds=pit", ["pit"]).ok_classes == ("pit",)
    with pytest.raises(DatasetError, match="no class 'rust'"):
        open_demo("demo:?count=2&kinds=pit", ["rust"])


@pytest.mark.parametrize("query", ["count=0", "count=-1", "lines=0", "start=-1", "count=0&lines=0", "count=5&lines=-2"])
def test_fewer_than_one_part_or_line_is_wrong_use(query: str) -> None:
    with pytest.raises(UsageError, match=r"a number that is out of range\. Use count from 1 to 1,000,000"):
        open_demo(f"demo:?{query}")


@pytest.mark.parametrize("query", ["count=x", "seed=1.5", "start=y", "defect_rate=half"])
def test_value_that_is_no_number_is_wrong_use(query: str) -> None:
    with pytest.raises(UsageError, match="has a value that is no number"):
        open_demo(f"demo:?{query}")


@pytest.mark.parametrize("query", ["colour=red", "count=5&size=3"])
def test_unknown_key_is_named_with_the_known_ones(query: str) -> None:
    takes = "It takes seed, lines, count, kinds, defect_rate, start"
    with pytest.raises(UsageError, match=rf"has no '(colour|size)'\. {takes}"):
        open_demo(f"demo:?{query}")


@pytest.mark.parametrize(
    "query",
    [
        *(
            f"{key}={value}"
            for key in ("seed", "count", "start", "lines")
            for value in ("-1", "10000000000", "9" * 5000)
        ),
        *("defect_rate=nan", "defect_rate=2", "kinds=nonsense", "kinds=,"),
    ],
)
def test_a_number_or_kind_that_cannot_be_is_wrong_use(query: str) -> None:
    with pytest.raises(UsageError, match="Use "):
        open_demo(f"demo:?{query}")
