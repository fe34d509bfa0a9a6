"""Every kind of source by its URI: `demo:?seed=7&fps=30`, `folder:PATH`, `video:PATH`, `gige:SERIAL`, `rtsp://…`.

Cameras and streams live in engine.sources.<kind> behind libraries that may be missing; they are imported when such a
source is opened, in a process of its own. A demo line with a rate stands for a camera and has one too: what its parts
cost to make, the line that judges them does not wait for.
"""

from __future__ import annotations

import importlib.util
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl

from engine.errors import EnvironmentFailure, InputError, UsageError
from engine.images.listing import PICTURE_SUFFIXES
from engine.names import path_of
from engine.sources import discover
from engine.sources.base import FrameSource, SourceInfo
from engine.sources.demo import ALL_KINDS
from engine.sources.demo.line import MAX_PARTS, DemoSettings, DemoSource
from engine.sources.files.folder import FolderSource
from engine.sources.files.video import VIDEO_SUFFIXES, VideoSource
from engine.sources.files.watch import source as watch_source
from engine.sources.process.host import Facts
from engine.sources.process.source import ApartSource

# Two letters at least: `C:\pictures` is a path.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Plain:
    """One kind that needs no library: how it is written, what it is, and what makes it of all behind the colon."""

    written: str
    words: str
    make: Callable[[str], FrameSource]


_PLAIN = {
    "demo": _Plain(
        "demo:",
        "Demo line: a simulated camera, 1280×1024 at 30 fps, with known truth",
        lambda rest: DemoSource(_demo_settings(rest)),
    ),
    "folder": _Plain(
        "folder:PATH",
        "Every picture of a folder and those in it (PNG, JPEG, BMP, TIFF, WebP)",
        lambda rest: FolderSource(_path("folder", rest)),
    ),
    "watch": _Plain(
        "watch:PATH", "A folder another program saves into: each new picture once it is whole", watch_source
    ),
    "video": _Plain(
        "video:PATH",
        "Every frame of a video file (MP4, AVI, MKV, MOV and others)",
        lambda rest: VideoSource(_path("video", rest)),
    ),
}


@dataclass(frozen=True, slots=True)
class _Camera:
    """One kind of camera: the module that opens it, what it is called, which library it needs and how to get it."""

    module: str
    words: str
    needs: str = ""
    library: str = ""
    whole: bool = False
    """Its module is given the whole URI, scheme and all."""


_STREAM = _Camera("engine.sources.streams.source", "network stream", whole=True)
_CAMERAS = {
    "uvc": _Camera("engine.sources.uvc.camera", "USB camera"),
    "gige": _Camera(
        "engine.sources.genicam.aravis",
        "GigE Vision camera through Aravis",
        "Install Debian's gir1.2-aravis-0.8 and lineside[aravis], or use genicam: with the maker's producer.",
        "gi",
    ),
    "genicam": _Camera(
        "engine.sources.genicam.harvesters", "GenICam camera", "Install lineside[camera].", "harvesters"
    ),
    "basler": _Camera("engine.sources.genicam.pylon", "Basler camera", "Install lineside[basler].", "pypylon"),
    **dict.fromkeys(("rtsp", "rtsps", "http", "https"), _STREAM),
}
DEMO_PATIENCE_S = 60.0
FOUND_KINDS = tuple(scheme for scheme, kind in _CAMERAS.items() if not kind.whole)
"""Kinds whose devices can be listed."""
_KNOWN = "demo:, folder:PATH, watch:PATH, video:PATH, uvc:NAME, gige:SERIAL, genicam:SERIAL, basler:SERIAL, rtsp://… or http://…"
"""One text, so that it is translated whole; a test holds it against the kinds there are."""


def open_source(uri: str) -> FrameSource:
    """Make, without opening it, the source of a URI, a folder's path or a video file's path.

    Paths stand as they are: blanks, `%` and any letters are not quoted. A camera, a stream and a demo line with a rate
    run in processes of their own. Raises UsageError for a URI or option that is not known, InputError for a bare path
    that leads nowhere.
    """
    if _scheme(uri) in _CAMERAS:
        return ApartSource(uri, make=open_here)
    source = open_here(uri)
    return _demo_apart(source) if isinstance(source, DemoSource) and source.free_running else source


def open_here(uri: str) -> FrameSource:
    """The same in this process: what runs inside a camera's own. EnvironmentFailure where its library is missing."""
    scheme, rest = _scheme(uri), uri.partition(":")[2]
    if scheme in _CAMERAS:
        kind = _CAMERAS[scheme]
        return cast(FrameSource, _module(kind).source(uri if kind.whole else rest))
    if scheme in _PLAIN:
        return _PLAIN[scheme].make(rest)
    if not scheme or path_of(uri).exists():
        return _bare(uri)
    raise UsageError(f"There is no kind of source called {scheme}:.", f"Use {_KNOWN}.")


def is_simulated(uri: str) -> bool:
    """Whether it makes its parts itself: there is nothing before a camera."""
    return _scheme(uri) == "demo"


