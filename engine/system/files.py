"""Files that a reader never sees half written."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from engine.errors import StorageError


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
        raise StorageError(
            f"{path} could not be written: {error.strerror or error}.",
            "Free some space or allow writing there, then try again.",
        ) from error
