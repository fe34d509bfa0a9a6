"""Classifiers: convolutional features, a pooling, a head. One shape for all, so that one loop trains them, one graph
exports them, and the class activation map is the same formula for each. torchvision's families: torchvision_zoo.py."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from engine.networks.segdec import convolution


class GlobalMean(nn.Module):
    """N×A×h×w → N×A: the mean of each channel."""

    def forward(self, x: Tensor) -> Tensor:
        """N×A×h×w → N×A."""
        return x.mean(dim=(2, 3))


class CellHead(nn.Module):
    """SqueezeNet's end: dropout, a 1×1 convolution to the classes in every cell, ReLU, the mean over the cells."""

    def __init__(self, into: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.last = nn.Conv2d(into, classes, 1)
        self.relu = nn.ReLU()

    def cells(self, activations: Tensor) -> Tensor:
        """N×A×h×w → N×K×h×w, ≥ 0: what each cell says of each class."""
        return cast(Tensor, self.relu(self.last(self.dropout(activations))))

    def forward(self, activations: Tensor) -> Tensor:
        """N×A×h×w → logits N×K."""
        return self.cells(activations).mean(dim=(2, 3))


class Classifier(nn.Module):
    """features → pool → dropout → head; `cam` says whether the class activation map is exact.

    `pool` is the global mean unless given (VGG keeps 7×7 cells; a CellHead pools by itself).
    """

    def __init__(
        self, features: nn.Module, head: nn.Module, dropout: float = 0.0, pool: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.features = features
        self.pool = GlobalMean() if pool is None else pool
        self.dropout = nn.Dropout(dropout)
        self.head = head

    @property
    def cam(self) -> bool:
        """True when `maps` is exactly Grad-CAM at the last convolution, up to a factor per class."""
        averaged = isinstance(self.pool, GlobalMean)
        return isinstance(self.head, CellHead) or (averaged and isinstance(self.head, nn.Linear))

    def maps(self, activations: Tensor) -> Tensor:
        """N×A×h×w activations → class activation maps N×K×h×w, ≥ 0; of a one-logit network N×2×h×w, against and for.

        ReLU(Σ weightₖ·activationₖ), Zhou et al. 2016, "Learning deep features for discriminative localization"; for a
        CellHead the cells themselves, whose mean the logit is. Only where `cam` holds.
        """
        if isinstance(self.head, CellHead):
            return self.head.cells(activations)
        weight = cast(nn.Linear, self.head).weight
        if weight.shape[0] == 1:
            weight = torch.cat((-weight, weight))
        return torch.relu(nn.functional.conv2d(activations, weight[:, :, None, None]))

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W in 0…1 → logits N×K."""
        return self.judge(self.features(x))

    def judge(self, activations: Tensor) -> Tensor:
        """N×A×h×w activations → logits N×K."""
        return cast(Tensor, self.head(self.dropout(self.pool(activations))))


TAUGHT_BY_MASK = ("line_cnn",)


class TaughtByMask(Classifier):
    """A classifier whose features can be taught where the defects are, while masks are known.

    A small defect nearly vanishes in the average over the picture, so the class alone teaches the features nothing.
    `cells` reads a map of "defect" off the same activations; it is used in training only and is not exported. `GAIN`
    scales the average so that a few cells weigh enough; the class activation map is the same up to that factor.
    """

    GAIN = 16.0

    def __init__(self, features: nn.Module, head: nn.Linear, dropout: float = 0.0) -> None:
        super().__init__(features, head, dropout)
        self.cells = nn.Conv2d(head.in_features, 1, 1)

    def judge(self, activations: Tensor) -> Tensor:
        """N×A×h×w activations → logits N×K."""
        return super().judge(activations * self.GAIN)

    def with_map(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """N×C×H×W in 0…1 → logits N×K, map logits N×1×h×w."""
        activations = self.features(x)
        return self.judge(activations), cast(Tensor, self.cells(activations))


def small_cnn(channels: int, classes: int) -> Classifier:
    """The published baseline: three blocks of 3×3 convolution, normalisation and pooling, 32 → 64 → 128."""
    layers: list[nn.Module] = []
    for into, out in ((channels, 32), (32, 64), (64, 128)):
        layers += [convolution(into, out, 3), nn.MaxPool2d(2)]
    return Classifier(nn.Sequential(*layers), nn.Linear(128, classes))


def line_cnn(channels: int, classes: int) -> Classifier:
    """A small network for line speed, about 0.5 GMAC at 384×480 grey: strided stem, 32 → 64 → 128 at 1/16."""
    layers = [
        convolution(channels, 16, 5, stride=2),
        convolution(16, 32, 3, stride=2),
        convolution(32, 32, 3),
        convolution(32, 64, 3, stride=2),
        convolution(64, 64, 3),
        convolution(64, 64, 3, dilation=2),
        convolution(64, 128, 3, stride=2),
        convolution(128, 128, 3),
        convolution(128, 128, 3, dilation=2),
        convolution(128, 128, 3),
    ]
    return TaughtByMask(nn.Sequential(*layers), nn.Linear(128, classes), dropout=0.1)
