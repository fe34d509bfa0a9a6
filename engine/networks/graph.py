"""The graph of a model package: a network with everything around it that packages.package's contract asks for."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from engine.networks.catalogue import logits_of, normalisation_of, takes_rgb
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


class Graph(nn.Module):
    """uint8 N×H×W×C (BGR or grey) → the outputs named in `outputs`, in that order."""

    @property
    def map_kind(self) -> str:
        """`cam`, `mask` or `none`."""
        raise NotImplementedError

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of what `forward` gives, in order."""
        raise NotImplementedError


class Deployed(Graph):
    """uint8 N×H×W×C (BGR or grey) → the outputs named in `outputs`: scores N×K[, map N×M×h×w][, novelty N×1].

    `scores` are softmax(logits / temperature), or sigmoid of it for the head `sigmoid`; a network with one logit gives
    two, (1 - p, p) with p its sigmoid, whatever `head` says. The map of a classifier is its class activation map,
    ReLU(Σ weightₖ·activationₖ) per class (Zhou et al. 2016; equal to Grad-CAM up to scale for this head); the map of a
    seg-decision network is the probability of "defect" per cell.
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
        self.head = "binary" if logits_of(network) == 1 else head
        self.novelty = novelty
        self.register_buffer("temperature", torch.tensor(float(temperature)))

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
        return self.judge(unit(picture))

    def judge(self, x: Tensor) -> tuple[Tensor, ...]:
        """The outputs for N×C×H×W in 0…1, blue first."""
        network: Any = self.network
        features = network.features(self.normalise(x))
        tail = () if self.novelty is None else (self.novelty(describe(features)),)
        if isinstance(self.network, Classifier):
            scores = self.probabilities(network.judge(features))
            return (scores, network.maps(features), *tail) if network.cam else (scores, *tail)
        logits, seen = network.judge(features)
        return self.probabilities(logits), torch.sigmoid(seen), *tail

    def logits(self, picture: Tensor) -> Tensor:
        """uint8 N×H×W×C → the network's own logits, N×K or N×1, before the temperature."""
        network: Any = self.network
        found = network(self.normalise(unit(picture)))
        return cast(Tensor, found[0] if isinstance(found, tuple) else found)

    def probabilities(self, logits: Tensor) -> Tensor:
        """The network's logits → scores N×K, temperature included."""
        return probabilities_of(logits / self.temperature, self.head)


def unit(picture: Tensor) -> Tensor:
    """uint8 N×H×W×C → N×C×H×W in 0…1."""
    return picture.permute(0, 3, 1, 2).to(torch.float32) / 255.0


def probabilities_of(logits: Tensor, head: str) -> Tensor:
    """Logits N×K → scores N×K; one logit N×1 → (1 - p, p) with p its sigmoid, whatever `head` says."""
    if logits.shape[1] == 1:
        return torch.cat((torch.sigmoid(-logits), torch.sigmoid(logits)), dim=1)
    return torch.sigmoid(logits) if head == "sigmoid" else torch.softmax(logits, dim=1)


def describe(features: Tensor | tuple[Tensor, Tensor]) -> Tensor:
    """N×A×h×w activations → N×A: what a picture as a whole looks like to the network (the mean of each channel).

    Of a network with features at two scales, the coarse ones.
    """
    coarse = features[0] if isinstance(features, tuple) else features
    return coarse.float().mean(dim=(2, 3))
