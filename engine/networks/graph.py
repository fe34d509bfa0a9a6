"""The graph of a model package: a network with everything around it that engine.package's contract asks for."""

from __future__ import annotations

from typing import cast

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


class Deployed(nn.Module):
    """uint8 N×H×W×C (BGR or grey) → (scores N×K[, map N×M×h×w]).

    `scores` are softmax(logits / temperature). The map of a classifier is its class activation map,
    ReLU(Σ weightₖ·activationₖ) per class (Zhou et al. 2016; equal to Grad-CAM up to scale for this head);
    the map of a seg-decision network is the probability of "defect" per cell.
    """

    temperature: Tensor

    def __init__(self, network: nn.Module, architecture: str, temperature: float = 1.0) -> None:
        super().__init__()
        self.network = network
        self.normalise = Normalise(architecture)
        self.register_buffer("temperature", torch.tensor(float(temperature)), persistent=False)

    @property
    def map_kind(self) -> str:
        """`cam`, `mask` or `none`."""
        if isinstance(self.network, Classifier):
            return "cam" if self.network.cam else "none"
        return "mask"

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        """The outputs in the order of the contract."""
        x = self.normalise(picture.permute(0, 3, 1, 2).to(torch.float32) / 255.0)
        if isinstance(self.network, Classifier):
            activations = self.network.features(x)
            scores = self._probabilities(self.network.judge(activations))
            if not self.network.cam:
                return (scores,)
            return scores, torch.relu(nn.functional.conv2d(activations, self.network.last.weight[:, :, None, None]))
        logits, seen = cast(tuple[Tensor, Tensor], self.network(x))
        return self._probabilities(logits), torch.sigmoid(seen)

    def _probabilities(self, logits: Tensor) -> Tensor:
        return torch.softmax(logits / self.temperature, dim=1)
