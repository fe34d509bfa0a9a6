"""A head's sum divided among the places that gave it: exactly, for what it is linear in is made of places.

Of a channel with values x, mean m, deviation s and maximum t over n places, where M, S and T are the usual ones:

    mean       m = 1/n Σ x                      each place gives x - M
    deviation  s = 1/n Σ (x - m)² / s           each place gives (x - m)² / s - S
    maximum    t                                the k places that hold it give (t - T) n / k, the others nothing

The mean of these over the places is m - M, s - S and t - T, so the mean of a map of evidence, weighed as the head
weighs, is the head's sum: nothing is added and nothing is left out. Laying a coarser map on the finer grid linearly
keeps its mean too.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import openvino.opset13 as op
from numpy.typing import NDArray

from engine.backbone.description import GRID, on_grid, parts, pooled
from engine.backbone.network import CHANNELS, STRIDES

Floats = NDArray[np.float64]

_TINY = np.float32(1e-12)


def layout() -> list[slice]:
    """Where each tap's numbers stand in the description of the whole picture."""
    ends = np.cumsum([0, *(3 * count for count in CHANNELS)])
    return [slice(int(begin), int(end)) for begin, end in pairwise(ends)]


def given(tap: Any, usual: Floats) -> Any:
    """1×3C×h×w of a tap 1×C×h×w: what each place gives to each of its numbers beyond the usual."""
    mean, deviation, top = (op.unsqueeze(part, np.array([2, 3])) for part in parts(tap))
    usual_mean, usual_deviation, usual_top = np.split(np.asarray(usual, np.float32)[None, :, None, None], 3, axis=1)
    apart = op.power(op.subtract(tap, mean), np.float32(2.0))
    spread = op.subtract(op.divide(apart, op.maximum(deviation, _TINY)), usual_deviation)
    held = op.convert(op.equal(tap, top), "f32")
    shares = op.divide(held, op.reduce_mean(held, np.array([2, 3]), True))
    return op.concat([op.subtract(tap, usual_mean), spread, op.multiply(shares, op.subtract(top, usual_top))], 1)


def fixed(taps: Any, usual: Floats, weights: Floats) -> Any:
    """1×K×h×w of a head that weighs a description by 1488×K numbers: its sums' evidence, on the grid of stride 8."""
    maps = []
    for tap, part, stride in zip(taps, layout(), STRIDES, strict=True):
        kernel = np.asarray(weights[part].T, np.float32)[:, :, None, None]
        evidence = op.convolution(given(tap, usual[part]), kernel, [1, 1], [0, 0], [0, 0], [1, 1])
        maps.append(_on_grid(evidence, stride))
    return _sum(maps)


def turning(taps: Any, usual: Floats, weights: Any) -> Any:
    """1×1×h×w where the weights are a result of the graph themselves: 1×1488."""
    maps = []
    for tap, part, stride in zip(taps, layout(), STRIDES, strict=True):
        mine = op.slice(weights, np.array([part.start]), np.array([part.stop]), np.array([1]), np.array([1]))
        column = op.unsqueeze(mine, np.array([2, 3]))
        evidence = op.reduce_sum(op.multiply(given(tap, usual[part]), column), np.array([1]), True)
        maps.append(_on_grid(evidence, stride))
    return _sum(maps)


def _on_grid(evidence: Any, stride: int) -> Any:
    if stride < GRID:
        return pooled(evidence, GRID // stride)
    return on_grid(evidence, stride // GRID) if stride > GRID else evidence


def _sum(maps: list[Any]) -> Any:
    first, *rest = maps
    for one in rest:
        first = op.add(first, one)
    return first
