"""What a graph made elsewhere looks like, and what can be guessed of its use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import openvino as ov

from engine.errors import PackageError

Kind = Literal["classifier", "segdec", "anomaly"]
Layout = Literal["NCHW", "NHWC"]
REMEDY = "Export it with one picture as its only input."


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output: its name, its shape (None = not fixed) and its element type as OpenVINO writes it."""

    name: str
    shape: tuple[int | None, ...]
    type: str

    def __str__(self) -> str:
        return f"{self.name} {'×'.join('?' if s is None else str(s) for s in self.shape)} {self.type}"


@dataclass(frozen=True, slots=True)
class Foreign:
    """A model made elsewhere: what it has, and what is guessed (None or empty = cannot be told)."""

    path: Path
    """The graph itself, inside the file, folder or zip that was given (of a zip: unpacked for the while)."""
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    layout: Layout
    channels: Literal[1, 3]
    height: int | None
    width: int | None
    kind: Kind | None
    scores: str
    """The output with one value per class or one anomaly score; empty where there is none."""
    map: str
    """The output with a value per cell; empty where there is none."""
    count: int | None
    """How many values `scores` has, or channels `map` where there are no scores."""
    anomalib: bool = False
    notes: tuple[str, ...] = ()

    @property
    def normalised(self) -> bool:
        """Anomalib's post-processor is inside: 0.5 is the threshold of scores and map."""
        return self.anomalib and any(port.name == "pred_label" for port in self.outputs)

    @property
    def default_classes(self) -> tuple[str, ...]:
        """The classes where they follow from the model: sound first. Empty: they must be named."""
        if self.kind == "anomaly":
            return ("normal", "anomaly")
        return ("ok", "defect") if self.count == 1 or (self.count == 2 and not self.scores) else ()

    def layout_of(self, shape: Sequence[int | None]) -> Layout:
        """How an N×a×b×c map lies: as its cells are nearer to square; where both ways are, as the input lies."""
        _, first, middle, last = shape
        if first and middle and last and self.height and self.width:
            channels_first, channels_last = self._stretch(middle, last), self._stretch(first, middle)
        else:
            channels_first, channels_last = float(first != 1), float(last != 1)
        if channels_first == channels_last:
            return self.layout
        return "NCHW" if channels_first < channels_last else "NHWC"

    def _stretch(self, rows: int, columns: int) -> float:
        """How far from square a cell is, if the picture is cut into so many: 1 = square."""
        height, width = (self.height or 1) / rows, (self.width or 1) / columns
        return max(height, width) / min(height, width)


def inspect_graph(graph: Any, path: Path) -> Foreign:
    """Look at a graph as OpenVINO read it. Raises PackageError where it does not take one picture."""
    inputs, outputs = tuple(map(_port, graph.inputs)), tuple(map(_port, graph.outputs))
    said = ", ".join(map(str, inputs))
    if len(inputs) != 1:
        raise PackageError(f"The model takes {len(inputs)} inputs ({said}) instead of one picture.", REMEDY)
    shape = inputs[0].shape
    if len(shape) != 4 or shape[0] not in (None, 1):
        raise PackageError(f"The model's input is {said}, not one picture at a time.", REMEDY)
    layout: Layout = "NCHW" if shape[1] in (1, 3) else "NHWC"
    found = shape[1 if layout == "NCHW" else 3]
    if found not in (1, 3):
        raise PackageError(f"The model's input is {said}, not a picture of 1 or 3 channels.", REMEDY)
    channels: Literal[1, 3] = 1 if found == 1 else 3
    height, width = shape[2:4] if layout == "NCHW" else shape[1:3]
    names = {port.name for port in outputs}
    if names >= {"pred_score"} and names & {"anomaly_map", "pred_label", "pred_mask"}:
        return _anomalib(Foreign(path, inputs, outputs, layout, channels, height, width, None, "", "", None))
    scores = next((p for p in outputs if is_vector(p.shape)), None)
    maps = next((p for p in outputs if is_map(p.shape)), None)
    kind: Kind | None = "segdec" if maps else "classifier" if scores else None
    notes = _notes(outputs, scores, maps)
    bare = Foreign(
        path, inputs, outputs, layout, channels, height, width, kind, _name(scores), _name(maps), None, False, notes
    )
    if scores is not None:
        return replace(bare, count=values_in(scores.shape))
    return bare if maps is None else replace(bare, count=channels_in(maps.shape, bare))


