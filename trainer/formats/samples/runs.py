"""Masks as run lengths, column by column, as Severstal and COCO write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Mask
from engine.errors import DatasetError

_LARGEST = 2**31
_CORRECT = "Correct that entry."


@dataclass(frozen=True, slots=True, eq=False)
class RunLengths:
    """Runs of set pixels. Pixels are numbered down the first column, then down the second, and so on."""

    starts: NDArray[np.int64]
    """Number of each run's first pixel, from 0."""
    lengths: NDArray[np.int64]

    @property
    def end(self) -> int:
        """One past the last pixel."""
        return int((self.starts + self.lengths).max(initial=0))

    @property
    def area(self) -> int:
        """Pixels of all runs."""
        return int(self.lengths.sum())


def parse_runs(text: str, where: str = "The run lengths") -> RunLengths:
    """`start length start length …`, starts from 1 (Kaggle's rule for Severstal). `where` begins an error's sentence.

    Raises DatasetError for an odd count, for what is no number, and for runs that begin before the first pixel.
    """
    try:
        numbers = np.array([int(word) for word in text.split()], np.int64)
    except (ValueError, OverflowError) as error:
        raise DatasetError(f"{where} holds run lengths that are not whole numbers.", _CORRECT) from error
    if numbers.size % 2:
        raise DatasetError(f"{where} holds an odd number of run length numbers.", _CORRECT)
    starts, lengths = numbers[0::2] - 1, numbers[1::2]
    if (starts < 0).any() or (lengths < 1).any() or (numbers > _LARGEST).any():
        raise DatasetError(f"{where} holds a run outside the picture: runs start at 1 and have a length.", _CORRECT)
    return RunLengths(starts, lengths)


def from_counts(counts: Sequence[int], height: int, width: int, where: str = "The run lengths") -> RunLengths:
    """COCO's counts: unset, set, unset, … pixels, together height × width. Raises DatasetError."""
    try:
        numbers = np.array(counts, dtype=np.int64)
    except (ValueError, TypeError, OverflowError) as error:
        raise DatasetError(f"{where} holds counts that are not whole numbers.", _CORRECT) from error
    if numbers.ndim != 1 or (numbers < 0).any() or (numbers > _LARGEST).any() or numbers.sum() != height * width:
        raise DatasetError(f"{where} holds counts that do not add up to {width}×{height} pixels.", _CORRECT)
    ends = np.cumsum(numbers)
    set_pixels = numbers[1::2] > 0
    return RunLengths((ends - numbers)[1::2][set_pixels], numbers[1::2][set_pixels])


def from_compressed(text: str, height: int, width: int, where: str = "The run lengths") -> RunLengths:
    """COCO's compressed counts (`rleFrString` of its maskApi.c): six bits a letter, each count less the last but one.

    Raises DatasetError.
    """
    counts: list[int] = []
    value = shift = 0
    for letter in text:
        bits = ord(letter) - 48
        if not 0 <= bits < 64 or shift > 35:
            raise DatasetError(f"{where} holds compressed counts that cannot be read.", _CORRECT)
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits & 0x20:
            continue
        if bits & 0x10:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    if shift:
        raise DatasetError(f"{where} holds compressed counts that end too soon.", _CORRECT)
    return from_counts(counts, height, width, where)


def decode(runs: RunLengths, height: int, width: int, where: str = "The run lengths") -> Mask:
    """The runs as H×W uint8, 255 where set; runs may overlap. Raises DatasetError for a run outside the picture."""
    if runs.end > height * width:
        raise DatasetError(
            f"{where} holds a run that ends at pixel {runs.end}, outside the picture of {width}×{height} pixels.",
            _CORRECT,
        )
    steps = np.zeros(height * width + 1, np.int32)
    np.add.at(steps, runs.starts, 1)
    np.add.at(steps, runs.starts + runs.lengths, -1)
    inside = np.cumsum(steps[:-1]) > 0
    return np.ascontiguousarray(np.where(inside, np.uint8(255), np.uint8(0)).reshape(width, height).T)
