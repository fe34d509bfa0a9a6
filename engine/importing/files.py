"""Where in a file, folder or zip the model made elsewhere lies; nothing outside what was given is opened."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath, PureWindowsPath

from engine.errors import PackageError
from engine.packages.archives import is_zip, members, opened_zip, unpack, without_wrapping
from engine.packages.graph_files import REFUSE, check_graph_file
from engine.packages.package import MANIFEST, MAX_FILE_BYTES

MAX_ENTRIES = 256
_PLAIN = re.compile(r"[^\\*?<>|:\"\x00-\x1f]+")
GRAPHS = (".onnx", ".xml")
"""In this order: an ONNX file is fp32, an IR folder often fp16."""


def is_package(path: Path) -> bool:
    """True for a Lineside package (a folder, or a zip with manifest.json at its root or in a folder of it).

    Raises PackageError for a zip that cannot be read.
    """
    if path.is_dir():
        return (path / MANIFEST).is_file()
    if not is_zip(path):
        return False
    with opened_zip(path) as archive:
        found = without_wrapping(members(archive, MAX_ENTRIES))
    return any(name.name == MANIFEST and len(name.parts) <= 2 for name in found)


def found_model(path: Path, scratch: Path) -> Path:
    """The .onnx or .xml to read in a file, folder or zip (unpacked into `scratch`), checked. Raises PackageError."""
    if not path.exists():
        raise PackageError(f"There is no model at {path}.", "Choose an .onnx or .xml file, a folder or a zip of one.")
    if path.is_dir():
        graph = _only_graph(path)
    elif is_zip(path):
        graph = _only_graph(_unpack(path, scratch))
    else:
        graph = path
    outside = check_graph_file(graph)
    total = sum(_external(graph.parent, name) for name in sorted(outside))
    if total > MAX_FILE_BYTES:
        raise PackageError(f"The weights of {graph.name} are larger than 2 GiB.", REFUSE)
    return graph


def _only_graph(folder: Path) -> Path:
    files: list[Path] = []
    for path in folder.rglob("*"):
        files.append(path)
        if len(files) > 16 * MAX_ENTRIES:
            raise PackageError(f"{folder} holds too many files for a model.", "Name the .onnx or .xml file itself.")
    for suffix in GRAPHS:
        found = sorted(f for f in files if f.suffix.lower() == suffix and not f.name.startswith(".") and f.is_file())
        if len(found) > 1:
            names = ", ".join(str(f.relative_to(folder)) for f in found[:4])
            raise PackageError(f"{folder} holds {len(found)} models ({names}).", "Name one of these files.")
        if found:
            return found[0]
    raise PackageError(f"{folder} holds no model.", "Choose an .onnx file, or an .xml with its .bin.")


def _external(folder: Path, name: str) -> int:
    """Bytes of a file the graph keeps tensors in; it must lie in the graph's own folder."""
    pure = PurePosixPath(name)
    leaves = pure.is_absolute() or PureWindowsPath(name).drive or ".." in pure.parts
    # `*/_ORT_MEM_ADDR_/*` is no file: OpenVINO takes its offset for an address in memory and reads there.
    if not name or leaves or not _PLAIN.fullmatch(name):
        raise PackageError(f"The model keeps weights in {name!r}, outside its own folder.", REFUSE)
    step = folder
    for part in pure.parts:
        step = step / part
        if step.is_symlink():
            raise PackageError(f"The model keeps weights in {name!r}, which is a link to elsewhere.", REFUSE)
    if not step.is_file():
        raise PackageError(f"The model lacks {name}, where its weights are.", "Copy the whole model again.")
    return step.stat().st_size


def _unpack(path: Path, scratch: Path) -> Path:
    """The zip's files under `scratch`, bounded; names that leave it are refused, links become plain files."""
    with opened_zip(path) as archive:
        unpack(archive, members(archive, MAX_ENTRIES), scratch, MAX_FILE_BYTES)
    return scratch