def is_vector(shape: Sequence[int | None]) -> bool:
    """One value per class: K, N×K, N×K×1×1 or N×1×1×K."""
    return len(shape) in (1, 2) or (len(shape) == 4 and (1, 1) in (tuple(shape[2:]), tuple(shape[1:3])))


def is_map(shape: Sequence[int | None]) -> bool:
    """A value per cell: N×h×w, N×M×h×w or N×h×w×M."""
    return len(shape) == 3 or (len(shape) == 4 and not is_vector(shape))


def values_in(shape: Sequence[int | None]) -> int | None:
    """How many classes a vector has values for; None = not fixed."""
    if len(shape) == 4:
        return shape[3] if shape[1] == shape[2] == 1 else shape[1]
    return shape[0] if len(shape) == 1 else shape[1]


def channels_in(shape: Sequence[int | None], foreign: Foreign) -> int | None:
    """How many channels a map has; None = not fixed."""
    if len(shape) == 3:
        return 1
    return shape[1] if foreign.layout_of(shape) == "NCHW" else shape[3]


def fix_size(graph: Any, foreign: Foreign, height: int, width: int) -> Foreign:
    """Fix batch to 1 and the size of the picture in pixels; what it looks like then. Raises PackageError."""
    spatial = [foreign.channels, height, width] if foreign.layout == "NCHW" else [height, width, foreign.channels]
    try:
        graph.reshape({graph.input(0): ov.PartialShape([1, *spatial])})
    except RuntimeError as error:
        raise PackageError(
            f"The model does not take pictures of {height}×{width}.", "Give the size it was exported for with --size."
        ) from error
    return inspect_graph(graph, foreign.path)


def _anomalib(bare: Foreign) -> Foreign:
    shapes = {port.name: port.shape for port in bare.outputs}
    map_shape = shapes.get("anomaly_map", ())
    # Anomalib resizes inside the graph: where the size is open, the map has the size it works at.
    inner = map_shape[-2:] if len(map_shape) >= 3 else (None, None)
    normal = "pred_label" in shapes
    return Foreign(
        bare.path,
        bare.inputs,
        bare.outputs,
        bare.layout,
        bare.channels,
        bare.height or inner[0],
        bare.width or inner[1],
        "anomaly",
        "pred_score",
        "anomaly_map" if map_shape else "",
        1,
        True,
        (f"made by Anomalib: its scores are {'normalised, 0.5 is its threshold' if normal else 'raw'}",),
    )


def _notes(outputs: Sequence[Port], scores: Port | None, maps: Port | None) -> tuple[str, ...]:
    unused = [str(p) for p in outputs if p not in (scores, maps)]
    notes = [f"not used: {', '.join(unused)}"] if unused else []
    if scores is None and maps is None:
        notes.append("none of its outputs is a list of scores or a map")
    return tuple(notes)


def _port(output: Any) -> Port:
    names = sorted(output.get_names())
    shape = output.get_partial_shape()
    if shape.rank.is_dynamic:
        raise PackageError(f"The model's {names[0] if names else 'output'} has no fixed number of sides.", REMEDY)
    sides = tuple(None if side.is_dynamic else int(side.get_length()) for side in shape)
    name = names[0] if names else str(output.get_node().get_friendly_name())
    return Port(name, sides, str(output.get_element_type().get_type_name()))


def _name(port: Port | None) -> str:
    return port.name if port else ""
