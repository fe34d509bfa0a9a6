"""Zips from outside: their names made plain or refused, unpacked within bounds; every fault is one PackageError.

Old tools on Windows write `folder\\file`, a Mac adds `__MACOSX/`, `._file` and `.DS_Store`: both are taken as meant. A
name that leaves the folder it is unpacked into (`..`, a root, a drive) is refused after the backslashes were turned.
"""

from __future__ import annotations

import lzma
import re
import shutil
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from engine.errors import PackageError, StorageError

REFUSE = "Do not use it."
PACK_AGAIN = "Copy it again, or pack it again as a plain zip."
LEFT_BY_SYSTEMS = frozenset((".DS_Store", "Thumbs.db", "desktop.ini"))
METHODS = frozenset((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
BLOCK = 1 << 20

Members = Mapping[PurePosixPath, zipfile.ZipInfo]
"""The files of a zip under their plain names."""

_ENCRYPTED = 1
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f]|[. ]$|^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
# zipfile lets the faults of its codecs through, and those of numbers and names that it takes as they stand.
_FAULTS = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, ValueError, RuntimeError)
_TOO_MUCH = (MemoryError, OverflowError, IndexError)


@contextmanager
def opened_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """The zip for the while. Raises PackageError for no plain file, and for whatever is wrong in it until it closes."""
    if not path.is_file():
        raise PackageError(f"{path} is no plain file.", "Choose the zip itself.")
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (*_FAULTS, *_TOO_MUCH) as error:
        raise PackageError(f"{path} is not a readable zip.", PACK_AGAIN) from error


def is_zip(path: Path) -> bool:
    """True for a plain file that is a zip, or is called one."""
    return path.is_file() and (path.suffix.lower() == ".zip" or zipfile.is_zipfile(path))


def members(archive: zipfile.ZipFile, most: int) -> Members:
    """The files in it without what systems add. Raises PackageError for more than `most`, or names no station takes."""
    found: dict[PurePosixPath, zipfile.ZipInfo] = {}
    taken: dict[str, str] = {}
    for entry in archive.infolist():
        pure = _plain(entry.filename, archive.filename)
        if entry.filename.endswith(("/", "\\")) or _is_clutter(pure):
            continue
        _check_packing(entry, archive.filename)
        found[_alone(pure, entry.filename, taken, archive.filename)] = entry
        if len(found) > most:
            raise PackageError(f"{archive.filename} holds more than {most} files.", REFUSE)
    for folder in {parent for pure in found for parent in pure.parents if parent.parts}:
        if _as_one(folder) in taken:
            raise PackageError(f"{archive.filename} holds {str(folder)!r} as file and as folder.", PACK_AGAIN)
    return found


def without_wrapping(found: Members) -> Members:
    """The same files as they lie in the folders that hold everything: what "compress this folder" wraps around."""
    while found and len({pure.parts[0] for pure in found}) == 1 and all(len(pure.parts) > 1 for pure in found):
        found = {PurePosixPath(*pure.parts[1:]): entry for pure, entry in found.items()}
    return found


def unpack(archive: zipfile.ZipFile, wanted: Members, folder: Path, most: int) -> None:
    """Write `wanted` below `folder`. Raises PackageError beyond `most` bytes, StorageError before a disk is full."""
    total = sum(entry.file_size for entry in wanted.values())
    if total > most:
        raise PackageError(f"{archive.filename} holds more than {most >> 20:,} MiB.", REFUSE)
    with storing(folder):
        free = shutil.disk_usage(folder).free
    if total > free:
        raise StorageError(f"{archive.filename} needs {total >> 20:,} MiB, more than is free.", "Free some space.")
    for pure, entry in wanted.items():
        _write(archive, entry, folder / pure)


def read_member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    """One small file of it in memory. Raises PackageError beyond `most` bytes."""
    if entry.file_size > most:
        raise PackageError(f"{entry.filename!r} in {archive.filename} is too large.", REFUSE)
    return archive.read(entry)


def _plain(name: str, shown: str | None) -> PurePosixPath:
    """The name with slashes as its system meant them. Raises PackageError for one that leaves, or cannot be written."""
    turned = name.replace("\\", "/")
    pure = PurePosixPath(turned)
    if turned.startswith("/") or ".." in pure.parts or ":" in turned or not (pure.parts or turned.endswith("/")):
        raise PackageError(f"{shown} names a file {name!r} outside itself.", REFUSE)
    if any(_UNWRITABLE.search(part) for part in pure.parts):
        raise PackageError(f"{shown} names a file {name!r} that not every system can write.", "Rename it.")
    return pure


def _is_clutter(pure: PurePosixPath) -> bool:
    return "__MACOSX" in pure.parts or pure.name.startswith("._") or pure.name in LEFT_BY_SYSTEMS


def _check_packing(entry: zipfile.ZipInfo, shown: str | None) -> None:
    if entry.flag_bits & _ENCRYPTED:
        raise PackageError(f"{shown} is locked with a password.", "Pack it again without one.")
    if entry.compress_type not in METHODS:
        raise PackageError(f"{shown} is packed in a way this station cannot read.", "Pack it again as a plain zip.")


def _alone(pure: PurePosixPath, name: str, taken: dict[str, str], shown: str | None) -> PurePosixPath:
    """`pure`, noted in `taken`. Raises PackageError where Windows or macOS would write one file over another."""
    known = taken.setdefault(_as_one(pure), name)
    if known is not name:
        raise PackageError(f"{shown} holds {known!r} and {name!r}, which Windows takes for one.", "Rename one of them.")
    return pure


def _as_one(pure: PurePosixPath) -> str:
    return unicodedata.normalize("NFC", str(pure)).casefold()


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    with storing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        sink = target.open("xb")
    with sink, archive.open(entry) as source:
        while block := source.read(BLOCK):
            with storing(target):
                sink.write(block)
        with storing(target):
            sink.flush()


@contextmanager
def storing(target: Path) -> Iterator[None]:
    """What the disk does not take is a StorageError, told apart from a zip that cannot be read."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{target} could not be written: {error.strerror or error}.", "Free some space or allow writing there."
        ) from error
