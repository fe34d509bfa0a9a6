"""The optimiser and its learning rate."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.optim import Optimizer

from trainer.config import TrainConfig


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
