"""The validation part judged between two epochs, by each process its share, and the short figures it gives."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.statistics.metrics import average_precision, macro_f1
from trainer.training.decision_loss import defect_score
from trainer.training.job import Job
from trainer.training.processes import joined, mean_of

Judge = Callable[[NDArray[np.int64]], tuple[float, Tensor]]
"""Rows → their mean loss and scores n×K."""


def judged(job: Job, judge: Judge, at_once: int) -> tuple[float, NDArray[np.float32]]:
    """Mean loss and scores N×K over the validation part, which must hold something; the same in every process."""
    fabric, rows = job.fabric, job.validation
    shared = fabric.world_size > 1 and rows.size >= fabric.world_size
    own = rows[fabric.global_rank :: fabric.world_size] if shared else rows
    total, scores = 0.0, []
    for part in np.array_split(own, -(-own.size // at_once)):
        if fabric.world_size == 1:
            job.stop.check()
        loss, found = judge(part)
        total += loss * part.size
        scores.append(found.float().cpu().numpy())
    every: NDArray[np.float32] = np.concatenate(scores)
    if shared:
        total = mean_of(fabric, total) * fabric.world_size
        every = joined(fabric, every, rows.size)
    return total / rows.size, every


def short_figures(job: Job, scores: NDArray[np.float32]) -> dict[str, float]:
    """Accuracy and macro F1 of the likeliest class and, where there are sound classes, AP of "defect"."""
    truth, guess = job.data.labels[job.validation], scores.argmax(axis=1)
    matrix = np.zeros((max(scores.shape[1], int(truth.max()) + 1),) * 2, np.int64)
    np.add.at(matrix, (truth, guess), 1)
    figures = {"accuracy": float((guess == truth).mean()), "macro_f1": macro_f1(matrix)}
    positive = ~np.isin(truth, job.sound)
    if job.sound and positive.any() and not positive.all():
        figures["ap"] = average_precision(positive, defect_score(job.config, torch.from_numpy(scores), job.sound))
    return figures
