"""Every architecture by its id, as the model package keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from engine.errors import UsageError
from engine.networks.classifiers import CellHead, Classifier, line_cnn, small_cnn
from engine.networks.lite0 import DEVIATION, LITE0, MEAN, Lite0SegDec, lite0
from engine.networks.segdec import FastSegDec, MapSegDec, PublishedSegDec
from engine.networks.torchvision_zoo import TORCHVISION, scaled_to_one, smallest_input, torchvision_classifier

SEGDEC = {
    "segdec": PublishedSegDec,
    "segdec-fast": FastSegDec,
    "segdec-map": MapSegDec,
    "lite0-segdec": Lite0SegDec,
}
OWN_CLASSIFIERS = {"small_cnn": small_cnn, "line_cnn": line_cnn}
ARCHITECTURES = (*SEGDEC, *OWN_CLASSIFIERS, "lite0", *TORCHVISION)
SMALLEST_SIDE = {"segdec": 64}
"""Of our own networks in pixels, where it is more than the smallest input there is."""
STEPS = {"segdec-fast": 8, "segdec-map": 8, "lite0-segdec": 16}
"""The sides must be multiples of this: what was shrunk is laid on what was not."""
ENSEMBLE = "ensemble"
"""The id of several networks in one package (engine.networks.ensemble)."""


def kind_of(architecture: str) -> str:
    """`segdec` or `classifier`. Raises UsageError for an unknown id."""
    if architecture not in ARCHITECTURES:
        raise UsageError(
            f"There is no architecture {architecture!r}.", f"Choose one of {', '.join(sorted(ARCHITECTURES))}."
        )
    return "segdec" if architecture in SEGDEC else "classifier"


def build(
    architecture: str,
    channels: int,
    classes: int,
    *,
    pretrained: bool = False,
    state: Mapping[str, Tensor] | None = None,
) -> nn.Module:
    """A network with fresh weights; torchvision's with its own pretrained ones, they and Lite0 with a state dict.

    `classes` is the number of logits: one per class, or 1 for two classes told apart by a single logit.
    Raises UsageError for an unknown id, a channel count it cannot take, or pretrained weights it does not have.
    """
    kind_of(architecture)
    if architecture in LITE0:
        _refuse_weights(architecture, pretrained)
        return _lite0(architecture, channels, classes, state)
    if architecture in SEGDEC:
        _refuse_weights(architecture, pretrained or state is not None)
        return SEGDEC[architecture](channels, classes)
    if architecture in OWN_CLASSIFIERS:
        _refuse_weights(architecture, pretrained or state is not None)
        return OWN_CLASSIFIERS[architecture](channels, classes)
    _check_colour(architecture, channels)
    return torchvision_classifier(architecture, classes, pretrained=pretrained, state=state)


def check_input(architecture: str, height: int, width: int) -> None:
    """Raises UsageError where a picture of this size is too small for the network; sizes in pixels."""
    least = (SMALLEST_SIDE.get(architecture, 8),) * 2
    if architecture in TORCHVISION:
        least = smallest_input(architecture)
    if height < least[0] or width < least[1]:
        raise UsageError(
            f"{architecture} needs pictures of at least {least[0]}×{least[1]} pixels, not {height}×{width}.",
            "Use --set height=… width=… or another architecture.",
        )
    step = STEPS.get(architecture, 1)
    if height % step or width % step:
        raise UsageError(
            f"{architecture} needs sides that are multiples of {step}, not {height}×{width}.", "Change the sides."
        )


def check_head(network: nn.Module, architecture: str, head: str, classes: int) -> None:
    """Raises UsageError where a head (`softmax`, `sigmoid`, `binary`) does not go with the network or the classes."""
    if head == "binary" and classes != 2:
        raise UsageError(f"The head binary is for two classes, not {classes}.", "Use --set head=softmax.")
    if head != "softmax" and isinstance(network, Classifier) and isinstance(network.head, CellHead):
        raise UsageError(
            f"{architecture} cannot have the head {head}: its logits are never negative.", "Use --set head=softmax."
        )


def normalisation_of(architecture: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation per channel that the network's input is scaled with, in the order blue, green, red.

    What the weights were made with (ImageNet's for torchvision, -1…1 for Inception v3 and GoogLeNet, nearly so for
    Lite0), 0.5 and 0.25 for ours.
    """
    if architecture in LITE0:
        return (MEAN,), (DEVIATION,)
    if scaled_to_one(architecture):
        return (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
    if architecture in TORCHVISION:
        return (0.406, 0.456, 0.485), (0.225, 0.224, 0.229)
    return (0.5,), (0.25,)


def takes_rgb(architecture: str) -> bool:
    """True when the network wants red first; pictures come blue first (OpenCV)."""
    return architecture in TORCHVISION or architecture in LITE0


def last_layer(network: nn.Module) -> tuple[str, nn.Linear | nn.Conv2d]:
    """The layer that ends in the logits, with its name in the network. Raises ValueError for an unknown network."""
    if not isinstance(network, Classifier | PublishedSegDec | FastSegDec):
        raise ValueError(f"{type(network).__name__} has no last layer known here")
    *_, found = ((n, m) for n, m in network.head.named_modules() if isinstance(m, nn.Linear | nn.Conv2d))
    return f"head.{found[0]}".rstrip("."), found[1]


def logits_of(network: nn.Module) -> int:
    """How many logits a network ends in: 1 for two classes told apart by one."""
    return int(last_layer(network)[1].weight.shape[0])


def extend_head(network: nn.Module, classes: int) -> None:
    """Give the last layer rows for further classes; the old rows keep their weights, the new ones start small.

    One logit stays one for two classes and becomes (0, logit) for more, which says the same of the two.
    """
    old = last_layer(network)[1]
    weight, bias = old.weight.data, cast(Tensor, old.bias).data
    rows = len(weight)
    if rows == classes or (rows == 1 and classes == 2):
        return
    if classes < rows:
        raise ValueError("a head can only grow")
    if rows == 1:
        weight, bias = torch.cat((torch.zeros_like(weight), weight)), torch.cat((torch.zeros_like(bias), bias))
    set_logits(network, classes)
    new = last_layer(network)[1]
    new.weight.data.mul_(0.1)
    new.weight.data[: len(weight)] = weight
    # A new kind starts less likely than any known one, so that nothing changes before it is learnt.
    cast(Tensor, new.bias).data[len(bias) :] = float(bias.min()) - 2.0
    cast(Tensor, new.bias).data[: len(bias)] = bias


def set_logits(network: nn.Module, count: int) -> None:
    """Replace the last layer by a fresh one with `count` logits."""
    name, old = last_layer(network)
    new: nn.Module = (
        nn.Linear(old.in_features, count) if isinstance(old, nn.Linear) else nn.Conv2d(old.in_channels, count, 1)
    )
    network.set_submodule(name, new.to(old.weight.device))


def _lite0(architecture: str, channels: int, classes: int, state: Mapping[str, Tensor] | None) -> nn.Module:
    """Raises RuntimeError or KeyError for a state that does not fit."""
    if architecture == "lite0-segdec":
        return Lite0SegDec(channels, classes, state)
    _check_colour(architecture, channels)
    return lite0(classes, state)


def _check_colour(architecture: str, channels: int) -> None:
    if channels != 3:
        raise UsageError(f"{architecture} takes colour pictures.", "Use --set channels=3 or another architecture.")


def _refuse_weights(architecture: str, given: bool) -> None:
    if given:
        raise UsageError(f"There are no pretrained weights for {architecture}.", "Use --weights none.")
