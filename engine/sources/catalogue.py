"""Every kind of source by its URI: `demo:?seed=7&fps=30`, `folder:PATH`, `video:PATH`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from engine.errors import InputError, UsageError
from engine.sources.base import FrameSource, SourceInfo
from engine.sources.demo import DemoSettings, DemoSource
from engine.sources.folder import FolderSource
from engine.sources.parts import ALL_KINDS
from engine.sources.pictures import PICTURE_SUFFIXES
from engine.sources.video import VIDEO_SUFFIXES, VideoSource

# Two letters at least: `C:\pictures` is a path.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(.*)", re.DOTALL)
_CAMERAS = {"uvc": "USB", "gige": "GigE Vision", "rtsp": "network (RTSP)", "rtsps": "network (RTSP)"}
_KNOWN = "demo:, folder:PATH or video:PATH"


def open_source(uri: str) -> FrameSource:
    """Make, without opening it, the source of a URI, a folder's path or a video file's path.

    Paths stand as they are: blanks, `%` and any letters are not quoted. Raises UsageError for a URI or option that is
    not known, InputError for a bare path that leads nowhere.
    """
    match = _SCHEME.fullmatch(uri)
    if match is None:
        return _bare(uri)
    scheme, rest = match[1].lower(), match[2]
    if scheme == "demo":
        return DemoSource(_demo_settings(rest))
    if scheme == "folder":
        return FolderSource(_path(scheme, rest))
    if scheme == "video":
        return VideoSource(_path(scheme, rest))
    if scheme in _CAMERAS:
        raise UsageError(
            f"This version does not open {_CAMERAS[scheme]} cameras yet.",
            "Let the camera's own program save into a folder or video and use folder:PATH or video:PATH, or try demo:.",
        )
    if Path(uri).exists():
        return _bare(uri)
    raise UsageError(f"There is no kind of source called {scheme}:.", f"Use {_KNOWN}.")


def list_sources() -> list[SourceInfo]:
    """What can be opened on this machine, the demo line first; PATH stands for a path to fill in."""
    return [
        SourceInfo("demo:", "Demo line: a simulated camera, 1280×1024 at 30 fps, with known truth"),
        SourceInfo("folder:PATH", "Every picture of a folder and the folders in it (PNG, JPEG, BMP, TIFF, WebP)"),
        SourceInfo("video:PATH", "Every frame of a video file (MP4, AVI, MKV, MOV and others)"),
    ]


def _path(scheme: str, rest: str) -> Path:
    if not rest.strip():
        raise UsageError(f"{scheme}: names no path.", f"Write it behind the colon, as in {scheme}:PATH.")
    return Path(rest).expanduser()


def _bare(text: str) -> FrameSource:
    if not text.strip():
        raise UsageError("The source is empty.", f"Use {_KNOWN}.")
    path = Path(text).expanduser()
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
            raise UsageError(f"The demo line's {key} cannot be {text or 'empty'}.", remedy) from None
        if not accepts(values[key]):
            raise UsageError(f"The demo line's {key} cannot be {text}.", remedy)
    return replace(DemoSettings(), **values)


def _kinds(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(kind.strip() for kind in text.split(",") if kind.strip()))


_OPTIONS: dict[str, tuple[Callable[[str], Any], Callable[[Any], bool], str]] = {
    "seed": (int, lambda value: value >= 0, "Use a whole number from 0."),
    "fps": (
        float,
        lambda value: 0 <= value <= 1000,
        "Use parts a second, up to 1000, or 0 for as fast as they are read.",
    ),
    "count": (int, lambda value: value >= 1, "Use a whole number from 1, or leave it out for an endless line."),
    "kinds": (_kinds, lambda value: value and set(value) <= set(ALL_KINDS), f"Use some of {', '.join(ALL_KINDS)}."),
    "defect_rate": (float, lambda value: 0 <= value <= 1, "Use a share from 0 to 1."),
    "start": (int, lambda value: value >= 0, "Use the first part's number, a whole number from 0."),
}
