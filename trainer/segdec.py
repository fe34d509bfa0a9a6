"""The seg-decision network's training loop, read top to bottom.

End to end with mixed supervision (Božič et al. 2021, "Mixed supervision for surface-defect detection"): every sample
teaches the decision, only samples whose mask is known teach the map; sound samples have an empty mask. The published
two stages (Tabernik et al. 2019: first the map, then the decision with the map frozen) are `stages = "two-stage"`.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from engine.networks.segdec import FastSegDec, PublishedSegDec
from trainer.classifier import short_figures
from trainer.config import TrainConfig
from trainer.decision import decision_loss, scores_of
from trainer.job import Course, Job, optimiser_of
from trainer.maps import map_loss
from trainer.windows import Batch, training_batch, whole_batch


def train_segdec(job: Job) -> None:
    """Train `job.network` and leave its best state in it, in eval mode. Raises Interrupted when asked to stop."""
    fabric, config = job.fabric, job.config
    network, optimizer = fabric.setup(job.network, optimiser_of(config, job.network))
    course = Course(job, network, optimizer)
    for epoch in course.epochs():
        stage = stage_of(config, epoch)
        network.train()
        if stage == "decision":
            _freeze_map(job.network)
        if stage == "decision" and epoch == config.segmentation_epochs:
            course.restart_best()
        rng, losses = course.random(epoch), []
        for step, rows in enumerate(job.batches(epoch)):
            course.before_step(epoch, step)
            batch = training_batch(job, rows, rng, epoch)
            logits, seen = network(course.normalise(batch.pictures))
            loss = combined_loss(config, stage, logits.float(), seen.float(), batch)
            optimizer.zero_grad(set_to_none=True)
            fabric.backward(loss)
            optimizer.step()
            losses.append(float(loss.detach()))
            course.after_step(epoch, step, losses[-1])
        loss_now, figures = _validate(job, course, stage)
        course.finish_epoch(epoch, float(np.mean(losses)), loss_now, figures)
    course.take_best()


def stage_of(config: TrainConfig, epoch: int) -> str:
    """`both`, or in two-stage training `map` first and `decision` then."""
    if config.stages == "end-to-end":
        return "both"
    return "map" if epoch < config.segmentation_epochs else "decision"


def combined_loss(config: TrainConfig, stage: str, logits: Tensor, seen: Tensor, batch: Batch) -> Tensor:
    """Loss of the decision + weighted loss of the map, by stage. The map's counts drawn samples only."""
    decision = decision_loss(config, logits, batch)
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
    if not job.validation.size:
        return None, {}
    course.judged.eval()
    total, scores = 0.0, []
    for rows in np.array_split(job.validation, -(-job.validation.size // 16)):
        job.stop.check()
        batch = whole_batch(job, rows)
        with job.fabric.autocast():
            logits, seen = course.judged(course.normalise(batch.pictures))
        total += float(combined_loss(job.config, stage, logits.float(), seen.float(), batch)) * rows.size
        scores.append(scores_of(job.config, logits).cpu().numpy())
    return total / job.validation.size, short_figures(job, np.concatenate(scores))
