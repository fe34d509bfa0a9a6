"""`make screenshots`: the manual's pictures, of the same station every time (tests/scenes.py).

The Camera page needs Aravis' simulated camera; without it that picture is left as it is.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from engine.domain.inspection import Outcome, Traveller
from engine.sources.base import SourceInfo
from engine.sources.catalogue import open_source
from gui.app import GuiOptions, Station, compose, shut_down
from gui.pages.camera.page import CameraPage
from gui.pages.live.page import LivePage
from gui.pages.review.page import ReviewPage
from gui.pages.scan.page import ScanPage
from gui.theme.theme import ThemeName, set_scale
from tests.peers.gige import FakeGigE
from tests.scenes import FIRST, PARTS, Line, TruthfulModel, fill, incoming, settings_json

SIZES = ((1280, 720), (1920, 1080))
PAGES = ("live", "review", "scan", "models", "recipes", "reports", "settings", "teach-in")
PATIENCE_S = 120.0
"""After this what did not happen never will; on a loaded machine too a picture waits for what it shows."""
SHOWN = 44
"""Parts on the line before the picture is taken; the last one is defective."""


def wait(seconds: float, until: Callable[[], bool] = lambda: False) -> None:
    """Let the window live for a while, or until something is so."""
    loop, end = QEventLoop(), time.monotonic() + seconds
    timer = QTimer()
    timer.timeout.connect(lambda: loop.quit() if time.monotonic() > end or until() else None)
    timer.start(20)
    loop.exec()


def settle(station: Station, seconds: float = PATIENCE_S) -> None:
    """Until no job is under way for a while: tables, thumbnails and plots are there."""
    quiet = [time.monotonic()]

    def still() -> bool:
        if station.context.jobs.busy:
            quiet[0] = time.monotonic()
        return time.monotonic() - quiet[0] > 0.6

    wait(seconds, still)


@contextmanager
def station(
    home: Path, size: tuple[int, int], *, theme: ThemeName = "dark", language: str = "en", scale: float = 1.0
) -> Iterator[Station]:
    """The station of tests/scenes.py in a window of this size; its line stands still after the same part."""
    settings = settings_json() | {"language": language, "scale": scale, "theme": theme}
    # A page must not remember what the picture before left there.
    first = FIRST.date().isoformat()
    settings["memory"] = {"reports": {"period": "own", "first": first, "last": first, "grouping": "hour"}}
    place = home.with_name("station")
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(home, place)
    (place / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    os.environ["LINESIDE_HOME"] = str(place)
    made = compose(
        GuiOptions(
            source=Line.NAME,
            size=size,
            load=lambda package, _threads: TruthfulModel(package),
            open=lambda uri: open_source(uri) if uri == FakeGigE.uri else Line(SHOWN),
            find=_found,
        )
    )
    made.window.show()
    made.bridge.start()
    try:
        yield made
    finally:
        shut_down(made)
        set_scale(1.0)


def show(made: Station, name: str, folder: Path) -> None:
    """Bring a page to where its picture is taken; `folder` has the pictures to scan."""
    made.window.go(name)
    ways = {"live": _live, "review": _review, "scan": lambda s: _scan(s, folder)}
    ways.get(name, settle)(made)
    settle(made)


def _live(made: Station) -> None:
    """The last part, defective, with the film strip of those before."""
    page = made.window.findChildren(LivePage)[0]
    if made.line.state == "Stopped":
        made.line.traveller = Traveller("L-2207", "", "Ana", "Station 1")
        made.line.start()
        wait(PATIENCE_S, lambda: page.target is not None and page.target.frame.sequence == SHOWN - 1)


def _review(made: Station) -> None:
    """The newest NG part."""
    page = made.window.findChildren(ReviewPage)[0]
    settle(made)
    for _ in range(30):
        opened = page.session.opened
        if opened is not None and opened.stored.inspection.verdict.outcome is Outcome.NG:
            break
        page.list.step(1)
        settle(made)


def _scan(made: Station, folder: Path) -> None:
    """A finished scan with a confusion table."""
    page = made.window.findChildren(ScanPage)[0]
    page.offer(folder)
    settle(made)
    page.start()
    # Its model is loaded first: on a busy machine that takes long.
    wait(PATIENCE_S, lambda: page.running)
    wait(PATIENCE_S, lambda: not page.running)
    page.results.step(page.results.rows.rowCount())


def _camera(made: Station, parts: Path) -> None:
    """Aravis' GigE Vision camera on the loopback, showing demo parts; this machine's own are not in the picture."""
    with FakeGigE(pictures=parts):
        made.window.go("camera")
        found = made.window.findChildren(CameraPage)[0]
        wait(PATIENCE_S, lambda: not found.finder.busy)
        found.choose(FakeGigE.uri)
        wait(PATIENCE_S, lambda: found.view.seen is not None and found.view.seen.frame.source == FakeGigE.uri)
        wait(6)


def _found() -> tuple[list[SourceInfo], dict[str, str]]:
    return [SourceInfo(FakeGigE.uri, "Aravis Fake LS01", "gige", "LS01", True)], {}


def application() -> QApplication:
    """As gui/app.py sets it up."""
    made = QApplication.instance() or QApplication(["lineside"])
    assert isinstance(made, QApplication)
    made.setStyle("Fusion")
    made.setQuitOnLastWindowClosed(False)
    return made


def main() -> None:
    """Make them all."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    application()
    os.environ["TZ"] = "UTC"
    time.tzset()
    with tempfile.TemporaryDirectory() as place:
        home = Path(place) / "home"
        fill(home).close()
        folder = incoming(Path(place) / "incoming")
        for size in SIZES:
            with station(home, size) as made:
                for name in (*PAGES, "camera"):
                    _camera(made, folder) if name == "camera" else show(made, name, folder)
                    made.window.grab().save(str(out / f"{name}-{size[0]}x{size[1]}.png"))
        for theme, language, scale, pages in (
            ("light", "en", 1.0, ("live", "reports")),
            ("contrast", "en", 1.0, ("live",)),
            ("dark", "de", 1.0, ("live", "review")),
            ("dark", "en", 2.0, ("live",)),
        ):
            with station(home, SIZES[0], theme=theme, language=language, scale=scale) as made:  # type: ignore[arg-type]
                for name in pages:
                    show(made, name, folder)
                    suffix = "200" if scale == 2.0 else language if language != "en" else theme
                    made.window.grab().save(str(out / f"{name}-1280x720-{suffix}.png"))
    print(f"{len(list(out.glob('*.png')))} pictures in {out}, of {PARTS} stored parts")


if __name__ == "__main__":
    main()
