"""A package's network with its weights, and the same as the graph that was exported from it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.errors import PackageError, UsageError
from engine.networks.catalogue import ENSEMBLE, build, last_layer, set_logits
from engine.networks.ensemble import Ensemble, Member
from engine.networks.graph import Deployed, Graph, Novelty
from engine.packages.manifest import MemberSpec
from engine.packages.package import ModelPackage, check_unchanged
from engine.system.files import plain_path

Network = TypeVar("Network", bound=nn.Module)


def load_network(package: ModelPackage) -> nn.Module:
    """The bare network (pictures 0…1 → logits); of an ensemble the whole of it (uint8 → scores).

    Raises PackageError where weights are missing or do not fit.
    """
    manifest = package.manifest
    state = _state(package)
    if manifest.architecture == ENSEMBLE:
        ensemble = _filled(_ensemble(package, state), state, package)
        _check_orders(ensemble, package)
        return ensemble
    network = _empty(package, manifest.architecture, manifest.input.channels, state, "")
    return _filled(network, state, package)


def load_graph(package: ModelPackage) -> Graph:
    """The network with the graph's own scaling and scores: uint8 N×H×W×C → its outputs. Raises PackageError."""
    network = load_network(package)
    if isinstance(network, Ensemble):
        return network
    manifest = package.manifest
    temperature = manifest.calibration.get("temperature", 1.0)
    novelty = load_novelty(package)
    return Deployed(network, manifest.architecture, temperature, head=manifest.head, novelty=novelty)


def load_novelty(package: ModelPackage) -> Novelty | None:
    """What the package's output `novelty` is computed by; None where it has none. Raises PackageError."""
    if package.novelty is None:
        return None
    try:
        state = _tensors(package.novelty)
        check_unchanged(package, package.novelty.name)
        return Novelty(state["mean"], state["matrix"], float(state["limit"]))
    except (OSError, SafetensorError, KeyError, RuntimeError) as error:
        raise PackageError(
            f"The novelty of {package.manifest.name} cannot be read.", "Copy the package again."
        ) from error


def _tensors(path: Path) -> dict[str, Tensor]:
    """Raises OSError, SafetensorError."""
    with plain_path(path) as place:
        return dict(load_file(place))


def _state(package: ModelPackage) -> dict[str, Tensor]:
    if package.weights is None:
        raise PackageError(f"{package.manifest.name} carries no weights.", "Choose a package that has them.")
    try:
        state = _tensors(package.weights)
    except (OSError, SafetensorError) as error:
        raise PackageError(
            f"The weights of {package.manifest.name} cannot be read.", "Copy the package again."
        ) from error
    check_unchanged(package, package.weights.name)
    return state


def _empty(
    package: ModelPackage, architecture: str, channels: int, state: Mapping[str, Tensor], prefix: str
) -> nn.Module:
    """The network as the package names it, with as many logits as its weights have: one per class, or one for two."""
    classes = len(package.manifest.classes)
    try:
        network = build(architecture, channels, classes)
    except UsageError as error:
        raise PackageError(f"{package.manifest.name} cannot be built: {error.message}", "Update Lineside.") from error
    rows = state.get(f"{prefix}{last_layer(network)[0]}.weight")
    if classes == 2 and rows is not None and len(rows) == 1:
        set_logits(network, 1)
    return network


def _ensemble(package: ModelPackage, state: Mapping[str, Tensor]) -> Ensemble:
    manifest = package.manifest

    def member(index: int, spec: MemberSpec) -> Member:
        prefix = f"members.{index}.deployed.network."
        network = _empty(package, spec.architecture, spec.channels, state, prefix)
        return Member(Deployed(network, spec.architecture, head=manifest.head), spec, range(len(manifest.classes)))

    if not manifest.members:
        raise PackageError(f"{manifest.name} names no members.", "Combine its members again.")
    return Ensemble([member(index, spec) for index, spec in enumerate(manifest.members)])


def _check_orders(ensemble: Ensemble, package: ModelPackage) -> None:
    """The orders of classes come out of a file: each must name every class once."""
    every = list(range(len(package.manifest.classes)))
    if any(sorted(member.order.tolist()) != every for member in ensemble.each):
        raise PackageError(f"A member of {package.manifest.name} has other classes.", "Combine its members again.")


def _filled(network: Network, state: Mapping[str, Tensor], package: ModelPackage) -> Network:
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise PackageError(
            f"The weights of {package.manifest.name} do not fit {package.manifest.architecture}.",
            "Train the model again.",
        ) from error
    return network
