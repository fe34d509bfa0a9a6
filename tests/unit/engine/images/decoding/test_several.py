"""How many pictures a file holds."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.errors import PictureError
from engine.images.decoding.picture import count, decode
from engine.images.pictures import count_pages, read_picture
from tests.unit.engine.images.decoding.made import jpeg, metal, mpo, png_chunk

FIRST, SECOND = metal(), np.ascontiguousarray(metal()[::-1])


def _animation(suffix: str, *frames: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    moving = cv2.Animation()
    moving.frames = [np.dstack((frame, np.full(frame.shape[:2], 255, np.uint8))) for frame in frames]
    moving.durations = np.full(len(frames), 100)
    done, data = cv2.imencodeanimation(suffix, moving)
    assert done
    return bytes(data.tobytes())


@pytest.mark.parametrize("suffix", [".webp", ".png", ".gif"])
def test_every_frame_of_an_animation_counts_and_can_be_read(suffix: str) -> None:
    data = _animation(suffix, FIRST, SECOND)
    assert count(data) == 2
    near = 60 if suffix == ".gif" else 40
    for page, frame in enumerate((FIRST, SECOND)):
        assert np.abs(decode(data, page).astype(int) - frame).mean() < near
    assert not np.array_equal(decode(data, 0), decode(data, 1))


@pytest.mark.parametrize("suffix", [".webp", ".png", ".gif", ".jpg", ".bmp", ".pgm", ".ppm"])
def test_a_plain_picture_is_one(suffix: str) -> None:
    done, data = cv2.imencode(suffix, metal(channels=1) if suffix == ".pgm" else FIRST)
    assert done
    assert count(data.tobytes()) == 1
    assert decode(data.tobytes()).shape[:2] == FIRST.shape[:2]


def test_two_pictures_of_a_stereo_camera_are_two() -> None:
    data = mpo(jpeg(FIRST), jpeg(SECOND))
    assert count(data) == 2
    np.testing.assert_array_equal(decode(data, 0), decode(jpeg(FIRST)))
    np.testing.assert_array_equal(decode(data, 1), decode(jpeg(SECOND)))


def test_a_preview_is_no_picture_and_neither_is_a_gain_map() -> None:
    assert count(mpo(jpeg(FIRST), jpeg(FIRST[::4, ::4].copy()), 0x010001)) == 1
    small = jpeg(FIRST[::4, ::4].copy())
    note = b"\xff\xe1\x00\x14" + b"<x xmlns:hdrgm:1/>"
    assert count(mpo(jpeg(FIRST), small[:2] + note + small[2:], 0)) == 1


def test_a_file_of_several_is_refused_unless_one_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "both.jpg"
    path.write_bytes(mpo(jpeg(FIRST), jpeg(SECOND)))
    with pytest.raises(PictureError, match="2 pictures") as caught:
        read_picture(path)
    assert caught.value.name == str(path)
    assert count_pages(path) == 2
    np.testing.assert_array_equal(read_picture(path, 1), decode(jpeg(SECOND)))


def test_a_png_that_promises_frames_and_lies_is_one_broken_file() -> None:
    done, data = cv2.imencode(".png", FIRST)
    assert done
    whole = data.tobytes()
    promise = png_chunk(b"acTL", (3).to_bytes(4, "big") + bytes(4))
    assert count(whole[:33] + promise + whole[33:]) == 3
