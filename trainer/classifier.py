"""The classifier's training loop, read top to bottom."""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.metrics import average_precision
from engine.networks.classifiers import TaughtByMask
from trainer.decision import decision_loss, defect_score, scores_of
from trainer.job import Course, Job, optimiser_of
from trainer.maps import map_loss
from trainer.windows import Batch, training_batch, whole_batch


def train_classifier(job: Job) -> None:
    """Train `job.network` and leave its best state in it, in eval mode. Raises Interrupted when asked to stop."""
    fabric, config = job.fabric, job.config
    network, optimizer = fabric.setup(job.network, optimiser_of(config, job.network))
    if isinstance(job.network, TaughtByMask):
        network.mark_forward_method("with_map")
    course = Course(job, network, optimizer)
    for epoch in course.epochs():
        network.train()
        rng, losses = course.random(epoch), []
        for step, rows in enumerate(job.batches(epoch)):
            course.before_step(epoch, step)
            batch = training_batch(job, rows, rng, epoch)
            loss = _loss(job, network, course.normalise(batch.pictures), batch)
            optimizer.zero_grad(set_to_none=True)
            fabric.backward(loss)
            optimizer.step()
            losses.append(float(loss.detach()))
            course.after_step(epoch, step, losses[-1])
        loss_now, figures = _validate(job, course)
        course.finish_epoch(epoch, float(np.mean(losses)), loss_now, figures)
    course.take_best()


def _loss(job: Job, network: nn.Module, pictures: Tensor, batch: Batch) -> Tensor:
    """The decision's loss; with known masks, and a network that can be shown them, the map's loss too."""
    config = job.config
    if not isinstance(job.network, TaughtByMask) or job.data.masks is None:
        return decision_loss(config, network(pictures).float(), batch)
    logits, seen = cast(TaughtByMask, network).with_map(pictures)
    decision = decision_loss(config, logits.float(), batch)
    return decision + config.segmentation_weight * map_loss(config, seen.float(), batch.masks, batch.drawn)


@torch.no_grad()
def _validate(job: Job, course: Course) -> tuple[float | None, dict[str, float]]:
    if not job.validation.size:
        return None, {}
    course.judged.eval()
    unsmoothed = job.config.model_copy(update={"label_smoothing": 0.0})
    total, scores = 0.0, []
    for rows in np.array_split(job.validation, -(-job.validation.size // 32)):
        job.stop.check()
        batch = whole_batch(job, rows)
        with job.fabric.autocast():
            logits = course.judged(course.normalise(batch.pictures))
        total += float(decision_loss(unsmoothed, logits.float(), batch)) * rows.size
        scores.append(scores_of(job.config, logits).cpu().numpy())
    return total / job.validation.size, short_figures(job, np.concatenate(scores))


def short_figures(job: Job, scores: NDArray[np.float32]) -> dict[str, float]:
    """Accuracy of the likeliest class and, where there are sound classes, AP of "defect" on the validation part."""
    truth = job.data.labels[job.validation]
    figures = {"accuracy": float((scores.argmax(axis=1) == truth).mean())}
    positive = ~np.isin(truth, job.sound)
    if job.sound and positive.any() and not positive.all():
        figures["ap"] = average_precision(positive, defect_score(job.config, torch.from_numpy(scores), job.sound))
    return figures
