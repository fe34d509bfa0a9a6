"""The picture archive: lossless PNG files in one folder a day, beside the database."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import numpy as np

from db.images.encoding import encode_png, heat_as_grey, heat_of_grey
from engine.domain.inspection import HeatMap, Mask, Pixels
from engine.errors import InputError, PictureError, StorageError
from engine.images.pictures import read_picture
from engine.packages.package import sha256_of
from engine.system.files import write_atomically

_HEAT = ".heat.png"
_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a stored file must still be: hex sha256 and length in bytes."""

    sha256: str
    size: int


class Archive:
    """Pictures, heat maps and painted masks under one folder. Paths in and out are relative, with forward slashes.

    A picture may be promised first and written later, by another thread: until then readers get it from memory.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._promised: dict[str, Pixels] = {}
        self._looking = threading.Lock()

    def save(
        self, inspection_id: str, captured_at: datetime, pixels: Pixels, heat: HeatMap | None = None
    ) -> tuple[str, str | None]:
        """Keep a frame's pixels (H×W or H×W×3 BGR, uint8/uint16) and its heat map (h×w float in 0…1, kept as 8 bit).

        Returns their paths relative to the archive. Each file is complete or not there. Raises StorageError.
        """
        image, heat_path = place(inspection_id, captured_at, heat is not None)
        self._write(image, pixels)
        if heat is not None and heat_path is not None:
            self._write(heat_path, heat_as_grey(heat), flat=True)
        return image, heat_path

    def promise(
        self, inspection_id: str, captured_at: datetime, pixels: Pixels, heat: HeatMap | None = None
    ) -> tuple[str, str | None]:
        """Take what `save` takes and give the same paths, but write nothing: `keep` or `drop` each path later."""
        image, heat_path = place(inspection_id, captured_at, heat is not None)
        with self._looking:
            self._promised[image] = pixels
            if heat is not None and heat_path is not None:
                self._promised[heat_path] = heat_as_grey(heat)
        return image, heat_path

    def keep(self, relative: str) -> Fingerprint:
        """Write a promised file, complete or not at all; from here on it is read from the disk. Raises StorageError."""
        with self._looking:
            pixels = self._promised[relative]
        data = encode_png(pixels, flat=relative.endswith(_HEAT))
        write_atomically(self.path(relative), data)
        self.drop(relative)
        return Fingerprint(hashlib.sha256(data).hexdigest(), len(data))

    def drop(self, relative: str) -> None:
        """Take a promise back."""
        with self._looking:
            self._promised.pop(relative, None)

    def promised(self, relative: str) -> Pixels | None:
        """A promised picture that is not written yet; None for any other."""
        with self._looking:
            return self._promised.get(relative)

    def settle(self, relatives: Sequence[str]) -> None:
        """Make these files' names as durable as their contents (one sync a folder; POSIX only). Raises StorageError."""
        if os.name != "posix":
            return
        for folder in {self.path(relative).parent for relative in relatives}:
            try:
                handle = os.open(folder, os.O_RDONLY)
                try:
                    os.fsync(handle)
                finally:
                    os.close(handle)
            except OSError as error:
                raise StorageError(
                    f"The folder {folder} could not be written: {error.strerror}.", "Check that its disk is connected."
                ) from error

    def save_mask(self, override_id: str, at: datetime, mask: Mask) -> str:
        """Keep a painted mask (H×W uint8, 0 or 255). Returns its path relative to the archive. Raises StorageError."""
        return self._write(f"{_day(at)}/{_named(override_id)}.mask.png", mask, flat=True)

    def load(self, relative: str) -> Pixels:
        """The pixels as they were saved. Raises InputError for a path that leads out, PictureError for a bad file."""
        promised = self.promised(relative)
        return read_picture(self.path(relative)) if promised is None else promised.copy()

    def load_heat(self, relative: str) -> HeatMap:
        """The heat map, float32 in 0…1 in steps of 1/255."""
        return heat_of_grey(self._grey(relative))

    def load_mask(self, relative: str) -> Mask:
        """A painted mask, 0 or 255."""
        return np.where(self._grey(relative) > 127, np.uint8(255), np.uint8(0))

    def path(self, relative: str) -> Path:
        """The file's place. Raises InputError for anything that is not a plain path inside the archive."""
        pure = PurePosixPath(relative)
        plain = relative and not pure.is_absolute() and ".." not in pure.parts and not set(relative) & set("\\:\0")
        found = self.folder / pure
        if not plain or not found.resolve().is_relative_to(self.folder.resolve()):
            raise InputError(
                f"The path {relative!r} leads out of the picture archive.", "Check who changed the database."
            )
        return found

    def fingerprint(self, relative: str) -> Fingerprint:
        """Digest and length of a stored file. Raises PictureError when it is not there."""
        path = self.path(relative)
        try:
            return Fingerprint(sha256_of(path), path.stat().st_size)
        except OSError as error:
            raise PictureError(
                f"The archived picture {path} cannot be read: {error.strerror}.", "Restore it from a copy."
            ) from error

    def free_bytes(self) -> int:
        """What the archive's disk can still take. Raises StorageError."""
        place = self.folder
        while not place.exists() and place != place.parent:
            place = place.parent
        try:
            return shutil.disk_usage(place).free
        except OSError as error:
            raise StorageError(
                f"The disk of {self.folder} cannot be read: {error.strerror}.", "Check that it is connected."
            ) from error

    def _write(self, relative: str, pixels: Pixels, *, flat: bool = False) -> str:
        write_atomically(self.path(relative), encode_png(pixels, flat=flat))
        return relative

    def _grey(self, relative: str) -> Mask:
        pixels = self.load(relative)
        if pixels.ndim != 2 or pixels.dtype != np.uint8:
            raise PictureError(f"{self.path(relative)} is no 8-bit grey picture.", "Restore it from a copy.")
        return pixels.astype(np.uint8, copy=False)


def place(inspection_id: str, captured_at: datetime, heat: bool) -> tuple[str, str | None]:
    """Where a picture and its heat map (None: there is none) lie. Raises InputError for an id that is no file name."""
    stem = f"{_day(captured_at)}/{_named(inspection_id)}"
    return f"{stem}.png", f"{stem}{_HEAT}" if heat else None


def _day(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d")


def _named(given: str) -> str:
    if not _ID.fullmatch(given) or given.startswith("."):
        raise InputError(f"{given!r} cannot be the name of a picture.", "Use letters, digits, dots and hyphens.")
    return given
