"""EfficientNet-Lite0 (Tan & Le 2019, "EfficientNet"; its Lite variant has ReLU6 and no squeeze-and-excitation), to be
trained on: the network that `engine.backbone` runs frozen, starting from the same ImageNet weights, with no network at
hand. `lite0` is a classifier with an exact class activation map; `lite0-segdec` reads a map off its inner layers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from torch import Tensor, nn

from engine.networks.classifiers import Classifier
from engine.networks.segdec import MapSegDec, Residual, convolution

STEM, TOP = 32, 1280
BLOCKS = (
    # kernel, stride, expansion, channels out, how often
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
EPSILON, MOMENTUM = 1e-3, 0.01
LITE0 = ("lite0", "lite0-segdec")
MEAN, DEVIATION = 127.0 / 255.0, 128.0 / 255.0
"""Of a channel in 0…1: the weights were made with (x − 127) / 128."""


class SamePadded(nn.Conv2d):
    """A convolution without bias, padded as TensorFlow's `same`: where the padding is odd, the end gets more."""

    def forward(self, x: Tensor) -> Tensor:
        """N×C×h×w → N×D×⌈h/stride⌉×⌈w/stride⌉."""
        sides = []
        for axis in (3, 2):
            kernel, stride, size = self.kernel_size[axis - 2], self.stride[axis - 2], int(x.shape[axis])
            missing = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            sides += [missing // 2, missing - missing // 2]
        return super().forward(nn.functional.pad(x, sides) if any(sides) else x)


def normalised(into: int, out: int, kernel: int, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """Convolution and batch normalisation, with the constants the weights were made with."""
    conv = SamePadded(into, out, kernel, stride, groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(out, eps=EPSILON, momentum=MOMENTUM)]


class Block(nn.Module):
    """An inverted residual (Sandler et al. 2018, "MobileNetV2"): widen 1×1, filter each channel, narrow 1×1."""

    def __init__(self, into: int, out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = into * expansion
        layers: list[nn.Module] = []
        if expansion != 1:
            layers += [*normalised(into, wide, 1), nn.ReLU6(inplace=True)]
        layers += [*normalised(wide, wide, kernel, stride, groups=wide), nn.ReLU6(inplace=True)]
        self.layers = nn.Sequential(*layers, *normalised(wide, out, 1))
        self.bypassed = stride == 1 and into == out

    def forward(self, x: Tensor) -> Tensor:
        """N×C×h×w → N×D×⌈h/stride⌉×⌈w/stride⌉."""
        found = cast(Tensor, self.layers(x))
        return found + x if self.bypassed else found


def body() -> list[nn.Module]:
    """Stem and sixteen blocks, in order: N×3×H×W → N×320×H/32×W/32."""
    parts: list[nn.Module] = [nn.Sequential(*normalised(3, STEM, 3, 2), nn.ReLU6(inplace=True))]
    into = STEM
    for kernel, stride, expansion, out, count in BLOCKS:
        for place in range(count):
            parts.append(Block(into, out, kernel, stride if place == 0 else 1, expansion))
            into = out
    return parts


def lite0(classes: int, state: Mapping[str, Tensor] | None = None) -> Classifier:
    """The classifier; three channels. `state`: weights in the published layout, whose head of 1,000 is left out."""
    top = nn.Sequential(*normalised(BLOCKS[-1][3], TOP, 1), nn.ReLU6(inplace=True))
    features = nn.Sequential(*body(), top)
    network = Classifier(features, nn.Linear(TOP, classes), dropout=0.2)
    if state is not None:
        _fill(list(features), state)
    return network


class Lite0SegDec(MapSegDec):
    """`MapSegDec` on Lite0's inner layers: detail from stride 4 (24 channels), context from 8 (40) and 16 (112).

    Sides must be multiples of 16.
    """

    def __init__(self, channels: int, classes: int, state: Mapping[str, Tensor] | None = None) -> None:
        super().__init__(3, classes)
        self.grey = channels == 1
        parts = body()
        if state is not None:
            _fill(parts, state)
        # Blocks 1 and 2 end stride 4, 3 and 4 stride 8, 5 to 10 stride 16; what is deeper is not used.
        self.stem = nn.Sequential(*parts[:4])
        self.middle, self.deep = nn.Sequential(*parts[4:6]), nn.Sequential(*parts[6:12])
        self.lift = convolution(24, 32, 1)
        self.down = convolution(40, 64, 1)
        self.deeper = convolution(112, 64, 1)
        self.context = nn.Sequential(*(Residual(64, dilation) for dilation in (1, 2)))

    def features(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """N×C×H×W, normalised → N×64×H/8×W/8 of wide context, N×32×H/4×W/4 of fine detail."""
        detail = self.stem(x.expand(-1, 3, -1, -1) if self.grey else x)
        middle = self.middle(detail)
        wide = nn.functional.interpolate(self.deeper(self.deep(middle)), scale_factor=2.0, mode="nearest")
        return self.context(self.down(middle) + wide), self.fine(self.lift(detail))

    def segmentation_parts(self) -> tuple[nn.Module, ...]:
        """What a two-stage training freezes in its second stage."""
        return (*super().segmentation_parts(), self.lift, self.middle, self.deep, self.deeper)


def _fill(parts: list[nn.Module], state: Mapping[str, Tensor]) -> None:
    """The published tensors, convolution by convolution in order. Raises KeyError, RuntimeError for a wrong shape."""
    prefixes = ["_conv_stem _bn0"]
    for index, block in enumerate(part for part in parts if isinstance(part, Block)):
        at = f"_blocks.{index}."
        widened = [f"{at}_expand_conv {at}_bn0"] if len(block.layers) > 5 else []
        prefixes += [*widened, f"{at}_depthwise_conv {at}_bn1", f"{at}_project_conv {at}_bn2"]
    prefixes.append("_conv_head _bn1")
    layers = [m for part in parts for m in part.modules() if isinstance(m, SamePadded | nn.BatchNorm2d)]
    for prefix, conv, norm in zip(prefixes, layers[::2], layers[1::2], strict=False):
        kernel, statistics = prefix.split()
        conv.load_state_dict({"weight": state[f"{kernel}.weight"]})
        names = [name for name in norm.state_dict() if f"{statistics}.{name}" in state]
        norm.load_state_dict({name: state[f"{statistics}.{name}"] for name in names}, strict=False)
