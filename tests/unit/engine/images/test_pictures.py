from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.errors import PictureError
from engine.images.decoding.headers import header_size, png_complete
from engine.images.pictures import MAX_BYTES, read_picture

SUFFIXES = (".png", ".jpg", ".bmp", ".tif", ".webp")


def _write(path: Path, pixels: NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.float32]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    ok, data = cv2.imencode(path.suffix.lower(), pixels)
    assert ok
    path.write_bytes(data.tobytes())
    return path


def _picture(height: int = 60, width: int = 80) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("folder", ["plain", "mit Leerzeichen ü %20 検査"])
def test_every_format_is_read_from_any_path(tmp_path: Path, suffix: str, folder: str) -> None:
    pixels = read_picture(_write(tmp_path / folder / f"ä{suffix}", _picture()))
    assert pixels.shape == (60, 80, 3)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous


def test_grey_stays_grey_sixteen_bits_stay_and_alpha_goes(tmp_path: Path) -> None:
    grey = _picture()[:, :, 0]
    deep = grey.astype(np.uint16) * 257
    clear = np.dstack((_picture(), grey))
    np.testing.assert_array_equal(read_picture(_write(tmp_path / "grey.png", grey)), grey)
    np.testing.assert_array_equal(read_picture(_write(tmp_path / "deep.tif", deep)), deep)
    np.testing.assert_array_equal(read_picture(_write(tmp_path / "clear.png", clear)), _picture())


def test_camera_rotation_tag_does_not_turn_the_pixels(tmp_path: Path) -> None:
    path = _write(tmp_path / "turned.jpg", _picture())
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0)
    exif = b"Exif\x00\x00MM\x00*" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 0)
    plain = read_picture(path)
    data = path.read_bytes()
    path.write_bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:])
    np.testing.assert_array_equal(read_picture(path), plain)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.97])
def test_truncated_picture_is_refused_by_name(tmp_path: Path, suffix: str, share: float) -> None:
    path = _write(tmp_path / f"short{suffix}", _picture())
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(PictureError, match="short") as caught:
        read_picture(path)
    assert caught.value.remedy


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_half_copied_picture_with_a_tail_of_zeros_is_refused(tmp_path: Path, suffix: str) -> None:
    path = _write(tmp_path / f"half{suffix}", _picture())
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
    with pytest.raises(PictureError, match="truncated"):
        read_picture(path)


def test_end_marker_of_an_embedded_thumbnail_does_not_pass_for_the_picture_s(tmp_path: Path) -> None:
    ok, data = cv2.imencode(".jpg", _picture())
    assert ok
    whole, thumbnail = data.tobytes(), b"\xff\xd8 small \xff\xd9"
    segment = b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    path = tmp_path / "part.jpg"
    path.write_bytes(whole[:2] + segment + whole[2:])
    assert read_picture(path).shape == (60, 80, 3)
    path.write_bytes(whole[:2] + segment + whole[2:-40])
    with pytest.raises(PictureError, match="truncated"):
        read_picture(path)


def test_damaged_png_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path / "flipped.png", _picture())
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(PictureError, match="damaged"):
        read_picture(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_header_tells_the_size_before_decoding(suffix: str) -> None:
    ok, data = cv2.imencode(suffix, _picture(33, 47))
    assert ok
    assert header_size(data.tobytes()) == (33, 47)


def test_lossless_webp_header_tells_the_size() -> None:
    ok, data = cv2.imencode(".webp", _picture(33, 47), [cv2.IMWRITE_WEBP_QUALITY, 101])
    assert ok
    assert header_size(data.tobytes()) == (33, 47)


@given(st.sampled_from((b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"BM", b"RIFF1234WEBPVP8X", b"II*\x00", b"MM\x00*", b"")))
def test_header_of_a_stump_tells_no_size(start: bytes) -> None:
    assert header_size(start) is None


@given(st.binary(max_size=200), st.sampled_from((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\x00", b"RIFF")))
def test_noise_behind_a_magic_number_does_not_break_the_reader(noise: bytes, start: bytes) -> None:
    header_size(start + noise)
    png_complete(start + noise)


def test_picture_of_more_than_400_megapixels_is_refused_unread(tmp_path: Path) -> None:
    path = _write(tmp_path / "huge.bmp", _picture())
    data = bytearray(path.read_bytes())
    data[18:26] = struct.pack("<ii", 30_000, 20_000)
    path.write_bytes(data)
    with pytest.raises(PictureError, match="30000×20000"):
        read_picture(path)


def test_file_of_more_than_512_megabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "vast.tif"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(PictureError, match="512 MB"):
        read_picture(path)


def test_picture_of_floats_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path / "float.tiff", np.ones((8, 8), np.float32))
    with pytest.raises(PictureError, match="float32"):
        read_picture(path)


def test_missing_file_and_text_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("not a picture")
    for name in ("text.png", "gone.png"):
        with pytest.raises(PictureError, match=name):
            read_picture(tmp_path / name)
