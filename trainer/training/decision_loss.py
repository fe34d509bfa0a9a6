"""What teaches the verdict, for each head: the loss of its logits against labels, or against a teacher's scores in a
distillation (Hinton et al. 2015), and the scores they stand for."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, kl_div, log_softmax, one_hot

from engine.networks.graph import probabilities_of
from trainer.config import TrainConfig
from trainer.training.windows import Batch

LEAST = 1e-6
"""Teacher's scores nearer to 0 than this count as this: their logarithm is what is learnt."""


def balanced_weights(labels: NDArray[np.int64], held: NDArray[np.bool_] | None, classes: int) -> NDArray[np.float32]:
    """n / (K·nₖ) of n samples of K classes, as scikit-learn's `balanced`; 1 for a class without any. `held` is N×K."""
    counts = np.bincount(labels, minlength=classes) if held is None else held.sum(axis=0)
    weights = labels.size / (classes * np.maximum(counts, 1))
    return np.where(counts > 0, weights, 1.0).astype(np.float32)


def decision_loss(config: TrainConfig, logits: Tensor, batch: Batch, weights: Tensor | None = None) -> Tensor:
    """Mean loss of logits N×K (N×1 for one logit): of the labels, and in a distillation α·teacher + (1 - α)·labels."""
    if batch.soft is None:
        return label_loss(config, logits, batch, weights)
    alpha = config.distil_alpha
    taught = soft_loss(config, logits, batch.soft)
    return taught if alpha == 1.0 else alpha * taught + (1.0 - alpha) * label_loss(config, logits, batch, weights)


def label_loss(config: TrainConfig, logits: Tensor, batch: Batch, weights: Tensor | None = None) -> Tensor:
    """Mean loss of logits N×K (N×1 for one logit) against the batch's classes.

    softmax: cross-entropy. sigmoid: binary cross-entropy of every class against the classes that hold. One logit:
    binary cross-entropy of "the second class". Smoothing moves a truth y to y·(1 - s) + s/2, or as torch does.
    `weights` are K: a sample weighs as its class does; with sigmoid, "holds" weighs so against "does not".
    """
    smoothing = config.label_smoothing
    if logits.shape[1] == 1:
        held = (batch.labels == 1).unsqueeze(1)
        each = None if weights is None else weights[batch.labels].unsqueeze(1)
        truth = held.to(logits.dtype) * (1.0 - smoothing) + smoothing / 2.0
        return binary_cross_entropy_with_logits(logits, truth, weight=each)
    if config.head != "sigmoid":
        return nn.functional.cross_entropy(logits, batch.labels, weight=weights, label_smoothing=smoothing)
    held = batch.held if batch.held is not None else one_hot(batch.labels, logits.shape[1]).bool()
    truth = held.to(logits.dtype) * (1.0 - smoothing) + smoothing / 2.0
    return binary_cross_entropy_with_logits(logits, truth, pos_weight=weights)


def soft_loss(config: TrainConfig, logits: Tensor, taught: Tensor) -> Tensor:
    """T²·KL(teacher ‖ student), the mean over the pictures, both softened by the temperature T.

    logits: N×K of the student (N×1 for one logit x, which is (0, x)); taught: N×K scores of the teacher, whose logits
    are their logarithms. Of the head `sigmoid` the mean over the classes too, each a yes or no of its own.
    """
    temperature = config.distil_temperature
    if config.head == "sigmoid":
        sure = taught.clamp(LEAST, 1.0 - LEAST)
        wanted = torch.sigmoid(torch.logit(sure) / temperature)
        # Cross-entropy less the teacher's own entropy: 0 where the student says the same.
        found = binary_cross_entropy_with_logits(logits / temperature, wanted)
        return temperature**2 * (found - binary_cross_entropy_with_logits(torch.logit(wanted), wanted))
    both = torch.cat((torch.zeros_like(logits), logits), dim=1) if logits.shape[1] == 1 else logits
    softened = log_softmax(taught.clamp_min(LEAST).log() / temperature, dim=1)
    student = log_softmax(both / temperature, dim=1)
    return temperature**2 * kl_div(student, softened, reduction="batchmean", log_target=True)


def scores_of(config: TrainConfig, logits: Tensor) -> Tensor:
    """Logits N×K (N×1 for one logit) → scores N×K in fp32."""
    return probabilities_of(logits.float(), "sigmoid" if config.head == "sigmoid" else "softmax")


def defect_score(config: TrainConfig, scores: Tensor, sound: tuple[int, ...]) -> Tensor:
    """N scores of "defect": one less the sound classes' together; where several may hold, the highest of the others."""
    if config.head != "sigmoid":
        return 1.0 - scores[:, list(sound)].sum(dim=1)
    faulty = [i for i in range(scores.shape[1]) if i not in sound]
    return torch.amax(scores[:, faulty], dim=1)
