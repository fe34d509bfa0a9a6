"""What a mask file's values mean, as tools write them, and which ones can mean anything."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.domain.inspection import Pixels
from engine.errors import DatasetError
from engine.images.decoding.headers import PNG_START
from tests.labelled import SIZE, box_mask
from trainer.formats.samples.mask_files import MAX_KINDS, read_mask

BOX = box_mask(4, 5, 17, 15)
EMPTY = np.zeros(SIZE, np.uint8)
ON = BOX > 0


def write(path: Path, pixels: NDArray[np.generic], *options: int) -> Path:
    path.write_bytes(cv2.imencode(path.suffix, pixels, options)[1].tobytes())
    return path


def painted(*colours: tuple[int, int, int]) -> Pixels:
    """Ground, the box, and where there is a third the box's upper half."""
    pixels = np.full((*SIZE, 3), colours[0], np.uint8)
    pixels[ON] = colours[1]
    if len(colours) > 2:
        pixels[5:10, 4:17] = colours[2]
    return pixels


def valued(set_: int, ground: int = 0, kind: type[np.unsignedinteger] = np.uint8) -> Pixels:
    return np.where(ON, set_, ground).astype(kind)


def palette(path: Path, index: Pixels, colours: list[tuple[int, int, int]]) -> Path:
    """A PNG of colour type 3, whose pixels are numbers of `colours` (RGB), in as few bits as hold them all."""
    bits = next(bits for bits in (1, 2, 4, 8) if len(colours) <= 1 << bits)
    rows = [np.packbits(np.unpackbits(row[:, None], axis=1)[:, -bits:].ravel()).tobytes() for row in index]
    header = struct.pack(">IIBBBBB", index.shape[1], index.shape[0], bits, 3, 0, 0, 0)
    drawn = zlib.compress(b"".join(b"\0" + row for row in rows))
    flat = bytes(value for colour in colours for value in colour)
    chunks = ((b"IHDR", header), (b"PLTE", flat), (b"IDAT", drawn), (b"IEND", b""))
    path.write_bytes(
        PNG_START
        + b"".join(struct.pack(">I", len(c)) + n + c + struct.pack(">I", zlib.crc32(n + c)) for n, c in chunks)
    )
    return path


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif"])
@pytest.mark.parametrize("value", [1, 2, 38, 127, 128, 255])
def test_every_value_but_0_is_set(tmp_path: Path, suffix: str, value: int) -> None:
    assert np.array_equal(read_mask(write(tmp_path / f"a{suffix}", valued(value))), BOX)


@pytest.mark.parametrize("value", [1, 255, 256, 32767, 65535])
def test_16_bits_are_set_likewise(tmp_path: Path, value: int) -> None:
    mask = read_mask(write(tmp_path / "a.png", valued(value, kind=np.uint16)))
    assert np.array_equal(mask, BOX) and mask.dtype == np.uint8


def test_class_numbers_are_set_one_and_all(tmp_path: Path) -> None:
    numbers = np.zeros(SIZE, np.uint8)
    numbers[ON] = np.arange(ON.sum()) % (MAX_KINDS - 1) + 1
    assert np.array_equal(read_mask(write(tmp_path / "a.png", numbers)), BOX)


@pytest.mark.parametrize("colours", [((0, 0, 0), (0, 0, 128)), ((0, 0, 0), (1, 0, 0), (0, 200, 9))])
def test_colours_of_classes_are_set_and_black_is_ground(
    tmp_path: Path, colours: tuple[tuple[int, int, int], ...]
) -> None:
    assert np.array_equal(read_mask(write(tmp_path / "a.png", painted(*colours))), BOX)


def test_alpha_says_nothing(tmp_path: Path) -> None:
    pixels = np.dstack([painted((0, 0, 0), (0, 0, 255)), np.full(SIZE, 255, np.uint8)])
    assert np.array_equal(read_mask(write(tmp_path / "a.png", pixels)), BOX)


def test_palette_with_black_ground_is_set_where_it_is_coloured(tmp_path: Path) -> None:
    path = palette(tmp_path / "a.png", valued(1), [(0, 0, 0), (128, 0, 0)])
    assert np.array_equal(read_mask(path), BOX)


