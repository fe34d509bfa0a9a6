"""The backbone's graph for one input size: made from the weights at first use, kept in the cache, known by its hash.

The cache may be deleted, damaged or shared by two programs at any time: one file is written at once, and what its hash
does not fit is made anew. A cache that takes no file costs the time of making the graph again and nothing else.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
from pathlib import Path
from typing import Any

import openvino as ov
import openvino.opset13 as op

from engine.backbone.description import VERSION, patches, whole
from engine.backbone.network import network
from engine.backbone.weights import SHA256, read_weights
from engine.backends.core import core
from engine.errors import StorageError
from engine.system.files import write_atomically
from engine.system.places import cache_folder

log = logging.getLogger(__name__)

WHOLE, PATCHES = "whole", "patches"
TAPS = ("tap4", "tap8", "tap16", "tap32")
_HASH, _SIZE = 32, 8


def identity_of(height: int, width: int, channels: int) -> str:
    """Everything that a description depends on: architecture, weights, precision, input size, version of the layout."""
    return f"efficientnet-lite0/{SHA256[:12]}/f32/{height}x{width}x{channels}/{VERSION}"


def graph(height: int, width: int, channels: int) -> ov.Model:
    """Input `picture`, outputs `whole` 1×1488, `patches` 1×352×h×w and the taps. Raises EnvironmentFailure where the
    weights are missing or others.
    """
    path = cached(height, width, channels)
    found = _read(path)
    if found is not None:
        return found
    made = make(height, width, channels)
    try:
        write_atomically(path, _packed(made))
    except StorageError as error:
        log.warning("the backbone's graph is not kept: %s", error)
    return made


def cached(height: int, width: int, channels: int) -> Path:
    """Where the graph is kept."""
    return cache_folder() / "backbone" / (identity_of(height, width, channels).replace("/", "-") + ".graph")


def make(height: int, width: int, channels: int) -> ov.Model:
    """The graph from the weights. Raises EnvironmentFailure where these are missing or others."""
    net = network(read_weights(), height, width, channels)
    outputs = {WHOLE: whole(net.taps), PATCHES: patches(net.taps), **dict(zip(TAPS, net.taps, strict=True))}
    return ov.Model([named(output, name) for name, output in outputs.items()], [net.picture], "backbone")


def named(output: Any, name: str) -> Any:
    """An output of a graph under a name."""
    result = op.result(output)
    result.output(0).set_names({name})
    return result


def _packed(made: ov.Model) -> bytes:
    """One file: a hash of the rest, the size of the structure, the structure, the numbers."""
    with tempfile.TemporaryDirectory(prefix="lineside-") as folder:
        structure, numbers = Path(folder) / "graph.xml", Path(folder) / "graph.bin"
        ov.serialize(made, structure, numbers)
        text = structure.read_bytes()
        rest = len(text).to_bytes(_SIZE, "little") + text + numbers.read_bytes()
    return hashlib.sha256(rest).digest() + rest


def _read(path: Path) -> ov.Model | None:
    """The kept graph; None where there is none, or it is not as it was written."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    digest, size = data[:_HASH], int.from_bytes(data[_HASH : _HASH + _SIZE], "little")
    if hashlib.sha256(data[_HASH:]).digest() != digest:
        log.warning("the backbone's graph in the cache is damaged and is made anew")
        return None
    begin = _HASH + _SIZE
    return core().read_model(data[begin : begin + size], data[begin + size :])
