"""What a graph file may be, looked at before OpenVINO opens it: sizes, files it would pull in, entities.

An ONNX file is a protobuf message whose tensors may lie in other files, named by any path. The station has no onnx
package, so a bounded walker reads just the fields on the way to those names and skips all data (field numbers:
onnx.proto of ONNX 1.19). OpenVINO IR is XML with its data in the .bin beside it.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from pathlib import Path

from engine.errors import PackageError
from engine.packages.package import MAX_FILE_BYTES

MAX_XML_BYTES = 64 * 1024**2
MAX_FIELDS = 5_000_000
REFUSE = "Do not use this model."
AGAIN = "Export or copy the model again."

_FIELDS: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
    "entry": {},
}
_DATA_LOCATION = 14
_FIXED = {1: 8, 5: 4}
_NAMES_A_FILE = re.compile(
    rb"<data\b[^>]*?\b(?:file|filename|path|location)\s*=|=\s*[\"'][^\"']*\.\.[/\\]", re.IGNORECASE
)


def check_graph_file(path: Path) -> frozenset[str]:
    """Refuse a graph file no station should open; gives the files an ONNX graph keeps tensors in (mostly none).

    Raises PackageError: missing, a link, too large, malformed, or XML with a document type or with paths.
    """
    kind = path.suffix.lower()
    _check_plain(path, MAX_XML_BYTES if kind == ".xml" else MAX_FILE_BYTES)
    if kind == ".xml":
        _check_ir(path)
        return frozenset()
    if kind == ".onnx":
        return _external_files(path)
    raise PackageError(f"{path.name} is neither an ONNX file (.onnx) nor OpenVINO IR (.xml).", AGAIN)


def weights_beside(path: Path) -> Path:
    """The .bin of an .xml, also where a system that does not tell cases apart named it otherwise."""
    wanted = path.with_suffix(".bin")
    if wanted.is_file() or not path.parent.is_dir():
        return wanted
    alike = (file for file in path.parent.iterdir() if file.name.casefold() == wanted.name.casefold())
    return min(alike, default=wanted)


def _check_plain(path: Path, limit: int) -> None:
    if path.is_symlink():
        raise PackageError(f"{path.name} is a link to another file.", "Give the file itself.")
    if path.exists() and not path.is_file():
        raise PackageError(f"{path} is no plain file.", "Choose the model's file itself.")
    if not path.is_file():
        raise PackageError(f"There is no file {path.name} in {path.parent}.", "Copy the whole model again.")
    size = path.stat().st_size
    if not 0 < size <= limit:
        raise PackageError(
            f"{path.name} is empty." if not size else f"{path.name} is larger than {limit >> 20:,} MiB.", REFUSE
        )


def _check_ir(path: Path) -> None:
    _check_plain(weights_beside(path), MAX_FILE_BYTES)
    text = path.read_bytes()
    if b"\0" in text or not text.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise PackageError(f"{path.name} is not an OpenVINO model.", AGAIN)
    if re.search(rb"<!\s*(?:DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise PackageError(f"{path.name} carries a document type, which no OpenVINO model does.", REFUSE)
    if _NAMES_A_FILE.search(text):
        raise PackageError(f"{path.name} names other files, which no OpenVINO model does.", REFUSE)


def _external_files(path: Path) -> frozenset[str]:
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return frozenset(_locations(data))
    except (ValueError, OSError) as error:
        raise PackageError(f"{path.name} is not a readable ONNX file: {error}.", AGAIN) from error


def _locations(data: mmap.mmap) -> Iterator[str]:
    """The `location` of every tensor kept outside the file; `""` for one that names none. ValueError: malformed."""
    waiting = [("model", 0, len(data))]
    seen = 0
    graphs = 0
    while waiting:
        kind, start, end = waiting.pop()
        graphs += kind == "graph"
        outside, location = False, ""
        for number, wire, begin, stop in _fields(data, start, end):
            seen += 1
            if seen > MAX_FIELDS:
                raise ValueError("it has too many parts")
            inner = _FIELDS[kind].get(number) if wire == 2 else None
            if inner == "entry":
                outside, location = True, _location(data, begin, stop) or location
            elif inner is not None:
                waiting.append((inner, begin, stop))
            elif kind == "tensor" and number == _DATA_LOCATION and wire == 0:
                outside = outside or _varint(data, begin, stop)[0] == 1
        if outside:
            yield location
    if not graphs:
        raise ValueError("it holds no graph")


def _location(data: mmap.mmap, start: int, end: int) -> str:
    """The value of a StringStringEntry whose key is `location`; empty for another key."""
    entry = {number: data[begin:stop] for number, wire, begin, stop in _fields(data, start, end) if wire == 2}
    return entry.get(2, b"").decode("utf-8", "replace") if entry.get(1) == b"location" else ""


def _fields(data: mmap.mmap, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Number, wire type, and where the value begins and stops, of each field of one message."""
    at = start
    while at < end:
        key, at = _varint(data, at, end)
        number, wire = key >> 3, key & 7
        begin = at
        if wire == 0:
            _, at = _varint(data, at, end)
        elif wire == 2:
            length, begin = _varint(data, at, end)
            at = begin + length
        elif wire in _FIXED:
            at += _FIXED[wire]
        else:
            raise ValueError("a field has an unknown type")
        if at > end or not number:
            raise ValueError("a field is longer than the file")
        yield number, wire, begin, at


def _varint(data: mmap.mmap, at: int, end: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            raise ValueError("it is cut off")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number is too long")
