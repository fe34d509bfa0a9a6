"""The model package: a folder (or the same folder zipped) with manifest.json, a graph and weights.safetensors.

The graph is model.onnx (ours) or model.xml + model.bin (OpenVINO IR: imported models), fp32; int8.xml + int8.bin is the
same quantised, where it passed its gate. Its contract, kept by the trainer and relied on by every backend:
    input   `picture`  uint8  1×H×W×C, C = 1 (grey) or 3 (BGR); scaling and normalisation are inside the graph
    output  `scores`   float32  1×K, probabilities in the order of `classes` (calibration included)
    output  `map`      float32  1×M×h×w; kind `cam`: one non-negative map per class (M = K, any scale);
                       kind `mask`: one probability map of "defect" (M = 1); kind `none`: there is no such output
    output  `novelty`  float32  1×1, ≥ 0: distance from the training parts, 1.0 = their limit; only where the manifest's
                       guard names `novelty_max`
Packages come from outside: only listed plain files are opened, sizes are bounded, every hash is checked.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from engine.domain.inspection import ModelRef
from engine.errors import PackageError, StorageError
from engine.packages.manifest import PACKAGE_SCHEMA, Manifest
from engine.system.files import write_atomically
from engine.system.places import cache_folder

MANIFEST = "manifest.json"
GRAPH = "model.onnx"
IR_GRAPH = "model.xml"
INT8_GRAPH = "int8.xml"
WEIGHTS = "weights.safetensors"
NOVELTY = "novelty.safetensors"
MAX_FILE_BYTES = 2 * 1024**3
MAX_MANIFEST_BYTES = 16 * 1024**2
MAX_FILES = 64


@dataclass(frozen=True, slots=True)
class ModelPackage:
    """A verified package on disk."""

    folder: Path
    manifest: Manifest
    version: str

    @property
    def ref(self) -> ModelRef:
        """Name and version, as every inspection keeps them."""
        return ModelRef(self.manifest.name, self.version)

    @property
    def graph(self) -> Path:
        """The fp32 graph: ONNX, or OpenVINO IR with its .bin beside it."""
        return self.folder / (GRAPH if GRAPH in self.manifest.files else IR_GRAPH)

    @property
    def int8_graph(self) -> Path | None:
        """The quantised graph where there is one and it passed its gate."""
        passed = self.manifest.int8 is not None and self.manifest.int8.used and INT8_GRAPH in self.manifest.files
        return self.folder / INT8_GRAPH if passed else None

    @property
    def weights(self) -> Path | None:
        """The torch weights for fine-tuning; None when the package carries none."""
        return self.folder / WEIGHTS if WEIGHTS in self.manifest.files else None

    @property
    def novelty(self) -> Path | None:
        """What the output `novelty` is computed with (mean, matrix, limit), so that torch can build the graph again."""
        return self.folder / NOVELTY if NOVELTY in self.manifest.files else None


def sha256_of(path: Path) -> str:
    """Hex digest of a file, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_package(folder: Path, manifest: Manifest, files: dict[str, bytes]) -> ModelPackage:
    """Write a complete package into `folder` (replaced only when the new one is complete); returns it verified."""
    for name in files:
        _check_name(name)
    hashed = manifest.model_copy(update={"files": {n: hashlib.sha256(b).hexdigest() for n, b in files.items()}})
    staging = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    shutil.rmtree(staging, ignore_errors=True)
    try:
        for name, data in files.items():
            write_atomically(staging / name, data)
        text = hashed.model_dump_json(by_alias=True, indent=2, exclude_none=True)
        write_atomically(staging / MANIFEST, text.encode())
        _replace_folder(staging, folder)
    except OSError as error:
        raise StorageError(
            f"The package {folder} could not be written: {error.strerror}.", "Free some space or allow writing there."
        ) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return open_package(folder)


