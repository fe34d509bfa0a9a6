"""Pictures changed at random, in batches on the training device; masks follow every move."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from trainer.config import TrainConfig


def augment(
    pictures: Tensor, masks: Tensor | None, config: TrainConfig, rng: Generator
) -> tuple[Tensor, Tensor | None]:
    """N×C×H×W in 0…1 and masks N×1×H×W in 0…1 (or None) → the same shapes; each sample drawn by itself.

    `rng` lives on the CPU, so that every device draws the same.
    """
    pictures, masks = _flip(pictures, masks, config.flip_horizontal, 3, rng)
    pictures, masks = _flip(pictures, masks, config.flip_vertical, 2, rng)
    if config.turn:
        pictures, masks = _turn(pictures, masks, rng)
    if config.shift:
        pictures, masks = _shift(pictures, masks, config.shift, rng)
    return _light(pictures, config, rng), masks


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


def _shift(x: Tensor, masks: Tensor | None, share: float, rng: Generator) -> tuple[Tensor, Tensor | None]:
    """Move by up to `share` of each side; what enters is mirrored, in the picture and in the mask alike."""
    height, width = x.shape[2:]
    down, right = max(1, round(height * share)), max(1, round(width * share))
    tops = torch.randint(0, 2 * down + 1, (len(x),), generator=rng).tolist()
    lefts = torch.randint(0, 2 * right + 1, (len(x),), generator=rng).tolist()
    cuts = [(slice(None), slice(t, t + height), slice(i, i + width)) for t, i in zip(tops, lefts, strict=True)]

    def moved(y: Tensor) -> Tensor:
        padded = torch.nn.functional.pad(y, (right, right, down, down), mode="reflect")
        return torch.stack([p[cut] for p, cut in zip(padded, cuts, strict=True)])

    return moved(x), None if masks is None else moved(masks)


def _light(x: Tensor, config: TrainConfig, rng: Generator) -> Tensor:
    if config.contrast:
        gain = 1.0 + config.contrast * (2.0 * _one_each(x, rng) - 1.0)
        middle = x.mean(dim=(1, 2, 3), keepdim=True)
        x = (x - middle) * gain + middle
    if config.brightness:
        x = x + config.brightness * (2.0 * _one_each(x, rng) - 1.0)
    if config.noise:
        seed = int(torch.randint(0, 2**31, (1,), generator=rng))
        local = torch.Generator(device=x.device).manual_seed(seed)
        x = x + torch.randn(x.shape, generator=local, device=x.device) * (config.noise * _one_each(x, rng))
    return x.clamp(0.0, 1.0) if config.contrast or config.brightness or config.noise else x


def _one_each(x: Tensor, rng: Generator) -> Tensor:
    return torch.rand((len(x), 1, 1, 1), generator=rng).to(x.device)
