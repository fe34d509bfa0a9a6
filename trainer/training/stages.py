"""The stages of a network, and what it takes to train only the later ones.

A stage begins where the picture shrinks: ResNets have five (stem, layer1 … layer4), MobileNet and EfficientNet five,
ConvNeXt four, the published baseline three. Normalisations and poolings belong to the stage before them.
"""

from __future__ import annotations

import copy
from typing import cast

from torch import nn

from engine.errors import UsageError
from engine.networks.classifiers import Classifier
from engine.networks.segdec import FastSegDec, PublishedSegDec


def stages_of(network: nn.Module) -> list[list[nn.Module]]:
    """The layers of the network's features, stage by stage. Raises UsageError for a network without known features."""
    stages: list[list[nn.Module]] = []
    shrunk = True
    for layer in layers_of(network):
        shrunk = shrunk or _shrinks(layer)
        if any(isinstance(m, nn.Conv2d) for m in layer.modules()):
            if shrunk or not stages:
                stages.append([])
            shrunk = False
        stages[-1].append(layer)
    return stages


def layers_of(network: nn.Module) -> list[nn.Module]:
    """What the features are made of, in order."""
    if isinstance(network, FastSegDec):
        return [*network.stem, network.fine, network.down, *network.context]
    if not isinstance(network, Classifier | PublishedSegDec) or not isinstance(network.features, nn.Sequential):
        raise UsageError("This network has no stages that can stay as they are.", "Use --set freeze=0.")
    found: list[nn.Module] = []
    for child in network.features.children():
        # RegNet's trunk holds its stages as one layer.
        nested = isinstance(child, nn.Sequential) and all(isinstance(m, nn.Sequential) for m in child)
        found += list(child.children()) if nested else [child]
    return found


def freeze(network: nn.Module, count: int) -> tuple[nn.Module, ...]:
    """Keep the first `count` stages as they are, weights and normalisation statistics; returns their layers.

    The layers must be put in eval mode again after `network.train()`. Raises UsageError where there are fewer stages.
    """
    if not count:
        return ()
    stages = stages_of(network)
    if count > len(stages):
        raise UsageError(
            f"The network has {len(stages)} stages, so {count} cannot stay as they are.",
            f"Use --set freeze=… up to {len(stages)}.",
        )
    parts = tuple(layer for stage in stages[:count] for layer in stage)
    for part in parts:
        part.requires_grad_(False)
        part.eval()
    return parts


def front_of(network: nn.Module, count: int) -> nn.Sequential:
    """The first `count` stages: N×C×H×W → their activations. The weights are the network's own."""
    return nn.Sequential(*(layer for stage in stages_of(network)[:count] for layer in stage))


def rest_of(network: nn.Module, count: int) -> nn.Module:
    """A classifier without its first `count` stages: it takes their activations. The weights are the network's own."""
    rest = copy.copy(network)
    # Only the outer module is copied; without a dictionary of its own the change would reach the network.
    rest._modules = dict(network._modules)
    rest.features = nn.Sequential(*(layer for stage in stages_of(network)[count:] for layer in stage))
    return rest


def _shrinks(layer: nn.Module) -> bool:
    strides = (getattr(m, "stride", 1) for m in layer.modules())
    return any(max(cast(tuple[int, ...], s)) > 1 if isinstance(s, tuple) else cast(int, s) > 1 for s in strides)