def open_package(path: Path) -> ModelPackage:
    """Verify a package folder or zip (schema, names, sizes, hashes) and open it. Raises PackageError."""
    if not path.exists():
        raise PackageError(f"There is no model package at {path}.", "Choose a folder or zip with a manifest.json.")
    folder = path if path.is_dir() else _unpack(path)
    manifest, version = _read_manifest(folder / MANIFEST, path)
    if not {GRAPH, IR_GRAPH} & manifest.files.keys():
        raise PackageError(f"The model package {path} lists no {GRAPH}.", "Export or train the model again.")
    for name, digest in manifest.files.items():
        _check_file(folder, name, digest, path)
    return ModelPackage(folder, manifest, version)


def _replace_folder(new: Path, old: Path) -> None:
    retired = old.with_name(f".{old.name}.{os.getpid()}.old")
    if old.exists():
        old.rename(retired)
    new.rename(old)
    shutil.rmtree(retired, ignore_errors=True)


def _check_name(name: str) -> None:
    pure = PurePosixPath(name)
    if name != pure.name or name in {"", ".", "..", MANIFEST} or "\\" in name or ":" in name:
        raise PackageError(f"The model package names a file {name!r} outside itself.", "Do not use this package.")


def _read_manifest(path: Path, shown: Path) -> tuple[Manifest, str]:
    try:
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise PackageError(f"The manifest of {shown} is too large.", "Do not use this package.")
        raw = path.read_bytes()
        values = json.loads(raw)
    except FileNotFoundError as error:
        raise PackageError(f"{shown} holds no {MANIFEST}.", "Choose a Lineside model package.") from error
    except (OSError, ValueError) as error:
        raise PackageError(f"The manifest of {shown} cannot be read.", "Copy or export the package again.") from error
    schema = values.get("schema", 0) if isinstance(values, dict) else 0
    if isinstance(schema, int) and schema > PACKAGE_SCHEMA:
        raise PackageError(f"The model package {shown} was made by a newer Lineside.", "Update this station.")
    try:
        return Manifest.model_validate(values), hashlib.sha256(raw).hexdigest()[:12]
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "manifest"
        raise PackageError(
            f"The manifest of {shown} is not valid at {key}: {first['msg']}.", "Export the package again."
        ) from error


def _check_file(folder: Path, name: str, digest: str, shown: Path) -> None:
    _check_name(name)
    path = folder / name
    try:
        if path.is_symlink() or not path.is_file():
            raise PackageError(f"The model package {shown} lacks {name}.", "Copy the whole package again.")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise PackageError(f"{name} in {shown} is larger than 2 GiB.", "Do not use this package.")
        if sha256_of(path) != digest:
            raise PackageError(
                f"{name} in {shown} is damaged: its hash is not the one in the manifest.", "Copy the package again."
            )
    except OSError as error:
        raise PackageError(
            f"{name} in {shown} cannot be read: {error.strerror}.", "Close the program that holds it, or copy it again."
        ) from error


def _unpack(path: Path) -> Path:
    """Unpack a zip into the cache under its own hash; bounded, flat, listed files only."""
    try:
        target = cache_folder() / "packages" / sha256_of(path)[:16]
        if (target / MANIFEST).exists():
            return target
        with zipfile.ZipFile(path) as archive:
            entries = [e for e in archive.infolist() if not e.is_dir()]
            if len(entries) > MAX_FILES or sum(e.file_size for e in entries) > MAX_FILE_BYTES:
                raise PackageError(f"{path} holds too much for a model package.", "Do not use this package.")
            staging = target.with_name(f".{target.name}.{os.getpid()}")
            _extract_flat(archive, entries, staging)
        shutil.rmtree(target, ignore_errors=True)
        staging.rename(target)
        return target
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
        raise PackageError(f"{path} is not a readable zip.", "Copy or export the package again.") from error


def _extract_flat(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], staging: Path) -> None:
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    prefixes = {PurePosixPath(e.filename).parts[0] for e in entries if len(PurePosixPath(e.filename).parts) > 1}
    for entry in entries:
        parts = PurePosixPath(entry.filename).parts
        # One wrapping folder is what "compress this folder" gives; anything deeper is not ours.
        name = parts[1] if len(parts) == 2 and len(prefixes) == 1 else parts[0] if len(parts) == 1 else entry.filename
        if name != MANIFEST:
            _check_name(name)
        with archive.open(entry) as source, (staging / name).open("wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
