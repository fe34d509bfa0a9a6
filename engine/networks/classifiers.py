"""Classifiers: convolutional features, global average pooling, a head. One shape for all, so that one loop trains
them, one graph exports them, and the class activation map is the same formula for each.

torchvision's networks are taken as they are (with their own `weights=` path); their state dicts load before wrapping.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import cast

import torchvision
from torch import Tensor, nn

from engine.networks.segdec import convolution

TORCHVISION = (
    "resnet18",
    "resnet34",
    "resnet50",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "mobilenet_v3_large",
    "efficientnet_b0",
)


class Classifier(nn.Module):
    """features → global average pooling → dropout → head; `cam` says whether the head is a single linear layer."""

    def __init__(self, features: nn.Module, head: nn.Module, dropout: float = 0.0) -> None:
        super().__init__()
        self.features = features
        self.dropout = nn.Dropout(dropout)
        self.head = head

    @property
    def cam(self) -> bool:
        """True when ReLU(Σ weight·activation) is exactly Grad-CAM at the last convolution, up to scale."""
        return isinstance(self.head, nn.Linear)

    @property
    def last(self) -> nn.Linear:
        """The linear layer that ends in the classes."""
        layers = [m for m in self.head.modules() if isinstance(m, nn.Linear)]
        return layers[-1]

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W in 0…1 → logits N×K."""
        return self.judge(self.features(x))

    def judge(self, activations: Tensor) -> Tensor:
        """N×A×h×w activations → logits N×K."""
        return cast(Tensor, self.head(self.dropout(activations.mean(dim=(2, 3)))))


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


def torchvision_classifier(
    name: str, classes: int, *, pretrained: bool = False, state: Mapping[str, Tensor] | None = None
) -> Classifier:
    """One of torchvision's networks with a head of `classes`; three channels.

    `pretrained` takes torchvision's own default weights (downloaded and checked by it), `state` a state dict in its
    layout; a head of another size there is left out. Raises KeyError or RuntimeError for a state that does not fit.
    """
    body = torchvision.models.get_model(name, weights="DEFAULT" if pretrained else None)
    if state is not None:
        head = {k for k, v in body.state_dict().items() if k in state and state[k].shape != v.shape}
        kept = {k: v for k, v in state.items() if k not in head}
        missing, unexpected = body.load_state_dict(kept, strict=False)
        # A head without its bias is a half: both go when one does not fit.
        if unexpected or {m.rsplit(".", 1)[0] for m in missing} - {h.rsplit(".", 1)[0] for h in head}:
            raise RuntimeError(f"{len(missing)} tensors are missing and {len(unexpected)} are unknown")
    return _wrap(name, body, classes)


def _wrap(name: str, body: nn.Module, classes: int) -> Classifier:
    if name.startswith("resnet"):
        parts = OrderedDict((k, m) for k, m in body.named_children() if k not in {"avgpool", "fc"})
        return Classifier(nn.Sequential(parts), nn.Linear(cast(nn.Linear, body.fc).in_features, classes))
    features = cast(nn.Module, body.features)
    layers = list(cast(nn.Sequential, body.classifier))
    final = nn.Linear(cast(nn.Linear, layers[-1]).in_features, classes)
    if len(layers) > 2:
        return Classifier(features, nn.Sequential(*layers[:-1], final))
    return Classifier(features, final, dropout=0.2)
