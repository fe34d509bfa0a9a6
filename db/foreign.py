"""A model made elsewhere on its way into the registry."""

from __future__ import annotations

import tempfile
from pathlib import Path

from db.registry import ModelVersion, register
from db.session import Database
from engine.importing import import_foreign
from engine.importing_plan import ImportOptions


def register_foreign(db: Database, path: Path, options: ImportOptions, by: str) -> tuple[ModelVersion, tuple[str, ...]]:
    """Make a package of the model in `path` and register it; with what was guessed on the way.

    Raises UsageError naming the flag for what cannot be guessed, PackageError for a model that cannot be used.
    """
    with tempfile.TemporaryDirectory(prefix="lineside-import-", ignore_cleanup_errors=True) as scratch:
        made = import_foreign(path, Path(scratch) / "package", options)
        return register(db, made.package.folder, by), made.notes
