"""How files leave the archive for good: one by one, and only from an archive that is there."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from db.images.archive import Archive
from engine.errors import StorageError


def check_archive(archive: Archive) -> None:
    """An archive that is not there has no pictures to remove: its disk is gone, and the rows must not say otherwise."""
    try:
        there = any(archive.folder.iterdir())
    except OSError:
        there = False
    if not there:
        raise StorageError(
            f"The picture archive {archive.folder} is not there: nothing was removed.",
            "Check that its disk is connected.",
        )


def unlink(archive: Archive, relative: str | None) -> int:
    """Remove a file for good; its length, 0 when it was not there. Raises StorageError, InputError for a bad path."""
    if relative is None:
        return 0
    path = archive.path(relative)
    try:
        size = path.stat().st_size
        path.unlink()
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise StorageError(f"{path} could not be removed: {error.strerror}.", "Allow removing files there.") from error
    return size


def tidy(archive: Archive, now: datetime) -> None:
    """Days without pictures leave; never today's, where one may be written just now."""
    today = f"{now.astimezone(UTC):%Y-%m-%d}"
    for folder in _days(archive.folder):
        if folder.name < today:
            try:
                folder.rmdir()
            except OSError:
                continue


def _days(folder: Path) -> list[Path]:
    try:
        return [entry for entry in folder.iterdir() if entry.is_dir() and not entry.is_symlink()]
    except OSError:
        return []
