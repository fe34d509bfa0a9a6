"""The job both training loops are given: what to train, on what, and whom to tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Generator, Tensor, nn

from trainer.augmentation.geometry import augment
from trainer.augmentation.order import epoch_batches
from trainer.augmentation.views import Views
from trainer.config import TrainConfig
from trainer.data.prepared import Prepared
from trainer.runtime.interrupt import StopRequest
from trainer.runtime.progress import Emit
from trainer.training.processes import share_of


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One training: what to train, on what, and whom to tell. Rows are indices into `data`."""

    config: TrainConfig
    network: nn.Module
    data: Prepared
    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    sound: tuple[int, ...]
    """Indices of the sound classes."""
    fabric: Fabric
    emit: Emit
    stop: StopRequest
    run: Path
    new: NDArray[np.bool_] | None = field(default=None)
    """Fine-tuning: which samples are corrections, the others are replayed."""
    teacher: NDArray[np.float32] | None = field(default=None)
    """Distillation: the teacher's scores of every sample, N×K."""
    frozen: tuple[nn.Module, ...] = ()
    """Layers of the network that stay as they are."""
    views: Views | None = field(default=None)
    """What the frozen layers gave, where that is computed once; the loop then trains what comes after them."""
    weights: NDArray[np.float32] | None = field(default=None)
    """How much each class weighs in the loss, K; None = alike."""

    def batches(self, epoch: int, batch: int) -> list[NDArray[np.int64]]:
        """The batches of an epoch, `batch` samples each, this process's share of them."""
        config = self.config
        total = config.samples_per_epoch or self.train.size
        drawn = epoch_batches(
            self.data.labels,
            self.train,
            self.sound,
            config.sampling,
            batch,
            total,
            (config.seed, epoch),
            self.new,
            config.correction_share,
        )
        return [share_of(self.fabric, rows) for rows in drawn]

    def pictures(self, rows: NDArray[np.int64]) -> Tensor:
        """N×C×H×W in 0…1, channels last, on the device; with `views`, the frozen layers' activations N×A×h×w."""
        if self.views is not None:
            return self.views.plain(rows)
        moved = self.fabric.to_device(torch.from_numpy(self.data.pictures[rows]))
        return moved.permute(0, 3, 1, 2).float().div_(255.0)

    def masks(self, rows: NDArray[np.int64]) -> Tensor:
        """N×1×H×W of 0 and 1."""
        return self.fabric.to_device(torch.from_numpy(self.data.masks_of(rows))).unsqueeze(1).float()

    def labels(self, rows: NDArray[np.int64]) -> Tensor:
        """N class indices."""
        return self.fabric.to_device(torch.from_numpy(self.data.labels[rows]))

    def held(self, rows: NDArray[np.int64]) -> Tensor | None:
        """N×K bools, every class a picture shows; None where each shows its label alone."""
        known = self.data.held
        return None if known is None else self.fabric.to_device(torch.from_numpy(known[rows]))

    def class_weights(self) -> Tensor | None:
        """K weights on the device; None = every class alike."""
        return None if self.weights is None else self.fabric.to_device(torch.from_numpy(self.weights))

    def soft(self, rows: NDArray[np.int64]) -> Tensor | None:
        """N×K scores of the teacher; None without one."""
        return None if self.teacher is None else self.fabric.to_device(torch.from_numpy(self.teacher[rows]))

    def augmented(self, rows: NDArray[np.int64], rng: Generator, *, masks: bool) -> tuple[Tensor, Tensor | None]:
        """Pictures and masks of a training batch; with `views`, one of them of each picture."""
        if self.views is not None:
            return self.views.drawn(rows, rng), self.masks(rows) if masks else None
        return augment(self.pictures(rows), self.masks(rows) if masks else None, self.config, rng)
