"""A package's network with its weights, and the same as the graph that was exported from it."""

from __future__ import annotations

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from engine.errors import PackageError
from engine.networks.catalogue import build
from engine.networks.graph import Deployed
from engine.package import ModelPackage


def load_network(package: ModelPackage) -> nn.Module:
    """The bare network (pictures 0…1 → logits). Raises PackageError where weights are missing or do not fit."""
    manifest = package.manifest
    if package.weights is None:
        raise PackageError(f"{manifest.name} carries no weights.", "Choose a package that has them.")
    network = build(manifest.architecture, manifest.input.channels, len(manifest.classes))
    try:
        network.load_state_dict(load_file(package.weights))
    except (RuntimeError, SafetensorError) as error:
        raise PackageError(
            f"The weights of {manifest.name} do not fit {manifest.architecture}.", "Train the model again."
        ) from error
    return network


def load_graph(package: ModelPackage) -> Deployed:
    """The network with the graph's own scaling and softmax: uint8 N×H×W×C → (scores[, map])."""
    temperature = package.manifest.calibration.get("temperature", 1.0)
    return Deployed(load_network(package), package.manifest.architecture, temperature)
