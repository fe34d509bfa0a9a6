"""Runs of every kind of source, by the line and as a scan, recorded as the station records them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from db.runs.line import LineOrder, LineRun, ready_line
from db.runs.scan import ScanOrder, ScanRun, ready_scan
from db.store.session import Database
from engine import events
from engine.domain.inspection import Inspection, Origin, Traveller
from engine.packages.package import ModelPackage
from engine.settings import StationSettings
from engine.sources.base import FrameSource
from engine.sources.catalogue import open_source
from engine.sources.files.folder import FolderSource
from tests.frames import ListSource, part

KINDS = ("camera", "folder", "video", "demo")
SPOTS = (0, 250, 0)
"""What each run but the demo line's shows: a good part, a bad one, a good one."""


def source(kind: str, place: Path) -> FrameSource:
    """A source of this kind with three parts; a folder's or a video's file is made in `place`."""
    if kind == "camera":
        made = ListSource([part(spot) for spot in SPOTS])
        made.uri = "gige:GV01"
        return made
    if kind == "demo":
        return open_source("demo:?count=3&fps=0")
    folder = place / kind
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "folder":
        for number, spot in enumerate(SPOTS):
            cv2.imwrite(str(folder / f"{number}.png"), part(spot))
        return open_source(f"folder:{folder}")
    film = folder / "film.avi"
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (160, 128))
    for spot in SPOTS:
        writer.write(np.repeat(part(spot)[:, :, None], 3, axis=2))
    writer.release()
    return open_source(f"video:{film}")


def run_line(
    db: Database, package: ModelPackage, made: FrameSource, origin: Origin = Origin.PRODUCTION
) -> list[Inspection]:
    """A run of the line over it, to its end; what was told of it."""
    order = LineOrder(made.uri, str(package.folder), open=lambda _uri: made, origin=origin)
    heard: list[events.StationEvent] = []
    run = LineRun(db, ready_line(db, order, StationSettings.model_validate({})), heard.append, lambda: Traveller("L1"))
    return _run(run, heard)


def run_scan(db: Database | None, package: ModelPackage, made: FrameSource) -> list[Inspection]:
    """A scan of it, to its end; what was told of it."""
    whole = ScanOrder(made.folder) if isinstance(made, FolderSource) else ScanOrder(source=made)
    order = ScanOrder(whole.folder, source=whole.source, model=str(package.folder), traveller=Traveller("L1"))
    heard: list[events.StationEvent] = []
    return _run(ScanRun(db, ready_scan(db, order), heard.append), heard)


def _run(run: LineRun | ScanRun, heard: list[events.StationEvent]) -> list[Inspection]:
    run.station.run()
    run.close()
    return [event.inspection for event in heard if isinstance(event, events.Inspected)]


RUNS: dict[str, Callable[[Database, ModelPackage, FrameSource], list[Inspection]]] = {
    "line": run_line,
    "scan": run_scan,
}
