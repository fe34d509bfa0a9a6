"""One RTSP connection through OpenCV's FFmpeg, over TCP.

Over TCP because FFmpeg hands on pictures with lost packets as if they were whole. A read that took longer than its
limit leaves FFmpeg's connection dead: the limit is therefore long, and a thread does the waiting.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np

from engine.domain.inspection import Pixels
from engine.errors import FrameIncomplete, InputError, SourceLost, SourceNotFound
from engine.images.decoding.headers import MAX_PIXELS
from engine.sources.address import Address

KNOCK_S = 3.0
OPEN_S = 5.0
READ_S = 4.0
_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
_TCP = "rtsp_transport;tcp|analyzeduration;1000000|fflags;discardcorrupt|flags;low_delay"
_PLAUSIBLE_FPS = 1000.0


class RtspConnection:
    """Opens when made. Raises SourceNotFound when the camera does not answer or gives no picture."""

    def __init__(self, address: Address) -> None:
        knock(address)
        # One thread: FFmpeg keeps back a picture for each further one.
        limits = [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
            round(OPEN_S * 1000),
            cv2.CAP_PROP_READ_TIMEOUT_MSEC,
            round(READ_S * 1000),
            cv2.CAP_PROP_N_THREADS,
            1,
        ]
        self._host = address.host
        with _options():
            self._capture = cv2.VideoCapture(address.url, cv2.CAP_FFMPEG, limits)
        if not self._capture.isOpened():
            self._capture.release()
            raise SourceNotFound(
                f"The camera at {address.host} answers but gives no picture.",
                "Check the path behind the address, the user name and the password.",
            )
        height = self._whole(cv2.CAP_PROP_FRAME_HEIGHT)
        width = self._whole(cv2.CAP_PROP_FRAME_WIDTH)
        if height * width > MAX_PIXELS:
            self._capture.release()
            raise InputError(f"The camera at {address.host} sends more than 400 megapixels.", "Set a smaller picture.")
        rate = float(self._capture.get(cv2.CAP_PROP_FPS))
        self.size = (height, width)
        self.rate = round(rate, 2) if 0 < rate <= _PLAUSIBLE_FPS else 0.0

    def _whole(self, name: int) -> int:
        return max(0, int(self._capture.get(name)))

    def grab(self) -> tuple[float, float | None]:
        """Decode the next picture. Raises SourceLost when the stream ended, broke or stood still for READ_S."""
        if not self._capture.grab():
            raise SourceLost(f"The stream from {self._host} ended.", "Check the camera and the network.")
        return time.monotonic(), float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000

    def pixels(self) -> Pixels:
        """H×W×3 BGR. Raises FrameIncomplete when FFmpeg has none."""
        ok, pixels = self._capture.retrieve()
        if not ok or pixels is None:
            raise FrameIncomplete("A picture of the stream could not be decoded.")
        return np.asarray(pixels, np.uint8)

    def abort(self) -> None:
        """FFmpeg cannot be interrupted; it gives up by itself after READ_S."""

    def close(self) -> None:
        """Hang up."""
        self._capture.release()


@contextmanager
def _options() -> Iterator[None]:
    """OpenCV looks up FFmpeg's options in the environment while it opens."""
    before = os.environ.get(_OPTIONS)
    os.environ[_OPTIONS] = _TCP if before is None else before
    try:
        yield
    finally:
        if before is None:
            del os.environ[_OPTIONS]


def knock(address: Address) -> None:
    """See whether a camera is there and talks: FFmpeg would wait longer and not say why. Raises SourceNotFound."""
    try:
        with socket.create_connection((address.host, address.port), KNOCK_S) as line:
            if address.scheme == "rtsp":
                line.settimeout(KNOCK_S)
                line.sendall(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
                if not line.recv(16).startswith(b"RTSP/"):
                    raise OSError(0, "it does not speak RTSP")
    except OSError as error:
        reason = error.strerror or "no answer"
        raise SourceNotFound(
            f"No camera answers at {address.host}, port {address.port} ({reason}).",
            "Check the address, the cable, and that the camera is on.",
        ) from error
