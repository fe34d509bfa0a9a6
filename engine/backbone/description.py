"""What is read off the taps: 1,488 numbers of the whole picture, 352 of each of its places.

Whole picture, tap after tap (strides 4, 8, 16, 32): the mean of each channel over the tap's places, then the standard
deviation (over all places, not one less), then the maximum. The mean says what the part is made of, the deviation how
uneven it is, the maximum that there is something somewhere, however small.

Places lie on the grid of stride 8. A place's numbers: the tap at stride 4, its four places averaged; the tap at stride
8; the tap at stride 16, laid linearly between its places; then the same 176 numbers averaged over the 7×7 places
around (mirrored at the edge). A head that is linear in them weighs a place against what lies around it, which is what a
crack in rough metal differs by; averages are even in all directions, so they hold for a part that is turned. The tap at
stride 32 sees half a casting at once and says nothing about where.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import openvino.opset13 as op

from engine.backbone.network import CHANNELS

VERSION = 1
"""Of all that stands above; a description of one version means nothing to a head of another."""
WHOLE = 3 * sum(CHANNELS)
PLACE = 2 * sum(CHANNELS[:3])
GRID = 8
"""Pixels between places."""
AROUND = 7
"""Places to a side that make a place's context."""


def whole(taps: Sequence[Any]) -> Any:
    """1×1488 of the four taps."""
    return op.concat([part for tap in taps for part in parts(tap)], 1)


def parts(tap: Any) -> tuple[Any, Any, Any]:
    """Mean, deviation and maximum of a tap's channels, 1×C each."""
    places = np.array([2, 3])
    mean = op.reduce_mean(tap, places, True)
    spread = op.sqrt(op.reduce_mean(op.power(op.subtract(tap, mean), np.float32(2.0)), places, False))
    return op.squeeze(mean, places), spread, op.reduce_max(tap, places, False)


def patches(taps: Sequence[Any]) -> Any:
    """1×352×h×w on the grid of stride 8."""
    own = places(taps)
    return op.concat([own, around(own)], 1)


def places(taps: Sequence[Any]) -> Any:
    """1×176×h×w: the places' own numbers."""
    fine, middle, coarse = taps[:3]
    return op.concat([pooled(fine, 2), middle, on_grid(coarse, 2)], 1)


def on_grid(tap: Any, factor: int) -> Any:
    """A coarser tap or map laid linearly between its places, so many times as many to a side."""
    height, width = (side * factor for side in list(tap.shape)[2:])
    return op.interpolate(
        tap, np.array([height, width]), "linear_onnx", "sizes", axes=np.array([2, 3]),
        coordinate_transformation_mode="half_pixel",
    )  # fmt: skip


def pooled(tap: Any, side: int) -> Any:
    """A finer tap or map averaged over so many places to a side."""
    none = [0, 0]
    return op.avg_pool(tap, [side, side], none, none, [side, side], True)


def around(values: Any) -> Any:
    """Averaged over AROUND places to a side, mirrored at the edge (no place twice)."""
    reach = AROUND // 2
    ends = np.array([0, 0, reach, reach])
    wide = op.pad(values, ends, ends, "reflect")
    return op.avg_pool(wide, [1, 1], [0, 0], [0, 0], [AROUND, AROUND], True)
