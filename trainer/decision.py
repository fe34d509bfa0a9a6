"""What teaches the verdict, for each head: the loss of its logits and the scores they stand for."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, one_hot

from engine.networks.graph import probabilities_of
from trainer.config import TrainConfig
from trainer.windows import Batch


def decision_loss(config: TrainConfig, logits: Tensor, batch: Batch) -> Tensor:
    """Mean loss of logits N×K (N×1 for one logit) against the batch's classes.

    softmax: cross-entropy. sigmoid: binary cross-entropy of every class against the classes that hold. One logit:
    binary cross-entropy of "the second class". Smoothing moves a truth y to y·(1 - s) + s/2, or as torch does.
    """
    smoothing = config.label_smoothing
    if logits.shape[1] == 1:
        held = (batch.labels == 1).unsqueeze(1)
    elif config.head == "sigmoid":
        held = batch.held if batch.held is not None else one_hot(batch.labels, logits.shape[1]).bool()
    else:
        return nn.functional.cross_entropy(logits, batch.labels, label_smoothing=smoothing)
    return binary_cross_entropy_with_logits(logits, held.to(logits.dtype) * (1.0 - smoothing) + smoothing / 2.0)


def scores_of(config: TrainConfig, logits: Tensor) -> Tensor:
    """Logits N×K (N×1 for one logit) → scores N×K in fp32."""
    return probabilities_of(logits.float(), "sigmoid" if config.head == "sigmoid" else "softmax")


def defect_score(config: TrainConfig, scores: Tensor, sound: tuple[int, ...]) -> Tensor:
    """N scores of "defect": one less the sound classes' together; where several may hold, the highest of the others."""
    if config.head != "sigmoid":
        return 1.0 - scores[:, list(sound)].sum(dim=1)
    faulty = [i for i in range(scores.shape[1]) if i not in sound]
    return torch.amax(scores[:, faulty], dim=1)
