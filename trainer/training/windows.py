"""Batches of whole pictures, and of windows cut from them while a network learns what small defects look like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from trainer.augmentation.geometry import augment
from trainer.training.job import Job

WINDOWS = 4
STEP = 8
"""What the seg-decision networks' sides must be multiples of, in pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """N pictures N×C×H×W in 0…1, masks N×1×H×W of 0 and 1, class indices N, and whether each one's mask is known."""

    pictures: Tensor
    masks: Tensor
    labels: Tensor
    drawn: Tensor
    held: Tensor | None = None
    """N×K bools, every class a picture shows; None = its label alone."""
    soft: Tensor | None = None
    """N×K scores of a distillation's teacher; None = there is none."""


def training_batch(job: Job, rows: NDArray[np.int64], rng: Generator, epoch: int) -> Batch:
    """The augmented batch of these rows; in the first `window_epochs` windows cut from those whose mask is known."""
    drawn = rows[job.data.drawn[rows]]
    held = job.held(drawn)
    # A window of a picture with several classes may show any of them: which, nobody has told.
    several = held is not None and bool((held.sum(dim=1) > 1).any())
    if epoch < job.config.window_epochs and drawn.size and job.sound and not several and job.views is None:
        return _windowed(job, drawn, rng)
    pictures, masks = job.augmented(rows, rng, masks=True)
    assert masks is not None
    return Batch(pictures, masks, job.labels(rows), _drawn(job, rows), job.held(rows), job.soft(rows))


def _windowed(job: Job, rows: NDArray[np.int64], rng: Generator) -> Batch:
    """Cut first, changed afterwards: a quarter of the work, or a sixteenth."""
    cut = windows(job.pictures(rows), job.masks(rows), rng, job.config.window_parts)
    pictures, masks = augment(*cut, job.config, rng)
    assert masks is not None
    # A window that shows nothing of the picture's defect is sound.
    empty = ~masks.flatten(1).any(dim=1)
    labels = job.labels(rows).repeat_interleave(WINDOWS).masked_fill(empty, job.sound[0])
    return Batch(pictures, masks, labels, _drawn(job, rows).repeat_interleave(WINDOWS))


def whole_batch(job: Job, rows: NDArray[np.int64]) -> Batch:
    """The batch of these rows as they are, for judging."""
    labels, held = job.labels(rows), job.held(rows)
    return Batch(job.pictures(rows), job.masks(rows), labels, _drawn(job, rows), held, job.soft(rows))


def windows(pictures: Tensor, masks: Tensor, rng: Generator, parts: int = 2) -> tuple[Tensor, Tensor]:
    """Four windows of each picture, their sides its own divided by `parts`, cut to multiples of 8; and their masks.

    Of a defective picture's four, three hold a random place of its defect and one lies anywhere; of a sound one's, all.
    """
    height, width = (max(STEP, side // parts // STEP * STEP) for side in pictures.shape[2:])
    down, right = pictures.shape[2] - height, pictures.shape[3] - width
    cuts: list[tuple[int, int, int]] = []
    for row, mask in enumerate(masks):
        ys, xs = torch.nonzero(mask[0] > 0, as_tuple=True)
        for nth in range(WINDOWS):
            top, left = (int(torch.randint(0, side + 1, (1,), generator=rng)) for side in (down, right))
            if len(ys) and nth < WINDOWS - 1:
                at = int(torch.randint(0, len(ys), (1,), generator=rng))
                top = min(max(int(ys[at]) - top % height, 0), down)
                left = min(max(int(xs[at]) - left % width, 0), right)
            cuts.append((row, top, left))

    def cut(y: Tensor) -> Tensor:
        return torch.stack([y[row, :, top : top + height, left : left + width] for row, top, left in cuts])

    return cut(pictures), cut(masks)


def _drawn(job: Job, rows: NDArray[np.int64]) -> Tensor:
    return job.fabric.to_device(torch.from_numpy(job.data.drawn[rows]))
