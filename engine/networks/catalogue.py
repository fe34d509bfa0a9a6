"""Every architecture by its id, as the model package keeps it."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from engine.errors import UsageError
from engine.networks.classifiers import TORCHVISION, Classifier, line_cnn, small_cnn, torchvision_classifier
from engine.networks.segdec import FastSegDec, PublishedSegDec

SEGDEC = {"segdec": PublishedSegDec, "segdec-fast": FastSegDec}
OWN_CLASSIFIERS = {"small_cnn": small_cnn, "line_cnn": line_cnn}
ARCHITECTURES = (*SEGDEC, *OWN_CLASSIFIERS, *TORCHVISION)


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
    """A network with fresh weights, or for torchvision's with its own pretrained ones or a state dict in its layout.

    Raises UsageError for an unknown id, a channel count it cannot take, or pretrained weights it does not have.
    """
    if kind_of(architecture) == "segdec":
        _refuse_weights(architecture, pretrained or state is not None)
        return SEGDEC[architecture](channels, classes)
    if architecture in OWN_CLASSIFIERS:
        _refuse_weights(architecture, pretrained or state is not None)
        return OWN_CLASSIFIERS[architecture](channels, classes)
    if channels != 3:
        raise UsageError(f"{architecture} takes colour pictures.", "Use --set channels=3 or another architecture.")
    return torchvision_classifier(architecture, classes, pretrained=pretrained, state=state)


def normalisation_of(architecture: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation per channel that the network's input is scaled with, in the order blue, green, red.

    ImageNet's for torchvision's networks (their weights were made with it), 0.5 and 0.25 for ours.
    """
    if architecture in TORCHVISION:
        return (0.406, 0.456, 0.485), (0.225, 0.224, 0.229)
    return (0.5,), (0.25,)


def takes_rgb(architecture: str) -> bool:
    """True when the network wants red first; pictures come blue first (OpenCV)."""
    return architecture in TORCHVISION


def extend_head(network: nn.Module, classes: int) -> None:
    """Give the last layer rows for further classes; the old rows keep their weights, the new ones start small."""
    old = network.last if isinstance(network, Classifier) else network.head
    if not isinstance(old, nn.Linear) or classes < old.out_features:
        raise ValueError("only a linear head can grow")
    if classes == old.out_features:
        return
    new = nn.Linear(old.in_features, classes)
    new.weight.data.mul_(0.1)
    new.weight.data[: old.out_features] = old.weight.data
    # A new kind starts less likely than any known one, so that nothing changes before it is learnt.
    new.bias.data[old.out_features :] = float(old.bias.data.min()) - 2.0
    new.bias.data[: old.out_features] = old.bias.data
    if isinstance(network, Classifier) and isinstance(network.head, nn.Sequential):
        network.head[-1] = new
    else:
        network.head = new


def _refuse_weights(architecture: str, given: bool) -> None:
    if given:
        raise UsageError(f"There are no pretrained weights for {architecture}.", "Use --weights none.")
