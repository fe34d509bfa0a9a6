"""A package's graph as OpenVINO reads it, refused with the reason where it is not what the manifest says."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import openvino as ov

from engine.errors import PackageError
from engine.package import ModelPackage

log = logging.getLogger(__name__)

REMEDY = "Export or train the model again."


def read_graph(path: Path, package: ModelPackage) -> Any:
    """One of the package's graphs (`package.graph` or `package.int8_graph`), checked. Raises PackageError."""
    try:
        graph = ov.Core().read_model(path)
    except RuntimeError as error:
        log.error("OpenVINO: %s", error)
        raise PackageError(f"The graph of {package.manifest.name} cannot be read by OpenVINO.", REMEDY) from error
    check_contract(graph, package)
    return graph


def check_contract(graph: Any, package: ModelPackage) -> None:
    """The graph must be what the manifest says: input size, class count, output names. Raises PackageError."""
    spec = package.manifest.input
    expected = [1, spec.height, spec.width, spec.channels]
    shape = graph.input(0).partial_shape
    if len(graph.inputs) != 1 or shape.is_dynamic or list(shape.to_shape()) != expected:
        raise PackageError(f"The graph's input is {shape}, the manifest says {expected}.", REMEDY)
    if graph.input(0).element_type != ov.Type.u8:
        raise PackageError("The graph's input is not 8-bit.", REMEDY)
    names = {name for output in graph.outputs for name in output.names}
    wanted = {"scores"} | ({"map"} if package.manifest.map.kind != "none" else set())
    if not wanted <= names:
        raise PackageError(f"The graph lacks the output {', '.join(sorted(wanted - names))}.", REMEDY)
    classes = list(graph.output("scores").partial_shape.to_shape())
    if classes != [1, len(package.manifest.classes)]:
        raise PackageError(f"The graph gives {classes} scores for {len(package.manifest.classes)} classes.", REMEDY)
