"""Where things live: user folders, the cache, the resources of a checkout, an installation or a frozen bundle."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs

from engine.errors import StorageError
from engine.system.files import check_folder

DATABASE = "lineside.db"
"""The station's own database, in its data folder."""


def home() -> Path:
    """The user's data folder; LINESIDE_HOME moves it."""
    moved = os.environ.get("LINESIDE_HOME")
    return Path(moved) if moved else Path(platformdirs.user_data_dir("Lineside", appauthor=False))


def check_home(folder: Path | None = None) -> None:
    """Before anything starts: a data folder that cannot be written fails each thing in words of its own.

    Raises StorageError.
    """
    place = folder or home()
    try:
        check_folder(place)
    except StorageError as error:
        raise StorageError(
            f"The data folder {place} cannot be written.",
            "Allow writing there, or name another folder with LINESIDE_HOME.",
        ) from error


def database_url(folder: Path | None = None) -> str:
    """The URL of the station's own database."""
    return f"sqlite:///{((folder or home()) / DATABASE).as_posix()}"


def cache_folder() -> Path:
    """Compiled models and unpacked packages; may be deleted at any time."""
    return home() / "cache"


def resources_folder() -> Path:
    """Where the shipped resources are, in a checkout, an installation and a frozen bundle."""
    frozen = getattr(sys, "_MEIPASS", None)
    return (Path(frozen) if frozen else Path(__file__).resolve().parents[2]) / "resources"


def demo_package(name: str = "demo-segdec") -> Path:
    """A shipped demo model package: `demo-segdec` or `demo-classifier`."""
    return resources_folder() / "models" / name


def shipped_packages() -> list[Path]:
    """Every model package that came with this installation."""
    return sorted(path.parent for path in (resources_folder() / "models").glob("*/manifest.json"))
