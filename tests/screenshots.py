"""`make screenshots`: the manual's pictures, from a real run on the demo line."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from db.inspections import Filter, page
from db.overrides import add_override
from db.registry import activate, active, register
from db.session import open_database
from engine.domain import Outcome, Override, Traveller, new_id, utc_now
from engine.settings import database_url, demo_package, shipped_packages
from engine.sources.base import SourceInfo
from engine.sources.parts import PartMaker
from gui.app import GuiOptions, Station, compose, shut_down
from gui.pages.camera import CameraPage
from gui.pages.live import LivePage
from gui.pages.review import ReviewPage
from gui.pages.scan import ScanPage
from gui.theme import ThemeName
from main import main as lineside
from tests.peers.gige import FakeGigE

SIZES = ((1280, 720), (1920, 1080))


def wait(seconds: float, until: Callable[[], bool] = lambda: False) -> None:
    """Let the window live for a while, or until something is so."""
    loop, end = QEventLoop(), time.monotonic() + seconds
    timer = QTimer()
    timer.timeout.connect(lambda: loop.quit() if time.monotonic() > end or until() else None)
    timer.start(20)
    loop.exec()


def fill(home: Path) -> Path:
    """A shift's worth of parts, some corrections, two models, and a folder to scan."""
    words = ["run", "--source", "demo:?seed=7&fps=0&defect_rate=0.25", "--frames", "120", "--save", "all"]
    assert lineside([*words, "--lot", "L-2207", "--operator", "Ana"]) == 0
    database = open_database(database_url())
    for package in shipped_packages():
        register(database, package, "Ana")
    if active(database) is None:
        activate(database, register(database, demo_package(), "Ana").version, "Ana", "first start")
    for row in page(database, Filter(), limit=40).rows[14:]:
        truth, now = str(row.inspection.frame.truth), utc_now()
        outcome = Outcome.OK if truth == "ok" else Outcome.NG
        add_override(database, Override(new_id(now), row.inspection.id, now, "Ana", outcome, truth))
    database.close()
    maker = PartMaker(9, defect_rate=0.5)
    for index in range(60):
        part = maker.part(index)
        place = home / "incoming" / part.truth.label
        place.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(place / f"{index:03d}.png"), part.pixels)
    return home / "incoming"


def live(station: Station) -> None:
    """A defective part on screen, frozen from the film strip's place in the line."""
    station.line.traveller = Traveller("L-2207", "", "Ana", "Station 1")
    station.line.start()
    found = station.window.findChildren(LivePage)[0]
    seen: list[Outcome] = []
    station.bridge.pictured.connect(lambda p: seen.append(p.inspection.verdict.outcome))
    wait(12)
    wait(20, lambda: bool(seen) and seen[-1] is Outcome.NG)
    assert found.isVisible()


def review(station: Station) -> None:
    """The first NG part of the list."""
    station.window.go("review")
    found = station.window.findChildren(ReviewPage)[0]
    wait(2)
    for _ in range(12):
        opened = found.session.opened
        if opened is not None and opened.stored.inspection.verdict.outcome is Outcome.NG:
            break
        bindings = found.keys()
        next(b.act for b in bindings if b.sequence == "Right")()
        wait(0.6)
    wait(1)


def scan(station: Station, folder: Path) -> None:
    """A finished scan with a confusion table."""
    station.window.go("scan")
    found = station.window.findChildren(ScanPage)[0]
    wait(1)
    found.setup.set_folder(folder)
    wait(0.5)
    found.start()
    wait(3)
    wait(60, lambda: not found.running)
    wait(1.5)


def models(station: Station) -> None:
    """The list with the active version chosen."""
    station.window.go("models")
    wait(2)


def camera(station: Station, parts: Path) -> None:
    """Aravis' GigE Vision camera on the loopback, showing demo parts; this machine's own are not in the picture."""
    with FakeGigE(pictures=parts):
        station.window.go("camera")
        found = station.window.findChildren(CameraPage)[0]
        wait(15, lambda: not found.finder.busy)
        found.choose(FakeGigE.uri)
        wait(20, lambda: found.view.seen is not None and found.view.seen.frame.source == FakeGigE.uri)
        wait(6)


def stop(station: Station) -> None:
    """End the run, so that the other pages show it whole."""
    station.line.stop()
    wait(1.5)


def _found() -> tuple[list[SourceInfo], dict[str, str]]:
    return [SourceInfo(FakeGigE.uri, "Aravis Fake LS01", "gige", "LS01", True)], {}


def picture(folder: Path, incoming: Path, size: tuple[int, int], theme: ThemeName, only: str = "") -> None:
    """All pages (or one) at one size in one theme."""
    station = compose(GuiOptions(source="demo:?seed=0&fps=6", size=size, theme=theme, find=_found))
    station.window.show()
    station.bridge.start()
    acts: dict[str, Callable[[], None]] = {
        "live": lambda: live(station),
        "review": lambda: review(station),
        "scan": lambda: scan(station, incoming),
        "models": lambda: models(station),
        "camera": lambda: camera(station, incoming),
    }
    for name, act in acts.items():
        if only in ("", name):
            act()
            suffix = "" if theme == "dark" else f"-{theme}"
            station.window.grab().save(str(folder / f"{name}-{size[0]}x{size[1]}{suffix}.png"))
            if name == "live":
                stop(station)
    shut_down(station)


def main() -> None:
    """Make them all."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        os.environ["LINESIDE_HOME"] = home
        application = QApplication(["lineside"])
        application.setStyle("Fusion")
        application.setQuitOnLastWindowClosed(False)
        incoming = fill(Path(home))
        for size in SIZES:
            picture(folder, incoming, size, "dark")
        for theme in ("light", "contrast"):
            picture(folder, incoming, SIZES[0], theme, "live")


if __name__ == "__main__":
    main()
