"""Which pictures look alike: a 64-bit perceptual hash, and the pairs of hashes that differ in a few bits.

The hash is Zauner's DCT hash ("Implementation and Benchmarking of Perceptual Image Hash Functions", 2010, section
3.2.1): the picture at 32×32, its discrete cosine transform, and of the 8×8 lowest frequencies, those that are constant
along an axis left out, whether each is above their median.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 32
NEAR_BITS = 4
"""Hashes of pictures that look alike differ in at most so many of 64 bits."""
NEAR_CORRELATION = 0.99
"""… and the pictures at 32×32 correlate by at least this: parts in one jig have like hashes without being copies."""
MOST_PAIRS = 500_000
_FLAT = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Rows of two pictures each, the lower first; `complete` is False where there were too many to follow up."""

    rows: NDArray[np.int64]
    complete: bool


def shrunk(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """H×W at 32×32."""
    return np.asarray(cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def perceptual_hash(small: NDArray[np.uint8]) -> int:
    """The hash of a picture at 32×32."""
    low = cv2.dct(small.astype(np.float32))[1:9, 1:9].ravel()
    return int.from_bytes(np.packbits(low > np.median(low)).tobytes(), "big")


def look_alike(smalls: NDArray[np.uint8], hashes: NDArray[np.uint64]) -> Pairs:
    """Pairs among N pictures (N×32×32 and their hashes) whose hashes are near and whose pixels correlate."""
    pairs = near_pairs(hashes, NEAR_BITS)
    if not pairs.rows.size:
        return pairs
    flat = smalls.reshape(len(smalls), -1)
    close = [_correlate(flat, rows) for rows in np.array_split(pairs.rows, -(-len(pairs.rows) // 4096))]
    return Pairs(pairs.rows[np.concatenate(close)], pairs.complete)


def near_pairs(hashes: NDArray[np.uint64], bits: int, most: int = MOST_PAIRS) -> Pairs:
    """Every pair of N hashes that differ in at most `bits` bits, `most` at most.

    Two such hashes agree in at least one of `bits` + 1 bands of theirs, so only those that do are compared (multi-index
    hashing, Norouzi et al. 2012): no N×N table, and far fewer comparisons than N² where pictures differ.
    """
    edges = np.linspace(0, 64, bits + 2).astype(int).tolist()
    bands = [np.uint64(((1 << (high - low)) - 1) << low) for low, high in pairwise(edges)]
    found: list[NDArray[np.int64]] = []
    count = 0
    for number, mask in enumerate(bands):
        order = np.argsort(hashes & mask, kind="stable")
        ordered = hashes[order]
        left, step = np.arange(len(hashes)), 1
        while left.size and count <= most:
            left = left[left + step < len(hashes)]
            differ = ordered[left] ^ ordered[left + step]
            left, differ = left[differ & mask == 0], differ[differ & mask == 0]
            near = np.bitwise_count(differ) <= bits
            for earlier in bands[:number]:
                near &= (differ & earlier) != 0  # else that band has found the pair
            both = np.stack((order[left[near]], order[left[near] + step]), axis=1)
            found.append(np.sort(both, axis=1))
            count += len(both)
            step += 1
    rows = np.concatenate(found) if found else np.zeros((0, 2), np.int64)
    rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    return Pairs(rows[:most], complete=count <= most)


def _correlate(flat: NDArray[np.uint8], rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which rows' pictures correlate; pictures without any structure are compared by their brightness."""
    one, other = (flat[rows[:, side]].astype(np.float32) for side in (0, 1))
    means = one.mean(axis=1) - other.mean(axis=1)
    spread = one.std(axis=1), other.std(axis=1)
    product = ((one - one.mean(axis=1, keepdims=True)) * (other - other.mean(axis=1, keepdims=True))).mean(axis=1)
    alike = product >= NEAR_CORRELATION * np.maximum(spread[0] * spread[1], 1e-6)
    plain = (spread[0] < _FLAT) | (spread[1] < _FLAT)
    both = (spread[0] < _FLAT) & (spread[1] < _FLAT) & (np.abs(means) <= 2 * _FLAT)
    return np.asarray(np.where(plain, both, alike), np.bool_)
