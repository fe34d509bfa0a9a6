"""Models as other tools export them, small enough for tests; each with its formula in numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

SIDE = 64
WEIGHT = np.array([[4.0, -2.0, 1.0], [-1.0, 3.0, 0.5], [0.5, 1.0, -3.0]], np.float32)
IMAGENET = (np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32))


def anomalib(side: int | None = SIDE) -> bytes:
    """Anomalib's inputs and outputs: N×3×H×W in 0…1 → pred_score, pred_label, anomaly_map, pred_mask.

    The map is the red channel, resized to 64×64 where the input's size is open (`side` None); the score its peak.
    """
    size: list[int | str] = ["N", 3, side or "H", side or "W"]
    nodes = [
        helper.make_node("Gather", ["input", "red"], ["seen"], axis=1),
        helper.make_node("Resize", ["seen", "", "", "sizes"], ["anomaly_map"], mode="linear"),
        helper.make_node("ReduceMax", ["anomaly_map"], ["peak"], axes=[2, 3], keepdims=0),
        helper.make_node("Identity", ["peak"], ["pred_score"]),
        helper.make_node("Greater", ["peak", "half"], ["pred_label"]),
        helper.make_node("Greater", ["anomaly_map", "half"], ["pred_mask"]),
    ]
    outputs = [("pred_score", TensorProto.FLOAT, ["N", 1]), ("pred_label", TensorProto.BOOL, ["N", 1])]
    outputs += [("anomaly_map", TensorProto.FLOAT, ["N", 1, SIDE, SIDE])]
    outputs += [("pred_mask", TensorProto.BOOL, ["N", 1, SIDE, SIDE])]
    constants = {
        "red": np.array([0], np.int64),
        "sizes": np.array([1, 1, SIDE, SIDE], np.int64),
        "half": np.array(0.5, np.float32),
    }
    return model(nodes, size, outputs, constants)


def classifier(
    end: str = "", layout: str = "NCHW", size: Sequence[int | str] = (SIDE, SIDE), classes: int = 3
) -> bytes:
    """Logits (or `end`, an ONNX operation over them) = mean colour · WEIGHT; the batch is open."""
    shape = ["N", 3, *size] if layout == "NCHW" else ["N", *size, 3]
    nodes = [
        helper.make_node("ReduceMean", ["input"], ["mean"], axes=[2, 3] if layout == "NCHW" else [1, 2], keepdims=0),
        helper.make_node("MatMul", ["mean", "weight"], ["logits"]),
    ]
    nodes += [helper.make_node(end, ["logits"], ["output"])] if end else []
    name = "output" if end else "logits"
    return model(nodes, shape, [(name, TensorProto.FLOAT, ["N", classes])], {"weight": WEIGHT[:, :classes]})


def segmentation(channels: int = 1) -> bytes:
    """Logits per pixel = colour · WEIGHT, `channels` of them; size and batch are fixed."""
    nodes = [helper.make_node("Conv", ["input", "weight"], ["masks"], kernel_shape=[1, 1])]
    weight = np.ascontiguousarray(WEIGHT[:, :channels].T.reshape(channels, 3, 1, 1))
    return model(
        nodes, [1, 3, SIDE, SIDE], [("masks", TensorProto.FLOAT, [1, channels, SIDE, SIDE])], {"weight": weight}
    )


def transposing(channels: int, given: str, gives: str, size: tuple[int, int] = (SIDE, SIDE)) -> bytes:
    """`segmentation` of a picture that lies as `given` says, with a map that lies as `gives` says."""
    first = [1, 3, *size]
    nodes = [] if given == "NCHW" else [helper.make_node("Transpose", ["input"], ["turned"], perm=[0, 3, 1, 2])]
    nodes += [helper.make_node("Conv", ["turned" if nodes else "input", "weight"], ["cells"], kernel_shape=[1, 1])]
    turn = [0, 1, 2, 3] if gives == "NCHW" else [0, 2, 3, 1]
    nodes += [helper.make_node("Transpose", ["cells"], ["masks"], perm=turn)]
    masks = [1, channels, *size] if gives == "NCHW" else [1, *size, channels]
    weight = np.ascontiguousarray(WEIGHT[:, :channels].T.reshape(channels, 3, 1, 1))
    shape = first if given == "NCHW" else [1, *size, 3]
    return model(nodes, shape, [("masks", TensorProto.FLOAT, masks)], {"weight": weight})


def model(
    nodes: Sequence[Any],
    shape: Sequence[int | str],
    outputs: Sequence[tuple[str, int, Sequence[int | str]]],
    constants: dict[str, NDArray[Any]],
    kind: int = TensorProto.FLOAT,
) -> bytes:
    """An ONNX file of one input called `input`."""
    graph = helper.make_graph(
        list(nodes),
        "foreign",
        [helper.make_tensor_value_info("input", kind, list(shape))],
        [helper.make_tensor_value_info(name, element, list(sides)) for name, element, sides in outputs],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString()
    )


def outside(data: bytes, location: str) -> bytes:
    """The same model, its first tensor said to lie in the file `location`."""
    changed = onnx.load_from_string(data)
    tensor = changed.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location
    return bytes(changed.SerializeToString())


def first_tensor(data: bytes) -> bytes:
    """What `outside` leaves out."""
    return bytes(onnx.load_from_string(data).graph.initializer[0].raw_data)
