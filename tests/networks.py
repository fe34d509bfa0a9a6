"""Networks and packages made for tests: random weights that are alive, real exported graphs where asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from engine.networks.catalogue import kind_of
from engine.networks.graph import Deployed
from engine.packages.manifest import PACKAGE_SCHEMA, ClassSpec, LimitSpec, Manifest, MapSpec
from engine.packages.package import GRAPH, WEIGHTS, ModelPackage, write_package
from engine.preprocessing.input_spec import InputSpec
from tests.packages import tiny_graph
from trainer.packaging.deploy import export_graph, weights_of


def settle(network: nn.Module, pictures: torch.Tensor, seed: int = 0) -> nn.Module:
    """The network in eval mode; its normalisations have seen these pictures, so that nothing vanishes or explodes."""
    torch.manual_seed(seed)
    network.train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
            module.reset_running_stats()
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0.0, 0.3)
        elif isinstance(module, nn.Dropout):
            module.eval()
    with torch.no_grad():
        network(pictures)
    return network.eval()


def write_network(
    folder: Path,
    network: nn.Module,
    architecture: str,
    classes: tuple[str, ...],
    spec: InputSpec,
    *,
    head: str = "softmax",
    temperature: float = 1.0,
    ng_at: float = 0.5,
    exported: bool = False,
) -> ModelPackage:
    """A package of the network; the first class is sound. Without `exported` its graph is another's (torch only)."""
    deployed = Deployed(network, architecture, temperature, head=head).eval()
    manifest = Manifest(
        schema=PACKAGE_SCHEMA,
        name=folder.name,
        kind=kind_of(architecture),
        architecture=architecture,
        head="sigmoid" if head == "sigmoid" else "softmax",
        classes=[ClassSpec(name=n, role="ok" if i == 0 else "defect") for i, n in enumerate(classes)],
        input=spec,
        map=MapSpec(kind=deployed.map_kind),
        thresholds=LimitSpec(ng_at=ng_at, review_from=ng_at, review_to=ng_at),
        calibration={"temperature": temperature},
    )
    graph = export_graph(deployed, spec) if exported else tiny_graph()
    return write_package(folder, manifest, {GRAPH: graph, WEIGHTS: weights_of(network)})


def parts(count: int, height: int, width: int, channels: int, seed: int = 0) -> list[np.ndarray]:
    """Pictures H×W or H×W×3 of a textured plate with a bright scratch somewhere."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        picture = rng.normal(120.0, 12.0, (height, width, channels))
        y, x = int(rng.integers(4, height - 8)), int(rng.integers(4, width - 16))
        picture[y : y + 4, x : x + 12] += 90.0
        picture = np.clip(picture, 0, 255).astype(np.uint8)
        found.append(picture[..., 0] if channels == 1 else picture)
    return found
