"""Moves a finished file into another folder: whole or not at all, and never over another file."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from pathlib import Path

_MOST = 10_000


def file_away(path: Path, folder: Path) -> Path:
    """Move a file into a folder, on another drive too; returns where it lies: `part.png`, or `part (2).png` where the
    name is taken. Raises OSError, and the file is where it was."""
    target = _reserve(folder, path)
    try:
        _move(path, target)
    except BaseException:
        with suppress(OSError):
            target.unlink()
        raise
    return target


def _reserve(folder: Path, path: Path) -> Path:
    """An empty file of a free name: nobody else can take the name between looking and moving."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, _MOST):
        target = folder / (path.name if number == 1 else f"{path.stem} ({number}){path.suffix}")
        with suppress(FileExistsError):
            target.open("xb").close()
            return target
    raise FileExistsError(errno.EEXIST, "every name is taken", str(folder / path.name))


def _move(path: Path, target: Path) -> None:
    try:
        os.replace(path, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_over(path, target)


def _copy_over(path: Path, target: Path) -> None:
    copy = target.with_name(f".{target.name}.part")
    try:
        shutil.copy2(path, copy)
        with copy.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(copy, target)
    finally:
        with suppress(OSError):
            copy.unlink()
    path.unlink()
