"""A GigE Vision camera that shows the pictures of a folder: `python -m tests.peers.gige_camera SERIAL FOLDER`.

Aravis' own camera (GVCP and GVSP on 127.0.0.1), its fill-pattern callback replaced: each frame is the next picture in
natural order, then again from the first. The n-th frame has id n, so the file is known by (id - 1) mod their number.
All pictures must have one size; grey ones go as Mono8 or Mono16, coloured ones as RGB8. Grey saved as three equal
channels is grey. Called through ctypes: the callback must write into the buffer, of which PyGObject gives a copy.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import itertools
import signal
import sys
from pathlib import Path

import numpy as np

from engine.domain.inspection import Pixels
from engine.images.listing import list_pictures
from engine.images.pictures import read_picture

_SENSOR_WIDTH, _SENSOR_HEIGHT, _WIDTH, _HEIGHT, _PIXEL_FORMAT = 0x118, 0x11C, 0x100, 0x104, 0x128
_MONO8, _MONO16, _RGB8 = 0x01080001, 0x01100007, 0x02180014
_FILL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_uint32)


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(ctypes.util.find_library("aravis-0.8") or "libaravis-0.8.so.0")
    pointer = ctypes.c_void_p
    for name, result, arguments in (
        ("arv_gv_fake_camera_new", pointer, (ctypes.c_char_p, ctypes.c_char_p)),
        ("arv_gv_fake_camera_is_running", ctypes.c_int, (pointer,)),
        ("arv_gv_fake_camera_get_fake_camera", pointer, (pointer,)),
        ("arv_fake_camera_write_register", ctypes.c_int, (pointer, ctypes.c_uint32, ctypes.c_uint32)),
        ("arv_fake_camera_set_fill_pattern", None, (pointer, _FILL, pointer)),
        ("arv_fake_camera_get_payload", ctypes.c_size_t, (pointer,)),
        ("arv_buffer_get_data", pointer, (pointer, pointer)),
        ("arv_buffer_set_frame_id", None, (pointer, ctypes.c_uint64)),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _grey(pixels: Pixels) -> bool:
    return pixels.ndim == 2 or bool(np.all(pixels == pixels[..., :1]))


def _wire(pixels: Pixels, code: int) -> bytes:
    if code == _RGB8:
        colour = pixels if pixels.ndim == 3 else np.repeat(pixels[..., np.newaxis], 3, axis=2)
        return np.ascontiguousarray(colour[..., ::-1]).tobytes()
    return np.ascontiguousarray(pixels if pixels.ndim == 2 else pixels[..., 0]).tobytes()


def serve(serial: str, folder: Path) -> None:
    """Be that camera until killed."""
    library, files = _library(), list_pictures(folder)
    pictures = [read_picture(file) for file in files]
    height, width = pictures[0].shape[:2]
    assert all(picture.shape[:2] == (height, width) for picture in pictures), "pictures of several sizes"
    code = (_MONO16 if pictures[0].dtype == np.uint16 else _MONO8) if all(map(_grey, pictures)) else _RGB8
    wires = [_wire(picture, code) for picture in pictures]
    turns = itertools.count()

    @_FILL
    def fill(buffer: int, _data: int, _exposure: int, _gain: int, _code: int) -> None:
        turn = next(turns)
        wire = wires[turn % len(wires)]
        # The buffer is as large as what the registers ask for, which a smaller region may have lessened.
        room = library.arv_fake_camera_get_payload(inner)
        ctypes.memmove(library.arv_buffer_get_data(buffer, None), wire, min(room, len(wire)))
        library.arv_buffer_set_frame_id(buffer, turn % 65535 + 1)

    camera = library.arv_gv_fake_camera_new(b"127.0.0.1", serial.encode())
    if not library.arv_gv_fake_camera_is_running(camera):
        sys.exit("the camera's port on 127.0.0.1 is taken")
    inner = library.arv_gv_fake_camera_get_fake_camera(camera)
    # Aravis' description of its camera takes the sensor's sides for one another.
    side = max(width, height)
    registers = {_SENSOR_WIDTH: side, _SENSOR_HEIGHT: side, _WIDTH: width, _HEIGHT: height, _PIXEL_FORMAT: code}
    for address, value in registers.items():
        library.arv_fake_camera_write_register(inner, address, value)
    library.arv_fake_camera_set_fill_pattern(inner, fill, None)
    while True:
        signal.pause()


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]))
