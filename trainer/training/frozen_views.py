"""Fills the views of frozen stages: their output for every picture, and for augmented views of those trained on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.errors import UsageError
from engine.networks.classifiers import TaughtByMask
from engine.networks.graph import Normalise
from engine.training import TrainingProgress
from trainer.augmentation.geometry import augment
from trainer.augmentation.views import Views, as_bits
from trainer.data.prepared import storage
from trainer.training.job import Job
from trainer.training.stages import front_of

AT_ONCE = 32
Front = Callable[[NDArray[np.int64], int], Tensor]
"""(rows, view) → activations n×A×h×w; view 0 is the picture as it is."""


def with_views(job: Job, folder: Path) -> Job:
    """The job with the output of its frozen stages for `frozen_views` views of each picture; unchanged without any.

    What does not fit in memory goes to memory-mapped files in `folder`. Raises UsageError for a network that learns
    from masks or windows, StorageError when the disk is too small.
    """
    if not job.config.frozen_views:
        return job
    masked = isinstance(job.network, TaughtByMask) and job.data.masks is not None
    if job.config.kind != "classifier" or masked or job.config.window_epochs:
        raise UsageError(
            "frozen_views is for classifiers that learn from whole pictures and labels.", "Use --set frozen_views=0."
        )
    return replace(job, views=_views(job, folder))


def view_files(rank: int) -> tuple[str, str]:
    """The names of the memory-mapped files of one process: of the pictures trained on, of the others judged."""
    return f"views-{rank}.npy", f"judged-{rank}.npy"


@torch.no_grad()
def _views(job: Job, folder: Path) -> Views:
    front, many = _front(job), job.config.frozen_views
    held = np.setdiff1d(job.validation, job.train)
    first = front(job.train[:1], 0)
    shape, kind = as_bits(first).shape[1:], as_bits(first).dtype
    files = [folder / name for name in view_files(job.fabric.global_rank)]
    trained = storage((job.train.size, many, *shape), kind, files[0])
    judged = storage((held.size, *shape), kind, files[1])
    done, total = 0, many * job.train.size + held.size

    def fill(rows: NDArray[np.int64], view: int, into: NDArray[np.generic]) -> None:
        nonlocal done
        for start in range(0, rows.size, AT_ONCE):
            job.stop.check()
            part = slice(start, start + AT_ONCE)
            into[part] = as_bits(front(rows[part], view))
            done += rows[part].size
            job.emit(TrainingProgress(stage="frozen", done=done, total=total))

    for view in range(many):
        fill(job.train, view, trained[:, view])
    fill(held, 0, judged)
    place = np.full(len(job.data), -1, np.int64)
    place[job.train] = np.arange(job.train.size)
    place[held] = job.train.size + np.arange(held.size)
    return Views(trained, judged, place, first.dtype, job.fabric.device)


def _front(job: Job) -> Front:
    device = job.fabric.device
    normalise = Normalise(job.config.architecture).to(device)
    stages = front_of(job.network.to(device), job.config.freeze).eval()

    def activations(rows: NDArray[np.int64], view: int) -> Tensor:
        pictures = job.pictures(rows)
        if view:
            # Drawn by picture and view alone, so that a resumed run computes the same.
            seed = np.random.SeedSequence((job.config.seed, view, int(rows[0]))).generate_state(1)
            pictures, _ = augment(pictures, None, job.config, torch.Generator().manual_seed(int(seed[0])))
        with job.fabric.autocast():
            found: Tensor = stages(normalise(pictures))
        return found

    return activations
