"""A model on its way into the registry: tried in a process of its own before anything here opens it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from db.models.registry import ModelVersion, register
from db.store.session import Database
from engine.importing.inspect import Foreign
from engine.importing.into_package import import_foreign, inspect_foreign, try_package
from engine.importing.plan import ImportOptions
from engine.packages.package import open_package
from engine.system.apart import apart, never

Cancelled = Callable[[], bool]


def look_at(path: Path, cancelled: Cancelled = never) -> Foreign:
    """What the model in a file, folder or zip has. Raises PackageError, also where OpenVINO dies on it."""
    with _scratch() as scratch:
        return apart(inspect_foreign, path, Path(scratch), cancelled=cancelled)


def register_tried(db: Database, path: Path, by: str, cancelled: Cancelled = never) -> ModelVersion:
    """Register a package whose graphs were loaded and run once. Raises PackageError."""
    apart(try_package, open_package(path).folder, cancelled=cancelled)
    return register(db, path, by)


def register_foreign(
    db: Database, path: Path, options: ImportOptions, by: str, cancelled: Cancelled = never
) -> tuple[ModelVersion, tuple[str, ...]]:
    """Make a package of the model in `path` and register it; with what was guessed on the way.

    Raises UsageError naming the flag for what cannot be guessed, PackageError for a model that cannot be used.
    """
    with _scratch() as scratch:
        made = apart(import_foreign, path, Path(scratch) / "package", options, cancelled=cancelled)
        return register(db, made.package.folder, by), made.notes


def _scratch() -> tempfile.TemporaryDirectory[str]:
    # A process that dies leaves its files here, so they go too. Windows may hold on to a mapped one.
    return tempfile.TemporaryDirectory(prefix="lineside-import-", ignore_cleanup_errors=True)
