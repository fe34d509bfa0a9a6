"""The network a training starts from: fresh, pretrained, or taken over from a package."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path
from urllib.error import URLError

import torch
from torch import Tensor, nn

from engine.backbone.weights import read_weights
from engine.errors import EnvironmentFailure, InputError, UsageError
from engine.networks.catalogue import (
    ENSEMBLE,
    build,
    check_head,
    check_input,
    extend_head,
    kind_of,
    logits_of,
)
from engine.networks.lite0 import LITE0
from engine.networks.load import load_network
from engine.packages.package import ModelPackage
from trainer.config import TrainConfig

# What torch raises for files of other kinds; its reader of pickles lets its own errors through.
_UNREADABLE = (OSError, RuntimeError, pickle.PickleError, EOFError, struct.error, ValueError, LookupError, TypeError)


def fresh_network(config: TrainConfig, classes: int, weights: str) -> nn.Module:
    """A network by its preset. `weights`: `none`, `imagenet` (Lite0's come with Lineside, else a download by
    torchvision) or a state dict's file.

    Raises InputError for a file that is no state dict or does not fit, EnvironmentFailure when a download fails,
    UsageError where architecture, input size, head and number of classes do not go together.
    """
    kind_of(config.architecture)
    check_input(config.architecture, config.height, config.width)
    network = _started(config, 1 if config.head == "binary" else classes, weights)
    check_head(network, config.architecture, config.head, classes)
    return network


@torch.no_grad()
def keep_some(network: nn.Module, package: ModelPackage, share: float, seed: int) -> None:
    """Move every weight of a fine-tuned network by `share` back to its parent's: much of what was forgotten returns, at
    little cost to what was learnt (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models")."""
    classes = logits_of(network)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        before = inherited_network(package, classes).state_dict()
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            value.lerp_(before[name].to(value), share)


def normalisations(network: nn.Module) -> tuple[nn.Module, ...]:
    """The layers with statistics of what they have seen. A fine-tuning without replay keeps the parent's: those of
    a handful of pictures are not the line's (20 castings alone: false rejects 24 of 30 with new ones, 11 with kept)."""
    return tuple(m for m in network.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d))


def _started(config: TrainConfig, logits: int, weights: str) -> nn.Module:
    if weights == "none":
        return build(config.architecture, config.channels, logits)
    if weights == "imagenet" and config.architecture in LITE0:
        return build(config.architecture, config.channels, logits, state=lite0_weights())
    if weights == "imagenet":
        try:
            return build(config.architecture, config.channels, logits, pretrained=True)
        except (URLError, OSError) as error:
            raise EnvironmentFailure(
                f"The ImageNet weights of {config.architecture} could not be downloaded.",
                "Connect to the network, or give a file with --weights, or --weights none.",
            ) from error
    state = _read_state(Path(weights))
    try:
        return build(config.architecture, config.channels, logits, state=state)
    except (RuntimeError, AttributeError, ValueError, KeyError) as error:
        raise InputError(
            f"The weights {weights} do not fit {config.architecture}.", "Give the weights of that architecture."
        ) from error


def lite0_weights() -> dict[str, Tensor]:
    """The ImageNet weights that come with Lineside. Raises EnvironmentFailure where they are missing or changed."""
    return {name: torch.tensor(values) for name, values in read_weights().items()}


def inherited_network(package: ModelPackage, classes: int) -> nn.Module:
    """The package's network with its weights, its head grown to `classes`.

    Raises PackageError without weights, UsageError for an ensemble, whose members are fine-tuned one by one.
    """
    if package.manifest.architecture == ENSEMBLE:
        raise UsageError(f"{package.manifest.name} is an ensemble.", "Fine-tune its members and combine them again.")
    network = load_network(package)
    extend_head(network, classes)
    return network


def _read_state(path: Path) -> dict[str, Tensor]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise InputError(f"There are no weights at {path}.", "Check the path.") from error
    except _UNREADABLE as error:
        raise InputError(f"{path} is not a torch state dict.", "Give a .pth file of torchvision's layout.") from error
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise InputError(f"{path} is not a torch state dict.", "Give a .pth file of torchvision's layout.")
    return state