@pytest.mark.parametrize("most", [2, 4, 16, 200])
def test_palette_that_hides_a_value_in_black_is_refused(tmp_path: Path, most: int) -> None:
    unused = [(0, 0, 0)] * (most - 3)
    hidden = painted((0, 0, 0), (1, 1, 1), (2, 2, 2))[:, :, 0]
    for number, index in enumerate((valued(1), valued(1, ground=1), hidden)):
        colours = [(0, 0, 0), (0, 0, 0), (0, 200, 0), *unused] if most > 2 else [(0, 0, 0), (0, 0, 0)]
        path = palette(tmp_path / f"{number}.png", np.minimum(index, most - 1), colours)
        with pytest.raises(DatasetError, match="a palette that shows several values as black"):
            read_mask(path)
    # The rest of a palette is often black, and the ground need not be its first colour.
    assert not read_mask(palette(tmp_path / "sound.png", EMPTY, [(0, 0, 0), (0, 0, 0), *unused])).any()
    ground = palette(tmp_path / "last.png", valued(0, ground=1), [(9, 0, 0), (0, 0, 0), *unused])
    assert np.array_equal(read_mask(ground), BOX)


def test_soft_edges_are_cut_in_the_middle(tmp_path: Path) -> None:
    fine = cv2.GaussianBlur(np.kron(BOX, np.ones((8, 8), np.uint8)), (0, 0), 6)
    assert len(np.unique(fine)) > MAX_KINDS
    assert np.array_equal(read_mask(write(tmp_path / "a.png", fine)), np.where(fine > 127, 255, 0))


@pytest.mark.parametrize("quality", [30, 75, 95])
def test_jpeg_of_0_and_255_is_cut_in_the_middle(tmp_path: Path, quality: int) -> None:
    path = write(tmp_path / "a.jpg", BOX, cv2.IMWRITE_JPEG_QUALITY, quality)
    assert (read_mask(path) != BOX).mean() < 0.02
    black = write(tmp_path / "b.jpg", EMPTY, cv2.IMWRITE_JPEG_QUALITY, quality)
    assert not read_mask(black).any()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tif"])
@pytest.mark.parametrize("value", [0, 255])
def test_nothing_set_and_all_set(tmp_path: Path, suffix: str, value: int) -> None:
    assert (read_mask(write(tmp_path / f"a{suffix}", np.full(SIZE, value, np.uint8))) == value).all()


def test_all_1_is_all_set(tmp_path: Path) -> None:
    assert (read_mask(write(tmp_path / "a.png", np.ones(SIZE, np.uint8))) == 255).all()
    assert (read_mask(write(tmp_path / "b.png", np.full(SIZE, 65535, np.uint16))) == 255).all()


@pytest.mark.parametrize(
    ("suffix", "pixels", "values"),
    [
        (".png", valued(3, ground=2), "its values are 2 to 3"),
        (".png", np.full(SIZE, 128, np.uint8), "its values are 128 to 128"),
        (".png", np.full(SIZE, 255, np.uint16), "its values are 255 to 255"),
        (".png", np.arange(SIZE[0] * SIZE[1], dtype=np.uint16).reshape(SIZE) % 100, "its values are 0 to 99"),
        (".png", painted((255, 255, 255), (0, 0, 255)), "in colour and black nowhere"),
        (".jpg", np.kron(box_mask(0, 0, 2, 2, (3, 4)) // 8, np.ones((8, 8), np.uint8)), "its values are"),
        (".jpg", np.kron(box_mask(0, 0, 2, 2, (3, 4)) // 64, np.ones((8, 8), np.uint8)), "its values are"),
    ],
    ids=["no ground", "grey", "16 bits without ground", "many numbers", "white ground", "grey JPEG", "dark JPEG"],
)
def test_values_that_can_mean_anything_are_refused(tmp_path: Path, suffix: str, pixels: Pixels, values: str) -> None:
    path = write(tmp_path / f"a{suffix}", pixels, *([cv2.IMWRITE_JPEG_QUALITY, 100] if suffix == ".jpg" else []))
    with pytest.raises(DatasetError, match=values) as told:
        read_mask(path)
    assert str(path) in told.value.message and told.value.remedy
