"""Files with names that no text can hold as they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

NAMES = {
    b"K\xf6rner.png": r"K\xf6rner.png",
    b"red\x1b[31m.png": r"red\x1b[31m.png",
    b"two\nlines.png": r"two\x0alines.png",
    "gnp.\u202ea.png".encode(): r"gnp.\u202ea.png",
    b"\\x1b or \x1b.png": r"\x5cx1b or \x1b.png",
}
"""As they lie in the folder, and as they are kept."""


def write(folder: Path, name: bytes, data: bytes) -> Path:
    """A file of this very name; the test is left out where the file system takes no such name."""
    path = Path(os.fsdecode(os.path.join(os.fsencode(folder), name)))  # noqa: PTH118 - Path takes no bytes
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        pytest.skip(f"no such names here: {error}")
    return path
