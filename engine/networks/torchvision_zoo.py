"""torchvision's convolutional networks as Classifiers, by family rules; their ids are torchvision's own names.

Its networks are taken as they are (with their own `weights=` path) and its state dicts load before wrapping. Three
shapes cover them all: children in order up to an `fc`; `features` and a `classifier`; MNASNet's `layers`.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, cast

import torchvision
from torch import Tensor, nn

from engine.networks.classifiers import CellHead, Classifier

FAMILIES = (
    *("resnet", "resnext", "wide_resnet", "regnet", "shufflenet", "inception", "googlenet", "mnasnet", "mobilenet"),
    *("efficientnet", "convnext", "vgg", "alexnet", "densenet", "squeezenet"),
)
# Left out: transformers (vit, swin, maxvit), whose parts are not convolution, pooling, head.
TORCHVISION: tuple[str, ...] = tuple(
    name for name in torchvision.models.list_models(module=torchvision.models) if name.startswith(FAMILIES)
)
AUXILIARY = re.compile(r"(AuxLogits|aux1|aux2)(\.|$)")
"""Side outputs of Inception v3 and GoogLeNet, which serve their own training only."""


def smallest_input(name: str) -> tuple[int, int]:
    """Height and width in pixels below which one of torchvision's networks has nothing left; 1×1 for most."""
    height, width = torchvision.models.get_model_weights(name).DEFAULT.meta["min_size"]
    return int(height), int(width)


def scaled_to_one(name: str) -> bool:
    """True for the networks whose weights were made with pictures in -1…1 (torchvision: `transform_input`)."""
    return name.startswith(("inception", "googlenet"))


def torchvision_classifier(
    name: str, classes: int, *, pretrained: bool = False, state: Mapping[str, Tensor] | None = None
) -> Classifier:
    """One of torchvision's networks with a head of `classes`; three channels.

    `pretrained` takes torchvision's own default weights (downloaded and checked by it), `state` a state dict in its
    layout; a head of another size there is left out. Raises KeyError or RuntimeError for a state that does not fit.
    """
    # Its slow truncated-normal start gains these two nothing: every convolution is followed by a normalisation.
    plain: dict[str, Any] = {"aux_logits": False, "init_weights": False} if scaled_to_one(name) else {}
    body = torchvision.models.get_model(name, **({"weights": "DEFAULT"} if pretrained else {"weights": None, **plain}))
    if state is not None:
        _load(body, state)
    return _wrap(name, body, classes)


def _load(body: nn.Module, state: Mapping[str, Tensor]) -> None:
    own = body.state_dict()
    head = {k for k, v in own.items() if k in state and state[k].shape != v.shape}
    kept = OrderedDict((k, v) for k, v in state.items() if k not in head and not AUXILIARY.match(k))
    # MNASNet asks the state which version of its layout it has.
    cast(Any, kept)._metadata = getattr(state, "_metadata", None) or cast(Any, own)._metadata
    missing, unexpected = body.load_state_dict(kept, strict=False)
    # A head without its bias is a half: both go when one does not fit.
    lost = {m.rsplit(".", 1)[0] for m in missing} - {h.rsplit(".", 1)[0] for h in head}
    if unexpected or lost or not head <= _head_keys(body):
        raise RuntimeError(f"{len(missing)} tensors are missing and {len(unexpected)} are unknown")


def _head_keys(body: nn.Module) -> set[str]:
    *_, last = (n for n, m in body.named_modules() if isinstance(m, nn.Linear | nn.Conv2d))
    return {f"{last}.weight", f"{last}.bias"}


def _wrap(name: str, body: nn.Module, classes: int) -> Classifier:
    if isinstance(getattr(body, "fc", None), nn.Linear):
        tail = {"avgpool", "dropout", "fc"}
        parts = OrderedDict((k, m) for k, m in body.named_children() if k not in tail and not AUXILIARY.match(k))
        dropout = getattr(body, "dropout", None)
        share = dropout.p if isinstance(dropout, nn.Dropout) else 0.0
        return Classifier(nn.Sequential(parts), nn.Linear(cast(nn.Linear, body.fc).in_features, classes), share)
    features = cast(nn.Sequential, body.layers if name.startswith("mnasnet") else body.features)
    if name.startswith("densenet"):
        # torchvision applies this ReLU outside `features`; the map needs what is pooled.
        features.add_module("relu", nn.ReLU())
        return Classifier(features, nn.Linear(cast(nn.Linear, body.classifier).in_features, classes))
    layers = list(cast(nn.Sequential, body.classifier))
    if name.startswith("squeezenet"):
        drop, last = cast(nn.Dropout, layers[0]), cast(nn.Conv2d, layers[1])
        return Classifier(features, CellHead(last.in_channels, classes, drop.p), pool=nn.Identity())
    final = nn.Linear(cast(nn.Linear, layers[-1]).in_features, classes)
    if name.startswith("convnext"):
        return Classifier(features, nn.Sequential(_flat_norm(cast(nn.LayerNorm, layers[0])), final))
    if name.startswith(("vgg", "alexnet")):
        pool = nn.Sequential(cast(nn.Module, body.avgpool), nn.Flatten())
        return Classifier(features, nn.Sequential(*layers[:-1], final), pool=pool)
    if len(layers) > 2:
        return Classifier(features, nn.Sequential(*layers[:-1], final))
    return Classifier(features, final, cast(nn.Dropout, layers[0]).p)


def _flat_norm(norm: nn.LayerNorm) -> nn.LayerNorm:
    """ConvNeXt normalises N×A×1×1 over its channels; here the pooling has flattened them already."""
    flat = nn.LayerNorm(norm.normalized_shape, norm.eps)
    flat.load_state_dict(norm.state_dict())
    return flat
