"""Heads as named arrays, for a safetensors file: float32, and read back into the same scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.learning.class_head import ClassHead
from engine.learning.good_only import GoodOnly
from engine.learning.normality import Normality
from engine.learning.patch_head import PatchHead
from engine.learning.ridge import Linear, Standard
from engine.learning.taught import Floats

Arrays = dict[str, NDArray[np.float32]]


def kept(head: ClassHead | GoodOnly | PatchHead | Normality) -> Arrays:
    """The arrays of one head. A class head's names of classes are the manifest's, in its order."""
    match head:
        case ClassHead(_, linear):
            found = {**_standard(linear.standard), "weights": linear.weights, "bias": linear.bias}
        case GoodOnly(standard, axes, slope, centre, width):
            found = {**_standard(standard), "axes": axes, "slope": slope, "scale": np.array([centre, width])}
        case PatchHead(weights, bias, gain, offset):
            found = {"weights": weights, "scale": np.array([bias, gain, offset])}
        case Normality(mean, deviation, centre, width):
            found = {"mean": mean, "deviation": deviation, "scale": np.array([centre, width])}
    return {name: np.ascontiguousarray(values, np.float32) for name, values in found.items()}


def class_head(arrays: Mapping[str, NDArray[np.float32]], classes: Sequence[str]) -> ClassHead:
    """Read back. Raises InputError where arrays are missing or fit neither each other nor the classes."""
    mean, deviation, weights, bias = _read(arrays, "mean", "deviation", "weights", "bias")
    _must(
        mean.shape == deviation.shape and weights.shape == (mean.size, len(classes)) and bias.shape == (len(classes),)
    )
    return ClassHead(tuple(classes), Linear(Standard(mean, deviation), weights, bias))


def good_only(arrays: Mapping[str, NDArray[np.float32]]) -> GoodOnly:
    """Read back. Raises InputError where arrays are missing or do not fit each other."""
    mean, deviation, axes, slope, scale = _read(arrays, "mean", "deviation", "axes", "slope", "scale")
    _must(
        mean.shape == deviation.shape == slope.shape
        and axes.ndim == 2
        and len(axes) == mean.size
        and scale.shape == (2,)
    )
    return GoodOnly(Standard(mean, deviation), axes, slope, float(scale[0]), float(scale[1]))


def patch_head(arrays: Mapping[str, NDArray[np.float32]]) -> PatchHead:
    """Read back. Raises InputError where arrays are missing or do not fit each other."""
    weights, scale = _read(arrays, "weights", "scale")
    _must(weights.ndim == 1 and scale.shape == (3,))
    return PatchHead(weights, float(scale[0]), float(scale[1]), float(scale[2]))


def normality(arrays: Mapping[str, NDArray[np.float32]]) -> Normality:
    """Read back. Raises InputError where arrays are missing or do not fit each other."""
    mean, deviation, scale = _read(arrays, "mean", "deviation", "scale")
    _must(mean.ndim == 3 and mean.shape == deviation.shape and scale.shape == (2,))
    return Normality(mean, deviation, float(scale[0]), float(scale[1]))


def _standard(standard: Standard) -> dict[str, Floats]:
    return {"mean": standard.mean, "deviation": standard.deviation}


def _read(arrays: Mapping[str, NDArray[np.float32]], *names: str) -> list[Floats]:
    _must(all(name in arrays and np.isfinite(arrays[name]).all() for name in names))
    return [np.asarray(arrays[name], np.float64) for name in names]


def _must(fits: bool) -> None:
    if not fits:
        raise InputError("The learnt part of the model is damaged.", "Learn it again, or import the package anew.")
