"""Light, optics and sensor changed at random, in batches; masks need not follow."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor
from torch.nn.functional import conv2d, pad

from trainer.config import TrainConfig

GLARE_PEAK = (0.4, 1.0)
GLARE_RADIUS = (0.05, 0.2)
CLAHE_CLIP, CLAHE_TILES = 2.0, (8, 8)
JPEG_QUALITY = (40, 95)
Picture = NDArray[np.uint8]


def relit(x: Tensor, config: TrainConfig, rng: Generator) -> Tensor:
    """N×C×H×W in 0…1 → the same shape in 0…1: light first, then optics, then the sensor's noise."""
    wanted = (config.contrast, config.brightness, config.exposure, config.gamma, config.glare, config.blur)
    if not any((*wanted, config.clahe, config.noise, config.jpeg)):
        return x
    if config.clahe:
        x = _equalised(x, config.clahe, rng)
    if config.exposure:
        x = x * torch.exp(config.exposure * _symmetric(x, rng))
    if config.gamma:
        x = x.clamp(1e-4, 1.0) ** torch.exp(config.gamma * _symmetric(x, rng))
    if config.contrast:
        gain = 1.0 + config.contrast * _symmetric(x, rng)
        middle = x.mean(dim=(1, 2, 3), keepdim=True)
        x = (x - middle) * gain + middle
    if config.brightness:
        x = x + config.brightness * _symmetric(x, rng)
    if config.glare:
        x = _glare(x, config.glare, rng)
    if config.blur:
        x = _blurred(x, config.blur, rng)
    if config.noise:
        seed = int(torch.randint(0, 2**31, (1,), generator=rng))
        local = torch.Generator(device=x.device).manual_seed(seed)
        x = x + torch.randn(x.shape, generator=local, device=x.device) * (config.noise * _one_each(x, rng))
    x = x.clamp(0.0, 1.0)
    return _compressed(x, config.jpeg, rng) if config.jpeg else x


def _glare(x: Tensor, probability: float, rng: Generator) -> Tensor:
    """A soft bright ellipse somewhere, on some of the pictures."""
    count, (height, width) = len(x), x.shape[2:]
    hit = (torch.rand(count, generator=rng) < probability).float()
    peak = _between(*GLARE_PEAK, torch.rand(count, generator=rng)) * hit
    y, z = torch.rand(count, generator=rng) * height, torch.rand(count, generator=rng) * width
    radii = _between(*GLARE_RADIUS, torch.rand((2, count), generator=rng)) * max(height, width)
    down = torch.exp(-0.5 * ((torch.arange(height)[None] - y[:, None]) / radii[0][:, None]) ** 2)
    across = torch.exp(-0.5 * ((torch.arange(width)[None] - z[:, None]) / radii[1][:, None]) ** 2)
    spot = (peak[:, None, None] * down[:, :, None] * across[:, None, :]).unsqueeze(1)
    return x + spot.to(x.device)


def _blurred(x: Tensor, most: float, rng: Generator) -> Tensor:
    """Gaussian, one width a picture, none for half of them; separable, all pictures in two grouped convolutions."""
    sigma = most * torch.rand(len(x), generator=rng) * (torch.rand(len(x), generator=rng) < 0.5)
    chosen = torch.nonzero(sigma > 0.2).flatten()
    if not len(chosen):
        return x
    reach = max(1, round(2.5 * most))
    at = torch.arange(-reach, reach + 1)
    kernel = torch.exp(-0.5 * (at[None] / sigma[chosen, None]) ** 2)
    kernel = (kernel / kernel.sum(dim=1, keepdim=True)).repeat_interleave(x.shape[1], 0).to(x.device)
    part = x[chosen.to(x.device)]
    flat = pad(part, (reach, reach, reach, reach), mode="reflect").reshape(1, -1, *(s + 2 * reach for s in x.shape[2:]))
    flat = conv2d(flat, kernel[:, None, :, None], groups=flat.shape[1])
    flat = conv2d(flat, kernel[:, None, None, :], groups=flat.shape[1])
    out = x.clone()
    out[chosen.to(x.device)] = flat.reshape(part.shape)
    return out


def _equalised(x: Tensor, probability: float, rng: Generator) -> Tensor:
    """Contrast-limited adaptive histogram equalisation of some pictures, channel by channel."""
    tool = cv2.createCLAHE(CLAHE_CLIP, CLAHE_TILES)

    def even(picture: Picture) -> Picture:
        return np.dstack([tool.apply(np.ascontiguousarray(picture[..., c])) for c in range(picture.shape[2])])

    return _some(x, probability, rng, lambda picture, _share: even(picture))


def _compressed(x: Tensor, probability: float, rng: Generator) -> Tensor:
    """Through JPEG and back, some pictures, each with a quality of its own."""

    def squeezed(picture: Picture, share: float) -> Picture:
        quality = round(JPEG_QUALITY[0] + share * (JPEG_QUALITY[1] - JPEG_QUALITY[0]))
        _, code = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, quality))
        return np.asarray(cv2.imdecode(code, cv2.IMREAD_UNCHANGED), np.uint8).reshape(picture.shape)

    return _some(x, probability, rng, squeezed)


def _some(x: Tensor, probability: float, rng: Generator, change: Callable[[Picture, float], Picture]) -> Tensor:
    """`change(H×W×C, a number in 0…1)` of some pictures, in 8 bits."""
    draws = torch.rand((2, len(x)), generator=rng)
    chosen = torch.nonzero(draws[0] < probability).flatten().tolist()
    if not chosen:
        return x
    out = x.clone()
    for row in chosen:
        picture = np.ascontiguousarray((x[row].cpu() * 255.0).round().to(torch.uint8).permute(1, 2, 0).numpy())
        changed = np.ascontiguousarray(change(picture, float(draws[1, row])))
        out[row] = torch.from_numpy(changed).to(x.device).permute(2, 0, 1).float() / 255.0
    return out


def _between(low: float, high: float, share: Tensor) -> Tensor:
    return low + (high - low) * share


def _symmetric(x: Tensor, rng: Generator) -> Tensor:
    """N×1×1×1 in -1…1."""
    return 2.0 * _one_each(x, rng) - 1.0


def _one_each(x: Tensor, rng: Generator) -> Tensor:
    return torch.rand((len(x), 1, 1, 1), generator=rng).to(x.device)
