"""Seeded noise that surfaces, light and defects are made of; everything float32 unless said otherwise."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
Picture = NDArray[np.uint8]


def generator(*keys: int) -> np.random.Generator:
    """A PCG64 stream that depends on the keys and on nothing else."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(keys)))


def white(rng: np.random.Generator, height: int, width: int) -> Field:
    """Independent normal values, mean 0, deviation 1."""
    return rng.standard_normal((height, width), dtype=np.float32)


def unit(field: Field) -> Field:
    """The field shifted and scaled to mean 0 and deviation 1."""
    mean, deviation = cv2.meanStdDev(field)
    return np.asarray((field - float(mean[0, 0])) / max(float(deviation[0, 0]), 1e-6), dtype=np.float32)


def streaks(rng: np.random.Generator, height: int, width: int, length: int, thick: float = 0.0) -> Field:
    """Noise drawn out along x over about `length` pixels and over `thick` across: the grain of brushing or rolling."""
    field = np.asarray(cv2.blur(white(rng, height, width), (length, 1)), dtype=np.float32)
    if thick > 0:
        field = _across(field, thick)
    return unit(np.asarray(field, dtype=np.float32))


def _across(field: Field, thick: float) -> Field:
    size = 2 * round(3 * thick) + 1
    kernel = cv2.getGaussianKernel(size, thick, cv2.CV_32F)
    return np.asarray(cv2.sepFilter2D(field, -1, np.ones((1, 1), np.float32), kernel), dtype=np.float32)


def clouds(rng: np.random.Generator, shape: tuple[int, ...], scale: float, aspect: float = 1.0) -> Field:
    """Smooth noise with features of about `scale` pixels across and `aspect` times that along x; mean 0, deviation 1.

    Made small and enlarged, because a blur that wide costs more than the whole picture.
    """
    height, width = shape
    rows = max(4, round(height / scale) + 3)
    columns = max(4, round(width / (scale * aspect)) + 3)
    small = white(rng, rows, columns)
    big = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return unit(np.asarray(big, dtype=np.float32))


def line(rng: np.random.Generator, count: int, smooth: float) -> Field:
    """A smooth 1-D random curve of `count` values, features of about `smooth`, mean 0, deviation 1 (roughly)."""
    knots = max(4, round(count / smooth) + 3)
    small = white(rng, 1, knots)
    return np.asarray(cv2.resize(small, (count, 1), interpolation=cv2.INTER_CUBIC)[0], dtype=np.float32)


def as_grey(field: Field) -> Picture:
    """The field rounded and clipped to uint8."""
    return np.asarray(cv2.convertScaleAbs(np.maximum(field, 0)), dtype=np.uint8)
