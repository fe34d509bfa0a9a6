"""Backbone and head as one graph, which answers as a model package's graph must (engine.packages.package).

Nothing is compressed: in half the bytes the weights would be others than those that the head was taught with.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import openvino.opset13 as op
from numpy.typing import NDArray

from engine.backbone.description import around, places, whole
from engine.backbone.evidence import fixed, turning
from engine.backbone.graph import TAPS, graph, named
from engine.learning.class_head import ClassHead
from engine.learning.good_only import GoodOnly
from engine.learning.novelty import Novelty
from engine.learning.patch_head import PatchHead
from engine.learning.ridge import Standard
from engine.packages.package import IR_GRAPH

Floats = NDArray[np.float64]

WORST = 5
"""Places whose mean value is the picture's, as in the head."""
_TINY = np.float32(1e-12)


Head = ClassHead | GoodOnly | PatchHead
Size = tuple[int, int, int]


def joined(size: Size, head: Head, novelty: Novelty | None = None) -> ov.Model:
    """The graph of a package for pictures of one size (height, width, channels).

    A class head: a score a class in its order, and a `cam` a class. A good-only head and a patch head: the scores of
    good and defect, in this order; of the first a `cam` each (of good an empty one), of the second a `mask`.
    """
    found = graph(*size)
    taps = [found.output(name).get_node().input_value(0) for name in TAPS]
    described = whole(taps)
    if isinstance(head, ClassHead):
        outputs = _classes(taps, described, head)
    elif isinstance(head, GoodOnly):
        outputs = _good_only(taps, described, head)
    else:
        outputs = _patches(taps, head)
    if novelty is not None:
        _, length = _left(described, novelty.standard, novelty.axes)
        outputs["novelty"] = op.divide(length, np.float32(novelty.limit))
    return ov.Model([named(output, name) for name, output in outputs.items()], found.get_parameters(), "joined")


def files_of(model: ov.Model) -> dict[str, bytes]:
    """The graph as the files of a package: OpenVINO IR, its numbers as they are."""
    with tempfile.TemporaryDirectory(prefix="lineside-") as folder:
        path = Path(folder) / IR_GRAPH
        ov.serialize(model, path, path.with_suffix(".bin"))
        return {each.name: each.read_bytes() for each in (path, path.with_suffix(".bin"))}


def _classes(taps: list[Any], described: Any, head: ClassHead) -> dict[str, Any]:
    linear = head.linear
    sums = op.matmul(_scaled(described, linear.standard), np.asarray(linear.weights, np.float32), False, False)
    evidence = fixed(taps, linear.standard.mean, linear.weights / linear.standard.deviation[:, None])
    return {"scores": op.softmax(op.add(sums, np.asarray(linear.bias, np.float32)[None]), 1), "map": op.relu(evidence)}


def _good_only(taps: list[Any], described: Any, head: GoodOnly) -> dict[str, Any]:
    """The length of what is left is its own direction's sum: along it the picture is divided among its places.

    What is usual there is taken off the score alone: it says how much is left of a good part, and not where.
    """
    left, length = _left(described, head.standard, head.axes)
    usual = op.matmul(_scaled(described, head.standard), np.asarray(head.slope, np.float32)[:, None], False, False)
    over = op.subtract(op.subtract(op.log(op.maximum(length, _TINY)), usual), np.float32(head.centre))
    height = op.divide(over, np.float32(head.width))
    # An axis explains a share of itself only, so what is left is taken through the axes once more.
    direction = op.divide(_unexplained(left, head.axes), op.maximum(length, _TINY))
    along = op.divide(direction, np.asarray(head.standard.deviation, np.float32)[None])
    evidence = op.relu(turning(taps, head.standard.mean, along))
    none = op.multiply(evidence, np.float32(0.0))
    return {"scores": _good_and_defect(height), "map": op.concat([none, evidence], 1)}


def _patches(taps: list[Any], head: PatchHead) -> dict[str, Any]:
    """Context is an average, so the weighed sum is averaged and not each of its 176 numbers."""
    own, context = np.split(np.asarray(head.weights, np.float32)[None, :, None, None], 2, axis=1)
    seen = places(taps)
    values = op.add(op.add(_weighed(seen, own), around(_weighed(seen, context))), np.float32(head.bias))
    flat = op.reshape(values, np.array([1, -1]), False)
    worst = op.topk(flat, np.array(min(WORST, int(np.prod(list(values.shape))))), 1, "max", "value").output(0)
    score = op.reduce_mean(worst, np.array([1]), True)
    return {"scores": _good_and_defect(_tuned(score, head)), "map": op.sigmoid(_tuned(values, head))}


def _tuned(values: Any, head: PatchHead) -> Any:
    return op.add(op.multiply(values, np.float32(head.gain)), np.float32(head.offset))


def _weighed(seen: Any, kernel: NDArray[np.float32]) -> Any:
    return op.convolution(seen, kernel, [1, 1], [0, 0], [0, 0], [1, 1])


def _good_and_defect(height: Any) -> Any:
    """1×2 probabilities, the second logistic(height)."""
    return op.concat([op.sigmoid(op.negative(height)), op.sigmoid(height)], 1)


def _scaled(described: Any, standard: Standard) -> Any:
    return op.divide(
        op.subtract(described, np.asarray(standard.mean, np.float32)[None]),
        np.asarray(standard.deviation, np.float32)[None],
    )


def _left(described: Any, standard: Standard, axes: Floats) -> tuple[Any, Any]:
    """What the axes leave of a description, 1×D, and its length, 1×1."""
    left = _unexplained(_scaled(described, standard), axes)
    return left, op.sqrt(op.reduce_sum(op.power(left, np.float32(2.0)), np.array([1]), True))


def _unexplained(scaled: Any, axes: Floats) -> Any:
    kept = np.asarray(axes, np.float32)
    return op.subtract(scaled, op.matmul(op.matmul(scaled, kept, False, False), kept, False, True))
