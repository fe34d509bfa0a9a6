"""A USB camera for the tests: a capture that lies as OpenCV's does, and a list of devices to plug it in and out of.

What it copies of OpenCV (modules/videoio, cap_v4l.cpp and cap_msmf.cpp; issues 5746, 6107, 14044): `isOpened` stays
true after unplugging; reading then fails (V4L2) or hands out the last picture again as a success (others); `set` says
yes to values that the driver clamps; width and height are taken together, when both were set; `get` is -1 for what the
camera does not have.
"""

from __future__ import annotations

import time
from typing import Any

import cv2
import numpy as np

from engine.sources.uvc.camera import System
from engine.sources.uvc.settings import V4L_UNITS, Units
from engine.sources.uvc.v4l import EXPOSURE_ABSOLUTE, EXPOSURE_AUTO, ControlLimits, Device

SIZES = ((640, 480), (1280, 720), (1920, 1080))
DEVICE = Device(0, "Line Camera", "046d", "0825", "ABC123", "1-1.2:1.0")
LIMITS = ControlLimits(
    {EXPOSURE_AUTO: (0, 3, 1), EXPOSURE_ABSOLUTE: (3, 2047, 1)},
    {EXPOSURE_AUTO: (1, 3)},
    {"MJPG": SIZES, "YUYV": SIZES[:1], "Y16": SIZES[:1], "GREY": SIZES[:1]},
)


def code(letters: str) -> int:
    """The number of a pixel format."""
    return int.from_bytes(letters.ljust(4).encode(), "little")


class FakeCamera:
    """The device and every capture on it."""

    def __init__(self) -> None:
        self.present = [DEVICE]
        self.busy = self.old_frames = self.stuck = self.torn = False
        self.stamps = True
        self.count = 0
        self.opened: list[tuple[int, int]] = []
        self.released = 0
        self.last: Any = None
        self.last_stamp = 0.0
        self.values = {
            cv2.CAP_PROP_FRAME_WIDTH: 640.0,
            cv2.CAP_PROP_FRAME_HEIGHT: 480.0,
            cv2.CAP_PROP_FPS: 30.0,
            cv2.CAP_PROP_FOURCC: float(code("YUYV")),
            cv2.CAP_PROP_AUTO_EXPOSURE: 3.0,
            cv2.CAP_PROP_EXPOSURE: 157.0,
            cv2.CAP_PROP_CONVERT_RGB: 1.0,
        }

    def system(self, units: Units = V4L_UNITS, *, listed: bool = True, limits: ControlLimits = LIMITS) -> System:
        """In place of this machine."""
        return System(
            lambda index, backend: FakeCapture(self, index, backend),
            (cv2.CAP_V4L2,) if listed else (cv2.CAP_MSMF, cv2.CAP_DSHOW),
            self._wait,
            lambda: list(self.present),
            lambda _device: limits,
            units,
            listed,
        )

    def unplug(self) -> None:
        """Pull the plug."""
        self.present = []

    def _wait(self, capture: Any, timeout: float) -> bool:
        time.sleep(min(timeout, 0.002))
        return not self.stuck


class FakeCapture:
    """cv2.VideoCapture."""

    def __init__(self, camera: FakeCamera, index: int, backend: int) -> None:
        self._camera = camera
        self._half: dict[int, float] = {}
        camera.opened.append((index, backend))
        self._open = not camera.busy

    def isOpened(self) -> bool:
        return self._open

    def grab(self) -> bool:
        camera = self._camera
        if camera.present or not camera.last_stamp:
            camera.count += 1
            camera.last_stamp = time.monotonic() * 1000
            camera.last = self._picture()
            return True
        return camera.old_frames

    def retrieve(self) -> tuple[bool, Any]:
        return self._camera.last is not None, self._camera.last

    def _picture(self) -> Any:
        values = self._camera.values
        shape = int(values[cv2.CAP_PROP_FRAME_HEIGHT]), int(values[cv2.CAP_PROP_FRAME_WIDTH])
        fourcc, grey = int(values[cv2.CAP_PROP_FOURCC]), self._camera.count % 200
        if values[cv2.CAP_PROP_CONVERT_RGB]:
            return np.full((*shape, 3), grey, np.uint8)
        if fourcc == code("MJPG"):
            jpeg = cv2.imencode(".jpg", np.full((*shape, 3), grey, np.uint8))[1].reshape(1, -1)
            return jpeg[:, : jpeg.size // 2] if self._camera.torn else jpeg
        return np.full(shape, grey * 16 + 3, np.uint16) if fourcc == code("Y16") else np.full(shape, grey, np.uint8)

    def get(self, prop: int, /) -> float:
        if prop == cv2.CAP_PROP_POS_MSEC:
            return self._camera.last_stamp if self._camera.stamps else -1.0
        return self._camera.values.get(prop, -1.0)

    def set(self, prop: int, value: float, /) -> bool:
        values = self._camera.values
        if prop in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT):
            self._half[prop] = value
            if len(self._half) == 2:
                asked = self._half[cv2.CAP_PROP_FRAME_WIDTH], self._half[cv2.CAP_PROP_FRAME_HEIGHT]
                made = min(SIZES, key=lambda size: abs(size[0] * size[1] - asked[0] * asked[1]))
                values[cv2.CAP_PROP_FRAME_WIDTH], values[cv2.CAP_PROP_FRAME_HEIGHT] = map(float, made)
                self._half = {}
        elif prop == cv2.CAP_PROP_EXPOSURE:
            if values[cv2.CAP_PROP_AUTO_EXPOSURE] in (1.0, 0.25):
                values[prop] = value
        elif prop == cv2.CAP_PROP_FPS:
            values[prop] = min((5.0, 15.0, 30.0), key=lambda rate: abs(rate - value))
        elif prop in values:
            values[prop] = value
        return True

    def release(self) -> None:
        self._camera.released += 1
