"""Pictures changed at random, in batches on the training device; masks follow every move. Light is augment_light.py."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor
from torch.nn.functional import affine_grid, grid_sample, interpolate, pad

from trainer.augment_light import relit
from trainer.config import TrainConfig

ELASTIC_CELLS = 8
"""The displacement field has so many nodes along the longer side: smooth over an eighth of the picture."""


def augment(
    pictures: Tensor, masks: Tensor | None, config: TrainConfig, rng: Generator
) -> tuple[Tensor, Tensor | None]:
    """N×C×H×W in 0…1 and masks N×1×H×W in 0…1 (or None) → the same shapes; each sample drawn by itself.

    `rng` lives on the CPU, so that every device draws the same. Only `turn` of an input that is not square changes the
    shape, to N×C×W×H.
    """
    pictures, masks = _flip(pictures, masks, config.flip_horizontal, 3, rng)
    pictures, masks = _flip(pictures, masks, config.flip_vertical, 2, rng)
    if config.turn:
        pictures, masks = _turn(pictures, masks, rng)
    if config.shift:
        pictures, masks = _shift(pictures, masks, config.shift, rng)
    if config.rotate or config.zoom or config.elastic:
        pictures, masks = _warp(pictures, masks, config, rng)
    return relit(pictures, config, rng), masks


def _flip(x: Tensor, masks: Tensor | None, wanted: bool, axis: int, rng: Generator) -> tuple[Tensor, Tensor | None]:
    if not wanted:
        return x, masks
    chosen = (torch.rand(len(x), generator=rng) < 0.5).to(x.device)[:, None, None, None]
    return torch.where(chosen, x.flip(axis), x), None if masks is None else torch.where(chosen, masks.flip(axis), masks)


def _turn(x: Tensor, masks: Tensor | None, rng: Generator) -> tuple[Tensor, Tensor | None]:
    quarters = torch.randint(0, 4, (len(x),), generator=rng).tolist()
    if x.shape[2] != x.shape[3]:
        # One shape a batch: all of it turns alike.
        quarters = quarters[:1] * len(x)

    def turned(y: Tensor) -> Tensor:
        stacked = torch.stack([p.rot90(q, (1, 2)) for p, q in zip(y, quarters, strict=True)])
        return stacked.contiguous(memory_format=torch.channels_last)

    return turned(x), None if masks is None else turned(masks)


def _shift(x: Tensor, masks: Tensor | None, share: float, rng: Generator) -> tuple[Tensor, Tensor | None]:
    """Move by up to `share` of each side; what enters is mirrored, in the picture and in the mask alike."""
    height, width = x.shape[2:]
    down, right = max(1, round(height * share)), max(1, round(width * share))
    tops = torch.randint(0, 2 * down + 1, (len(x),), generator=rng).tolist()
    lefts = torch.randint(0, 2 * right + 1, (len(x),), generator=rng).tolist()
    cuts = [(slice(None), slice(t, t + height), slice(i, i + width)) for t, i in zip(tops, lefts, strict=True)]

    def moved(y: Tensor) -> Tensor:
        padded = pad(y, (right, right, down, down), mode="reflect")
        return torch.stack([p[cut] for p, cut in zip(padded, cuts, strict=True)])

    return moved(x), None if masks is None else moved(masks)


def _warp(x: Tensor, masks: Tensor | None, config: TrainConfig, rng: Generator) -> tuple[Tensor, Tensor | None]:
    """Turned, zoomed and bent in one resampling; what enters is mirrored. Masks stay 0 or 1."""
    grid = affine_grid(_affine(x, config, rng), list(x.shape), align_corners=False)
    if config.elastic:
        grid = grid + _displacement(x, config.elastic, rng)
    bent = grid_sample(x, grid, padding_mode="reflection", align_corners=False)
    bent = bent.contiguous(memory_format=torch.channels_last)
    if masks is None:
        return bent, None
    moved = grid_sample(masks, grid, padding_mode="reflection", align_corners=False)
    return bent, (moved > 0.5).to(masks.dtype)


def _affine(x: Tensor, config: TrainConfig, rng: Generator) -> Tensor:
    """N×2×3: a turn that keeps angles on pictures that are not square, and a zoom."""
    height, width = x.shape[2:]
    angle = math.radians(config.rotate) * (2.0 * torch.rand(len(x), generator=rng) - 1.0)
    scale = 1.0 + config.zoom * (2.0 * torch.rand(len(x), generator=rng) - 1.0)
    cos, sin, zero = torch.cos(angle) / scale, torch.sin(angle) / scale, torch.zeros(len(x))
    rows = (torch.stack((cos, -sin * height / width, zero), 1), torch.stack((sin * width / height, cos, zero), 1))
    return torch.stack(rows, 1).to(x.device)


def _displacement(x: Tensor, strength: float, rng: Generator) -> Tensor:
    """N×H×W×2 in grid units (the picture is -1…1), Gaussian at the nodes of a coarse lattice, cubic between them."""
    height, width = x.shape[2:]
    longer = max(height, width)
    nodes = (max(2, round(ELASTIC_CELLS * height / longer)), max(2, round(ELASTIC_CELLS * width / longer)))
    field = torch.randn((len(x), 2, *nodes), generator=rng) * (2.0 * strength)
    # Half the pictures are bent; the same number of pixels either way.
    field *= (torch.rand((len(x), 1, 1, 1), generator=rng) < 0.5).float()
    field[:, 0] *= height / width
    return interpolate(field, (height, width), mode="bicubic", align_corners=False).permute(0, 2, 3, 1).to(x.device)