def find_cameras(limit_s: float = 8.0) -> tuple[list[SourceInfo], dict[str, str]]:
    """Every camera that is there now, and per kind that could not be listed one sentence why; takes seconds."""
    lists: Mapping[str, Callable[[], list[SourceInfo]]] = {kind: partial(_cameras, kind) for kind in FOUND_KINDS}
    return discover.find(lists, limit_s)


def openable_kinds() -> list[str]:
    """The schemes of cameras and streams whose libraries this installation has."""
    return [
        scheme for scheme, kind in _CAMERAS.items() if _has(kind.module) and (not kind.library or _has(kind.library))
    ]


def list_sources() -> list[SourceInfo]:
    """What can be opened without a camera, the demo line first; PATH and HOST stand for what is to be filled in."""
    stream = SourceInfo("rtsp://HOST/PATH", "A network camera's stream; http://HOST/PATH for MJPEG", "stream")
    return [*(SourceInfo(kind.written, kind.words, scheme) for scheme, kind in _PLAIN.items()), stream]


def _demo_apart(source: DemoSource) -> ApartSource:
    """The same line in a process of its own. It neither hangs nor stalls; what is slow is the machine."""
    return ApartSource(
        source.uri,
        make=open_here,
        open_s=DEMO_PATIENCE_S,
        silent_s=DEMO_PATIENCE_S,
        stall_s=math.inf,
        known=Facts(source.description, source.free_running, source.live, source.total),
    )


def _cameras(kind: str) -> list[SourceInfo]:
    """In a process of its own."""
    try:
        module = importlib.import_module(_CAMERAS[kind].module)
    except (ImportError, ValueError):
        return []
    return list(module.cameras())


def _module(kind: _Camera) -> Any:
    try:
        return importlib.import_module(kind.module)
    # PyGObject says with a ValueError that a library's description is not installed.
    except (ImportError, ValueError) as error:
        raise EnvironmentFailure(f"This installation cannot open a {kind.words} ({error}).", kind.needs) from error


def _has(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _scheme(uri: str) -> str:
    match = _SCHEME.fullmatch(uri)
    return "" if match is None else match[1].lower()


def _path(scheme: str, rest: str) -> Path:
    if not rest.strip():
        raise UsageError(f"{scheme}: names no path.", f"Write it behind the colon, as in {scheme}:PATH.")
    return path_of(rest).expanduser()


def _bare(text: str) -> FrameSource:
    if not text.strip():
        raise UsageError("The source is empty.", f"Use {_KNOWN}.")
    path = path_of(text).expanduser()
    suffix = path.suffix.lower()
    if path.is_dir():
        return FolderSource(path)
    if not path.exists():
        raise InputError(f"There is no folder or video {text}.", f"Check the path, or use {_KNOWN}.")
    if suffix in VIDEO_SUFFIXES:
        return VideoSource(path)
    if suffix in PICTURE_SUFFIXES:
        raise UsageError(f"{text} is a single picture, not a source.", "Give the folder it is in.")
    raise UsageError(f"{text} is not known to be a video.", f"Use video:{text} if it is one.")


def _demo_settings(rest: str) -> DemoSettings:
    if rest and not rest.startswith("?"):
        raise UsageError(f"demo:{rest} cannot be understood.", "Write options as in demo:?seed=7&fps=30.")
    values: dict[str, Any] = {}
    for key, text in parse_qsl(rest[1:], keep_blank_values=True):
        if key not in _OPTIONS:
            raise UsageError(f"The demo line has no option {key}.", f"Its options are {', '.join(_OPTIONS)}.")
        convert, accepts, remedy = _OPTIONS[key]
        try:
            values[key] = convert(text)
        except ValueError:
            raise UsageError(f"The demo line's {key} cannot be {text[:40] or 'empty'}.", remedy) from None
        if not accepts(values[key]):
            raise UsageError(f"The demo line's {key} cannot be {text[:40]}.", remedy)
    return replace(DemoSettings(), **values)


def _kinds(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(kind.strip() for kind in text.split(",") if kind.strip()))


_OPTIONS: dict[str, tuple[Callable[[str], Any], Callable[[Any], bool], str]] = {
    "seed": (int, lambda value: 0 <= value <= MAX_PARTS, f"Use a whole number from 0 to {MAX_PARTS:,}."),
    "fps": (
        float,
        lambda value: 0 <= value <= 1000,
        "Use parts a second, up to 1000, or 0 for as fast as they are read.",
    ),
    "count": (
        int,
        lambda value: 1 <= value <= MAX_PARTS,
        f"Use a whole number from 1 to {MAX_PARTS:,}, or leave it out for an endless line.",
    ),
    "kinds": (_kinds, lambda value: value and set(value) <= set(ALL_KINDS), f"Use some of {', '.join(ALL_KINDS)}."),
    "defect_rate": (float, lambda value: 0 <= value <= 1, "Use a share from 0 to 1."),
    "start": (
        int,
        lambda value: 0 <= value <= MAX_PARTS,
        f"Use the first part's number, a whole number from 0 to {MAX_PARTS:,}.",
    ),
}
