"""The segmentation + decision networks: one map of where, one verdict of what.

`PublishedSegDec` follows Tabernik et al. 2019, "Segmentation-based deep-learning approach for surface-defect
detection" (J. Intelligent Manufacturing), with batch normalisation; `FastSegDec` is ours: the same two outputs at 1.48
GMAC for 704×256, a forty-second of the published network's (docs/decisions/0008). Both are trained by training.segdec.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn


def convolution(into: int, out: int, kernel: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    """Convolution (same padding, no bias) + batch normalisation + ReLU."""
    padding = dilation * (kernel // 2)
    return nn.Sequential(
        nn.Conv2d(into, out, kernel, stride, padding, dilation, bias=False),
        nn.BatchNorm2d(out),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):
    """Two 3×3 convolutions with a bypass; the dilation widens the field of view at no cost."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.first = convolution(width, width, 3, dilation=dilation)
        self.second = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation, bias=False)
        self.norm = nn.BatchNorm2d(width)
        # Starting as the identity keeps deep stacks trainable from scratch on few pictures.
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        """N×C×h×w → the same shape."""
        return torch.relu(x + cast(Tensor, self.norm(self.second(self.first(x)))))


class PublishedSegDec(nn.Module):
    """The published network: nine 5×5 convolutions (32,32 | 64×3 | 64×4), one 15×15 to 1,024, a 1×1 to the map at 1/8;
    three (pool, 5×5) to 8, 16, 32; 66 pooled values → K logits: 1 as published (head `binary`), K to name kinds.
    """

    reduction = 8

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        widths = ((channels, 32), (32, 32), (32, 64), (64, 64), (64, 64), (64, 64), (64, 64), (64, 64), (64, 64))
        layers: list[nn.Module] = []
        for i, (into, out) in enumerate(widths):
            layers.append(convolution(into, out, 5))
            if i in {1, 4, 8}:
                layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers, convolution(64, 1024, 15))
        self.segmentation = nn.Conv2d(1024, 1, 1)
        self.decision = nn.Sequential(
            nn.MaxPool2d(2), convolution(1025, 8, 5),
            nn.MaxPool2d(2), convolution(8, 16, 5),
            nn.MaxPool2d(2), convolution(16, 32, 5),
        )  # fmt: skip
        self.head = nn.Linear(66, classes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """N×C×H×W in 0…1 → logits N×K, map logits N×1×H/8×W/8."""
        return self.judge(self.features(x))

    def judge(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """N×1024×h×w features → logits N×K, map logits N×1×h×w."""
        seen = self.segmentation(features)
        judged = self.decision(torch.cat((features, seen), dim=1))
        return cast(Tensor, self.head(torch.cat((extremes(judged), extremes(seen)), dim=1))), seen

    def segmentation_parts(self) -> tuple[nn.Module, ...]:
        """What the second stage of the published training freezes."""
        return self.features, self.segmentation


class FastSegDec(nn.Module):
    """Strided stem, residual blocks at 1/4 and 1/8 with dilations up to 8, map at 1/4, decision on features + map."""

    reduction = 4

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(convolution(channels, 16, 5, stride=2), convolution(16, 32, 3, stride=2))
        self.fine = Residual(32, 1)
        self.down = convolution(32, 64, 3, stride=2)
        self.context = nn.Sequential(*(Residual(64, dilation) for dilation in (1, 2, 4, 8, 2)))
        self.lateral = convolution(64, 32, 1)
        self.detail = convolution(32, 24, 3)
        self.segmentation = nn.Conv2d(24, 1, 1)
        self.decision = nn.Sequential(convolution(65, 48, 3, stride=2), convolution(48, 64, 3, stride=2))
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Linear(2 * (64 + 64 + 1) + 64, classes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """N×C×H×W in 0…1 → logits N×K, map logits N×1×H/4×W/4. Both sides must be multiples of 8."""
        return self.judge(self.features(x))

    def features(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """N×C×H×W in 0…1 → N×64×H/8×W/8 of wide context, N×32×H/4×W/4 of fine detail."""
        fine = self.fine(self.stem(x))
        return self.context(self.down(fine)), fine

    def judge(self, features: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Context and detail of `features` → logits N×K, map logits N×1×H/4×W/4."""
        context, fine = features
        wide = nn.functional.interpolate(self.lateral(context), scale_factor=2.0, mode="nearest")
        seen = self.segmentation(self.detail(fine + wide))
        small = nn.functional.max_pool2d(seen, 2)
        judged = self.decision(torch.cat((context, torch.sigmoid(small)), dim=1))
        pooled = torch.cat(
            (extremes(judged), extremes(context), extremes(torch.sigmoid(seen)), attended(context, small)), dim=1
        )
        return cast(Tensor, self.head(self.dropout(pooled))), seen

    def segmentation_parts(self) -> tuple[nn.Module, ...]:
        """What a two-stage training freezes in its second stage."""
        return self.stem, self.fine, self.down, self.context, self.lateral, self.detail, self.segmentation


class MapSegDec(FastSegDec):
    """The fast network with the decision read off its own map, so that it cannot learn the sound pictures by heart.

    Peaks of the map at three sizes say how surely there is a defect; the features at its peak say which kind. From some
    twenty defective pictures a decision on features all over the picture finds what tells those twenty apart; the map,
    taught on every cell, does not.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__(channels, classes)
        del self.decision
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(64 + len(PEAKS), classes)

    def judge(self, features: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Context and detail of `features` → logits N×K, map logits N×1×H/4×W/4."""
        context, fine = features
        wide = nn.functional.interpolate(self.lateral(context), scale_factor=2.0, mode="nearest")
        seen = self.segmentation(self.detail(fine + wide))
        # The kind must not reshape the features it is read from: detached.
        there = self.dropout(attended(context.detach(), nn.functional.max_pool2d(seen.detach(), 2)))
        return cast(Tensor, self.head(torch.cat((there, peaks(seen)), dim=1))), seen


PEAKS = (1, 3, 7)
"""Sides, in cells of the map, of the squares whose highest mean is a peak."""
SegDec = PublishedSegDec | FastSegDec


def peaks(seen: Tensor) -> Tensor:
    """N×1×h×w map logits → N×3: the highest mean of a square of each of the sides PEAKS, in a quarter of a logit."""
    level = (0.25 * seen.float()).clamp(-4.0, 4.0)
    smooth = [
        nn.functional.avg_pool2d(level, side, stride=1, padding=side // 2) if side > 1 else level for side in PEAKS
    ]
    return torch.cat([y.amax(dim=(2, 3)) for y in smooth], dim=1)


def attended(features: Tensor, where: Tensor) -> Tensor:
    """N×C×h×w features and N×1×h×w map logits → N×C: the mean of the features where the map is highest.

    A defect of a few cells drowns in a plain mean; here it speaks for itself, whatever the picture's size.
    """
    weights = torch.softmax(where.flatten(2).float(), dim=2)
    return (features.flatten(2).float() * weights).sum(dim=2)


def extremes(x: Tensor) -> Tensor:
    """N×C×h×w → N×2C: the maximum and the mean of every channel."""
    return torch.cat((x.amax(dim=(2, 3)), x.mean(dim=(2, 3))), dim=1)
