"""A package's graph as OpenVINO reads it, refused with the reason where it is not what the manifest says.

All of it is looked at before the line sees it: the files, the shapes and types at both ends, the size of what lies
between, and the answers to a first picture.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from engine.backends.core import core
from engine.errors import PackageError
from engine.packages.graph_files import REFUSE, check_graph_file, weights_beside
from engine.packages.package import ModelPackage, check_unchanged
from engine.preprocessing.input_spec import InputSpec

log = logging.getLogger(__name__)

REMEDY = "Export or train the model again."
MAX_TENSOR_BYTES = 1024**3
MID_GREY = 128

_UNKNOWN_OPS = re.compile(r"No conversion rule found for operations: (.+)")


def read_graph(path: Path, package: ModelPackage) -> Any:
    """One of the package's graphs (`package.graph` or `package.int8_graph`), checked. Raises PackageError."""
    name = package.manifest.name
    if path.suffix == ".xml" and path.with_suffix(".bin").name not in package.manifest.files:
        raise PackageError(f"The model package {name} does not list {path.with_suffix('.bin').name}.", REMEDY)
    if check_graph_file(path):
        raise PackageError(f"The graph of {name} keeps its weights in other files.", "Export it as one file.")
    graph = open_graph(path, name)
    check_unchanged(package, path.name, *([path.with_suffix(".bin").name] if path.suffix == ".xml" else []))
    check_contract(graph, package)
    return graph


def open_graph(path: Path, name: str) -> Any:
    """Any graph OpenVINO can read, bounded; `name` is what the operator knows it by. Raises PackageError."""
    try:
        beside = {"weights": weights_beside(path)} if path.suffix.lower() == ".xml" else {}
        graph = core().read_model(path, **beside)
    # ValueError: its own message quotes a damaged name that is no UTF-8.
    except (RuntimeError, ValueError) as error:
        log.error("OpenVINO: %s", error)
        raise PackageError(_why_unread(name, str(error)), REMEDY) from error
    check_sizes(graph, name)
    return graph


def check_sizes(graph: Any, name: str) -> None:
    """No operation OpenVINO has no code for, no tensor over 1 GiB where its shape is known. Raises PackageError."""
    for operation in graph.get_ops():
        kind = operation.get_type_name()
        if kind.endswith("FrameworkNode"):
            raise PackageError(f"The graph of {name} uses an operation OpenVINO does not know: {kind}.", REMEDY)
        for output in operation.outputs():
            shape = output.get_partial_shape()
            if shape.is_static and shape.get_min_shape() and _bytes(output) > MAX_TENSOR_BYTES:
                raise PackageError(f"The graph of {name} makes a tensor of {shape}, more than 1 GiB.", REFUSE)


def check_contract(graph: Any, package: ModelPackage) -> None:
    """The graph must be what the manifest says: input size, class count, output names. Raises PackageError."""
    spec = package.manifest.input
    expected = [1, spec.height, spec.width, spec.channels]
    if len(graph.inputs) != 1:
        raise PackageError(f"The graph takes {len(graph.inputs)} inputs instead of one picture.", REMEDY)
    shape = graph.input(0).partial_shape
    if shape.is_dynamic or list(shape.to_shape()) != expected:
        raise PackageError(f"The graph's input is {shape}, the manifest says {expected}.", REMEDY)
    if graph.input(0).element_type != ov.Type.u8:
        raise PackageError("The graph's input is not 8-bit.", REMEDY)
    _check_outputs(graph, package)


def _check_outputs(graph: Any, package: ModelPackage) -> None:
    manifest = package.manifest
    classes = len(manifest.classes)
    guard = manifest.guard
    wanted = {"scores"}
    wanted |= {"map"} if manifest.map.kind != "none" else set()
    wanted |= {"novelty"} if guard is not None and guard.novelty_max is not None else set()
    names = {name for output in graph.outputs for name in output.names}
    if not wanted <= names:
        raise PackageError(f"The graph lacks the output {', '.join(sorted(wanted - names))}.", REMEDY)
    shapes = {name: _fixed(graph.output(name), name) for name in sorted(wanted | (names & {"novelty"}))}
    if shapes["scores"] != [1, classes]:
        raise PackageError(f"The graph gives {shapes['scores']} scores for {classes} classes.", REMEDY)
    if shapes.get("novelty", [1, 1]) != [1, 1]:
        raise PackageError(f"The graph gives a novelty of {shapes['novelty']} instead of one number.", REMEDY)
    if "map" in shapes:
        _check_map(shapes["map"], classes if manifest.map.kind == "cam" else 1, manifest.input)


def _check_map(shape: list[int], maps: int, spec: InputSpec) -> None:
    if len(shape) != 4 or shape[:2] != [1, maps]:
        raise PackageError(f"The graph gives a map of {shape}, the manifest says [1, {maps}, h, w].", REMEDY)
    if not (1 <= shape[2] <= spec.height and 1 <= shape[3] <= spec.width):
        raise PackageError(
            f"The graph gives a map of {shape[2]}×{shape[3]} for a picture of {spec.height}×{spec.width}.", REMEDY
        )


def _fixed(output: Any, name: str) -> list[int]:
    if output.partial_shape.is_dynamic:
        raise PackageError(f"The graph's output {name} has no fixed size: {output.partial_shape}.", REMEDY)
    if output.element_type != ov.Type.f32:
        raise PackageError(f"The graph's output {name} is {output.element_type.get_type_name()}, not f32.", REMEDY)
    return list(output.partial_shape.to_shape())


def _bytes(output: Any) -> int:
    elements = 1
    for side in output.get_partial_shape().get_min_shape():
        elements *= int(side)
    return elements * max(1, int(output.get_element_type().bitwidth)) // 8


def first_picture(spec: InputSpec) -> NDArray[np.uint8]:
    """What a fresh model is tried on: H×W[×3], its left half mid-grey, its right half noise (always the same)."""
    shape = (spec.height, spec.width) if spec.channels == 1 else (spec.height, spec.width, 3)
    picture = np.full(shape, MID_GREY, np.uint8)
    half = spec.width // 2
    picture[:, half:] = np.random.default_rng(0).integers(0, 256, picture[:, half:].shape, np.uint8)
    return picture


def check_answers(
    scores: NDArray[np.float32], maps: NDArray[np.float32] | None, novelty: float | None, name: str
) -> None:
    """The answers to a picture must be numbers, and the scores (K) probabilities. Raises PackageError."""
    for what, values in (("scores", scores), ("map", maps), ("novelty", novelty)):
        if values is not None and not np.isfinite(values).all():
            raise PackageError(f"The graph of {name} gives {what} that are not numbers.", REMEDY)
    low, high = float(scores.min()), float(scores.max())
    # bf16 carries 8 bits: a sum of probabilities may miss 1 by that much.
    if low < -0.01 or high > 1.01:
        raise PackageError(f"The graph of {name} gives scores of {low:.3g}…{high:.3g}, not probabilities.", REMEDY)


def _why_unread(name: str, said: str) -> str:
    found = _UNKNOWN_OPS.search(said)
    if found:
        return f"The graph of {name} uses operations OpenVINO does not know: {found[1].strip(' ,.')[:120]}."
    return f"The graph of {name} cannot be read by OpenVINO."
