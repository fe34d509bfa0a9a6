"""A graph made elsewhere, rewritten with OpenVINO's own operations into the contract of engine.packages.package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import openvino as ov
import openvino.opset13 as ops
from numpy.typing import NDArray

from engine.backends.core import core
from engine.errors import PackageError, UsageError
from engine.importing.inspect import REMEDY, Foreign
from engine.importing.plan import Plan

Means = Literal["none", "exp", "softmax", "sigmoid"]
"""How raw values become probabilities."""

_PASSES = frozenset(("Reshape", "Squeeze", "Unsqueeze", "Convert", "Transpose", "Clamp"))
_ENDS: dict[str, Means] = {"Softmax": "none", "SoftMax": "none", "LogSoftmax": "exp", "Sigmoid": "none"}


@dataclass(frozen=True, slots=True)
class Rewired:
    """A graph that takes the station's picture already, its answers still as they were."""

    picture: Any
    scores: Any | None
    """1×K f32."""
    map: Any | None
    """1×M×h×w f32."""
    one_by_one: bool
    """Its last step is a sigmoid per class: several classes may hold."""
    ends: Means | None
    """What its last operation makes of the values; None = nothing that is a probability for certain."""


def rewire(graph: Any, foreign: Foreign, plan: Plan) -> Rewired:
    """Put the station's picture (u8 1×H×W×C) before the graph; scaling and channel order move inside."""
    old = graph.input(0).get_node()
    picture = ops.parameter([1, plan.height, plan.width, plan.channels], np.uint8, name="picture")
    picture.output(0).set_names({"picture"})
    shown = _shown(picture, foreign, plan)
    if foreign.layout == "NCHW":
        shown = ops.transpose(shown, np.array([0, 3, 1, 2], np.int64))
    kind = graph.input(0).get_element_type()
    if kind != ov.Type.f32:
        shown = ops.convert(shown, kind.get_type_name())
    for target in old.output(0).get_target_inputs():
        target.replace_source_output(shown.output(0))
    scores = _f32(_source(graph, plan.scores)) if plan.scores else None
    maps = _f32(_source(graph, plan.map)) if plan.map else None
    last = _last(scores if scores is not None else maps)
    if scores is not None:
        scores = ops.reshape(scores, np.array([1, -1], np.int64), special_zero=False)
    if maps is not None:
        maps = _nchw(maps, foreign)
    return Rewired(picture, scores, maps, last == "Sigmoid", _ENDS.get(last))


def finish(wired: Rewired, plan: Plan, means: Means, head: str) -> Any:
    """The whole model: `picture` → `scores` 1×K and, where there is one, `map` 1×1×h×w, both probabilities."""
    if plan.kind == "anomaly":
        scores, maps = _anomaly(wired, plan)
    elif wired.map is None:
        scores, maps = _two(_probabilities(wired.scores, means), plan), None
    elif wired.scores is not None:
        scores = _two(_probabilities(wired.scores, means), plan)
        maps = _defect_map(_map_probabilities(wired.map, means), plan)
    else:
        channels = _map_probabilities(wired.map, means)
        maps = _defect_map(channels, plan)
        scores = _scores_of_map(channels, maps, plan, head)
    results = [_result(scores, "scores")] + ([_result(maps, "map")] if maps is not None else [])
    return ov.Model(results, [wired.picture], "imported")


