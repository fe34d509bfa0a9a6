"""What both training loops share: the job they are given, optimiser and schedule, and the course of the epochs with
its best state, early stop, running average and checkpoint. The loops themselves are classifier.py and segdec.py."""

from __future__ import annotations

import io
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel

from engine.errors import InputError
from engine.networks.graph import Normalise
from engine.settings import write_atomically
from engine.training import EpochDone, TrainingProgress
from trainer.augment import augment
from trainer.batches import epoch_batches
from trainer.config import TrainConfig
from trainer.interrupt import StopRequest
from trainer.prepared import Prepared
from trainer.progress import Emit

CHECKPOINT = "checkpoint.pt"


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

    def batches(self, epoch: int) -> list[NDArray[np.int64]]:
        """The batches of an epoch, this process's share of each."""
        config, rank, world = self.config, self.fabric.global_rank, self.fabric.world_size
        total = config.samples_per_epoch or self.train.size
        drawn = epoch_batches(
            self.data.labels,
            self.train,
            self.sound,
            config.sampling,
            config.batch,
            total,
            (config.seed, epoch),
            self.new,
            config.correction_share,
        )
        return [rows[rank::world] for rows in drawn]

    def pictures(self, rows: NDArray[np.int64]) -> Tensor:
        """N×C×H×W in 0…1, channels last, on the device."""
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

    def augmented(self, rows: NDArray[np.int64], rng: Generator, *, masks: bool) -> tuple[Tensor, Tensor | None]:
        """Pictures and masks of a training batch."""
        return augment(self.pictures(rows), self.masks(rows) if masks else None, self.config, rng)


def optimiser_of(config: TrainConfig, network: nn.Module) -> Optimizer:
    """The preset's optimiser over what is not frozen."""
    weights = [p for p in network.parameters() if p.requires_grad]
    rate, decay = config.learning_rate, config.weight_decay
    match config.optimizer:
        case "adam":
            return torch.optim.Adam(weights, lr=rate, weight_decay=decay)
        case "adamw":
            return torch.optim.AdamW(weights, lr=rate, weight_decay=decay)
        case "sgd":
            return torch.optim.SGD(weights, lr=rate, weight_decay=decay, momentum=0.9, nesterov=True)


def rate_at(config: TrainConfig, step: int, steps: int) -> float:
    """The learning rate's factor at one step of all steps. onecycle: a tenth up to 1 over 15 %, then cosine to 0."""
    done = step / max(1, steps)
    if config.schedule == "none":
        return 1.0
    if config.schedule == "cosine":
        return 0.5 * (1.0 + math.cos(math.pi * done))
    if done < 0.15:
        return 0.1 + 0.9 * done / 0.15
    return 0.5 * (1.0 + math.cos(math.pi * (done - 0.15) / 0.85))


