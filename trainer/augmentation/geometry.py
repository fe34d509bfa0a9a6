"""Pictures changed at random, in batches on the training device; masks follow every move. Light is light.py."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor
from torch.nn.functional import grid_sample, interpolate, pad

from trainer.augmentation.light import relit
from trainer.config import TrainConfig

ELASTIC_CELLS = 8
"""The displacement field has so many nodes along the longer side: smooth over an eighth of the picture."""
LATTICE = 16
"""Pixels between the nodes at which a warp is computed; between them it is linear."""


def augment(
    pictures: Tensor, masks: Tensor | None, config: TrainConfig, rng: Generator
) -> tuple[Tensor, Tensor | None]:
    """N×C×H×W in 0…1 and masks N×1×H×W in 0…1 (or None) → the same shapes; each sample drawn by itself.

    `rng` lives on the CPU, so that every device draws the same. Only `turn` of an input that is not square changes the
    shape, to N×C×W×H.
    """
    square = pictures.shape[2] == pictures.shape[3]
    if config.turn and not square:
        pictures, masks = _turn_all(pictures, masks, rng)
    if config.rotate or config.zoom or config.elastic:
        pictures, masks = _warp(pictures, masks, config, rng)
    else:
        pictures, masks = _flip(pictures, masks, config.flip_horizontal, 3, rng)
        pictures, masks = _flip(pictures, masks, config.flip_vertical, 2, rng)
        if config.turn and square:
            pictures, masks = _turn(pictures, masks, rng)
        if config.shift:
            pictures, masks = _shift(pictures, masks, config.shift, rng)
    return relit(pictures, config, rng), masks


def _flip(x: Tensor, masks: Tensor | None, wanted: bool, axis: int, rng: Generator) -> tuple[Tensor, Tensor | None]:
    if not wanted:
        return x, masks
    chosen = (torch.rand(len(x), generator=rng) < 0.5).to(x.device)[:, None, None, None]
    return torch.where(chosen, x.flip(axis), x), None if masks is None else torch.where(chosen, masks.flip(axis), masks)


def _turn(x: Tensor, masks: Tensor | None, rng: Generator) -> tuple[Tensor, Tensor | None]:
    quarters = torch.randint(0, 4, (len(x),), generator=rng).tolist()
    turned = torch.stack([p.rot90(q, (1, 2)) for p, q in zip(x, quarters, strict=True)])
    if masks is None:
        return turned, None
    return turned, torch.stack([m.rot90(q, (1, 2)) for m, q in zip(masks, quarters, strict=True)])


def _turn_all(x: Tensor, masks: Tensor | None, rng: Generator) -> tuple[Tensor, Tensor | None]:
    """One shape a batch: all of it turns alike."""
    quarters = int(torch.randint(0, 4, (1,), generator=rng))
    turned = x.rot90(quarters, (2, 3)).contiguous(memory_format=torch.channels_last)
    return turned, None if masks is None else masks.rot90(quarters, (2, 3)).contiguous()


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
    """Flipped, turned, moved, zoomed and bent in one resampling; what enters is mirrored. Masks stay 0 or 1."""
    count, (height, width) = len(x), x.shape[2:]
    nodes = (2 + height // LATTICE, 2 + width // LATTICE)
    down, right = torch.meshgrid(_centres(height, nodes[0]), _centres(width, nodes[1]), indexing="ij")
    places = torch.stack((right, down)).reshape(2, -1)
    # In pixels from the middle, so that a turn keeps its angles on pictures that are not square.
    half = torch.tensor([[width / 2.0], [height / 2.0]])
    moved = _linear(config, height == width, count, rng) @ (places * half) / half
    moved = moved.reshape(count, 2, *nodes)
    if config.shift:
        moved = moved + 2.0 * config.shift * (2.0 * torch.rand((count, 2, 1, 1), generator=rng) - 1.0)
    if config.elastic:
        moved = moved + _displacement(count, (height, width), nodes, config.elastic, rng)
    grid = interpolate(moved.to(x.device), (height, width), mode="bilinear", align_corners=True).permute(0, 2, 3, 1)
    bent = grid_sample(x, grid, padding_mode="reflection", align_corners=False)
    bent = bent.contiguous(memory_format=torch.channels_last)
    if masks is None:
        return bent, None
    followed = grid_sample(masks, grid, padding_mode="reflection", align_corners=False)
    return bent, (followed > 0.5).to(masks.dtype)


def _centres(side: int, nodes: int) -> Tensor:
    """Where the lattice's nodes lie along one side: -1…1 from edge to edge, the outer ones at the outer pixels."""
    return torch.linspace(1.0 / side - 1.0, 1.0 - 1.0 / side, nodes)


def _linear(config: TrainConfig, square: bool, count: int, rng: Generator) -> Tensor:
    """N×2×2: turn (any angle up to `rotate`, and quarter turns of square pictures), zoom and flips."""
    angle = math.radians(config.rotate) * (2.0 * torch.rand(count, generator=rng) - 1.0)
    if config.turn and square:
        angle = angle + torch.randint(0, 4, (count,), generator=rng) * (math.pi / 2.0)
    scale = 1.0 + config.zoom * (2.0 * torch.rand(count, generator=rng) - 1.0)
    across, down = (_signs(wanted, count, rng) for wanted in (config.flip_horizontal, config.flip_vertical))
    cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
    return torch.stack((torch.stack((across * cos, -down * sin), 1), torch.stack((across * sin, down * cos), 1)), 1)


def _signs(wanted: bool, count: int, rng: Generator) -> Tensor:
    return 1.0 - 2.0 * (torch.rand(count, generator=rng) < 0.5).float() if wanted else torch.ones(count)


def _displacement(count: int, size: tuple[int, int], nodes: tuple[int, int], strength: float, rng: Generator) -> Tensor:
    """N×2×nodes, the picture being -1…1: Gaussian at a coarse lattice, cubic between; half the pictures are bent."""
    height, width = size
    coarse = [max(2, round(ELASTIC_CELLS * side / max(size))) for side in size]
    field = torch.randn((count, 2, *coarse), generator=rng) * (2.0 * strength)
    field *= (torch.rand((count, 1, 1, 1), generator=rng) < 0.5).float()
    # The same number of pixels either way.
    field[:, 0] *= height / width
    return interpolate(field, nodes, mode="bicubic", align_corners=True)
