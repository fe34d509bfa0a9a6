"""The model package: a folder (or the same folder zipped) with manifest.json, model.onnx and weights.safetensors.

The graph's contract, kept by the trainer and relied on by every backend:
    input   `picture`  uint8  1×H×W×C, C = 1 (grey) or 3 (BGR); scaling and normalisation are inside the graph
    output  `scores`   float32  1×K, probabilities in the order of `classes` (calibration included)
    output  `map`      float32  1×M×h×w; kind `cam`: one non-negative map per class (M = K, any scale);
                       kind `mask`: one probability map of "defect" (M = 1); kind `none`: there is no such output
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
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.domain import ModelRef
from engine.errors import PackageError, StorageError
from engine.settings import cache_folder, write_atomically

PACKAGE_SCHEMA = 1
MANIFEST = "manifest.json"
GRAPH = "model.onnx"
WEIGHTS = "weights.safetensors"
MAX_FILE_BYTES = 2 * 1024**3
MAX_MANIFEST_BYTES = 16 * 1024**2
MAX_FILES = 64


class ClassSpec(BaseModel):
    """One class: `ok` classes are sound, all others are defects."""

    name: str = Field(min_length=1, max_length=100)
    role: Literal["ok", "defect"] = "defect"


class InputSpec(BaseModel):
    """What the graph takes. Height × width × channels, uint8; letterbox pads with the border grey 114."""

    height: int = Field(ge=8, le=8192)
    width: int = Field(ge=8, le=8192)
    channels: Literal[1, 3]
    resize: Literal["stretch", "letterbox"] = "stretch"


class MapSpec(BaseModel):
    """What the second output means, and from which value on (0…1) a `mask` becomes regions."""

    kind: Literal["cam", "mask", "none"] = "none"
    threshold: float = Field(0.5, gt=0.0, lt=1.0)


class LimitSpec(BaseModel):
    """The limits the model was judged with; a recipe may tighten them."""

    ng_at: float = Field(0.5, ge=0.0, le=1.0)
    review_from: float = Field(0.5, ge=0.0, le=1.0)
    review_to: float = Field(0.5, ge=0.0, le=1.0)

    @model_validator(mode="after")
    def _band_holds_threshold(self) -> LimitSpec:
        if not self.review_from <= self.ng_at <= self.review_to:
            raise ValueError("review_from ≤ ng_at ≤ review_to must hold")
        return self


class Lineage(BaseModel):
    """Where the model comes from, so that it can be made again."""

    model_config = ConfigDict(extra="allow")

    dataset: str = ""
    """The data set's id: a name, or a `demo:` URI that makes it again."""
    dataset_sha256: str = ""
    dataset_path: str = ""
    """Where it is kept, relative to the data folder; empty when it is not kept."""
    parent: str = ""
    """Version of the package it was fine-tuned from."""
    preset: str = ""
    seed: int = 0
    command: str = ""
    trained_at: str = ""
    versions: dict[str, str] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)


class Manifest(BaseModel):
    """manifest.json. Unknown keys are kept; a newer schema is refused."""

    model_config = ConfigDict(extra="allow")

    schema_version: int = Field(PACKAGE_SCHEMA, alias="schema", ge=1)
    name: str = Field(min_length=1, max_length=100)
    kind: Literal["classifier", "segdec"]
    architecture: str
    classes: list[ClassSpec] = Field(min_length=2, max_length=1000)
    input: InputSpec
    map: MapSpec = MapSpec()
    thresholds: LimitSpec = LimitSpec()
    calibration: dict[str, float] = Field(default_factory=dict)
    metrics: dict[str, Any] = Field(default_factory=dict)
    """On the held-out part: accuracy, macro_f1, micro_f1, kappa, ap, auroc, per_class, confusion, threshold."""
    lineage: Lineage = Lineage()
    files: dict[str, str] = Field(default_factory=dict)
    """sha256 of every other file of the package."""

    @model_validator(mode="after")
    def _names_differ(self) -> Manifest:
        names = [c.name for c in self.classes]
        if len(set(names)) != len(names):
            raise ValueError("classes must have different names")
        return self

    @property
    def class_names(self) -> tuple[str, ...]:
        """All classes in the graph's order."""
        return tuple(c.name for c in self.classes)

    @property
    def ok_classes(self) -> tuple[str, ...]:
        """The sound classes; may be empty (every class is a defect)."""
        return tuple(c.name for c in self.classes if c.role == "ok")


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
        """The fp32 ONNX graph."""
        return self.folder / GRAPH

    @property
    def weights(self) -> Path | None:
        """The torch weights for fine-tuning; None when the package carries none."""
        return self.folder / WEIGHTS if WEIGHTS in self.manifest.files else None


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
    if GRAPH not in manifest.files:
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
