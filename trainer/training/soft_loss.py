"""The loss of a distillation: the student's softened scores against the teacher's (Hinton et al. 2015)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, kl_div, log_softmax

from trainer.config import TrainConfig

LEAST = 1e-6
"""Teacher's scores nearer to 0 than this count as this: their logarithm is what is learnt."""


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