class Course:
    """The epochs of one training. What `save` keeps is the state between two epochs, so that a resumed run repeats the
    interrupted epoch from its start, with the same draws, and ends as the uninterrupted one would."""

    def __init__(self, job: Job, network: nn.Module, optimizer: Optimizer) -> None:
        self.job, self.network, self.optimizer = job, network, optimizer
        self.normalise = Normalise(job.config.architecture).to(job.fabric.device)
        self.average = _average_of(job.config, job.network)
        self.best: dict[str, Tensor] = {}
        self.best_loss, self.stale, self.next_epoch, self._began = math.inf, 0, 0, 0.0
        self.steps_per_epoch = max(1, len(job.batches(0)))
        self._restore()

    def epochs(self) -> Iterator[int]:
        """The epochs left to do; ends early when patience runs out."""
        while self.next_epoch < self.job.config.epochs:
            if self.job.config.patience and self.stale >= self.job.config.patience:
                return
            torch.manual_seed(self.job.config.seed * 100_003 + self.next_epoch)
            self._began = time.monotonic()
            yield self.next_epoch

    def random(self, epoch: int) -> Generator:
        """The draws of one epoch's augmentation."""
        return torch.Generator().manual_seed(self.job.config.seed * 7919 + epoch)

    def before_step(self, epoch: int, step: int) -> None:
        """Stop if asked to, and set the learning rate."""
        self.job.stop.check()
        config = self.job.config
        done, total = epoch * self.steps_per_epoch + step, config.epochs * self.steps_per_epoch
        for group in self.optimizer.param_groups:
            group["lr"] = config.learning_rate * rate_at(config, done, total)

    def after_step(self, epoch: int, step: int, loss: float) -> None:
        """Follow with the running average, and tell."""
        if self.average is not None:
            self.average.update_parameters(self.job.network)
        done, total = epoch * self.steps_per_epoch + step + 1, self.job.config.epochs * self.steps_per_epoch
        self.job.emit(TrainingProgress(stage="training", done=done, total=total, loss=loss))

    @property
    def judged(self) -> nn.Module:
        """The network whose figures count: the running average where there is one."""
        return self.network if self.average is None else self.average.module

    def restart_best(self) -> None:
        """Forget the best state: what is measured changes from here on."""
        self.best, self.best_loss, self.stale = {}, math.inf, 0

    def finish_epoch(self, epoch: int, train_loss: float, loss: float | None, figures: dict[str, float]) -> None:
        """Keep the best, count towards patience, tell, and save."""
        config = self.job.config
        value = train_loss if loss is None else loss
        better = value < self.best_loss or config.keep == "last" or not self.best
        self.stale = 0 if better else self.stale + 1
        if better:
            self.best_loss = value
            self.best = {k: v.detach().cpu().clone() for k, v in _plain(self.judged).state_dict().items()}
        self.next_epoch = epoch + 1
        self.save()
        self.job.emit(
            EpochDone(
                epoch=epoch + 1,
                epochs=config.epochs,
                train_loss=train_loss,
                validation_loss=loss,
                figures=figures,
                best=better,
                seconds=time.monotonic() - self._began,
            )
        )

    def take_best(self) -> None:
        """Put the kept state into the job's network, ready to judge."""
        if self.best:
            self.job.network.load_state_dict(self.best)
        self.job.network.eval()

    def save(self) -> None:
        """Write the checkpoint; only tensors and plain values, so that it loads with weights_only."""
        if not self.job.fabric.is_global_zero:
            return
        state: dict[str, Any] = {
            "epoch": self.next_epoch,
            "network": self.job.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.state_dict() if self.average is not None else {},
            "best": self.best,
            "best_loss": self.best_loss,
            "stale": self.stale,
        }
        buffer = io.BytesIO()
        torch.save(state, buffer)
        write_atomically(self.job.run / CHECKPOINT, buffer.getvalue())

    def _restore(self) -> None:
        path = self.job.run / CHECKPOINT
        if not path.exists():
            return
        try:
            state = torch.load(path, map_location=self.job.fabric.device, weights_only=True)
            self.job.network.load_state_dict(state["network"])
            self.optimizer.load_state_dict(state["optimizer"])
            if self.average is not None:
                self.average.load_state_dict(state["average"])
        except (OSError, RuntimeError, KeyError, ValueError) as error:
            raise InputError(f"The checkpoint {path} does not fit this training.", "Start a new run.") from error
        self.next_epoch, self.best = int(state["epoch"]), dict(state["best"])
        self.best_loss, self.stale = float(state["best_loss"]), int(state["stale"])


def _average_of(config: TrainConfig, network: nn.Module) -> AveragedModel | None:
    if not config.average:
        return None
    decay = config.average

    def follow(averaged: Tensor, current: Tensor, _count: Tensor | int) -> Tensor:
        return averaged.lerp(current, 1.0 - decay) if averaged.is_floating_point() else current

    return AveragedModel(network, avg_fn=follow, use_buffers=True)


def _plain(network: nn.Module) -> nn.Module:
    wrapped = getattr(network, "module", None)
    return wrapped if isinstance(wrapped, nn.Module) else network
