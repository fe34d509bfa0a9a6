"""Run lengths, number by number, at the ends of what they may say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.errors import DatasetError
from trainer.formats.samples.runs import RunLengths, decode, from_compressed, from_counts, parse_runs

LARGEST = 2**31


def runs_of(found: RunLengths) -> list[tuple[int, int]]:
    return list(zip(found.starts.tolist(), found.lengths.tolist(), strict=True))


def test_starts_count_from_one_in_the_text_and_from_zero_after() -> None:
    found = parse_runs("30 2 1 4")
    assert runs_of(found) == [(29, 2), (0, 4)]
    assert (found.end, found.area) == (31, 6)
    assert (parse_runs("").end, parse_runs("").area) == (0, 0)


def test_largest_start_and_length_are_taken_and_one_more_is_refused() -> None:
    assert runs_of(parse_runs(f"{LARGEST} 1 1 {LARGEST}")) == [(LARGEST - 1, 1), (0, LARGEST)]
    for text in (f"{LARGEST + 1} 1", f"1 {LARGEST + 1}"):
        with pytest.raises(DatasetError, match="outside the picture"):
            parse_runs(text)


def test_first_pixel_and_a_single_pixel_are_the_least() -> None:
    assert runs_of(parse_runs("1 1")) == [(0, 1)]
    for text in ("0 1", "1 0", "3 -1"):
        with pytest.raises(DatasetError, match="outside the picture"):
            parse_runs(text)


@pytest.mark.parametrize(
    ("counts", "runs"),
    [
        ([2, 3, 1], [(2, 3)]),
        ([0, 6], [(0, 6)]),
        ([6], []),
        ([2, 0, 4], []),
        ([0, 2, 0, 1, 2, 1], [(0, 2), (2, 1), (5, 1)]),
    ],
)
def test_counts_tell_unset_and_set_pixels_in_turn(counts: list[int], runs: list[tuple[int, int]]) -> None:
    assert runs_of(from_counts(counts, 2, 3)) == runs


@pytest.mark.parametrize("counts", [[2, 3], [2, 3, 2], [7, -1], [-1, 7], [[6]], [2**62, 2**62, 2**62, 2**62, 6], []])
def test_counts_that_do_not_add_up_are_refused(counts: Any) -> None:
    with pytest.raises(DatasetError, match="do not add up to 3×2 pixels"):
        from_counts(counts, 2, 3)


@pytest.mark.parametrize("counts", [["x"], [None], [2**70], [[1], [2, 3]]])
def test_counts_that_are_no_whole_numbers_are_refused(counts: Any) -> None:
    with pytest.raises(DatasetError, match="not whole numbers"):
        from_counts(counts, 2, 3)


def test_counts_may_be_as_long_as_the_largest_picture() -> None:
    assert runs_of(from_counts([0, LARGEST], 2**16, 2**15)) == [(0, LARGEST)]
    with pytest.raises(DatasetError, match="do not add up"):
        from_counts([0, LARGEST + 1], LARGEST + 1, 1)


@pytest.mark.parametrize(
    ("text", "size", "runs"),
    [
        ("231", (2, 3), [(2, 3)]),
        ("1112", (2, 3), [(1, 1), (3, 3)]),  # the fourth is told as 3 less the second, 1
        ("131N", (2, 3), [(1, 3), (5, 1)]),  # … as 1 less 3
        ("11112", (2, 4), [(1, 1), (3, 2)]),  # 1, 1, 1, 1 + 1, 1 + 2
        ("T3", (10, 10), []),  # 4 + 32 · 3
        ("`0", (4, 4), []),  # 16 would be read as less than nothing with one letter
        ("0004", (2, 2), [(0, 4)]),
        ("PPPPPPP04", (2, 2), [(0, 4)]),  # eight letters a number are the most
    ],
)
def test_compressed_counts_letter_by_letter(text: str, size: tuple[int, int], runs: list[tuple[int, int]]) -> None:
    assert runs_of(from_compressed(text, *size)) == runs


@pytest.mark.parametrize("text", ["PPPPPPPP04", "/4", "p4", "2/1", "é"])
def test_letters_and_lengths_that_compressed_counts_never_have_are_refused(text: str) -> None:
    with pytest.raises(DatasetError, match="compressed counts that cannot be read"):
        from_compressed(text, 2, 2)


@pytest.mark.parametrize("text", ["P", "4P", "04o"])
def test_compressed_counts_without_their_last_letter_are_refused(text: str) -> None:
    with pytest.raises(DatasetError, match="end too soon"):
        from_compressed(text, 2, 2)


def test_pixels_are_numbered_down_the_columns() -> None:
    mask = decode(parse_runs("2 1 3 1 6 1"), 2, 3)
    assert mask.tolist() == [[0, 255, 0], [255, 0, 255]]
    assert mask.dtype == np.uint8 and mask.flags.c_contiguous


def test_runs_may_touch_and_overlap() -> None:
    assert decode(parse_runs("1 3 2 1 4 1"), 2, 3).tolist() == [[255, 255, 0], [255, 255, 0]]


def test_run_may_end_with_the_picture_and_not_one_pixel_later() -> None:
    assert (decode(parse_runs("1 6"), 2, 3) == 255).all()
    with pytest.raises(DatasetError, match="ends at pixel 7, outside the picture of 3×2 pixels"):
        decode(parse_runs("1 7"), 2, 3)
