"""Pictures decoded once: the model's uint8 input and packed mask of every sample, in memory or in a file of the run."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.errors import DatasetError, LinesideError, PictureError, StorageError
from engine.preprocessing.input_spec import InputSpec
from engine.preprocessing.placement import prepare, prepare_mask
from trainer.formats.samples.dataset import Sample

IN_MEMORY_BYTES = 3 * 1024**3


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """N samples as the network sees them."""

    pictures: NDArray[np.uint8]
    """N×H×W×C."""
    masks: NDArray[np.uint8] | None
    """N×H×⌈W/8⌉, one bit a pixel, 1 = defect; None when no sample has a mask."""
    drawn: NDArray[np.bool_]
    """N; True where the mask is known (sound samples: known to be empty)."""
    labels: NDArray[np.int64]
    """N indices into the classes."""
    width: int
    held: NDArray[np.bool_] | None = None
    """N×K, every class a picture shows; None where each shows its label alone."""

    def __len__(self) -> int:
        return int(self.labels.size)

    def masks_of(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """n×H×W, 0 or 1."""
        if self.masks is None:
            return np.zeros((rows.size, *self.pictures.shape[1:3]), np.uint8)
        return np.unpackbits(self.masks[rows], axis=2, count=self.width)


def prepare_samples(
    samples: Sequence[Sample],
    classes: Sequence[str],
    ok_classes: Sequence[str],
    spec: InputSpec,
    *,
    with_masks: bool,
    threads: int,
    progress: Callable[[int, int], None],
    spill: Path | None = None,
) -> Prepared:
    """Decode and prepare every sample once. `progress(done, total)` is called for each and may raise to stop.

    Inputs over 3 GiB go to a memory-mapped file `spill`. Raises DatasetError that names how many pictures cannot be
    used and the first of them, StorageError when the disk is too small.
    """
    count, index = len(samples), {name: i for i, name in enumerate(classes)}
    pictures: NDArray[np.uint8] = storage((count, spec.height, spec.width, spec.channels), np.uint8, spill)
    with_masks = with_masks and any(s.has_mask for s in samples)
    masks = np.zeros((count, spec.height, -(-spec.width // 8)), np.uint8) if with_masks else None

    def one(row: int) -> LinesideError | None:
        try:
            pixels, mask = samples[row].load()
            _check_mask(samples[row], pixels.shape[:2], mask)
        except (PictureError, DatasetError) as error:
            return error
        pictures[row] = prepare(pixels, spec)
        if masks is not None and mask is not None:
            masks[row] = np.packbits(prepare_mask(mask, spec) > 0, axis=1)
        return None

    _refuse(_each(one, count, threads, progress), count)
    drawn = np.array([s.has_mask or s.label in ok_classes for s in samples], bool)
    labels = np.array([index[s.label] for s in samples], np.int64)
    return Prepared(pictures, masks, drawn, labels, spec.width, _held(samples, index))


def _each(
    one: Callable[[int], LinesideError | None], count: int, threads: int, progress: Callable[[int, int], None]
) -> list[LinesideError]:
    """Do all rows, several at a time; gives what went wrong, in their order."""
    unusable: list[LinesideError] = []
    with ThreadPoolExecutor(max(1, threads)) as pool:
        # In blocks, so that a stop does not wait for what was only queued.
        for first in range(0, count, 32):
            found = pool.map(one, range(first, min(first + 32, count)))
            unusable += [error for error in found if error is not None]
            progress(min(first + 32, count), count)
    return unusable


def _held(samples: Sequence[Sample], index: Mapping[str, int]) -> NDArray[np.bool_] | None:
    if not any(s.also for s in samples):
        return None
    held = np.zeros((len(samples), len(index)), bool)
    for row, sample in enumerate(samples):
        held[row, [index[name] for name in (sample.label, *sample.also)]] = True
    return held


def _check_mask(sample: Sample, size: tuple[int, ...], mask: NDArray[np.uint8] | None) -> None:
    if mask is not None and mask.shape != size:
        raise DatasetError(
            f"The mask of {sample.key} has {mask.shape[1]}×{mask.shape[0]} pixels, the picture {size[1]}×{size[0]}.",
            "Give both the same size.",
        )


def _refuse(unusable: Sequence[LinesideError], count: int) -> None:
    """Nothing is left out silently: a set with pictures that cannot be used is not trained on."""
    if not unusable:
        return
    if len(unusable) == 1:
        raise DatasetError(unusable[0].message, unusable[0].remedy or "Repair or remove it.")
    raise DatasetError(
        f"{len(unusable)} of {count} pictures cannot be used, the first: {unusable[0].message}",
        "See all of them with `lineside data inspect`, and repair or remove them.",
    )


def storage(shape: tuple[int, ...], kind: DTypeLike, spill: Path | None) -> NDArray[Any]:
    """Zeros, in memory up to 3 GiB, else in a memory-mapped file. Raises StorageError when the disk is too small."""
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(kind).itemsize
    if spill is None or size <= IN_MEMORY_BYTES:
        return np.zeros(shape, kind)
    try:
        spill.parent.mkdir(parents=True, exist_ok=True)
        _take_room(spill, size)
        return np.lib.format.open_memmap(spill, mode="w+", dtype=kind, shape=shape)
    except OSError as error:
        spill.unlink(missing_ok=True)
        raise StorageError(
            f"There is no room for {size / 1024**3:.1f} GiB of pictures at {spill}: {error.strerror or error}.",
            "Free some space, or name a run folder on another disk with --run.",
        ) from error


def _take_room(path: Path, size: int) -> None:
    """A mapped file that finds the disk full later ends the process without a word, so its room is taken first."""
    if shutil.disk_usage(path.parent).free < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
