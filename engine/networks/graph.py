"""The graph of a model package: a network with everything around it that engine.package's contract asks for."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from engine.networks.catalogue import normalisation_of, takes_rgb
from engine.networks.classifiers import Classifier


class Normalise(nn.Module):
    """N×C×H×W in 0…1, blue first → the network's own channel order and scaling."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, architecture: str) -> None:
        super().__init__()
        mean, deviation = normalisation_of(architecture)
        self.rgb = takes_rgb(architecture)
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation).view(1, -1, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Scaled pictures, the same shape."""
        scaled = (x - self.mean) / self.deviation
        return scaled.flip(1) if self.rgb else scaled


class Novelty(nn.Module):
    """How far a picture lies from the training parts: Mahalanobis distance of a description, over the limit found.

    `matrix` (R×D) whitens the description (D) about its `mean`; novelty = ‖matrix·(d − mean)‖ / limit.
    """

    mean: Tensor
    matrix: Tensor
    limit: Tensor

    def __init__(self, mean: Tensor, matrix: Tensor, limit: float) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("matrix", matrix)
        self.register_buffer("limit", torch.tensor(float(limit)))

    def forward(self, description: Tensor) -> Tensor:
        """N×D → N×1."""
        white = (description - self.mean) @ self.matrix.T
        return cast(Tensor, torch.linalg.vector_norm(white, dim=1, keepdim=True) / self.limit)


class Deployed(nn.Module):
    """uint8 N×H×W×C (BGR or grey) → the outputs named in `outputs`: scores N×K[, map N×M×h×w][, novelty N×1].

    `scores` are softmax(logits / temperature), or sigmoid of it for the head `sigmoid`. The map of a classifier is its
    class activation map, ReLU(Σ weightₖ·activationₖ) per class (Zhou et al. 2016; equal to Grad-CAM up to scale for
    this head); the map of a seg-decision network is the probability of "defect" per cell.
    """

    temperature: Tensor

    def __init__(
        self,
        network: nn.Module,
        architecture: str,
        temperature: float = 1.0,
        *,
        head: str = "softmax",
        novelty: Novelty | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.normalise = Normalise(architecture)
        self.head = head
        self.novelty = novelty
        self.register_buffer("temperature", torch.tensor(float(temperature)), persistent=False)

    @property
    def map_kind(self) -> str:
        """`cam`, `mask` or `none`."""
        if isinstance(self.network, Classifier):
            return "cam" if self.network.cam else "none"
        return "mask"

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of what `forward` gives, in order."""
        maps = () if self.map_kind == "none" else ("map",)
        return ("scores", *maps, *(() if self.novelty is None else ("novelty",)))

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        """The outputs in the order of `outputs`."""
        x = self.normalise(picture.permute(0, 3, 1, 2).to(torch.float32) / 255.0)
        network: Any = self.network
        features = network.features(x)
        tail = () if self.novelty is None else (self.novelty(describe(features)),)
        if isinstance(self.network, Classifier):
            scores = self._probabilities(network.judge(features))
            if not network.cam:
                return (scores, *tail)
            weight = network.last.weight[:, :, None, None]
            return scores, torch.relu(nn.functional.conv2d(features, weight)), *tail
        logits, seen = network.judge(features)
        return self._probabilities(logits), torch.sigmoid(seen), *tail

    def _probabilities(self, logits: Tensor) -> Tensor:
        scaled = logits / self.temperature
        return torch.sigmoid(scaled) if self.head == "sigmoid" else torch.softmax(scaled, dim=1)


def describe(features: Tensor | tuple[Tensor, Tensor]) -> Tensor:
    """N×A×h×w activations → N×A: what a picture as a whole looks like to the network (the mean of each channel).

    Of a network with features at two scales, the coarse ones.
    """
    coarse = features[0] if isinstance(features, tuple) else features
    return coarse.float().mean(dim=(2, 3))
