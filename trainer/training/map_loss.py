"""What teaches a map where the defects are."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trainer.config import TrainConfig


def map_loss(config: TrainConfig, seen: Tensor, masks: Tensor, drawn: Tensor) -> Tensor:
    """Loss of map logits N×1×h×w against masks N×1×H×W; a cell is defect when any pixel of it is. `drawn` is N bools.

    BCE with defect cells weighted, plus `dice` × the soft Dice loss over the batch's defective samples, which keeps
    thin defects from being outvoted by the background; or the published MSE.
    """
    if not bool(drawn.any()):
        return seen.sum() * 0.0
    if config.dilate:
        masks = nn.functional.max_pool2d(masks, 2 * config.dilate + 1, stride=1, padding=config.dilate)
    target = nn.functional.adaptive_max_pool2d(masks, seen.shape[2:])[drawn]
    seen = seen[drawn]
    if config.segmentation_loss == "mse":
        return nn.functional.mse_loss(torch.sigmoid(seen), target)
    weight = torch.tensor(config.positive_weight, device=seen.device)
    cells = nn.functional.binary_cross_entropy_with_logits(seen, target, pos_weight=weight)
    found = torch.sigmoid(seen)
    overlap = (2.0 * (found * target).sum() + 1.0) / (found.sum() + target.sum() + 1.0)
    return cells + config.dice * (1.0 - overlap) if config.dice and bool(target.any()) else cells
