"""Files that a reader never sees half written, and whether a place takes any."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import StorageError
from engine.names import name_of


@contextmanager
def plain_path(path: Path) -> Iterator[str]:
    """A path of the same file that a C library can be given: OpenCV crashes on a name that is not UTF-8."""
    whole = str(path.absolute())
    try:
        whole.encode()
    except UnicodeEncodeError:
        with tempfile.TemporaryDirectory(prefix="lineside-") as folder:
            link = Path(folder) / f"link{name_of(path.suffix)}"
            link.symlink_to(whole)
            yield str(link)
    else:
        yield whole


def write_atomically(path: Path, data: bytes) -> None:
    """Write temp → fsync → rename, so that a reader never sees a half. Raises StorageError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            # mkstemp makes it readable by its owner alone; a package or an export is for others too.
            Path(temporary).chmod(0o644)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _not_written(path, error) from error


def check_file(path: Path) -> None:
    """Refuse at the start what `write_atomically` could not write at the end; leaves nothing. Raises StorageError."""
    if path.is_dir():
        raise StorageError(f"{path} is a folder and cannot be written as a file.", "Name a file in it.")
    check_folder(path.parent)


def check_folder(folder: Path) -> None:
    """Refuse a folder in which no file could be made; one that is missing is not made yet. Raises StorageError."""
    try:
        there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise _not_written(folder, error) from error


def _not_written(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{path} could not be written: {error.strerror or error}.",
        "Free some space or allow writing there, then try again.",
    )
