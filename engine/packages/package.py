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
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from engine.domain.inspection import ModelRef
from engine.errors import PackageError, StorageError
from engine.packages.archives import Members, members, opened_zip, read_member, storing, unpack, without_wrapping
from engine.packages.manifest import PACKAGE_SCHEMA, Manifest
from engine.system.files import write_atomically
from engine.system.places import cache_folder
from engine.system.texts import parse_json, text_of

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
    return _opened(path, path) if path.is_dir() else _unpacked(path)


def check_unchanged(package: ModelPackage, *names: str) -> None:
    """Asked after `names` were read: are they still what was verified? Raises PackageError, as half of another package
    may have been read where it was written over meanwhile."""
    try:
        same = _read_manifest(package.folder / MANIFEST, package.folder)[1] == package.version
        for name in names:
            _check_file(package.folder, name, package.manifest.files[name], package.folder)
    except PackageError:
        same = False
    if not same:
        raise PackageError(
            f"The model package {package.manifest.name} changed while it was read.", "Open it again when it is written."
        )


def _opened(folder: Path, shown: Path) -> ModelPackage:
    manifest, version = _read_manifest(folder / MANIFEST, shown)
    for name, digest in manifest.files.items():
        _check_file(folder, name, digest, shown)
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
        if not path.is_file():
            raise PackageError(f"{shown} holds no {MANIFEST}.", "Choose a Lineside model package.")
        with path.open("rb") as file:
            raw = file.read(MAX_MANIFEST_BYTES + 1)
    except OSError as error:
        raise PackageError(f"The manifest of {shown} cannot be read.", "Copy or export the package again.") from error
    return _manifest_of(raw, shown)


def _manifest_of(raw: bytes, shown: Path) -> tuple[Manifest, str]:
    """What the bytes say, and the version they make. Raises PackageError."""
    if len(raw) > MAX_MANIFEST_BYTES:
        raise PackageError(f"The manifest of {shown} is too large.", "Do not use this package.")
    words = f"The manifest of {shown}"
    values = parse_json(text_of(raw, words, PackageError), words, PackageError)
    schema = values.get("schema", 0) if isinstance(values, dict) else 0
    if isinstance(schema, int) and schema > PACKAGE_SCHEMA:
        raise PackageError(f"The model package {shown} was made by a newer Lineside.", "Update this station.")
    try:
        manifest = Manifest.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "manifest"
        raise PackageError(
            f"The manifest of {shown} is not valid at {key}: {first['msg']}.", "Export the package again."
        ) from error
    if not {GRAPH, IR_GRAPH} & manifest.files.keys():
        raise PackageError(f"The model package {shown} lists no {GRAPH}.", "Export or train the model again.")
    return manifest, hashlib.sha256(raw).hexdigest()[:12]


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


def _unpacked(path: Path) -> ModelPackage:
    """The package in a zip, kept in the cache under the zip's own hash. A zip that is refused leaves nothing there."""
    with opened_zip(path) as archive:
        digest = sha256_of(path)
        kept = cache_folder() / "packages" / digest[:16]
        with suppress(PackageError):
            return _opened(kept, path)
        with _staging(kept.parent) as staging:
            _unpack(archive, path, staging)
            if sha256_of(path) != digest:
                raise PackageError(f"{path} changed while it was read.", "Wait until it is copied, then try again.")
            package = _opened(staging, path)
            return replace(package, folder=_settled(staging, kept, package.version))


def _unpack(archive: zipfile.ZipFile, path: Path, staging: Path) -> None:
    """The manifest and what it lists; nothing else in a zip is written."""
    found = _package_in(members(archive, MAX_FILES), path)
    entry = found.pop(MANIFEST)
    raw = read_member(archive, entry, MAX_MANIFEST_BYTES)
    listed = _manifest_of(raw, path)[0].files
    for name in listed:
        _check_name(name)
    wanted = {PurePosixPath(name): member for name, member in found.items() if name in listed}
    unpack(archive, {PurePosixPath(MANIFEST): entry, **wanted}, staging, MAX_FILE_BYTES)


def _package_in(found: Members, path: Path) -> dict[str, zipfile.ZipInfo]:
    """The files beside the one manifest, which lies at the root or in a folder. Raises PackageError."""
    found = without_wrapping(found)
    roots = [pure.parent for pure in found if pure.name == MANIFEST and len(pure.parts) <= 2]
    if not roots:
        raise PackageError(f"{path} holds no {MANIFEST}.", "Choose a Lineside model package.")
    if len(roots) > 1:
        raise PackageError(f"{path} holds {len(roots)} model packages.", "Unpack it and choose one of them.")
    return {pure.name: entry for pure, entry in found.items() if pure.parent == roots[0]}


@contextmanager
def _staging(cache: Path) -> Iterator[Path]:
    """A folder of its own beside what is kept; gone afterwards unless it was moved."""
    with storing(cache):
        cache.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".", dir=cache))
        staging.chmod(0o755)
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _settled(staging: Path, kept: Path, version: str) -> Path:
    """Where the whole package lies from now on; another program may have put the same there meanwhile."""
    try:
        staging.rename(kept)
    except OSError:
        with suppress(PackageError):
            if _opened(kept, kept).version == version:
                return kept
        shutil.rmtree(kept, ignore_errors=True)
        with storing(kept):
            staging.rename(kept)
    return kept
