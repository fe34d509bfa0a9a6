"""Short tones, made here and played by what the system has; they never block, never raise, and can be switched off."""

from __future__ import annotations

import io
import logging
import shutil
import sys
import wave
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, QProcess, QProcessEnvironment
from PySide6.QtWidgets import QApplication

from engine.system.files import write_atomically
from engine.system.places import cache_folder
from gui.context import AppContext

if sys.platform == "win32":
    import winsound

log = logging.getLogger(__name__)

RATE: Final = 22_050
"""Samples a second."""
_TONES: Final[dict[str, tuple[tuple[float, float], ...]]] = {
    "alarm": ((880.0, 0.18), (0.0, 0.06), (660.0, 0.18), (0.0, 0.06), (880.0, 0.18)),
    "ok": ((1320.0, 0.09),),
}
"""Name → (frequency in Hz, seconds) one after the other; 0 Hz = silence."""
_PLAYERS: Final = (("pw-play",), ("paplay",), ("aplay", "-q"), ("afplay",))
"""Programs of Linux and macOS that play a WAV file."""

Play = Callable[[Path], bool]


class Sounds(QObject):
    """`play` gets a WAV file and says whether it could be played; otherwise the system's beep is heard."""

    def __init__(self, context: AppContext, parent: QObject | None = None, play: Play | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._play = play or play_file

    def alarm(self) -> None:
        """Somebody is wanted."""
        self._sound("alarm")

    def ok(self) -> None:
        """It was understood."""
        self._sound("ok")

    def _sound(self, name: str) -> None:
        if self._context.settings.sounds:
            self._context.jobs.run(partial(tone_file, name), self._heard, self._unheard)

    def _heard(self, path: Path) -> None:
        if not self._play(path):
            QApplication.beep()

    def _unheard(self, error: Exception) -> None:
        log.warning("a sound could not be made: %s", error)
        QApplication.beep()


def tone_file(name: str) -> Path:
    """The tone as a WAV file in the cache, made at its first use. Raises StorageError."""
    path = cache_folder() / "sounds" / f"{name}.wav"
    if not path.exists():
        write_atomically(path, wav(_TONES[name]))
    return path


def wav(tones: tuple[tuple[float, float], ...]) -> bytes:
    """Sine tones with soft edges, one channel, 16 bit. `tones`: (Hz, seconds)."""
    parts = []
    for frequency, seconds in tones:
        times = np.arange(round(RATE * seconds)) / RATE
        edge = np.clip(np.minimum(times, seconds - times) / 0.01, 0.0, 1.0)
        parts.append(0.5 * edge * np.sin(2 * np.pi * frequency * times))
    samples = (np.concatenate(parts) * 32767).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return out.getvalue()


def play_file(path: Path) -> bool:
    """Have the system play it and go on at once; False where nothing can."""
    if sys.platform == "win32":
        try:
            winsound.PlaySound(str(path), winsound.SND_FILENAME | winsound.SND_ASYNC | winsound.SND_NODEFAULT)
        except RuntimeError:
            return False
        return True
    for program, *options in _PLAYERS:
        found = shutil.which(program)
        if found is not None:
            process = QProcess()
            process.setProgram(found)
            process.setArguments([*options, str(path)])
            process.setProcessEnvironment(_environment())
            return bool(process.startDetached())
    return False


def _environment() -> QProcessEnvironment:
    """Without the libraries of a frozen station: the player is the system's own program."""
    values = QProcessEnvironment.systemEnvironment()
    if getattr(sys, "frozen", False):
        original = values.value("LD_LIBRARY_PATH_ORIG", "")
        values.remove("LD_LIBRARY_PATH")
        if original:
            values.insert("LD_LIBRARY_PATH", original)
    return values
