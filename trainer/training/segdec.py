"""The seg-decision network's training loop, read top to bottom.

End to end with mixed supervision (Božič et al. 2021, "Mixed supervision for surface-defect detection"): every sample
teaches the decision, only samples whose mask is known teach the map; sound samples have an empty mask. The published
two stages (Tabernik et al. 2019: first the map, then the decision with the map frozen) are `stages = "two-stage"`.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer

from engine.networks.segdec import FastSegDec, PublishedSegDec
from trainer.config import TrainConfig
from trainer.training.course import Course
from trainer.training.decision_loss import decision_loss, scores_of
from trainer.training.job import Job
from trainer.training.map_loss import map_loss
from trainer.training.optimise import optimiser_of
from trainer.training.validation import judged, short_figures
from trainer.training.windows import Batch, training_batch, whole_batch


def train_segdec(job: Job) -> None:
    """Train `job.network` and leave its best state in it, in eval mode. Raises Interrupted when asked to stop."""
    network, optimizer = job.fabric.setup(job.network, optimiser_of(job.config, job.network))
    course = Course(job, network, optimizer)
    for epoch in course.epochs():
        stage = stage_of(job.config, epoch)
        if stage == "decision" and epoch == job.config.segmentation_epochs:
            course.restart_best()
        with course.memory():
            train_loss = _train(job, course, network, optimizer, epoch)
            loss, figures = _validate(job, course, stage)
            course.finish_epoch(epoch, train_loss, loss, figures, by_loss=stage == "map")
    course.take_best()


def _train(job: Job, course: Course, network: nn.Module, optimizer: Optimizer, epoch: int) -> float:
    """One pass over the training part; returns its mean loss."""
    stage, weights = stage_of(job.config, epoch), job.class_weights()
    course.learn()
    if stage == "decision":
        _freeze_map(job.network)
    rng, losses = course.random(epoch), []
    for step, rows in enumerate(job.batches(epoch, course.batch)):
        course.before_step(epoch, step)
        batch = training_batch(job, rows, rng, epoch)
        logits, seen = network(course.normalise(batch.pictures))
        loss = combined_loss(job.config, stage, logits.float(), seen.float(), batch, weights)
        optimizer.zero_grad(set_to_none=True)
        job.fabric.backward(loss)
        optimizer.step()
        losses.append(float(loss.detach()))
        course.after_step(epoch, step, losses[-1])
    return float(np.mean(losses))


def stage_of(config: TrainConfig, epoch: int) -> str:
    """`both`, or in two-stage training `map` first and `decision` then."""
    if config.stages == "end-to-end":
        return "both"
    return "map" if epoch < config.segmentation_epochs else "decision"


def combined_loss(
    config: TrainConfig, stage: str, logits: Tensor, seen: Tensor, batch: Batch, weights: Tensor | None = None
) -> Tensor:
    """Loss of the decision + weighted loss of the map, by stage. The map's counts drawn samples only."""
    decision = decision_loss(config, logits, batch, weights)
    if stage == "decision":
        return decision
    where = map_loss(config, seen, batch.masks, batch.drawn)
    # Adding 0 × decision keeps every weight in the graph, which several devices in step need.
    return where + 0.0 * decision if stage == "map" else decision + config.segmentation_weight * where


def _freeze_map(network: nn.Module) -> None:
    """The map's weights and normalisation statistics stay as they are."""
    if isinstance(network, PublishedSegDec | FastSegDec):
        for part in network.segmentation_parts():
            part.requires_grad_(False)
            part.eval()


@torch.no_grad()
def _validate(job: Job, course: Course, stage: str) -> tuple[float | None, dict[str, float]]:
    """Loss and figures on the validation part; no loss where there is none."""
    course.before_judging()
    if not job.validation.size:
        return None, {}
    network, weights = course.judged, job.class_weights()

    def judge(rows: NDArray[np.int64]) -> tuple[float, Tensor]:
        batch = whole_batch(job, rows)
        with job.fabric.autocast():
            logits, seen = network(course.normalise(batch.pictures))
        loss = combined_loss(job.config, stage, logits.float(), seen.float(), batch, weights)
        return float(loss), scores_of(job.config, logits)

    loss, scores = judged(job, judge, course.at_once(16))
    return loss, short_figures(job, scores)
