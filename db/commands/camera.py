"""`lineside sources` and `lineside camera`: what is there, what it can do, and what its pictures are like."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, field

from db.images.encoding import encode_png
from engine.domain.inspection import Frame, Value
from engine.errors import (
    FrameIncomplete,
    FrameTimeout,
    PictureError,
    SourceEnded,
    SourceLost,
    SourceNotFound,
    UnsupportedProperty,
    UsageError,
)
from engine.names import name_of
from engine.preprocessing.golden import PictureFigures, figures
from engine.recipes.camera import MAX_TEXT
from engine.sources.base import SETTINGS, Capability
from engine.sources.catalogue import find_cameras, list_sources, open_source
from engine.sources.supervisor import SourceState, Supervisor
from engine.station.freshness import Freshness
from engine.system.files import write_atomically
from engine.system.numbers import number, whole

PATIENCE_S = 20.0
READ_S = 0.2


@dataclass(slots=True)
class _Seen:
    """What a few seconds of looking brought."""

    frames: int = 0
    incomplete: int = 0
    doubtful: int = 0
    missing: int = 0
    first: float = 0.0
    last: float = 0.0
    newest: Frame | None = None
    fresh: Freshness = field(default_factory=Freshness)

    def take(self, frame: Frame) -> None:
        """Count one."""
        now = time.monotonic()
        self.first = self.first or now
        self.last = now
        if self.newest is not None:
            self.missing += max(0, frame.sequence - self.newest.sequence - 1)
        self.doubtful += bool(self.fresh.doubt(frame, frame.captured_at, None))
        self.frames, self.newest = self.frames + 1, frame

    @property
    def rate(self) -> float:
        """Frames a second."""
        return (self.frames - 1) / (self.last - self.first) if self.frames > 1 and self.last > self.first else 0.0


def run_sources(_args: argparse.Namespace) -> int:
    """Every source, the cameras that are there now last."""
    for source in list_sources():
        print(f"{source.uri:<40}  {source.description}")
    cameras, troubles = find_cameras()
    for camera in cameras:
        print(f"{camera.uri:<40}  {camera.description}")
    if not cameras:
        print("No camera was found.", file=sys.stderr)
    for kind, words in troubles.items():
        print(f"{kind}: {words}", file=sys.stderr)
    return 0


def run_camera(args: argparse.Namespace) -> int:
    """Open one camera, set it, look for some seconds, and say what came. Raises SourceLost when nothing does."""
    if args.snapshot is not None and args.snapshot.suffix.lower() != ".png":
        raise UsageError(f"{args.snapshot} is no PNG.", "Name the snapshot *.png: it keeps every depth.")
    settings = dict(_setting(text) for text in args.set or ())
    source = Supervisor(open_source(args.source), settings)
    source.open()
    try:
        _wait(source)
        print(source.description)
        for capability in source.caps():
            print(f"  {capability.name:<18} {_shown(capability)}")
        seen = _look(source, args.seconds, settings.get("trigger") == "software")
        if seen.newest is None:
            raise SourceLost(
                "The camera answers, but no picture came.",
                "Check its trigger, the packet size and the firewall (docs/cameras.md).",
            )
        _tell(seen, source)
        if args.snapshot is not None:
            write_atomically(args.snapshot, encode_png(seen.newest.pixels))
            print(f"Saved {name_of(args.snapshot)}")
    finally:
        source.close()
    return 0


def _setting(text: str) -> tuple[str, Value]:
    name, equals, value = text.partition("=")
    if not equals or name not in SETTINGS:
        raise UnsupportedProperty(f"{text} is no setting.", f"Write NAME=VALUE with one of {', '.join(SETTINGS)}.")
    if value.lower() in ("on", "off", "true", "false") and name != "trigger":
        return name, value.lower() in ("on", "true")
    try:
        return name, whole(value)
    except argparse.ArgumentTypeError:
        try:
            return name, number(value)
        except argparse.ArgumentTypeError:
            return name, value[:MAX_TEXT]


def _wait(source: Supervisor) -> None:
    """Until it is open. Raises SourceNotFound when it is not in time."""
    until = time.monotonic() + PATIENCE_S
    while source.state is not SourceState.STREAMING:
        if time.monotonic() > until:
            raise SourceNotFound(source.words or f"{source.uri} did not open in {PATIENCE_S:.0f} s.")
        try:
            source.read(READ_S)
        except FrameTimeout:
            continue


def _look(source: Supervisor, seconds: float, fire: bool) -> _Seen:
    if seconds <= 0:
        raise UsageError("--seconds must be more than 0.", "Leave it out for two seconds.")
    seen, until = _Seen(), time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if fire:
                source.trigger()
            seen.take(source.read(READ_S))
        except FrameIncomplete:
            seen.incomplete += 1
        except (FrameTimeout, PictureError):
            continue
        except SourceEnded:
            break
    return seen


def _shown(capability: Capability) -> str:
    value = capability.value
    now = ("on" if value else "off") if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else value
    if capability.choices:
        return f"{now}  ({', '.join(capability.choices)})"
    if capability.low is not None and capability.high is not None:
        return f"{now}  ({capability.low:g} to {capability.high:g})"
    return str(now)


def _tell(seen: _Seen, source: Supervisor) -> None:
    assert seen.newest is not None
    frame = seen.newest
    look: PictureFigures = figures(frame.pixels, frame.bits, frame.bayer)
    height, width = frame.size
    depth = f"{frame.bits or 8 * frame.pixels.dtype.itemsize} bits" + (f" {frame.bayer}" if frame.bayer else "")
    print(f"{seen.frames} frames of {width}×{height}, {depth}, {seen.rate:.1f} a second")
    lost = f"{seen.missing} missing or not read, {source.losses} losses"
    print(f"{seen.incomplete} incomplete, {seen.doubtful} repeated, {lost}")
    print(f"brightness {look.brightness:.1%}  saturated {look.saturation:.2%}  focus {look.focus:.4f}")
