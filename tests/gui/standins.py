"""A model and sources that behave as told, through the real protocols."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.domain.inspection import Frame, ModelRef, Pixels, Prediction, Region, Scores, utc_now
from engine.domain.recipe import WHOLE, View
from engine.errors import FrameTimeout, InferenceError, SourceEnded, SourceLost
from engine.packages.manifest import PACKAGE_SCHEMA, ClassSpec, GuardSpec, LimitSpec, Manifest
from engine.packages.package import ModelPackage, write_package
from engine.preprocessing.input_spec import InputSpec
from engine.sources.base import NoSettings
from gui.app import Station
from gui.pages.live.page import LivePage
from gui.window import keys

CLASSES = ("sound", "scratch", "pit", "stain")
DEFECT_SCORES = {"ok": 0.03, "ng": 0.96, "review": 0.5, "unknown": 0.99}


def make_package(folder: Path, name: str = "bench", ng_at: float = 0.5) -> ModelPackage:
    """A complete, verified package; its graph is never run."""
    classes = [ClassSpec(name=c, role="ok" if c == "sound" else "defect") for c in CLASSES]
    manifest = Manifest(
        schema=PACKAGE_SCHEMA,
        name=name,
        kind="classifier",
        architecture="none",
        classes=classes,
        input=InputSpec(height=64, width=64, channels=1),
        thresholds=LimitSpec(ng_at=ng_at, review_from=ng_at - 0.2, review_to=ng_at + 0.2),
        guard=GuardSpec(brightness=(0, 255), contrast_min=0, sharpness_min=0, clipped_max=1, novelty_max=1.0),
    )
    return write_package(folder, manifest, {"model.onnx": name.encode()})


class ScriptedModel:
    """Judges `ok`, `ng`, `review` or `unknown` in the script's order, over and over; `fail` raises."""

    def __init__(self, package: ModelPackage, script: tuple[str, ...] = ("ok",)) -> None:
        self._ref, self._script, self._count = package.ref, script, 0
        self.closed = False

    @property
    def ref(self) -> ModelRef:
        return self._ref

    def run(self, pixels: Pixels, view: View = WHOLE) -> Prediction:
        word = self._script[self._count % len(self._script)]
        self._count += 1
        if word == "fail":
            raise InferenceError("The model failed.", "Load it again.")
        score = DEFECT_SCORES[word]
        scores = Scores(CLASSES, (1 - score, score, 0.0, 0.0))
        heat = _heat(pixels)
        regions: tuple[Region, ...] = ()
        if word != "ok":
            y, x = (int(v) for v in np.unravel_index(int(np.argmax(heat)), heat.shape))
            by, bx = y * pixels.shape[0] // heat.shape[0], x * pixels.shape[1] // heat.shape[1]
            box = (max(0, bx - 40), max(0, by - 30), 80, 60)
            outline = tuple(
                (int(bx + 40 * np.cos(a)), int(by + 30 * np.sin(a))) for a in np.linspace(0, 2 * np.pi, 24, False)
            )
            regions = (Region("scratch", score, box, 3770.0, outline),)
        novelty = 2.5 if word == "unknown" else 0.5
        return Prediction(scores, regions, heat * np.float32(score), self._ref, 0.4, 5.8, novelty=novelty)

    def stream(self, pictures: Iterable[Pixels], view: View = WHOLE) -> Iterator[Prediction]:
        for pixels in pictures:
            yield self.run(pixels, view)

    def close(self) -> None:
        self.closed = True


def _heat(pixels: Pixels) -> np.ndarray:
    grey = pixels if pixels.ndim == 2 else pixels[..., 0]
    small = cv2.resize(grey.astype(np.float32), (64, 52), interpolation=cv2.INTER_AREA)
    odd = cv2.GaussianBlur(np.abs(small - cv2.GaussianBlur(small, (0, 0), 6)), (0, 0), 1.5)
    return np.asarray((odd / max(1e-6, float(odd.max()))) ** 2, dtype=np.float32)


class ScriptedSource(NoSettings):
    """`count` grey frames, one every `every` seconds, not free-running; `lose_at` loses the camera for good."""

    def __init__(
        self, count: int = 5, every: float = 0.0, size: tuple[int, int] = (96, 128), lose_at: int = -1
    ) -> None:
        self._count, self._every, self._size, self._lose_at = count, every, size, lose_at
        self._at = 0
        self.hold = threading.Event()
        """While set, no frame comes."""

    uri = "scripted:"
    free_running = False
    skipped = 0

    @property
    def description(self) -> str:
        return f"scripted {self._size[1]}×{self._size[0]}"

    @property
    def total(self) -> int | None:
        return self._count

    def open(self) -> None:
        if 0 <= self._lose_at <= self._at:
            raise SourceLost("The camera does not answer.", "Check its cable.")

    def read(self, timeout: float) -> Frame:
        if self._at == self._lose_at:
            raise SourceLost("The camera does not answer.", "Check its cable.")
        if self._at >= self._count:
            raise SourceEnded("That was the last frame.")
        if self.hold.is_set():
            time.sleep(0.01)
            raise FrameTimeout("No frame came in time.")
        time.sleep(self._every)
        self._at += 1
        rng = np.random.default_rng(self._at)
        pixels = rng.integers(80, 120, self._size, dtype=np.uint8)
        return Frame(pixels, self.uri, self._at, utc_now())

    def close(self) -> None:
        """Nothing is held."""


def loader(*script: str) -> Callable[[ModelPackage, int], ScriptedModel]:
    """What the line loads models with: always this script."""
    return lambda package, _threads: ScriptedModel(package, script or ("ok",))


def press(station: Station, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """A key as the operator presses it: to the window, not to a widget."""
    handle = station.window.windowHandle()
    assert handle is not None
    QTest.keyClick(handle, key, modifier)


def scan(station: Station, text: str) -> None:
    """What a hand scanner does: the characters in a burst, then Enter; on a machine that stalls between them too."""
    handle = station.window.windowHandle()
    assert handle is not None
    gap, keys.BURST_GAP_MS = keys.BURST_GAP_MS, 3_600_000
    try:
        for letter in text:
            QTest.keyClick(handle, letter)
        QTest.keyClick(handle, Qt.Key.Key_Return)
    finally:
        keys.BURST_GAP_MS = gap


def acted(station: Station) -> bool:
    """Whether no key is held back any more for the others of a burst."""
    return not station.window.keyboard._timer.isActive()


def live_page(station: Station) -> LivePage:
    """The Live page of a window."""
    page = station.window.findChild(LivePage)
    assert isinstance(page, LivePage)
    return page
