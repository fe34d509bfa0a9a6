"""What is done with a registered package on disk: written as a zip, verified, measured on this machine. Blocking."""

from __future__ import annotations

import json
import os
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from pydantic import ValidationError

from db.models.registry import ModelVersion
from db.store.session import Database
from engine.backends.load import load_model
from engine.errors import StorageError
from engine.packages.manifest import Manifest
from engine.packages.package import MANIFEST, MAX_MANIFEST_BYTES, open_package
from engine.system.files import write_atomically
from engine.system.places import cache_folder
from engine.training import DATASET_FILE, DatasetManifest

WARM, RUNS = 3, 25
SPEEDS = "speeds.json"
MAX_DATASET_BYTES = 256 * 1024**2


@dataclass(frozen=True, slots=True)
class OnDisk:
    """What is known of a package besides its registration; None = not known."""

    dataset: str = ""
    pictures: int | None = None
    bytes_: int = 0
    milliseconds: float | None = None


def kept(db: Database, model: ModelVersion) -> OnDisk:
    """Data set, size on disk and measured speed. A damaged manifest leaves the data set empty."""
    speed = speeds().get(model.version)
    try:
        size = sum(path.stat().st_size for path in model.folder.iterdir() if path.is_file())
        manifest_file = model.folder / MANIFEST
        raw = manifest_file.read_bytes() if manifest_file.stat().st_size <= MAX_MANIFEST_BYTES else b""
        lineage = Manifest.model_validate_json(raw).lineage
    except (OSError, ValidationError):
        return OnDisk(milliseconds=speed)
    return OnDisk(lineage.dataset, _pictures(db, lineage.dataset_path), size, speed)


def write_zip(folder: Path, out: Path) -> Path:
    """A package's listed files as one zip, verified first; `out` appears complete or not at all.

    Raises PackageError for a damaged package, StorageError when the disk fails.
    """
    package = open_package(folder)
    staging = out.with_name(f".{out.name}.{os.getpid()}.new")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(staging, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name in (MANIFEST, *package.manifest.files):
                archive.write(package.folder / name, name)
        staging.replace(out)
    except OSError as error:
        raise StorageError(
            f"{out} could not be written: {error.strerror or error}.", "Choose another folder."
        ) from error
    finally:
        staging.unlink(missing_ok=True)
    return out


def measure(model: ModelVersion, threads: int) -> float:
    """Median milliseconds a picture of the model's own size takes on this machine; kept in the cache by version.

    Raises PackageError, InferenceError, StorageError.
    """
    package = open_package(model.folder)
    given = package.manifest.input
    shape = (given.height, given.width, 3) if given.channels == 3 else (given.height, given.width)
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    loaded = load_model(package, threads=threads)
    try:
        took = []
        for _ in range(WARM + RUNS):
            began = time.perf_counter()
            loaded.run(pixels)
            took.append(1000 * (time.perf_counter() - began))
    finally:
        loaded.close()
    found = round(median(took[WARM:]), 2)
    write_atomically(cache_folder() / SPEEDS, json.dumps(speeds() | {model.version: found}).encode())
    return found


def speeds() -> dict[str, float]:
    """Milliseconds by version, as measured on this machine; a file that is no such list counts as none."""
    try:
        found = json.loads((cache_folder() / SPEEDS).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    pairs = found.items() if isinstance(found, dict) else ()
    return {str(k): float(v) for k, v in pairs if isinstance(v, int | float) and not isinstance(v, bool)}


def _pictures(db: Database, where: str) -> int | None:
    """How many pictures the data set has that is kept here as a Lineside export; None = not kept here."""
    if not where:
        return None
    path = (db.folder / where / DATASET_FILE).resolve()
    try:
        if not path.is_relative_to(db.folder.resolve()) or path.stat().st_size > MAX_DATASET_BYTES:
            return None
        return len(DatasetManifest.model_validate_json(path.read_bytes()).items)
    except (OSError, ValidationError):
        return None
