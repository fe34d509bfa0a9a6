"""A JPEG is judged whole or not at all, and a camera's habits are no damage."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.images.decoding.fault import Fault, Undecodable
from engine.images.decoding.headers import JPEG_END
from engine.images.decoding.jpeg import decode_jpeg
from tests.unit.engine.images.decoding.made import jpeg, metal, scan_of

PROGRESSIVE = (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
RESTARTS = (cv2.IMWRITE_JPEG_RST_INTERVAL, 4)
KINDS = {
    "baseline": (),
    "progressive": PROGRESSIVE,
    "restarts": RESTARTS,
    "optimised": (cv2.IMWRITE_JPEG_OPTIMIZE, 1),
    "4:4:4": (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),
    "4:1:1": (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_411),
}


def _fault(data: bytes) -> Fault:
    with pytest.raises(Undecodable) as caught:
        decode_jpeg(data)
    return caught.value.fault


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_are_those_of_opencv(options: tuple[int, ...], channels: int) -> None:
    data = jpeg(metal(channels=channels), *options)
    np.testing.assert_array_equal(decode_jpeg(data), cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED))


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_a_scan_that_was_cut_and_closed_is_refused(options: tuple[int, ...]) -> None:
    data = jpeg(metal(), *options)
    start = scan_of(data)
    assert _fault(data[: start + (len(data) - start) * 6 // 10] + JPEG_END) is Fault.DAMAGED


@pytest.mark.parametrize("options", [(), RESTARTS], ids=["baseline", "restarts"])
def test_a_hole_in_the_scan_is_refused(options: tuple[int, ...]) -> None:
    data = bytearray(jpeg(metal(), *options))
    middle = (scan_of(bytes(data)) + len(data)) // 2
    data[middle : middle + 400] = bytes(400)
    assert _fault(bytes(data)) is Fault.DAMAGED


def test_a_picture_that_begins_anew_in_the_middle_is_refused() -> None:
    data = jpeg(metal())
    assert _fault(data[: (scan_of(data) + len(data)) // 2] + data) is Fault.DAMAGED


def test_a_lost_restart_is_refused() -> None:
    data = jpeg(metal(), *RESTARTS)
    first, second = data.index(b"\xff\xd1"), data.index(b"\xff\xd3")
    assert _fault(data[:first] + data[second:]) is Fault.DAMAGED


@pytest.mark.parametrize(
    "habit",
    [
        lambda data: data + b"maker's notes behind the end" * 9,
        lambda data: data + bytes(512),
        lambda data: data[:-2],
        lambda data: data[:-2] + b"\x00" + JPEG_END,
        lambda data: data[:-2] + bytes(9) + JPEG_END + bytes(3),
        lambda data: data[:-2] + b"\xff\xff\xff" + JPEG_END,
        lambda data: data[:2] + b"\xff\xe5\x00\x08maker!" + data[2:],
        lambda data: data[:2] + b"\xff\xff\xff" + data[3:],
    ],
    ids=["text behind", "zeros behind", "no end", "odd byte", "padding", "filled", "a maker's segment", "fill bytes"],
)
@pytest.mark.parametrize("options", [(), RESTARTS, PROGRESSIVE], ids=["baseline", "restarts", "progressive"])
def test_habits_of_cameras_are_no_damage(habit: object, options: tuple[int, ...]) -> None:
    assert callable(habit)
    data = jpeg(metal(), *options)
    np.testing.assert_array_equal(decode_jpeg(habit(data)), decode_jpeg(data))


def test_bytes_that_say_something_and_were_not_used_are_damage() -> None:
    data = jpeg(metal())
    assert _fault(data[:-2] + b"\x5a\xa5\x33" + JPEG_END) is Fault.DAMAGED


def test_a_sequential_scan_may_tell_its_range_wrongly() -> None:
    data = jpeg(metal())
    at = scan_of(data)
    odd = data[: at - 3] + b"\x00\x00\x00" + data[at:]
    np.testing.assert_array_equal(decode_jpeg(odd), decode_jpeg(data))


def test_the_standard_tables_may_be_missing_as_usb_cameras_send_them() -> None:
    data = jpeg(metal())
    short, at = data[:2], 2
    while data[at + 1] != 0xDA:
        length = 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        short += b"" if data[at + 1] == 0xC4 else data[at : at + length]
        at += length
    np.testing.assert_array_equal(decode_jpeg(short + data[at:]), decode_jpeg(data))


def test_a_kilobyte_that_claims_380_megapixels_makes_no_room_for_them() -> None:
    data = bytearray(jpeg(metal(16, 16)))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = (19_000).to_bytes(2, "big") + (20_000).to_bytes(2, "big")
    assert _fault(bytes(data)) is Fault.DAMAGED


@pytest.mark.parametrize(
    ("place", "value", "fault"), [(4, 12, Fault.KIND), (1, 0xC3, Fault.KIND), (9, 2, Fault.CHANNELS)]
)
def test_kinds_that_are_not_read_are_named(place: int, value: int, fault: Fault) -> None:
    data = bytearray(jpeg(metal()))
    data[data.index(b"\xff\xc0") + place] = value
    assert _fault(bytes(data)) is fault


def test_a_progressive_picture_without_its_last_scans_is_refused() -> None:
    data = jpeg(metal(), *PROGRESSIVE)
    last = data.rindex(b"\xff\xda")
    assert _fault(data[:last] + JPEG_END) is Fault.DAMAGED
    assert _fault(data[:last]) is Fault.DAMAGED
    assert _fault(data[:-40]) is Fault.DAMAGED


def test_a_plain_surface_may_be_coded_in_zeros() -> None:
    plain = np.full((1024, 1280), 128, np.uint8)
    data = jpeg(plain, cv2.IMWRITE_JPEG_OPTIMIZE, 1)
    assert bytes(64) in data[scan_of(data) :]
    assert decode_jpeg(data).shape == plain.shape
