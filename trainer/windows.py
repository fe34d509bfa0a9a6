"""Batches of whole pictures, and of windows cut from them while a network learns what small defects look like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from trainer.job import Job

WINDOWS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """N pictures N×C×H×W in 0…1, masks N×1×H×W of 0 and 1, class indices N, and whether each one's mask is known."""

    pictures: Tensor
    masks: Tensor
    labels: Tensor
    drawn: Tensor
    held: Tensor | None = None
    """N×K bools, every class a picture shows; None = its label alone."""


def training_batch(job: Job, rows: NDArray[np.int64], rng: Generator, epoch: int) -> Batch:
    """The augmented batch of these rows; in the first `window_epochs` cut into windows, where all masks are known."""
    pictures, masks = job.augmented(rows, rng, masks=True)
    assert masks is not None
    labels, drawn = job.labels(rows), _drawn(job, rows)
    held = job.held(rows)
    # A window of a picture with several classes may show any of them: which, nobody has told.
    several = held is not None and bool((held.sum(dim=1) > 1).any())
    if epoch >= job.config.window_epochs or not bool(drawn.all()) or not job.sound or several:
        return Batch(pictures, masks, labels, drawn, held)
    pictures, masks = windows(pictures, masks, rng)
    # A window that shows nothing of the picture's defect is sound.
    empty = ~masks.flatten(1).any(dim=1)
    labels = labels.repeat_interleave(WINDOWS).masked_fill(empty, job.sound[0])
    return Batch(pictures, masks, labels, drawn.repeat_interleave(WINDOWS))


def whole_batch(job: Job, rows: NDArray[np.int64]) -> Batch:
    """The batch of these rows as they are, for judging."""
    return Batch(job.pictures(rows), job.masks(rows), job.labels(rows), _drawn(job, rows), job.held(rows))


def windows(pictures: Tensor, masks: Tensor, rng: Generator) -> tuple[Tensor, Tensor]:
    """Four windows of half the height and width of each picture: 4N×C×H/2×W/2, and their masks.

    Of a defective picture's four, three hold a random place of its defect and one lies anywhere; of a sound one's, all.
    """
    height, width = pictures.shape[2] // 2, pictures.shape[3] // 2
    cuts: list[tuple[int, int, int]] = []
    for row, mask in enumerate(masks):
        ys, xs = torch.nonzero(mask[0] > 0, as_tuple=True)
        for nth in range(WINDOWS):
            top, left = (int(torch.randint(0, side, (1,), generator=rng)) for side in (height, width))
            if len(ys) and nth < WINDOWS - 1:
                at = int(torch.randint(0, len(ys), (1,), generator=rng))
                top = min(max(int(ys[at]) - top, 0), height)
                left = min(max(int(xs[at]) - left, 0), width)
            cuts.append((row, top, left))

    def cut(y: Tensor) -> Tensor:
        return torch.stack([y[row, :, top : top + height, left : left + width] for row, top, left in cuts])

    return cut(pictures), cut(masks)


def _drawn(job: Job, rows: NDArray[np.int64]) -> Tensor:
    return job.fabric.to_device(torch.from_numpy(job.data.drawn[rows]))