def raw_answers(wired: Rewired, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """The values before any rewriting: N×K, a map's cells as rows. Pictures are H×W×C. Raises PackageError."""
    source = wired.scores if wired.scores is not None else wired.map
    model = ov.Model([ops.result(source)], [wired.picture], "raw")
    try:
        compiled = core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        answers = [np.array(compiled(picture[np.newaxis])[0]) for picture in pictures]
    except RuntimeError as error:
        raise PackageError("OpenVINO cannot run the model.", "Export it with another opset.") from error
    rows = [a if a.ndim == 2 else np.moveaxis(a[0], 0, -1).reshape(-1, a.shape[1]) for a in answers]
    values = np.concatenate(rows).astype(np.float32)
    if not np.isfinite(values).all():
        raise PackageError("The model's scores are not numbers for some pictures.", "Check --scale and the export.")
    return values


def meaning(values: NDArray[np.float32], wired: Rewired, plan: Plan) -> Means:
    """How the raw values (N×K) become probabilities, as asked for or as found. Raises UsageError."""
    if plan.kind == "anomaly":
        if plan.limit is None and not _in_unit(values):
            low, high = float(values.min()), float(values.max())
            raise UsageError(
                f"The anomaly scores run from {low:.3g} to {high:.3g} on test pictures: add --limit, "
                "the score from which a part is a defect."
            )
        return "none"
    if plan.activation != "auto":
        return plan.activation
    if wired.ends is not None:
        return wired.ends
    if values.shape[1] == 1:
        return "none" if _in_unit(values) else "sigmoid"
    return "none" if _in_unit(values) and sums_to_one(values) else "softmax"


def sums_to_one(values: NDArray[np.float32]) -> bool:
    """True when every row is a distribution over the classes."""
    return bool(np.abs(values.sum(axis=1) - 1.0).max(initial=0.0) < 1e-3)


def _in_unit(values: NDArray[np.float32]) -> bool:
    return bool(values.min() >= -1e-4 and values.max() <= 1 + 1e-4)


def _shown(picture: Any, foreign: Foreign, plan: Plan) -> Any:
    shown = ops.convert(picture, "f32")
    if plan.rgb:
        shown = ops.gather(shown, np.array([2, 1, 0], np.int64), np.array(3, np.int64))
    if foreign.channels == 3 and plan.channels == 1:
        shown = ops.concat([shown] * 3, 3)
    mean = (255.0 * np.array(plan.mean)).astype(np.float32).reshape(1, 1, 1, -1)
    std = (255.0 * np.array(plan.std)).astype(np.float32).reshape(1, 1, 1, -1)
    if np.any(mean != 0.0):
        shown = ops.subtract(shown, mean)
    return ops.divide(shown, std) if np.any(std != 1.0) else shown


def _source(graph: Any, name: str) -> Any:
    return graph.output(name).get_node().input(0).get_source_output()


def _f32(source: Any) -> Any:
    return source if source.get_element_type() == ov.Type.f32 else ops.convert(source, "f32").output(0)


def _last(source: Any) -> str:
    node = source.get_node()
    while node.get_type_name() in _PASSES:
        node = node.input(0).get_source_output().get_node()
    return str(node.get_type_name())


def _nchw(maps: Any, foreign: Foreign) -> Any:
    sides = maps.get_partial_shape()
    if sides.is_dynamic:
        raise PackageError(f"The model's map has no fixed size: {sides}.", "Export it for one picture of one size.")
    shape = list(sides.to_shape())
    if shape[0] != 1:
        raise PackageError(f"The model's map is {sides}, not that of one picture.", REMEDY)
    if len(shape) == 3:
        return ops.unsqueeze(maps, np.array(1, np.int64))
    return maps if foreign.layout_of(shape) == "NCHW" else ops.transpose(maps, np.array([0, 3, 1, 2], np.int64))


def _probabilities(values: Any, means: Means) -> Any:
    match means:
        case "softmax":
            return ops.softmax(values, 1)
        case "sigmoid":
            return ops.sigmoid(values)
        case "exp":
            return ops.exp(values)
        case "none":
            return ops.clamp(values, 0.0, 1.0)


def _map_probabilities(maps: Any, means: Means) -> Any:
    # One channel has nothing to be softmaxed against.
    return _probabilities(maps, "sigmoid" if means == "softmax" and _channels(maps) == 1 else means)


def _two(values: Any, plan: Plan) -> Any:
    """One probability of "defect" as two classes; more stay as they are."""
    return _both(values, plan) if _channels(values) == 1 else values


def _both(defect: Any, plan: Plan) -> Any:
    sound = ops.subtract(np.float32(1.0), defect)
    first = plan.classes[0] in plan.ok or plan.classes[1] not in plan.ok
    return ops.concat([sound, defect] if first else [defect, sound], 1)


def _channels(values: Any) -> int:
    output = values if not hasattr(values, "output") else values.output(0)
    return int(output.get_partial_shape()[1].get_length())


def _anomaly(wired: Rewired, plan: Plan) -> tuple[Any, Any | None]:
    factor = np.float32(1.0 if plan.limit is None else 0.5 / plan.limit)
    scaled = [None if v is None else ops.clamp(ops.multiply(v, factor), 0.0, 1.0) for v in (wired.scores, wired.map)]
    score, maps = scaled
    if score is None:
        score = ops.reshape(_peak(maps), np.array([1, 1], np.int64), special_zero=False)
    return _both(score, plan), maps


def _defect_map(channels: Any, plan: Plan) -> Any:
    """1×M×h×w probabilities → 1×1×h×w: what is not sound."""
    if _channels(channels) == 1:
        return channels
    sound = [i for i, name in enumerate(plan.classes) if name in plan.ok]
    axis = np.array([1], np.int64)
    if not sound:
        return ops.reduce_max(channels, axis, keep_dims=True)
    kept = ops.gather(channels, np.array(sound, np.int64), np.array(1, np.int64))
    return ops.clamp(ops.subtract(np.float32(1.0), ops.reduce_sum(kept, axis, keep_dims=True)), 0.0, 1.0)


def _scores_of_map(channels: Any, maps: Any, plan: Plan, head: str) -> Any:
    """A picture is as bad as its worst cell: each defect's peak, and what the worst cell leaves for sound."""
    peak = ops.reshape(_peak(maps), np.array([1, 1], np.int64), special_zero=False)
    if head == "softmax":
        return _both(peak, plan)
    peaks = ops.reshape(_peak(channels), np.array([1, -1], np.int64), special_zero=False)
    sound = np.array([[name in plan.ok for name in plan.classes]])
    return ops.select(sound, ops.subtract(np.float32(1.0), peak), peaks)


def _peak(maps: Any) -> Any:
    return ops.reduce_max(maps, np.array([2, 3], np.int64), keep_dims=False)


def _result(value: Any, name: str) -> Any:
    # A fresh node: the source may carry names of the model it came from.
    result = ops.result(ops.convert(value, "f32") if value.get_element_type() != ov.Type.f32 else value)
    result.output(0).set_names({name})
    return result
