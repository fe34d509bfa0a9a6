"""The course of a training's epochs: learning rate, best state, early stop, running average, checkpoint, and what
happens when memory runs out. The loops themselves are classifier.py and segdec.py."""

from __future__ import annotations

import gc
import io
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel

from engine.errors import EnvironmentFailure, InputError
from engine.networks.graph import Normalise
from engine.system.files import write_atomically
from engine.training import CHECKPOINT, EpochDone, TrainingNote, TrainingProgress
from trainer.config import TrainConfig
from trainer.runtime.memory_full import memory_full
from trainer.training.job import Job
from trainer.training.optimise import rate_at
from trainer.training.processes import check_stop, mean_of, same_statistics, together
from trainer.training.stages import rest_of

Worth = tuple[float, float]
"""What the best epoch goes by, lower is better: less the figure asked for, then the loss."""
NOTHING: Worth = (math.inf, math.inf)


class Course:
    """The epochs of one training. What is saved is the state between two epochs, so that a resumed run repeats the
    interrupted epoch from its start, with the same draws, and ends as the uninterrupted one would.

    Raises InputError for a checkpoint of another training, StorageError when it cannot be written.
    """

    def __init__(self, job: Job, network: nn.Module, optimizer: Optimizer) -> None:
        self.job, self.network, self.optimizer = job, network, optimizer
        # Frozen views are what the normalised pictures became.
        plain = job.views is None
        self.normalise = Normalise(job.config.architecture).to(job.fabric.device) if plain else nn.Identity()
        self.average = _average_of(job.config, job.network)
        self.best: dict[str, Tensor] = {}
        self.worth, self.stale, self.next_epoch, self.batch = NOTHING, 0, 0, job.config.batch
        self._full, self._told = False, False
        self._start = self._began = time.monotonic()
        self._longest, self._planned = 0.0, job.config.epochs
        self._restore()
        self.steps_per_epoch = max(1, len(job.batches(0, self.batch)))
        # A step that finds no memory goes back to this even in the first epoch.
        together(job.fabric, self.save)

    def epochs(self) -> Iterator[int]:
        """The epochs left to do; ends early when patience runs out, or the time for it."""
        config = self.job.config
        while self.next_epoch < config.epochs:
            if self._full:
                self._go_back()
            if (config.patience and self.stale >= config.patience) or self._over_budget():
                return
            # Dropout must differ between processes.
            torch.manual_seed(config.seed * 100_003 + self.next_epoch + 7_368_787 * self.job.fabric.global_rank)
            self._began = time.monotonic()
            yield self.next_epoch

    def learn(self) -> None:
        """The network in training mode, but for its frozen stages."""
        self.network.train()
        for part in self.job.frozen:
            part.eval()

    def random(self, epoch: int) -> Generator:
        """The draws of one epoch's augmentation."""
        seed = self.job.config.seed * 7919 + epoch + 15_485_863 * self.job.fabric.global_rank
        return torch.Generator().manual_seed(seed)

    @contextmanager
    def memory(self) -> Iterator[None]:
        """Around an epoch: when memory runs out in it, it is begun again with half the batch."""
        try:
            yield
        except (RuntimeError, MemoryError) as error:
            if not memory_full(error):
                raise
            if self.job.fabric.world_size > 1:
                raise EnvironmentFailure(
                    "The memory is too small for this batch.",
                    f"Use --set batch={max(1, self.batch // 2)} and --resume.",
                ) from error
            if self.batch == 1:
                raise EnvironmentFailure(
                    "The memory is too small for this network even with a batch of one.",
                    "Use smaller pictures (height, width) or a smaller network.",
                ) from error
            # Not here: as long as the error lives, so does what filled the memory.
            self._full = True

    def before_step(self, epoch: int, step: int) -> None:
        """Stop if asked to, and set the learning rate."""
        check_stop(self.job.fabric, self.job.stop)
        config = self.job.config
        done, total = epoch * self.steps_per_epoch + step, self._planned * self.steps_per_epoch
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
        """The network whose figures count, in eval mode: the running average where there is one."""
        found = self.job.network if self.average is None else self.average.module
        return (found if self.job.views is None else rest_of(found, self.job.config.freeze)).eval()

    def at_once(self, most: int) -> int:
        """How many pictures are judged together: fewer where memory has run out."""
        return max(1, most * self.batch // self.job.config.batch)

    def before_judging(self) -> None:
        """Make the networks of all processes equal."""
        average = () if self.average is None else (self.average,)
        same_statistics(self.job.fabric, (self.job.network, *average))

    def restart_best(self) -> None:
        """Forget the best state: what is measured changes from here on."""
        self.best, self.worth, self.stale = {}, NOTHING, 0

    def finish_epoch(
        self, epoch: int, train_loss: float, loss: float | None, figures: dict[str, float], *, by_loss: bool = False
    ) -> None:
        """Keep the best, by its loss alone where asked so, count towards patience, tell, and save."""
        config = self.job.config
        train_loss = mean_of(self.job.fabric, train_loss)
        worth = self._worth(train_loss if loss is None else loss, figures, by_loss=by_loss)
        better = worth < self.worth or config.keep == "last" or not self.best
        self.stale = 0 if better else self.stale + 1
        if better:
            self.worth = worth
            found = self.job.network if self.average is None else self.average.module
            self.best = {k: v.detach().cpu().clone() for k, v in found.state_dict().items()}
        self.next_epoch = epoch + 1
        together(self.job.fabric, self.save)
        seconds = time.monotonic() - self._began
        self._longest = max(self._longest, seconds)
        self.job.emit(
            EpochDone(
                epoch=epoch + 1,
                epochs=config.epochs,
                train_loss=train_loss,
                validation_loss=loss,
                figures=figures,
                best=better,
                seconds=seconds,
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
            "worth": list(self.worth),
            "stale": self.stale,
            "batch": self.batch,
        }
        buffer = io.BytesIO()
        torch.save(state, buffer)
        write_atomically(self.job.run / CHECKPOINT, buffer.getvalue())

    def _worth(self, loss: float, figures: dict[str, float], *, by_loss: bool) -> Worth:
        select = self.job.config.select
        if select == "loss" or by_loss:
            return loss, 0.0
        figure = figures.get(select, math.nan)
        if math.isnan(figure):
            if not self._told:
                text = f"{select} is not defined on this validation part: the best epoch is chosen by its loss."
                self.job.emit(TrainingNote(text=text))
                self._told = True
            return loss, 0.0
        return -figure, loss

    def _over_budget(self) -> bool:
        """Whether one more epoch, as long as the longest, would end too late; all processes go by the first's clock.

        Fewer epochs are planned as soon as it shows, so that the learning rate still runs its whole schedule.
        """
        config, fabric = self.job.config, self.job.fabric
        if not config.budget_seconds or not self._longest:
            return False
        left = (config.budget_seconds - (time.monotonic() - self._start)) / self._longest
        self._planned = int(fabric.broadcast(min(config.epochs, self.next_epoch + max(0, int(left)))))
        if self.next_epoch < self._planned:
            return False
        done, budget = f"{self.next_epoch} of {config.epochs} epochs", f"{config.budget_seconds:g} s"
        self.job.emit(TrainingNote(text=f"Stopped after {done}: another would exceed the {budget} given."))
        return True

    def _go_back(self) -> None:
        """To the state before the epoch in which memory ran out, and on with half the batch."""
        full, self._full = self.batch, False
        self.optimizer.zero_grad(set_to_none=True)
        gc.collect()
        if self.job.fabric.device.type == "cuda":
            torch.cuda.empty_cache()
        self._restore()
        self.batch = full // 2
        self.steps_per_epoch = max(1, len(self.job.batches(0, self.batch)))
        text = f"Memory ran out with a batch of {full}: the epoch begins again with {self.batch}"
        self.job.emit(TrainingNote(text=f"{text}, at the same learning rate."))

    def _restore(self) -> None:
        path = self.job.run / CHECKPOINT
        if not path.exists():
            return
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            self.job.network.load_state_dict(state["network"])
            self.optimizer.load_state_dict(state["optimizer"])
            if self.average is not None:
                self.average.load_state_dict(state["average"])
            self.next_epoch, self.best = int(state["epoch"]), dict(state["best"])
            first, second = state["worth"]
            self.worth, self.stale, self.batch = (float(first), float(second)), int(state["stale"]), int(state["batch"])
        except (OSError, RuntimeError, KeyError, ValueError) as error:
            raise InputError(f"The checkpoint {path} does not fit this training.", "Start a new run.") from error


def _average_of(config: TrainConfig, network: nn.Module) -> AveragedModel | None:
    if not config.average:
        return None
    decay = config.average

    def follow(averaged: Tensor, current: Tensor, _count: Tensor | int) -> Tensor:
        return averaged.lerp(current, 1.0 - decay) if averaged.is_floating_point() else current

    return AveragedModel(network, avg_fn=follow, use_buffers=True)
