"""A real model package small enough for tests: bright spots are defects. Its graph runs in any backend."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from engine.packages.manifest import PACKAGE_SCHEMA, ClassSpec, LimitSpec, Lineage, Manifest, MapSpec
from engine.packages.package import ModelPackage, write_package
from engine.preprocessing.input_spec import InputSpec

HEIGHT, WIDTH = 64, 80


def write_tiny_package(
    folder: Path, *, name: str = "tiny", defect: str = "defect", review: float = 0.0, weights: bytes = b""
) -> ModelPackage:
    """Input 64×80 grey; map = 4×4 mean of grey/255; scores = (1 - peak, peak). Dark parts are OK.

    `weights`: what stands for those a fine-tuning goes on from."""
    manifest = Manifest(
        schema=PACKAGE_SCHEMA,
        name=name,
        kind="segdec",
        architecture="tiny",
        classes=[ClassSpec(name="ok", role="ok"), ClassSpec(name=defect)],
        input=InputSpec(height=HEIGHT, width=WIDTH, channels=1),
        map=MapSpec(kind="mask", threshold=0.5),
        thresholds=LimitSpec(ng_at=0.5, review_from=0.5 - review, review_to=0.5 + review),
        metrics={"accuracy": 1.0, "ap": 1.0},
        lineage=Lineage(dataset="made for tests"),
    )
    files = {"model.onnx": tiny_graph(), **({"weights.safetensors": weights} if weights else {})}
    return write_package(folder, manifest, files)


def tiny_graph() -> bytes:
    """The ONNX bytes of the bright-spot network."""
    nodes = [
        helper.make_node("Cast", ["picture"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["float", "full"], ["unit"]),
        helper.make_node("Transpose", ["unit"], ["nchw"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["nchw"], ["map"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("GlobalMaxPool", ["map"], ["peak4"]),
        helper.make_node("Flatten", ["peak4"], ["peak"]),
        helper.make_node("Sub", ["one", "peak"], ["sound"]),
        helper.make_node("Concat", ["sound", "peak"], ["scores"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "bright-spot",
        [helper.make_tensor_value_info("picture", TensorProto.UINT8, [1, HEIGHT, WIDTH, 1])],
        [
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 2]),
            helper.make_tensor_value_info("map", TensorProto.FLOAT, [1, 1, HEIGHT // 4, WIDTH // 4]),
        ],
        [
            numpy_helper.from_array(np.array(255.0, np.float32), "full"),
            numpy_helper.from_array(np.array(1.0, np.float32), "one"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
