"""Pictures decoded once: the model's uint8 input and packed mask of every sample, in memory or in a file of the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.manifest import InputSpec
from engine.preprocess import prepare, prepare_mask
from trainer.formats.dataset import Sample

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

    Inputs over 3 GiB go to a memory-mapped file `spill`. Raises PictureError for an unreadable picture.
    """
    count, index = len(samples), {name: i for i, name in enumerate(classes)}
    pictures = _storage((count, spec.height, spec.width, spec.channels), spill)
    with_masks = with_masks and any(s.has_mask for s in samples)
    masks = np.zeros((count, spec.height, -(-spec.width // 8)), np.uint8) if with_masks else None

    def one(row: int) -> None:
        pixels, mask = samples[row].load()
        pictures[row] = prepare(pixels, spec)
        if masks is not None and mask is not None:
            masks[row] = np.packbits(prepare_mask(mask, spec) > 0, axis=1)

    with ThreadPoolExecutor(max(1, threads)) as pool:
        # In blocks, so that a stop does not wait for what was only queued.
        for first in range(0, count, 32):
            list(pool.map(one, range(first, min(first + 32, count))))
            progress(min(first + 32, count), count)
    drawn = np.array([s.has_mask or s.label in ok_classes for s in samples], bool)
    labels = np.array([index[s.label] for s in samples], np.int64)
    return Prepared(pictures, masks, drawn, labels, spec.width, _held(samples, index))


def _held(samples: Sequence[Sample], index: Mapping[str, int]) -> NDArray[np.bool_] | None:
    if not any(s.also for s in samples):
        return None
    held = np.zeros((len(samples), len(index)), bool)
    for row, sample in enumerate(samples):
        held[row, [index[name] for name in (sample.label, *sample.also)]] = True
    return held


def _storage(shape: tuple[int, ...], spill: Path | None) -> NDArray[np.uint8]:
    if spill is None or int(np.prod(shape, dtype=np.int64)) <= IN_MEMORY_BYTES:
        return np.zeros(shape, np.uint8)
    spill.parent.mkdir(parents=True, exist_ok=True)
    return np.lib.format.open_memmap(spill, mode="w+", dtype=np.uint8, shape=shape)
