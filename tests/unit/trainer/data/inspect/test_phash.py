"""The perceptual hash stands re-encoding and light, and near hashes are found without comparing all with all."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from trainer.data.inspect.phash import NEAR_BITS, look_alike, near_pairs, perceptual_hash, shrunk


def texture(seed: int) -> NDArray[np.uint8]:
    coarse = np.random.default_rng(seed).integers(20, 200, (12, 12), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (200, 160), interpolation=cv2.INTER_CUBIC), np.uint8)


def bits_apart(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> int:
    return (perceptual_hash(shrunk(one)) ^ perceptual_hash(shrunk(other))).bit_count()


def test_hash_stands_encoding_size_and_light_and_tells_others_apart() -> None:
    picture = texture(1)
    encoded = cv2.imdecode(cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, 50))[1], cv2.IMREAD_GRAYSCALE)
    smaller = cv2.resize(picture, (120, 100), interpolation=cv2.INTER_AREA)
    brighter = (picture * 0.9 + 20).astype(np.uint8)
    for like in (encoded, smaller, brighter):
        assert bits_apart(picture, np.asarray(like, np.uint8)) <= NEAR_BITS
    assert min(bits_apart(picture, texture(seed)) for seed in range(2, 30)) > 10


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 6), st.integers(2, 60))
def test_near_pairs_are_those_of_comparing_all_with_all(seed: int, bits: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    few = rng.integers(0, 2**64, 4, dtype=np.uint64)
    flips = np.uint64(1) << rng.integers(0, 64, (count, 5), dtype=np.uint64)
    hashes = rng.choice(few, count) ^ np.bitwise_xor.reduce(flips, axis=1)
    apart = np.bitwise_count(hashes[:, None] ^ hashes[None])
    wanted = [(i, j) for i in range(count) for j in range(i + 1, count) if apart[i, j] <= bits]
    found = near_pairs(hashes, bits)
    assert [tuple(row) for row in found.rows.tolist()] == wanted and found.complete


def test_too_many_alike_stop_the_search_and_say_so() -> None:
    found = near_pairs(np.full(3000, 7, np.uint64), 4, most=5000)
    assert len(found.rows) == 5000 and not found.complete
    assert not near_pairs(np.zeros(0, np.uint64), 4).rows.size


def test_twenty_thousand_pictures_are_no_table_of_all_pairs() -> None:
    hashes = np.random.default_rng(0).integers(0, 2**64, 20_000, dtype=np.uint64)
    hashes[19_999] = hashes[5] ^ np.uint64(0b1011)
    assert near_pairs(hashes, 4).rows.tolist() == [[5, 19_999]]


def test_like_hashes_of_pictures_that_differ_do_not_count() -> None:
    plain = [np.full((32, 32), level, np.uint8) for level in (50, 51, 90)]
    one = shrunk(texture(1))
    smalls = np.stack([*plain, one, one])
    assert look_alike(smalls, np.full(5, 3, np.uint64)).rows.tolist() == [[0, 1], [3, 4]]
