"""EfficientNet-Lite0 as OpenVINO operations, and where it is read: four taps.

Tan and Le, EfficientNet: Rethinking model scaling for convolutional neural networks, ICML 2019; Lite: no squeeze and
excitation, ReLU6. As TensorFlow made it: "same" padding with the odd pixel below and right, epsilon 1e-3 in the batch
normalisation, which is folded into the convolution before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import openvino as ov
import openvino.opset13 as op
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[np.float32]]

STAGES = ((1, 3, 1, 1), (2, 3, 2, 6), (2, 5, 2, 6), (3, 3, 2, 6), (3, 5, 1, 6), (4, 5, 2, 6), (1, 3, 1, 6))
"""Blocks, kernel, stride of the first block, expansion."""
TAPPED = (1, 2, 4, 6)
"""The stages whose last output is a tap: the last ones at strides 4, 8, 16 and 32."""
STRIDES = (4, 8, 16, 32)
CHANNELS = (24, 40, 112, 320)
MULTIPLE = 32
EPSILON = 1e-3
OFFSET, SCALE = 127.0, 128.0
"""The input's: (x - 127) / 128."""


@dataclass(frozen=True, slots=True)
class Network:
    """Operations from a picture to the taps, 1×C×h×w each."""

    picture: Any
    taps: tuple[Any, ...]


def network(weights: Weights, height: int, width: int, channels: int) -> Network:
    """For pictures of one size: uint8 1×H×W×C, grey or BGR. Sides are multiples of 32."""
    if height % MULTIPLE or width % MULTIPLE or min(height, width) < MULTIPLE or channels not in {1, 3}:
        raise ValueError(f"no size for the backbone: {height}×{width}×{channels}")
    picture = op.parameter([1, height, width, channels], ov.Type.u8, name="picture")
    picture.output(0).set_names({"picture"})
    now = _relu6(_convolved(_scaled(picture, channels), weights, "_conv_stem", "_bn0", stride=2))
    taps: list[Any] = []
    block = 0
    for stage, (repeats, _, stride, expansion) in enumerate(STAGES):
        for repeat in range(repeats):
            now = _block(now, weights, f"_blocks.{block}", stride if repeat == 0 else 1, expansion > 1, repeat > 0)
            block += 1
        if stage in TAPPED:
            taps.append(now)
    return Network(picture, tuple(taps))


def logits(of: Network, weights: Weights) -> Any:
    """What it was trained to say, 1×1000. The station never asks; it shows that the weights are read right."""
    head = _relu6(_convolved(of.taps[-1], weights, "_conv_head", "_bn1"))
    pooled = op.reduce_mean(head, np.array([2, 3]), False)
    return op.add(op.matmul(pooled, weights["_fc.weight"], False, True), weights["_fc.bias"][None])


def _scaled(picture: Any, channels: int) -> Any:
    """uint8 1×H×W×C to 1×3×H×W, red first, as the network was taught."""
    planes = op.transpose(op.convert(picture, "f32"), np.array([0, 3, 1, 2]))
    colours = op.concat([planes] * 3, 1) if channels == 1 else op.gather(planes, np.array([2, 1, 0]), np.array(1))
    return op.multiply(op.subtract(colours, np.float32(OFFSET)), np.float32(1.0 / SCALE))


def _block(now: Any, weights: Weights, name: str, stride: int, expanded: bool, skipped: bool) -> Any:
    """An inverted bottleneck: widened, filtered channel by channel, narrowed; its input is added where shapes agree."""
    begun = now
    if expanded:
        now = _relu6(_convolved(now, weights, f"{name}._expand_conv", f"{name}._bn0"))
    now = _relu6(_convolved(now, weights, f"{name}._depthwise_conv", f"{name}._bn1", stride, depthwise=True))
    now = _convolved(now, weights, f"{name}._project_conv", f"{name}._bn2")
    return op.add(now, begun) if skipped else now


def _convolved(now: Any, weights: Weights, name: str, norm: str, stride: int = 1, depthwise: bool = False) -> Any:
    """Convolution and batch normalisation in one."""
    gain = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"].astype(np.float64) + EPSILON)
    kernel = (weights[f"{name}.weight"] * gain[:, None, None, None]).astype(np.float32)
    bias = (weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * gain).astype(np.float32)
    if depthwise:
        made = op.group_convolution(now, kernel[:, None], [stride] * 2, [0, 0], [0, 0], [1, 1], "same_upper")
    else:
        made = op.convolution(now, kernel, [stride] * 2, [0, 0], [0, 0], [1, 1], "same_upper")
    return op.add(made, bias[None, :, None, None])


def _relu6(now: Any) -> Any:
    return op.clamp(now, 0.0, 6.0)
