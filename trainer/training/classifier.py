"""The classifier's training loop, read top to bottom."""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer

from engine.networks.classifiers import TaughtByMask
from trainer.training.course import Course
from trainer.training.decision_loss import decision_loss, scores_of
from trainer.training.job import Job
from trainer.training.map_loss import map_loss
from trainer.training.optimise import optimiser_of
from trainer.training.stages import rest_of
from trainer.training.validation import judged, short_figures
from trainer.training.windows import Batch, training_batch, whole_batch


def train_classifier(job: Job) -> None:
    """Train `job.network` and leave its best state in it, in eval mode. Raises Interrupted when asked to stop."""
    trained = job.network if job.views is None else rest_of(job.network, job.config.freeze)
    network, optimizer = job.fabric.setup(trained, optimiser_of(job.config, job.network))
    if isinstance(job.network, TaughtByMask):
        network.mark_forward_method("with_map")
    course = Course(job, network, optimizer)
    for epoch in course.epochs():
        with course.memory():
            train_loss = _train(job, course, network, optimizer, epoch)
            loss, figures = _validate(job, course)
            course.finish_epoch(epoch, train_loss, loss, figures)
    course.take_best()


def _train(job: Job, course: Course, network: nn.Module, optimizer: Optimizer, epoch: int) -> float:
    """One pass over the training part; returns its mean loss."""
    course.learn()
    rng, losses = course.random(epoch), []
    for step, rows in enumerate(job.batches(epoch, course.batch)):
        course.before_step(epoch, step)
        batch = training_batch(job, rows, rng, epoch)
        loss = _loss(job, network, course.normalise(batch.pictures), batch)
        optimizer.zero_grad(set_to_none=True)
        job.fabric.backward(loss)
        optimizer.step()
        losses.append(float(loss.detach()))
        course.after_step(epoch, step, losses[-1])
    return float(np.mean(losses))


def _loss(job: Job, network: nn.Module, pictures: Tensor, batch: Batch) -> Tensor:
    """The decision's loss; with known masks, and a network that can be shown them, the map's loss too."""
    config, weights = job.config, job.class_weights()
    if not isinstance(job.network, TaughtByMask) or job.data.masks is None:
        return decision_loss(config, network(pictures).float(), batch, weights)
    logits, seen = cast(TaughtByMask, network).with_map(pictures)
    decision = decision_loss(config, logits.float(), batch, weights)
    return decision + config.segmentation_weight * map_loss(config, seen.float(), batch.masks, batch.drawn)


@torch.no_grad()
def _validate(job: Job, course: Course) -> tuple[float | None, dict[str, float]]:
    """Loss and figures on the validation part; no loss where there is none."""
    course.before_judging()
    if not job.validation.size:
        return None, {}
    network, weights = course.judged, job.class_weights()
    unsmoothed = job.config.model_copy(update={"label_smoothing": 0.0})

    def judge(rows: NDArray[np.int64]) -> tuple[float, Tensor]:
        batch = whole_batch(job, rows)
        with job.fabric.autocast():
            logits = network(course.normalise(batch.pictures))
        return float(decision_loss(unsmoothed, logits.float(), batch, weights)), scores_of(job.config, logits)

    loss, scores = judged(job, judge, course.at_once(32))
    return loss, short_figures(job, scores)
